"""How the models did on weeks they had not seen, and whether the intervals held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, share_ticks, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import count, day_month_year, interval, percent, signed


@dataclass(frozen=True)
class RankedError:
    """A model's or baseline's error on held-out weeks; followers a week."""

    label: str
    mae: float
    low: float | None
    high: float | None
    chosen: bool
    baseline: bool


def ranking_figure(rows: Sequence[RankedError]) -> Figure:
    """Mean absolute error per model, best on top; baselines hollow, the chosen one in the accent colour."""
    ordered = sorted(rows, key=lambda row: -row.mae)
    colours = [token("accent") if row.chosen else token("muted") for row in ordered]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "y": [row.label for row in ordered],
                "x": [row.mae for row in ordered],
                "marker": {
                    "size": 11,
                    "color": colours,
                    "symbol": ["circle-open" if row.baseline else "circle" for row in ordered],
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0 if row.high is None else row.high - row.mae for row in ordered],
                    "arrayminus": [0 if row.low is None else row.mae - row.low for row in ordered],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [
                    f"{row.label} is off by {count(row.mae)} followers a week on average{_range(row)}."
                    for row in ordered
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=70 + 34 * max(1, len(ordered)),
            xaxis=axis(title="mean absolute error, followers a week", rangemode="tozero", showgrid=True),
            yaxis=axis(showgrid=False, tickfont={"size": 13, "color": token("text")}),
        ),
    }


def _range(row: RankedError) -> str:
    return "" if row.low is None or row.high is None else f" ({count(row.low)} to {count(row.high)})"


@dataclass(frozen=True)
class MeasuredCoverage:
    """How often an interval of a level held, over ``weeks`` held-out weeks."""

    level: float
    coverage: float
    low: float
    high: float
    weeks: int


def coverage_figure(rows: Sequence[MeasuredCoverage]) -> Figure:
    """Promised against measured coverage; on the diagonal an interval keeps its promise."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": token("muted"), "width": 1, "dash": "dot"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [row.level for row in rows],
                "y": [row.coverage for row in rows],
                "marker": {"size": 10, "color": token("accent")},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [row.high - row.coverage for row in rows],
                    "arrayminus": [row.coverage - row.low for row in rows],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [
                    f"The {percent(row.level)} interval held in {percent(row.coverage)} of {row.weeks} weeks "
                    f"({percent(row.low)} to {percent(row.high)})."
                    for row in rows
                ],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": layout(
            height=280,
            xaxis=axis(title="promised", range=[0.4, 1.02], showgrid=False, **share_ticks(0.4, 0.6, 0.8, 1.0)),
            yaxis=axis(title="held", range=[0.3, 1.05], **share_ticks(0.4, 0.6, 0.8, 1.0)),
        ),
    }


CLIPPED = 3.0
"""Half-intervals beyond which a week is drawn at the edge: one viral week would squash all others."""


@dataclass(frozen=True)
class HeldWeek:
    """A week beside the interval given before it; followers."""

    week_start: str
    actual: float
    median: float
    low: float
    high: float
    share: float
    """Of all weeks up to this one, how many were held."""

    @property
    def held(self) -> bool:
        """Whether the growth fell into the interval."""
        return self.low <= self.actual <= self.high

    @property
    def position(self) -> float:
        """Where it fell: 0 the median, 1 and -1 the interval's ends."""
        gap = self.actual - self.median
        half = self.high - self.median if gap >= 0 else self.median - self.low
        return gap / half if half > 0 else 0.0


def held_weeks_figure(weeks: Sequence[HeldWeek], *, level: float) -> Figure:
    """Where each week fell in its interval, and below the share of weeks that were held so far beside the promise.

    Args:
        weeks: ascending, at least one; all of intervals of one level.
        level: theirs.
    """
    dates = [week.week_start for week in weeks]
    far = [abs(week.position) > CLIPPED for week in weeks]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": dates,
        "y": [min(max(week.position, -CLIPPED), CLIPPED) for week in weeks],
        "marker": {
            "size": 8,
            "color": [token("accent" if week.held else "caution") for week in weeks],
            "symbol": [
                ("triangle-up" if week.position > 0 else "triangle-down") if beyond
                else "circle" if week.held else "diamond"
                for week, beyond in zip(weeks, far, strict=True)
            ],
        },
        "text": [
            f"Week of {day_month_year(week.week_start)}: {signed(week.actual)} followers,<br>"
            f"{'inside' if week.held else 'outside'} {interval(week.low, week.high)}."
            for week in weeks
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    share = {
        "type": "scatter",
        "mode": "lines",
        "x": dates,
        "y": [week.share for week in weeks],
        "yaxis": "y2",
        "line": {"color": token("accent"), "width": 2},
        "text": [
            f"Up to the week of {day_month_year(week.week_start)} {percent(week.share)} of {number} were held; "
            f"promised {percent(level)}."
            for number, week in enumerate(weeks, 1)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -1, "y1": 1, "fillcolor": token("band"),
            "line": {"width": 0}, "layer": "below"}  # fmt: skip
    promise = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": level, "y1": level,
               "line": {"color": token("muted"), "width": 1, "dash": "dot"}}  # fmt: skip
    return {
        "data": [dots, share],
        "layout": layout(
            height=340,
            shapes=[band, zero_line(), promise],
            xaxis=axis(showgrid=False, type="date", anchor="y2"),
            yaxis=axis(
                domain=[0.4, 1],
                range=[-CLIPPED - 0.3, CLIPPED + 0.3],
                tickvals=[-1, 0, 1],
                ticktext=["low", "median", "high"],
            ),
            yaxis2=axis(title="held so far", domain=[0, 0.28], range=[0, 1.05], **share_ticks(0, 0.5, 1.0)),
        ),
    }
