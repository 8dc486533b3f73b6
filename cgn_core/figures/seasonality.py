"""What weekdays and months bring by themselves, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import level_interval, signed

SHOWN_LETTERS = 3


@dataclass(frozen=True)
class SeasonPoint:
    """A weekday or a month; followers against the mean."""

    name: str
    estimate: float
    low: float
    high: float


def season_figure(points: Sequence[SeasonPoint], *, level: float, unit: str) -> Figure:
    """Bars around zero with intervals; one whose interval holds zero is drawn pale.

    Args:
        points: in order, at least one.
        level: of the intervals.
        unit: such as "followers a day".
    """
    return {
        "data": [
            {
                "type": "bar",
                "x": [point.name[:SHOWN_LETTERS] for point in points],
                "y": [point.estimate for point in points],
                "width": 0.6,
                "marker": {
                    "color": token("accent"),
                    "opacity": [0.35 if point.low <= 0 <= point.high else 1.0 for point in points],
                },
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [point.high - point.estimate for point in points],
                    "arrayminus": [point.estimate - point.low for point in points],
                    "color": token("text"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [
                    f"{point.name}: {signed(point.estimate)} {unit} against the mean<br>"
                    f"({level_interval(level, point.low, point.high)})."
                    for point in points
                ],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=240,
            shapes=[zero_line()],
            xaxis=axis(showgrid=False, type="category"),
            yaxis=axis(tickformat=",d", title=unit),
        ),
    }
