"""Scores of forecasts. ``*_error``: lower is better; ``*_score``: higher is better.

Every one raises TooFewObservations where there is no week to score: a mean of none is no number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.intervals import require_level


def mean_absolute_error(actual: Floats, forecast: Floats) -> float:
    """Mean absolute error, followers per week; scores the median forecast. Shapes (h,)."""
    return _mean(np.abs(actual - forecast))


def root_mean_squared_error(actual: Floats, forecast: Floats) -> float:
    """Root mean squared error, followers per week; scores the expected forecast. Shapes (h,)."""
    return float(np.sqrt(_mean((actual - forecast) ** 2)))


def mean_absolute_scaled_error(actual: Floats, forecast: Floats, *, history: Floats, season: int = 1) -> float:
    """Forecast error in units of the naive forecast's error; below 1 beats naive.

    Args:
        actual: shape (h,), followers gained per week.
        forecast: shape (h,), same weeks and unit.
        history: shape (n,), n > season, the weeks before; sets the scale.
        season: weeks per season; 1 scales by the last-value forecast.
    Returns: dimensionless, >= 0.

    Raises:
        InvalidInput: a season below one week.
        TooFewObservations: n <= season.
        ConstantSeries: the history never changes.
    Source: Hyndman & Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001.
    """
    if season < 1:
        raise InvalidInput(f"A season is one week or more, not {season}.")
    if len(history) <= season:
        raise TooFewObservations(f"A scaled error needs more than {season} weeks of history, not {len(history)}.")
    scale = float(np.abs(history[season:] - history[:-season]).mean())
    if scale == 0:
        raise ConstantSeries
    return mean_absolute_error(actual, forecast) / scale


def symmetric_percentage_error(actual: Floats, forecast: Floats) -> float:
    """Symmetric mean absolute percentage error in [0, 2]; a week where both are zero counts as no error.

    Source: Makridakis & Hibon (2000), doi:10.1016/S0169-2070(00)00057-1.
    """
    size = np.abs(actual) + np.abs(forecast)
    return _mean(np.where(size > 0, 2 * np.abs(actual - forecast) / np.where(size > 0, size, 1.0), 0.0))


def out_of_sample_r2_score(actual: Floats, forecast: Floats, *, reference: Floats) -> float:
    """Share of the reference forecast's squared error that the forecast avoids; 1 is perfect, 0 no better.

    Args:
        actual: shape (h,).
        forecast: shape (h,).
        reference: shape (h,), the mean of the weeks before each origin.

    Raises:
        ConstantSeries: the reference is right to the follower, so no share of its error can be avoided.
    Source: Campbell & Thompson (2008), doi:10.1093/rfs/hhm055.
    """
    _refuse_none(actual)
    base = float(((actual - reference) ** 2).sum())
    if base == 0:
        raise ConstantSeries
    return 1.0 - float(((actual - forecast) ** 2).sum()) / base


def directional_accuracy_score(actual: Floats, forecast: Floats, *, before: Floats) -> float:
    """Share of weeks whose rise or fall against the week before was foretold. Shapes (h,)."""
    return _mean(np.sign(actual - before) == np.sign(forecast - before))


def pinball_error(actual: Floats, quantile: Floats, *, probability: float) -> float:
    """Mean pinball loss of a quantile forecast, followers per week.

    Source: Koenker & Bassett (1978), doi:10.2307/1913643.
    """
    gap = actual - quantile
    return _mean(np.maximum(probability * gap, (probability - 1) * gap))


def crps_error(actual: Floats, quantiles: Matrix, *, probabilities: Floats) -> float:
    """Continuous ranked probability score from quantiles: twice the mean pinball loss over evenly spaced ones.

    Args:
        actual: shape (h,).
        quantiles: shape (h, q).
        probabilities: shape (q,), the midpoints of q equal parts of (0, 1); others weigh one tail or the middle more
            than the score does. For a normal law ten are off by less than 1 %, five by 3 %, two by 13 %.
    Source: Gneiting & Ranjan (2011), doi:10.1198/jbes.2010.08110.
    """
    gap = actual[:, None] - quantiles
    return 2 * _mean(np.maximum(probabilities * gap, (probabilities - 1) * gap))


def winkler_error(actual: Floats, low: Floats, high: Floats, *, level: float) -> float:
    """Mean width of an interval plus its penalty for misses, followers per week.

    Raises:
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    Source: Winkler (1972), doi:10.2307/2284720.
    """
    require_level(level)
    miss = np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0)
    return _mean(high - low + 2 / (1 - level) * miss)


def coverage_share(actual: Floats, low: Floats, high: Floats) -> float:
    """Share of weeks inside the interval."""
    return _mean((actual >= low) & (actual <= high))


def follows_per_hour_error(actual: Floats, forecast: Floats, *, hours: Floats) -> float:
    """Mean absolute error in followers per hour of work.

    Args:
        actual: shape (h,), followers per week.
        forecast: shape (h,), same weeks and unit.
        hours: shape (h,), > 0, worked in those weeks.

    Raises:
        InvalidInput: a week without work.
    """
    if not (hours > 0).all():
        raise InvalidInput("Followers per hour need hours above zero in every week.")
    return _mean(np.abs(actual - forecast) / hours)


def decision_regret_error(first: Floats, second: Floats, *, said: Floats) -> float:
    """Followers lost per choice between two plans, against who knew which brings more.

    Args:
        first: shape (h,), what the first plan of each pair really brought.
        second: shape (h,), what the second did.
        said: shape (h,), by how much the second was forecast to bring more; at 0 a coin decides.
    Source: the loss of a choice, Savage (1951), doi:10.1080/01621459.1951.10500768.
    """
    chosen = np.where(said > 0, second, np.where(said < 0, first, (first + second) / 2))
    return _mean(np.maximum(first, second) - chosen)


def right_choice_score(first: Floats, second: Floats, *, said: Floats) -> float:
    """Share of choices between two plans that brought no less than the other; a coin's choice counts half.

    Arguments as :func:`decision_regret_error`.
    """
    right = np.where(said == 0, 0.5, np.sign(said) * np.sign(second - first) >= 0)
    return _mean(np.where(first == second, 1.0, right))


def _mean(each: np.ndarray[Any, Any]) -> float:
    _refuse_none(each)
    return float(each.mean())


def _refuse_none(each: np.ndarray[Any, Any]) -> None:
    if each.size == 0:
        raise TooFewObservations("There is no week to score.")


def share_interval(hits: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share of which ``hits`` of ``n`` were counted: it never covers less than its level.

    Args:
        hits: 0 to n.
        n: at least 1.
        level: between 0 and 1.

    Raises:
        TooFewObservations: nothing was counted.
        InvalidInput: more hits than were counted, or fewer than none.
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    Source: Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404.
    """
    require_level(level)
    if n < 1:
        raise TooFewObservations("A share of nothing has no interval.")
    if not 0 <= hits <= n:
        raise InvalidInput(f"{hits} of {n} is no share.")
    tail = (1 - level) / 2
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return low, high
