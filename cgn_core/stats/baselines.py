"""The naive forecasts that every model must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from cgn_core.stats.arrays import Floats
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import History, iso_monday, read_history, require_weeks
from cgn_core.stats.next_week import naive_predictor
from cgn_core.tables import Daily

YEAR_WEEKS = 52
FEWEST_BEFORE = 2
"""Weeks a baseline sees before its first own forecast."""
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
    return fit_baseline_history(read_history(daily), model=model)


def fit_baseline_history(history: History, *, model: str) -> Fit:
    """:func:`fit_baseline` on arrays, for validation's many refits."""
    weeks = require_weeks(history, fewest=FEWEST_WEEKS_NAIVE)
    growth = history.weekly_growth[np.isin(history.week_numbers, weeks)]
    past = np.array([BASELINES[model](growth[:week]) for week in range(FEWEST_BEFORE, len(growth))])
    return Fit(
        model=model,
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=(),
        predictor=naive_predictor(
            history, centre=BASELINES[model](growth), residuals=(growth[FEWEST_BEFORE:] - past).tolist()
        ),
    )
