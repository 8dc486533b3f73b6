"""Growth relative to size: the creator beside the peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.locales import marks
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import percent


@dataclass(frozen=True)
class PeerGrowth:
    """An account's weekly growth relative to its size, with an interval; shares, not per cent."""

    name: str
    growth: float
    low: float | None
    high: float | None
    own: bool


def peer_growth_figure(rows: Sequence[PeerGrowth]) -> Figure:
    """One dot an account, fastest on top; the creator's own in the accent colour."""
    ordered = sorted(rows, key=lambda row: row.growth)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "y": [row.name for row in ordered],
                "x": [row.growth * 100 for row in ordered],
                "marker": {
                    "size": [13 if row.own else 10 for row in ordered],
                    "color": [token("accent") if row.own else token("muted") for row in ordered],
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0 if row.high is None else (row.high - row.growth) * 100 for row in ordered],
                    "arrayminus": [0 if row.low is None else (row.growth - row.low) * 100 for row in ordered],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [f"{row.name} grows {percent(row.growth, decimals=2)} of its size a week." for row in ordered],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=70 + 34 * max(1, len(ordered)),
            shapes=[zero_line(vertical=True)],
            xaxis=axis(title="growth a week", tickformat=".2f", ticksuffix=marks().percent, showgrid=True),
            yaxis=axis(showgrid=False, tickfont={"size": 13, "color": token("text")}),
        ),
    }
