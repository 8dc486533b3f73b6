"""Weekly growth against the forecast made before each week, with the posting mix on the same axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import NAMES, count, day_month_year, interval, percent, signed
from cgn_core.tables import CONTENT_TYPES

HEADROOM = 1.12
USUAL_BANDS = 0.7
"""The widest third of the intervals may run out of the picture rather than squash it."""
LABELS_ACROSS = 7
"""How many labels fit beside each other on a phone; a viral week too close to a larger one keeps only its marker."""


@dataclass(frozen=True)
class GrowthWeek:
    """One week as the chart needs it; followers per week, None where unknown."""

    week_start: str
    actual: float | None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    viral: bool = False
    counts: dict[str, float] = field(default_factory=dict)


def growth_history_figure(weeks: Sequence[GrowthWeek], *, level: float, with_mix: bool = True) -> Figure:
    """Actual growth, the forecast made before the week and its interval; viral weeks clipped and labelled.

    Args:
        weeks: ascending; at least one.
        level: of the interval, for the hover sentence.
        with_mix: draw the weekly counts by content type below.
    """
    top = ceiling(weeks)
    dates = [week.week_start for week in weeks]
    forecast = [week for week in weeks if week.median is not None]
    marked = [week for week in weeks if week.actual is not None and (week.viral or week.actual > top)]
    data = [*_band(forecast, top), _actual(weeks, dates, level, top)]
    if marked:
        data.append(_marks(marked, top))
    shapes = [{**zero_line(), "yref": "y"}]
    labelled = _apart(marked, dates)
    notes = [
        {
            "x": week.week_start,
            "y": min(week.actual or 0.0, top),
            "text": f"{'viral, ' if week.viral else ''}{signed(week.actual)}",
            "showarrow": False,
            "yshift": 14,
            "font": {"size": 12, "color": token("viral")},
        }
        for week in labelled
    ]
    if forecast:
        notes.append(
            {
                "x": forecast[-1].week_start,
                "y": forecast[-1].median,
                "text": "forecast",
                "showarrow": False,
                "xanchor": "right",
                "yshift": 12,
                "font": {"size": 12, "color": token("accent")},
            }
        )
    figure = {
        "data": data,
        "layout": layout(
            height=440 if with_mix else 300,
            hovermode="closest",
            annotations=notes,
            shapes=shapes,
            margin={"l": 8, "r": 12, "t": 28, "b": 8, "pad": 4},
            xaxis=axis(type="date", showgrid=False, range=_span(dates)),
            yaxis=axis(tickformat=",d", range=[_floor(weeks), top * 1.02], title="followers a week"),
        ),
    }
    if with_mix:
        _add_mix(figure, weeks, dates)
    return figure


def _apart(marked: Sequence[GrowthWeek], dates: list[str]) -> list[GrowthWeek]:
    """The largest of the marked weeks whose labels don't collide."""
    places = {day: place for place, day in enumerate(dates)}
    nearest = len(dates) / LABELS_ACROSS
    chosen: list[GrowthWeek] = []
    for week in sorted(marked, key=lambda each: -(each.actual or 0.0)):
        if all(abs(places[week.week_start] - places[other.week_start]) >= nearest for other in chosen):
            chosen.append(week)
    return chosen


def _span(dates: Sequence[str]) -> list[str]:
    """From half a week before the first week to half a week after the last, so that no marker is cut."""
    margin = timedelta(days=4)
    return [(date.fromisoformat(dates[0]) - margin).isoformat(), (date.fromisoformat(dates[-1]) + margin).isoformat()]


def ceiling(weeks: Sequence[GrowthWeek]) -> float:
    """The top of the axis: what usual weeks and intervals need; viral weeks are clipped to it."""
    usual = [week.actual for week in weeks if week.actual is not None and not week.viral]
    bands = sorted(week.high for week in weeks if week.high is not None)
    values = [
        *usual,
        *bands[: max(1, int(len(bands) * 0.9))],
        *(week.median for week in weeks if week.median is not None),
    ]
    return max([*values, 1.0]) * HEADROOM


def _floor(weeks: Sequence[GrowthWeek]) -> float:
    lows = [value for week in weeks for value in (week.actual, week.low) if value is not None]
    return min([0.0, *lows]) * HEADROOM


def _band(forecast: Sequence[GrowthWeek], top: float) -> list[Figure]:
    dates = [week.week_start for week in forecast]
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "type": "scatter"}
    return [
        {**edge, "x": dates, "y": [week.low for week in forecast], "name": "low"},
        {
            **edge,
            "x": dates,
            "y": [None if week.high is None else min(week.high, top) for week in forecast],
            "name": "interval",
            "fill": "tonexty",
            "fillcolor": token("band"),
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": dates,
            "y": [week.median for week in forecast],
            "line": {"color": token("accent"), "width": 2},
            "name": "forecast",
            "hoverinfo": "skip",
        },
    ]


def _actual(weeks: Sequence[GrowthWeek], dates: list[str], level: float, top: float) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": dates,
        "y": [None if week.actual is None else min(week.actual, top) for week in weeks],
        "line": {"color": token("text"), "width": 1.5},
        "marker": {"size": 5, "color": token("text")},
        "name": "actual",
        "text": [week_sentence(week, level=level) for week in weeks],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _marks(weeks: Sequence[GrowthWeek], top: float) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [week.week_start for week in weeks],
        "y": [min(week.actual or 0.0, top) for week in weeks],
        "marker": {"size": 9, "color": token("viral"), "line": {"color": token("surface"), "width": 1}},
        "hoverinfo": "skip",
        "name": "viral",
    }


def week_sentence(week: GrowthWeek, *, level: float) -> str:
    """The hover sentence of a week."""
    start = f"Week of {day_month_year(week.week_start)}: "
    gained = "growth not known" if week.actual is None else f"{signed(week.actual)} followers"
    viral = ", a viral week" if week.viral else ""
    if week.median is None:
        return f"{start}{gained}{viral}."
    made = f"forecast before it {signed(week.median)} ({percent(level)}: {interval(week.low, week.high)})"
    return f"{start}{gained}{viral};<br>{made}."


def _add_mix(figure: Figure, weeks: Sequence[GrowthWeek], dates: list[str]) -> None:
    """Weekly counts by content type as stacked bars under the growth, on the same time axis."""
    for name in CONTENT_TYPES:
        counts = [week.counts.get(name) for week in weeks]
        if not any(counts):
            continue
        figure["data"].append(
            {
                "type": "bar",
                "x": dates,
                "y": counts,
                "yaxis": "y2",
                "name": NAMES[name],
                "marker": {"color": token(name)},
                "text": [f"{count(pieces)} {name}" for pieces in counts],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    figure["layout"]["barmode"] = "stack"
    figure["layout"]["bargap"] = 0.25
    figure["layout"]["yaxis"]["domain"] = [0.34, 1.0]
    figure["layout"]["xaxis"]["anchor"] = "y2"
    figure["layout"]["yaxis2"] = axis(domain=[0.0, 0.24], tickformat=",d", title="pieces a week")
