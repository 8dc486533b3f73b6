"""What one more hour or piece brings, by content type, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import NAMES, count, interval, percent


@dataclass(frozen=True)
class ReturnBar:
    """What an hour or a piece of one content type brings."""

    content_type: str
    """Or ``posting_frequency``, all pieces alike."""
    estimate: float
    low: float
    high: float


def returns_figure(bars: Sequence[ReturnBar], *, level: float, unit: str = "followers per hour") -> Figure:
    """Horizontal bars with intervals, largest on top; a bar whose interval holds zero is drawn pale."""
    ordered = sorted(bars, key=lambda bar: bar.estimate)
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [bar_name(bar) for bar in ordered],
                "x": [bar.estimate for bar in ordered],
                "width": 0.55,
                "marker": {
                    "color": [token(bar.content_type if bar.content_type in NAMES else "accent") for bar in ordered],
                    "opacity": [0.35 if bar.low <= 0 <= bar.high else 1.0 for bar in ordered],
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [bar.high - bar.estimate for bar in ordered],
                    "arrayminus": [bar.estimate - bar.low for bar in ordered],
                    "color": token("text"),
                    "thickness": 1.5,
                    "width": 5,
                },
                "text": [
                    f"{bar_name(bar)}: {count(bar.estimate, decimals=1)} {unit} "
                    f"({percent(level)}: {interval(bar.low, bar.high, decimals=1)})"
                    for bar in ordered
                ],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=64 + 52 * max(1, len(ordered)),
            shapes=[zero_line(vertical=True)],
            xaxis=axis(title=unit, showgrid=True),
            yaxis=axis(showgrid=False, tickfont={"size": 14, "color": token("text")}),
        ),
    }


def bar_name(bar: ReturnBar) -> str:
    """What a bar is called."""
    return NAMES.get(bar.content_type, "All pieces")
