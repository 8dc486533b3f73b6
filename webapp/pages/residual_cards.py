"""Diagnostics of what the fit leaves unexplained, on Model Health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash.development.base_component import Component

from cgn_core.figures.residuals import (
    MemoryBar,
    QuantilePoint,
    Residual,
    is_usual,
    memory_figure,
    normal_quantile_figure,
    residuals_by_fitted_figure,
    residuals_over_time_figure,
)
from webapp.components.explain import trail, what
from webapp.components.numbers import interval, short_day, signed
from webapp.components.tables import Column
from webapp.pages.diagnostic_card import TITLES, Judged, diagnostic_card, tests_in_words


def fitted_card(judged: Judged) -> Component | None:
    """Misses against what the fit gives."""
    return _residual_card(
        judged,
        "fitted",
        residuals_by_fitted_figure,
        words="Each week's miss against what the fit gives it",
        tests=("breusch_pagan", "white", "reset"),
    )


def time_card(judged: Judged) -> Component | None:
    """Misses week by week."""
    return _residual_card(
        judged,
        "time",
        residuals_over_time_figure,
        words="Each week's miss, week by week",
        tests=("cusum",),
    )


def _residual_card(
    judged: Judged, name: str, figure: Callable[[Sequence[Residual]], Any], *, words: str, tests: tuple[str, ...]
) -> Component | None:
    series = judged.found.series
    if series is None:
        return None
    columns = [
        Column("week", "Week of", primary=True),
        Column("growth", "Gained", numeric=True),
        Column("fitted", "Fitted", numeric=True),
        Column("miss", "Miss, standard deviations", numeric=True),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "growth": signed(each.growth),
            "fitted": signed(each.fitted),
            "miss": signed(each.residual, decimals=1),
        }
        for each in reversed(series.weeks)
    ]
    weeks = [Residual(each.week_start, each.fitted, each.residual) for each in series.weeks]
    return diagnostic_card(
        name,
        figure(weeks),
        words=words,
        columns=columns,
        rows=rows,
        marks=[what("residual"), trail(judged.source, "residual", of=TITLES[name])],
        said=tests_in_words(judged, *tests),
    )


def quantiles_card(judged: Judged) -> Component | None:
    """Misses against the normal law."""
    series = judged.found.series
    if series is None or not series.quantiles:
        return None
    points = [QuantilePoint(e.week_start, e.normal, e.residual, e.low, e.high) for e in series.quantiles]
    columns = [
        Column("week", "Week of", primary=True),
        Column("miss", "Miss", numeric=True),
        Column("normal", "Normal law", numeric=True),
        Column("range", "Band of chance, 95 %", numeric=True),
        Column("inside", "Inside"),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "miss": signed(each.residual, decimals=2),
            "normal": signed(each.normal, decimals=2),
            "range": interval(each.low, each.high, decimals=2),
            "inside": "yes" if is_usual(each) else "no",
        }
        for each in points
    ]
    return diagnostic_card(
        "quantiles",
        normal_quantile_figure(points),
        words="Misses in order against where the normal law has them, in the band that chance leaves",
        columns=columns,
        rows=rows,
        marks=[what("normal_quantile"), trail(judged.source, "normal_quantile", of="Normal quantiles")],
        said=tests_in_words(judged, "jarque_bera"),
    )


def memory_card(judged: Judged) -> Component | None:
    """How like misses are that lie some weeks apart."""
    series = judged.found.series
    if series is None or not series.memory:
        return None
    bars = [MemoryBar(each.weeks_back, each.correlation) for each in series.memory]
    columns = [
        Column("back", "Weeks apart", primary=True),
        Column("correlation", "Correlation", numeric=True),
        Column("beyond", "Beyond chance"),
    ]
    rows = [
        {
            "back": str(each.weeks_back),
            "correlation": signed(each.correlation, decimals=2),
            "beyond": "yes" if abs(each.correlation) > series.memory_bound else "no",
        }
        for each in bars
    ]
    return diagnostic_card(
        "memory",
        memory_figure(bars, bound=series.memory_bound),
        words="How like the misses of weeks are that lie some weeks apart",
        columns=columns,
        rows=rows,
        marks=[what("memory"), trail(judged.source, "memory", of="Autocorrelation")],
        said=tests_in_words(judged, "durbin_watson", "ljung_box"),
    )
