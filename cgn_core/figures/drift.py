"""Evidence that growth left its path, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import count, day_month_year


@dataclass(frozen=True)
class DriftWeek:
    """Both sides of the cumulative sum after one week, in robust standard deviations, each >= 0."""

    week_start: str
    up: float
    down: float


def drift_figure(weeks: Sequence[DriftWeek], *, bounds: tuple[float, float], start_week: str | None = None) -> Figure:
    """Rises above and falls below the zero line, the alarm's bounds dashed, the new regime shaded.

    Args:
        weeks: ascending; at least one.
        bounds: from which the upper and the lower side raise the alarm, each > 0.
        start_week: ISO Monday on which growth left its path, where it did.
    """
    dates = [week.week_start for week in weeks]
    lines = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": bound,
            "y1": bound,
            "line": {"color": token("caution"), "width": 1, "dash": "dash"},
        }
        for bound in (bounds[0], -bounds[1])
    ]
    shades = [
        {
            "type": "rect",
            "x0": start_week,
            "x1": dates[-1],
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "fillcolor": token("band"),
            "line": {"width": 0},
            "layer": "below",
        }
    ]
    return {
        "data": [
            _side("faster than expected", [week.up for week in weeks], dates, 1, "up"),
            _side("slower than expected", [week.down for week in weeks], dates, -1, "down"),
        ],
        "layout": layout(
            height=260,
            shapes=[zero_line(), *lines, *(shades if start_week else [])],
            xaxis=axis(showgrid=False, type="date"),
            yaxis=axis(title="evidence, standard deviations"),
        ),
    }


def _side(words: str, values: Sequence[float], dates: list[str], sign: int, role: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": dates,
        "y": [sign * value for value in values],
        "line": {"color": token(role), "width": 2, "shape": "hv"},
        "text": [
            f"Week of {day_month_year(date)}: {count(value, decimals=1)} standard deviations {words}, added up."
            for date, value in zip(dates, values, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
