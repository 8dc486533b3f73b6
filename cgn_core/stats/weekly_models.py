"""The weekly families: the readable reference, and the answer where only weeks are known.

``single_lever`` is ordinary least squares on the number of pieces, ``ols`` on each content type, both with HC3 errors;
``huber`` is Huber's M-estimate with its H1 covariance, ``tukey`` the bisquare from a least-absolute start with HC3
errors on its weights. All intervals are Student's t, as normal ones cover too little on short histories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.daily_model import check_history, complete_weeks, t_multipliers, weekly_counts, weekly_growth
from cgn_core.stats.design import DailyHistory, daily_history, iso_monday
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Effect, Fit
from cgn_core.stats.least_squares import solve, undetermined
from cgn_core.stats.predictive import LOO_RESIDUALS, WeekPredictor
from cgn_core.stats.viral import TO_SIGMA
from cgn_core.tables import DAYS_PER_WEEK, Availability, Daily

WEEKLY_MODELS = ("single_lever", "ols", "huber", "tukey")
HUBER_TUNING = 1.345
TUKEY_TUNING = 4.685
MOST_STEPS = 30
CONVERGED = 1e-6
RECENT_WEEKS = 4
SINGLE_LEVER = "posting_frequency"


@dataclass(frozen=True)
class _Estimate:
    """Coefficients, their covariance, and the weight each week had in the end."""

    coefficients: Floats
    covariance: Matrix
    weights: Floats


def fit_weekly(daily: Daily, *, model: str, level: float = EFFECT_LEVEL) -> Fit:
    """Fit one of the weekly models to the weeks of a daily table.

    Args:
        daily: at least eight complete weeks.
        model: single_lever | ols | huber | tukey.
        level: of the effects' intervals, two-sided.

    Raises:
        InvalidInput: no such model.
        TooFewObservations, ConstantSeries: as the daily fit.
    """
    if model not in WEEKLY_MODELS:
        raise InvalidInput(f"There is no weekly model {model!r}; there are {', '.join(WEEKLY_MODELS)}.")
    return fit_weekly_history(daily_history(daily), model=model, level=level)


def fit_weekly_history(history: DailyHistory, *, model: str, level: float = EFFECT_LEVEL) -> Fit:
    """:func:`fit_weekly` on arrays, for validation's many refits."""
    weeks = complete_weeks(history)
    check_history(history, weeks)
    by_week = weekly_counts(history)
    all_weeks = np.unique(history.weeks[len(history.days) % DAYS_PER_WEEK :])
    target_rows = np.isin(all_weeks, weeks)
    growth = weekly_growth(history)
    cautions = [_open_caution(name) for name in history.constant]
    levers = history.levers
    counts = np.column_stack([by_week[name] for name in levers]) if levers else np.empty((len(all_weeks), 0))
    design = np.column_stack([np.ones(len(all_weeks)), counts])
    if model == "single_lever":
        design = np.column_stack([np.ones(len(all_weeks)), counts.sum(axis=1)])
        names: tuple[str, ...] = (SINGLE_LEVER,)
    else:
        names = levers
    open_columns = undetermined(design[target_rows])
    open_columns[0] = False
    cautions += [_open_caution(name) for name, is_open in zip(names, open_columns[1:], strict=True) if is_open]
    kept = ~open_columns
    estimate = _ESTIMATORS[model](design[target_rows][:, kept], growth)
    freedom = max(len(weeks) - int(kept.sum()), 1)
    mean, covariance = _by_lever(estimate, kept, levers, single=model == "single_lever")
    residuals = _leave_one_out(design[target_rows][:, kept], growth, estimate)
    return Fit(
        model=model,
        target="net_growth",
        weeks=len(weeks),
        first_week=_monday(weeks[0]),
        last_week=_monday(weeks[-1]),
        effects=_effects(estimate, np.array(names, dtype=object)[kept[1:]], freedom=freedom, level=level),
        predictor=WeekPredictor(
            method=LOO_RESIDUALS,
            week_start=iso_monday(int(history.days[-1]) + 1),
            levers=levers,
            mean=mean,
            covariance=covariance,
            multipliers=t_multipliers(freedom),
            n_residuals=len(weeks),
            residuals=tuple(np.sort(residuals).tolist()),
            usual={name: float(np.mean(by_week[name][-RECENT_WEEKS:])) for name in levers},
            last_weeks={name: tuple(by_week[name][-RECENT_WEEKS:].tolist()) for name in levers},
            support={name: float(by_week[name].max()) for name in levers},
        ),
        cautions=tuple(cautions),
        details={"degrees_of_freedom": freedom},
    )


def _ordinary(design: Matrix, target: Floats) -> _Estimate:
    ones = np.ones(len(target))
    solution = solve(design, target, ones)
    covariance = _hc3(design, target - design @ solution.coefficients, ones, solution.bread)
    return _Estimate(solution.coefficients, covariance, ones)


def _hc3(design: Matrix, residuals: Floats, weights: Floats, bread: Matrix) -> Matrix:
    """HC3 (MacKinnon & White, 1985) of a weighted fit."""
    leverage = weights * np.einsum("ij,jk,ik->i", design, bread, design)
    corrected = weights * residuals / np.maximum(1 - leverage, 1e-8)
    scores = design * corrected[:, None]
    covariance: Matrix = bread @ (scores.T @ scores) @ bread
    return covariance


def _scale(residuals: Floats) -> float:
    """Median absolute residual, consistent for the normal; never zero."""
    return max(float(np.median(np.abs(residuals))) * TO_SIGMA, 1e-9)


def _reweighted(
    design: Matrix, target: Floats, start: Floats, weigh: Callable[[Floats], Floats]
) -> tuple[Floats, Floats]:
    """Iteratively reweighted least squares; returns coefficients and final weights."""
    coefficients = start
    weights = np.ones(len(target))
    for _ in range(MOST_STEPS):
        residuals = target - design @ coefficients
        weights = weigh(residuals / _scale(residuals))
        if not weights.all() and np.linalg.matrix_rank(design[weights > 0]) < design.shape[1]:
            break
        updated = solve(design, target, weights).coefficients
        step = np.abs(updated - coefficients).max()
        coefficients = updated
        if step <= CONVERGED * (1 + np.abs(updated).max()):
            break
    return coefficients, weights


def _huber_weights(scaled: Floats) -> Floats:
    weights: Floats = np.minimum(1.0, HUBER_TUNING / np.maximum(np.abs(scaled), 1e-12))
    return weights


def _tukey_weights(scaled: Floats) -> Floats:
    weights: Floats = np.where(np.abs(scaled) < TUKEY_TUNING, (1 - (scaled / TUKEY_TUNING) ** 2) ** 2, 0.0)
    return weights


def _huber(design: Matrix, target: Floats) -> _Estimate:
    """Huber (1973) M-estimate with covariance H1 of Huber (1981), section 7.6."""
    start = solve(design, target, np.ones(len(target))).coefficients
    coefficients, weights = _reweighted(design, target, start, _huber_weights)
    residuals = target - design @ coefficients
    scale = _scale(residuals)
    scaled = residuals / scale
    rows, terms = design.shape
    inner = (np.abs(scaled) <= HUBER_TUNING).astype(float)
    mean_slope = max(float(inner.mean()), 1e-9)
    factor = 1 + terms / rows * float(inner.var()) / mean_slope**2
    spread = float(((scaled * weights) ** 2).sum()) / (rows - terms) * scale**2
    bread = solve(design, target, np.ones(rows)).bread
    return _Estimate(coefficients, factor**2 * spread / mean_slope**2 * bread, weights)


def _tukey(design: Matrix, target: Floats) -> _Estimate:
    """Bisquare (Beaton & Tukey, 1974) from a least-absolute start, so that viral weeks can't pull it at once."""
    least_squares = solve(design, target, np.ones(len(target))).coefficients
    start, _ = _reweighted(design, target, least_squares, lambda scaled: 1 / np.maximum(np.abs(scaled), 1e-4))
    coefficients, weights = _reweighted(design, target, start, _tukey_weights)
    if np.linalg.matrix_rank(design[weights > 0]) < design.shape[1]:
        return _huber(design, target)
    bread = solve(design, target, weights).bread
    return _Estimate(coefficients, _hc3(design, target - design @ coefficients, weights, bread), weights)


_ESTIMATORS: dict[str, Callable[[Matrix, Floats], _Estimate]] = {
    "single_lever": _ordinary,
    "ols": _ordinary,
    "huber": _huber,
    "tukey": _tukey,
}


def _leave_one_out(design: Matrix, target: Floats, estimate: _Estimate) -> Floats:
    """Residuals as if each week had been left out (first order, weights held)."""
    bread = solve(design, target, np.maximum(estimate.weights, 1e-6)).bread
    leverage = estimate.weights * np.einsum("ij,jk,ik->i", design, bread, design)
    left_out: Floats = (target - design @ estimate.coefficients) / np.maximum(1 - leverage, 1e-3)
    return left_out


def _by_lever(
    estimate: _Estimate, kept: np.ndarray[tuple[int], np.dtype[np.bool_]], levers: tuple[str, ...], *, single: bool
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Coefficients and covariance for (1, plan): a lever that was left out has none, the single lever serves all."""
    places = np.flatnonzero(kept)
    spread = np.zeros((1 + len(levers), len(places)))
    for place, column in enumerate(places):
        if single and column == 1:
            spread[1:, place] = 1.0
        else:
            spread[column, place] = 1.0
    mean = spread @ estimate.coefficients
    covariance = spread @ estimate.covariance @ spread.T
    return tuple(mean.tolist()), tuple(tuple(row) for row in covariance.tolist())


def _effects(
    estimate: _Estimate, names: np.ndarray[tuple[int], np.dtype[np.object_]], *, freedom: int, level: float
) -> tuple[Effect, ...]:
    multiplier = float(special.stdtrit(freedom, (1 + level) / 2))
    errors = np.sqrt(np.maximum(np.diag(estimate.covariance)[1:], 0.0))
    return tuple(
        Effect(
            name=str(name),
            estimate=float(value),
            low=float(value - multiplier * error),
            high=float(value + multiplier * error),
            level=level,
            std_error=float(error),
            unit="followers per piece",
            availability=Availability.PLANNED.value,
        )
        for name, value, error in zip(names, estimate.coefficients[1:], errors, strict=True)
    )


def _monday(week: int) -> str:
    return iso_monday(int(week) * DAYS_PER_WEEK + 4)


def _open_caution(name: str) -> Caution:
    return Caution("undetermined_effect", f"The effect of {name} is left open by this history, so none is given.")
