"""The naive forecasts that every model must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from cgn_core.stats.arrays import Floats
from cgn_core.stats.daily_model import check_history, complete_weeks, t_multipliers, weekly_counts, weekly_growth
from cgn_core.stats.design import DailyHistory, daily_history, iso_monday
from cgn_core.stats.fit import Fit
from cgn_core.stats.predictive import LOO_RESIDUALS, WeekPredictor
from cgn_core.tables import DAYS_PER_WEEK, Daily

YEAR_WEEKS = 52
FEWEST_BEFORE = 2
"""Weeks a baseline sees before its first own forecast."""
RECENT_WEEKS = 4
FEWEST_WEEKS_NAIVE = 6


def _drift(history: Floats) -> float:
    """The line through the first and last week, continued (Hyndman & Athanasopoulos, section 5.2)."""
    return float(history[-1] + (history[-1] - history[0]) / max(len(history) - 1, 1))


def _seasonal(history: Floats) -> float:
    """The same week a year before; the last week where there is no such week."""
    return float(history[-YEAR_WEEKS] if len(history) >= YEAR_WEEKS else history[-1])


BASELINES: Mapping[str, Callable[[Floats], float]] = MappingProxyType(
    {
        "last_value": lambda history: float(history[-1]),
        "mean": lambda history: float(history.mean()),
        "median": lambda history: float(np.median(history)),
        "drift": _drift,
        "seasonal_naive": _seasonal,
    }
)
"""Each takes the weekly growth so far, shape (n,), and gives next week's."""


def fit_baseline(daily: Daily, *, model: str) -> Fit:
    """A baseline as a fit: a forecast without levers, with the quantiles of its own past errors around it.

    Args:
        daily: at least six complete weeks.
        model: a name of ``BASELINES``.
    """
    return fit_baseline_history(daily_history(daily), model=model)


def fit_baseline_history(history: DailyHistory, *, model: str) -> Fit:
    """:func:`fit_baseline` on arrays, for validation's many refits."""
    weeks = complete_weeks(history)
    check_history(history, weeks, fewest=FEWEST_WEEKS_NAIVE)
    growth = weekly_growth(history)
    past = np.array([BASELINES[model](growth[:week]) for week in range(FEWEST_BEFORE, len(growth))])
    value = BASELINES[model](growth)
    by_week = weekly_counts(history)
    levers = history.levers
    nothing = tuple(0.0 for _ in range(1 + len(levers)))
    return Fit(
        model=model,
        target="net_growth",
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0]) * DAYS_PER_WEEK + 4),
        last_week=iso_monday(int(weeks[-1]) * DAYS_PER_WEEK + 4),
        effects=(),
        predictor=WeekPredictor(
            method=LOO_RESIDUALS,
            week_start=iso_monday(int(history.days[-1]) + 1),
            levers=levers,
            mean=(value, *nothing[1:]),
            covariance=(nothing,) * (1 + len(levers)),
            multipliers=t_multipliers(max(len(past) - 1, 1)),
            n_residuals=len(past),
            residuals=tuple(np.sort(growth[FEWEST_BEFORE:] - past).tolist()),
            usual={name: float(np.mean(by_week[name][-RECENT_WEEKS:])) for name in levers},
            last_weeks={name: tuple(by_week[name][-RECENT_WEEKS:].tolist()) for name in levers},
            support={name: float(by_week[name].max()) for name in levers},
        ),
    )
