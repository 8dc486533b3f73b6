"""The naive forecasts that every model must beat."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import History, iso_monday, read_history, require_weeks
from cgn_core.stats.next_week import naive_predictor
from cgn_core.tables import Daily

YEAR_WEEKS = 52
FEWEST_BEFORE = 2
"""Weeks a baseline sees before its first own forecast."""
FEWEST_WEEKS_NAIVE = 6


def _drift(history: Floats, ahead: int = 1) -> float:
    """The line through the first and last week, continued (Hyndman & Athanasopoulos, section 5.2)."""
    return float(history[-1] + ahead * (history[-1] - history[0]) / max(len(history) - 1, 1))


def _seasonal(history: Floats, ahead: int = 1) -> float:
    """The same week a year (or years) before; the last week where there is no such week."""
    back = YEAR_WEEKS - (ahead - 1) % YEAR_WEEKS
    return float(history[-back] if len(history) >= back else history[-1])


class Rule(Protocol):
    """Takes the weekly growth so far, shape (n,), and gives that of the week ``ahead`` of it, 1 being the next."""

    def __call__(self, history: Floats, ahead: int = 1, /) -> float:
        """Followers in that week."""
        ...


BASELINES: Mapping[str, Rule] = MappingProxyType(
    {
        "last_value": lambda history, _ahead=1: float(history[-1]),
        "mean": lambda history, _ahead=1: float(history.mean()),
        "median": lambda history, _ahead=1: float(np.median(history)),
        "drift": _drift,
        "seasonal_naive": _seasonal,
    }
)


def fit_baseline(daily: Daily, *, model: str) -> Fit:
    """A baseline as a fit: a forecast without levers, with the quantiles of its own past errors around it.

    Args:
        daily: at least six complete weeks.
        model: a name of ``BASELINES``.

    Raises:
        InvalidInput: no such naive forecast.
        TooFewObservations, ConstantSeries: the history can't be forecast from.
    """
    return fit_baseline_history(read_history(daily), model=model)


def fit_baseline_history(history: History, *, model: str, ahead: int = 1) -> Fit:
    """:func:`fit_baseline` on arrays, for validation's many refits, ``ahead`` weeks after the last known one."""
    if model not in BASELINES:
        raise InvalidInput(f"There is no naive forecast {model!r}; there are {', '.join(BASELINES)}.")
    weeks = require_weeks(history, fewest=FEWEST_WEEKS_NAIVE)
    growth = history.weekly_growth[np.isin(history.week_numbers, weeks)]
    first = FEWEST_BEFORE + ahead - 1
    past = np.array([BASELINES[model](growth[: week - ahead + 1], ahead) for week in range(first, len(growth))])
    return Fit(
        model=model,
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=(),
        predictor=naive_predictor(
            history, centre=BASELINES[model](growth, ahead), residuals=(growth[first:] - past).tolist()
        ),
    )
