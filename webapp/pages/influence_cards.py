"""Diagnostics of what the fit leans on, on Model Health: weeks, effects that move together, effects that wander."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from cgn_core.figures.influence import (
    Inflation,
    RecursivePath,
    WeekInfluence,
    inflation_figure,
    influence_figure,
    leverage_figure,
    recursive_figure,
    term_name,
)
from webapp.components.cards import card
from webapp.components.charts import chart
from webapp.components.explain import trail, what
from webapp.components.markup import html
from webapp.components.numbers import count, interval, retold, short_day, signed
from webapp.components.tables import Column
from webapp.pages.diagnostic_card import TITLES, Judged, diagnostic_card, tests_in_words

HIGH_INFLATION = 10.0
"""Drawn as the line beyond which an effect is hard to tell; the verdict is the service's."""
CALENDAR = ("intercept", "trend", "year_sine", "year_cosine")


def _influences(judged: Judged) -> list[WeekInfluence]:
    series = judged.found.series
    weeks = series.weeks if series is not None else ()
    return [WeekInfluence(each.week_start, each.leverage, each.studentised, each.cooks_distance) for each in weeks]


def _influence_table(weeks: Sequence[WeekInfluence]) -> tuple[list[Column], list[dict[str, Any]]]:
    columns = [
        Column("week", "Week of", primary=True),
        Column("leverage", "Leverage", numeric=True),
        Column("studentised", "Studentised miss", numeric=True),
        Column("distance", "Cook's distance", numeric=True),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "leverage": count(each.leverage, decimals=3),
            "studentised": signed(each.studentised, decimals=2),
            "distance": count(each.cooks_distance, decimals=3),
        }
        for each in sorted(weeks, key=lambda week: -(week.cooks_distance or 0.0))
    ]
    return columns, rows


def influence_card(judged: Judged) -> Component | None:
    """Cook's distance week by week."""
    weeks, series = _influences(judged), judged.found.series
    if series is None or not any(week.cooks_distance is not None for week in weeks):
        return None
    columns, rows = _influence_table(weeks)
    told = [each for each in judged.found.fit.influence if each.cooks_distance] if judged.found.fit else []
    named = ", ".join(f"{short_day(each.week_start)} ({count(each.cooks_distance, decimals=2)})" for each in told[:3])
    return diagnostic_card(
        "influence",
        influence_figure(weeks, listed=series.listed_distance, moving=series.moving_distance),
        words="Cook's distance of each week: how far the fit would move without it",
        columns=columns,
        rows=rows,
        marks=[what("cooks_distance"), trail(judged.source, "cooks_distance", of="Influence")],
        said=[f"Most influential: week of {named}." if named else "No week stands out."],
    )


def leverage_card(judged: Judged) -> Component | None:
    """Leverage against studentised misses."""
    weeks = _influences(judged)
    if not any(week.studentised is not None for week in weeks):
        return None
    columns, rows = _influence_table(weeks)
    typical = sum(week.leverage for week in weeks) / len(weeks)
    return diagnostic_card(
        "leverage",
        leverage_figure(weeks, typical=typical),
        words="Leverage of each week against its studentised miss",
        columns=columns,
        rows=rows,
        marks=[what("leverage"), trail(judged.source, "leverage", of="Leverage")],
        said=["Right of the dashed line a week pulls at the fit more than twice as much as the mean one."],
    )


def inflation_card(judged: Judged) -> Component | None:
    """How far each term moves together with the others."""
    fit = judged.found.fit
    if fit is None or not fit.collinearity.vif:
        return None
    inflations = [Inflation(name, factor) for name, factor in fit.collinearity.vif.items()]
    columns = [Column("name", "Term", primary=True), Column("factor", "Variance inflation", numeric=True)]
    rows = [
        {"name": term_name(each.name), "factor": count(each.factor, decimals=2)}
        for each in sorted(inflations, key=lambda one: -one.factor)
    ]
    condition = f"Condition number {count(fit.collinearity.condition_number, decimals=1)}."
    return diagnostic_card(
        "inflation",
        inflation_figure(inflations, high=HIGH_INFLATION),
        words="Variance inflation of each term: how far it moves together with the others",
        columns=columns,
        rows=rows,
        marks=[what("inflation"), trail(judged.source, "inflation", of="Variance inflation")],
        said=[f"{retold(fit.collinearity.sentence)} {condition}"],
    )


def stability_card(judged: Judged) -> Component | None:
    """Each effect as the weeks so far would have given it."""
    fit = judged.found.fit
    effects = [each for each in fit.stability if each.name not in CALENDAR] if fit is not None else []
    if not effects:
        return None
    parts: list[Component] = []
    for each in effects:
        low, high = (
            [value + way * 2 * error for value, error in zip(each.estimates, each.std_errors, strict=True)]
            for way in (-1, 1)
        )
        figure = recursive_figure(RecursivePath(each.name, each.week_starts, each.estimates, low, high))
        columns = [
            Column("week", "Up to the week of", primary=True),
            Column("estimate", "Followers per piece", numeric=True),
            Column("range", "Two standard errors", numeric=True),
        ]
        rows = [
            {"week": short_day(day), "estimate": signed(value, decimals=1), "range": interval(down, up, decimals=1)}
            for day, value, down, up in zip(each.week_starts, each.estimates, low, high, strict=True)
        ]
        named = term_name(each.name)
        words = f"What one more of {named.lower()} brings as the weeks so far would have said, week by week"
        drawn_one = chart(f"diagnostic-stability-{each.name}", figure, words=words, columns=columns, rows=rows[::-1])
        parts.append(html.Div([html.H3(named, className="chart-title"), drawn_one]))
    return card(
        html.Div(parts, className="columns-two"),
        *(html.P(sentence, className="words muted above-space") for sentence in tests_in_words(judged, "cusum")),
        title=TITLES["stability"],
        marks=[what("stability"), trail(judged.source, "stability", of="Stability of the effects")],
        className="span-two",
    )
