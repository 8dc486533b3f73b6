"""Weekly growth against the forecast made before each week, with the posting mix on the same axis."""

from __future__ import annotations

import textwrap
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
HOVER_LETTERS = 48
EDGE = 0.12
NAME_REACHES = 0.15
"""How far to each side the band's name reaches on a phone, as a share of the weeks."""
LABELS_ACROSS = 3
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
    level: float | None = None
    """Of its interval, where that isn't the chart's."""
    was_shown: bool = False
    """Whether people saw this forecast before the week, rather than it being made anew from the weeks before it."""


@dataclass(frozen=True)
class WeekEvent:
    """Something that happened in a week beside its numbers."""

    week_start: str
    kind: str
    """break | import | model | note"""
    words: str


EVENT_KINDS = {
    "break": ("Break", "triangle-down", "down"),
    "import": ("Import", "square", "muted"),
    "model": ("Model", "diamond", "accent"),
    "note": ("Note", "circle", "ads"),
}
"""Name, symbol and colour role of each kind of event; the symbols tell them apart without the colours."""
EVENT_ROW = 22
"""Pixels of a kind's row."""


def growth_history_figure(
    weeks: Sequence[GrowthWeek],
    *,
    level: float,
    with_mix: bool = True,
    events: Sequence[WeekEvent] = (),
    named: bool = True,
) -> Figure:
    """Actual growth, the forecast made before the week and its interval; viral weeks clipped and labelled.

    Args:
        weeks: ascending; at least one.
        level: of the interval, for the hover sentence.
        with_mix: draw the weekly counts by content type below.
        named: write in the band what it is; a page has a key for that, which hides nothing.
        events: marked between growth and mix, those of these weeks and the one after; needs the mix.
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
            "text": f"{'viral<br>' if week.viral else ''}{signed(week.actual)}",
            "showarrow": False,
            "yanchor": "bottom",
            "yshift": 6,
            "xanchor": _anchor(week.week_start, dates),
            "font": {"size": 12, "color": token("viral")},
        }
        for week in labelled
    ]
    if forecast and named:
        notes.append(_name_of_band(forecast, top, level))
    figure = {
        "data": data,
        "layout": layout(
            height=440 if with_mix else 300,
            hovermode="closest",
            annotations=notes,
            shapes=shapes,
            margin={"l": 8, "r": 12, "t": 40, "b": 8, "pad": 4},
            xaxis=axis(type="date", showgrid=False, range=_span(dates)),
            yaxis=axis(tickformat=",d", range=[_floor(weeks), top * 1.02], title="followers a week"),
        ),
    }
    if with_mix:
        _add_mix(figure, weeks, dates)
        _add_events(figure, events, dates)
    return figure


def _add_events(figure: Figure, events: Sequence[WeekEvent], dates: Sequence[str]) -> None:
    """A row of symbols per kind under the growth, each with its words; a line through the growth at a break."""
    shown = [each for each in events if dates[0] <= each.week_start <= _week_after(dates)]
    if not shown:
        return
    kinds = [kind for kind in reversed(EVENT_KINDS) if any(each.kind == kind for each in shown)]
    for place, kind in enumerate(kinds):
        name, symbol, role = EVENT_KINDS[kind]
        by_week: dict[str, list[str]] = {}
        for each in shown:
            if each.kind == kind:
                by_week.setdefault(each.week_start, []).append(_wrapped(each.words))
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": list(by_week),
                "y": [place] * len(by_week),
                "yaxis": "y3",
                "name": name,
                "marker": {"size": 10, "symbol": symbol, "color": token(role)},
                "text": [f"Week of {day_month_year(week)}:<br>{'<br>'.join(words)}" for week, words in by_week.items()],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
        if kind == "break":
            line = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
            figure["layout"]["shapes"] += [
                {**line, "x0": week, "x1": week, "line": {"color": token("down"), "width": 1.5, "dash": "dot"}}
                for week in by_week
            ]
    layout_ = figure["layout"]
    before, rows = layout_["height"], EVENT_ROW * len(kinds)
    layout_["height"] = height = before + rows
    mix = 0.24 * before / height
    layout_["yaxis2"]["domain"] = [0.0, mix]
    layout_["yaxis3"] = axis(
        domain=[mix + 0.05, mix + 0.05 + rows / height],
        range=[-0.6, len(kinds) - 0.4],
        tickvals=list(range(len(kinds))),
        ticktext=[EVENT_KINDS[kind][0] for kind in kinds],
        showgrid=False,
    )
    layout_["yaxis"]["domain"] = [mix + 0.1 + rows / height, 1.0]
    if any(each.week_start > dates[-1] for each in shown):
        layout_["xaxis"]["range"] = _span([dates[0], _week_after(dates)])


def _week_after(dates: Sequence[str]) -> str:
    return (date.fromisoformat(dates[-1]) + timedelta(weeks=1)).isoformat()


def _wrapped(words: str) -> str:
    """Lines that fit a phone, without what plotly reads as markup: notes are people's text."""
    plain = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "<br>".join(textwrap.wrap(plain, HOVER_LETTERS))


def _name_of_band(forecast: Sequence[GrowthWeek], top: float, level: float) -> Figure:
    """The words in the band itself, where it leaves the most room above both lines: over a line they hide it."""
    edges = [min(week.high if week.high is not None else week.median or 0.0, top) for week in forecast]
    lines = [min(max(week.median or 0.0, week.actual or 0.0), top) for week in forecast]
    reach = max(1, round(len(forecast) * NAME_REACHES))
    places = range(reach, len(forecast) - reach) or range(len(forecast) // 2, len(forecast) // 2 + 1)

    def under(place: int) -> float:
        return min(edges[max(0, place - reach) : place + reach + 1])

    def room(place: int) -> float:
        return under(place) - max(lines[max(0, place - reach) : place + reach + 1])

    best = max(places, key=lambda place: (room(place), place))
    return {
        "x": forecast[best].week_start,
        "y": under(best),
        "text": f"forecast, {percent(level)}",
        "showarrow": False,
        "yanchor": "top",
        "font": {"size": 12, "color": token("accent")},
    }


def _anchor(week: str, dates: Sequence[str]) -> str:
    """So that a label near an edge isn't cut."""
    place = dates.index(week) / max(len(dates) - 1, 1)
    return "left" if place < EDGE else "right" if place > 1 - EDGE else "center"


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
    within = f"{percent(week.level or level)}: {interval(week.low, week.high)}"
    made = f"{'forecast shown before it' if week.was_shown else 'forecast before it'} {signed(week.median)} ({within})"
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
