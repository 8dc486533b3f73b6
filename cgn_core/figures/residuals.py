"""What a fit leaves unexplained: against its own size, over time, against the normal law, and against weeks before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import count, day_month_year, plural, signed

UNIT = "miss, standard deviations"
FAR = 2.0
"""Standard deviations beyond which a week stands out."""
DOT = 7


@dataclass(frozen=True)
class Residual:
    """One week's miss."""

    week_start: str
    fitted: float
    """Followers that the fit gives the week."""
    residual: float
    """Standard deviations."""


@dataclass(frozen=True)
class QuantilePoint:
    """One miss at its rank; all in standard deviations."""

    week_start: str
    normal: float
    residual: float
    low: float
    high: float


@dataclass(frozen=True)
class MemoryBar:
    """How like misses are that lie some weeks apart."""

    weeks_back: int
    correlation: float


def residuals_by_fitted_figure(weeks: Sequence[Residual]) -> Figure:
    """Misses against what the fit gives; a funnel or a bend in the cloud is what it leaves out."""
    return {
        "data": [_dots([week.fitted for week in weeks], weeks)],
        "layout": layout(
            height=280,
            shapes=[zero_line(), *_far_lines()],
            xaxis=axis(title="fitted, followers a week", showgrid=False, tickformat=","),
            yaxis=axis(title=UNIT),
        ),
    }


def residuals_over_time_figure(weeks: Sequence[Residual]) -> Figure:
    """Misses week by week, each from the zero line; runs on one side are what it leaves out."""
    dates = [week.week_start for week in weeks]
    stems: list[float | None] = []
    places: list[str] = []
    for week in weeks:
        places += [week.week_start] * 3
        stems += [0.0, week.residual, None]
    stem = {
        "type": "scatter",
        "mode": "lines",
        "x": places,
        "y": stems,
        "line": {"color": token("muted"), "width": 1},
        "hoverinfo": "skip",
    }
    return {
        "data": [stem, _dots(dates, weeks)],
        "layout": layout(
            height=280,
            shapes=[zero_line(), *_far_lines()],
            xaxis=axis(showgrid=False, type="date"),
            yaxis=axis(title=UNIT),
        ),
    }


def normal_quantile_figure(points: Sequence[QuantilePoint]) -> Figure:
    """Misses against where the normal law has them, in the band that chance leaves.

    Args:
        points: the smallest first; at least one.
    """
    normal = [point.normal for point in points]
    ends = [normal[0], normal[-1]]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*normal, *reversed(normal)],
                "y": [*(point.low for point in points), *(point.high for point in reversed(points))],
                "fill": "toself",
                "fillcolor": token("band"),
                "line": {"width": 0},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": ends,
                "y": ends,
                "line": {"color": token("muted"), "width": 1, "dash": "dot"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": normal,
                "y": [point.residual for point in points],
                "marker": {
                    "size": DOT,
                    "color": [token("accent" if is_usual(point) else "caution") for point in points],
                    "symbol": ["circle" if is_usual(point) else "diamond" for point in points],
                },
                "text": [
                    f"Week of {day_month_year(point.week_start)}: {signed(point.residual, decimals=1)};<br>"
                    f"the normal law has it at {signed(point.normal, decimals=1)} "
                    f"({signed(point.low, decimals=1)} to {signed(point.high, decimals=1)})."
                    for point in points
                ],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": layout(
            height=280,
            xaxis=axis(title="normal law, standard deviations", showgrid=False),
            yaxis=axis(title=UNIT),
        ),
    }


def is_usual(point: QuantilePoint) -> bool:
    """Whether it lies where nineteen of twenty normal samples have it."""
    return point.low <= point.residual <= point.high


def memory_figure(bars: Sequence[MemoryBar], *, bound: float) -> Figure:
    """How like misses are that lie one, two, ... weeks apart, with the bounds that chance leaves dashed."""
    bounds = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": edge,
            "y1": edge,
            "line": {"color": token("caution"), "width": 1, "dash": "dash"},
        }
        for edge in (bound, -bound)
    ]
    highest = max([bound, *(abs(bar.correlation) for bar in bars)]) * 1.2
    return {
        "data": [
            {
                "type": "bar",
                "x": [bar.weeks_back for bar in bars],
                "y": [bar.correlation for bar in bars],
                "width": 0.35,
                "marker": {
                    "color": [token("caution" if abs(bar.correlation) > bound else "accent") for bar in bars],
                },
                "text": [
                    f"Misses {plural(bar.weeks_back, 'week')} apart: correlation "
                    f"{signed(bar.correlation, decimals=2)}; chance leaves up to {count(bound, decimals=2)}."
                    for bar in bars
                ],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=280,
            shapes=[zero_line(), *bounds],
            xaxis=axis(title="weeks apart", showgrid=False, dtick=2, tick0=1),
            yaxis=axis(title="correlation", range=[-highest, highest]),
        ),
    }


def _dots(places: Sequence[float] | Sequence[str], weeks: Sequence[Residual]) -> Figure:
    far = [abs(week.residual) > FAR for week in weeks]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(places),
        "y": [week.residual for week in weeks],
        "marker": {
            "size": DOT,
            "color": [token("caution" if beyond else "accent") for beyond in far],
            "symbol": ["diamond" if beyond else "circle" for beyond in far],
        },
        "text": [
            f"Week of {day_month_year(week.week_start)}: fitted {signed(week.fitted)} followers;<br>"
            f"missed by {signed(week.residual, decimals=1)} standard deviations."
            for week in weeks
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _far_lines() -> list[Figure]:
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": edge,
            "y1": edge,
            "line": {"color": token("border"), "width": 1, "dash": "dash"},
            "layer": "below",
        }
        for edge in (FAR, -FAR)
    ]
