"""Next week's growth as an explicit finite formula; ``webapp/assets/predictive.js`` is its twin, digit for digit.

A plan is counts per content type. The repeatable part has the mean ``m = mean · (1, plan)`` and the variance
``dispersion · g + (1, plan) · covariance · (1, plan)``: noise that grows with the followers gained, ``g = max(m + lost,
floor)``, and what isn't known of the coefficients. Viral days add ``g · r``. Both together are a finite mixture of
normals, one component per viral state and noise scale, whose quantiles are found by safeguarded Newton steps. Models
without a daily history use the quantiles of their leave-one-out residuals around ``m`` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats
from cgn_core.stats.intervals import check_level, weibull_quantile

DAILY_MIXTURE = "daily_mixture"
LOO_RESIDUALS = "loo_residuals"
FAR = 2.0
"""A plan above this multiple of the largest week plus one piece is refused, not extrapolated."""
NEWTON_STEPS = 200
TOLERANCE = 1e-13


@dataclass(frozen=True)
class WeekPredictor:
    """All that a forecast needs, and all the browser gets. Growth is followers per week."""

    method: str
    """daily_mixture | loo_residuals"""
    week_start: str
    """ISO Monday of the week it forecasts."""
    levers: tuple[str, ...]
    mean: tuple[float, ...]
    """Shape (1 + levers,): growth of a week without any piece, then followers per piece within that week."""
    covariance: tuple[tuple[float, ...], ...]
    """Shape (1 + levers, 1 + levers), of the estimated ``mean``."""
    multipliers: dict[str, float]
    """Student's t quantile per two-sided level, for intervals of differences."""
    n_residuals: int
    """Complete weeks behind it; they decide which levels are supported."""
    usual: dict[str, float]
    """Mean of the last four weeks per lever; what a plan leaves out."""
    last_weeks: dict[str, tuple[float, ...]]
    """The last four weeks' counts, oldest first."""
    support: dict[str, float]
    """The largest week seen per lever."""
    dispersion: float = 0.0
    floor: float = 0.0
    lost: float = 0.0
    """Followers lost in a usual week; noise and viral growth scale with what is gained, growth plus losses."""
    scales: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    """(standard deviation factor, weight): Student's t as a mixture of normals."""
    viral: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0),)
    """(weight, mean, standard deviation) of the viral part in units of the week's gain; first no viral day."""
    residuals: tuple[float, ...] = ()
    """Ascending, for loo_residuals."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``predictive.js`` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> WeekPredictor:
        """The inverse of :meth:`to_json`, from JSON's lists too."""
        return cls(
            **{
                **stored,
                "levers": tuple(stored["levers"]),
                "mean": tuple(stored["mean"]),
                "covariance": tuple(tuple(row) for row in stored["covariance"]),
                "last_weeks": {name: tuple(counts) for name, counts in stored["last_weeks"].items()},
                "scales": tuple(tuple(pair) for pair in stored["scales"]),
                "viral": tuple(tuple(state) for state in stored["viral"]),
                "residuals": tuple(stored["residuals"]),
            }
        )


@dataclass(frozen=True)
class Prediction:
    """Next week under a plan; followers. The numbers are None where the plan is refused."""

    plan: dict[str, float]
    expected: float | None
    """Mean of the distribution."""
    median: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    repeatable: float | None
    viral: float | None
    extrapolation: str
    """none | beyond_support | refused"""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """How much more one plan brings than another; followers. Shared noise cancels."""

    estimate: float
    low: float
    high: float
    level: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def predict(predictor: WeekPredictor, plan: Mapping[str, float], *, level: float = 0.9) -> Prediction:
    """Next week's growth under a plan.

    Args:
        predictor: of a fit.
        plan: pieces per content type, >= 0; a lever left out is the mean of the last four weeks.
        level: two-sided, of the interval.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number.
        UnsupportedLevel: the history is too short for this level.
    """
    check_level(level, residuals=predictor.n_residuals)
    counts = full_plan(predictor, plan)
    reach = extrapolation(predictor, counts)
    if reach == "refused":
        return Prediction(counts, None, None, None, None, level, predictor.method, None, None, reach)
    row = np.array([1.0, *(counts[name] for name in predictor.levers)])
    repeatable = float(row @ np.array(predictor.mean))
    if predictor.method == LOO_RESIDUALS:
        residuals = np.array(predictor.residuals)
        quantiles = [repeatable + weibull_quantile(residuals, p) for p in ((1 - level) / 2, 0.5, (1 + level) / 2)]
        expected = repeatable + float(residuals.mean())
    else:
        weights, means, spreads = _components(predictor, row, repeatable)
        quantiles = [mixture_quantile(weights, means, spreads, p) for p in ((1 - level) / 2, 0.5, (1 + level) / 2)]
        expected = float(weights @ means)
    low, median, high = quantiles
    return Prediction(
        counts, expected, median, low, high, level, predictor.method, repeatable, expected - repeatable, reach
    )


def difference(
    predictor: WeekPredictor, plan: Mapping[str, float], against: Mapping[str, float], *, level: float = 0.9
) -> Difference:
    """How much more ``plan`` is expected to bring than ``against``, with the interval of the difference.

    Raises: as :func:`predict`.
    """
    check_level(level, residuals=predictor.n_residuals)
    if f"{level:g}" not in predictor.multipliers:
        raise InvalidInput(f"Differences are offered at the levels {', '.join(predictor.multipliers)}, not {level:g}.")
    first, second = full_plan(predictor, plan), full_plan(predictor, against)
    step = np.array([0.0, *(first[name] - second[name] for name in predictor.levers)])
    lift = 1.0 + sum(weight * mean for weight, mean, _ in predictor.viral)
    estimate = lift * float(step @ np.array(predictor.mean))
    variance = float(step @ np.array(predictor.covariance) @ step)
    margin = lift * predictor.multipliers[f"{level:g}"] * float(np.sqrt(max(variance, 0.0)))
    return Difference(estimate, estimate - margin, estimate + margin, level)


def full_plan(predictor: WeekPredictor, plan: Mapping[str, float]) -> dict[str, float]:
    """The plan with every lever of the model; what is left out is as usual.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number.
    """
    for name, count in plan.items():
        if name not in predictor.levers:
            known = ", ".join(predictor.levers) or "none: it forecasts without a plan"
            raise InvalidInput(f"The model has no lever {name!r}; it has {known}.")
        if not np.isfinite(count) or count < 0:
            raise InvalidInput(f"A plan needs a count of {name} of 0 or more, not {count}.")
    return {name: float(plan.get(name, predictor.usual[name])) for name in predictor.levers}


def extrapolation(predictor: WeekPredictor, counts: Mapping[str, float]) -> str:
    """Whether a plan lies within what was ever tried: none, beyond_support or refused."""
    if any(counts[name] > FAR * predictor.support[name] + 1 for name in predictor.levers):
        return "refused"
    return "beyond_support" if any(counts[n] > predictor.support[n] for n in predictor.levers) else "none"


def _components(predictor: WeekPredictor, row: Floats, repeatable: float) -> tuple[Floats, Floats, Floats]:
    """Weights, means and standard deviations of the mixture."""
    size = max(repeatable + predictor.lost, predictor.floor)
    noise = predictor.dispersion * size + float(row @ np.array(predictor.covariance) @ row)
    viral, scales = np.array(predictor.viral), np.array(predictor.scales)
    weights = np.outer(viral[:, 0], scales[:, 1]).ravel()
    means = np.repeat(repeatable + size * viral[:, 1], len(scales))
    variances = np.add.outer((size * viral[:, 2]) ** 2, noise * scales[:, 0] ** 2).ravel()
    return weights, means, np.sqrt(np.maximum(variances, TOLERANCE))


def mixture_quantile(weights: Floats, means: Floats, spreads: Floats, probability: float) -> float:
    """The quantile of a finite mixture of normals, to rounding.

    Args:
        weights: shape (k,), summing to 1.
        means: shape (k,).
        spreads: shape (k,), standard deviations > 0.
        probability: in (0, 1).
    """
    low, high = float((means - 12 * spreads).min()), float((means + 12 * spreads).max())
    guess = float(weights @ means)
    for _ in range(NEWTON_STEPS):
        scaled = (guess - means) / spreads
        excess = float(weights @ special.ndtr(scaled)) - probability
        if excess > 0:
            high = guess
        else:
            low = guess
        slope = float(weights @ (np.exp(-0.5 * scaled * scaled) / spreads)) / np.sqrt(2 * np.pi)
        step = guess - excess / slope if slope > 0 else low
        proposed = step if low < step < high else 0.5 * (low + high)
        if abs(proposed - guess) <= TOLERANCE * (abs(guess) + float(spreads.min())):
            return proposed
        guess = proposed
    return guess
