"""Next week's growth as an explicit finite formula; ``webapp/assets/predictive.js`` is its twin.

A plan is counts per lever; ``row = (1, counts)``. The repeatable part has the mean ``m = row · mean`` and the variance
``dispersion · g + row · covariance · row``: daily noise that grows with the followers gained, ``g = max(m + lost,
floor)``, and what isn't known of the coefficients. Student's tails are a mixture of normals (``scales``), viral days
add ``g`` times one of finitely many ``jumps``. So the week is a finite mixture of normals: its mean is a sum, its
quantiles are found by safeguarded Newton steps. Models of weeks put the quantiles of their leave-one-out residuals
around ``m``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats
from cgn_core.stats.features import availability_of
from cgn_core.stats.intervals import check_level, check_probability, weibull_quantile
from cgn_core.stats.notebook import html_table
from cgn_core.tables import Availability

DAILY_MIXTURE = "daily_mixture"
LOO_RESIDUALS = "loo_residuals"
NONE, BEYOND_SUPPORT, REFUSED = "none", "beyond_support", "refused"
FAR = 2.0
"""A plan above this multiple of the largest week plus one piece is refused, not extrapolated."""
EDGE = 1e-9
"""Relative room at the edge of the support, for rounding."""
NEWTON_STEPS = 200
TOLERANCE = 1e-12
TINY = 1e-18
"""Smallest variance: a formula without any noise still has quantiles."""
REACH = 40.0
"""Standard deviations beyond which no quantile is looked for."""


@dataclass(frozen=True)
class WeekPredictor:
    """All that a forecast needs, and all the browser gets. Growth is followers per week."""

    method: str
    """daily_mixture | loo_residuals"""
    target: str
    """net_growth | gross_follows"""
    week_start: str
    """ISO Monday of the week it forecasts."""
    levers: tuple[str, ...]
    mean: tuple[float, ...]
    """Shape (1 + levers,): growth of a week without any piece, then followers per piece within that week."""
    covariance: tuple[tuple[float, ...], ...]
    """Shape (1 + levers, 1 + levers), of the estimated ``mean``."""
    scales: tuple[tuple[float, float], ...]
    """(factor on the variance, weight): Student's t as a mixture of normals."""
    n_residuals: int
    """Complete weeks (or past errors) behind it; they decide which levels are supported."""
    levels: tuple[float, ...]
    """The offered levels that they support."""
    usual: dict[str, float]
    """Mean of the last four weeks per lever; what a plan leaves out."""
    last_weeks: dict[str, tuple[float, ...]]
    """The last four weeks' counts, oldest first."""
    support: dict[str, float]
    """The largest week seen per lever."""
    centre: tuple[float, ...]
    """Shape (levers,), the mean week."""
    precision: tuple[tuple[float, ...], ...]
    """Shape (levers, levers), pseudo-inverse of the weeks' covariance: with ``centre`` it gives a plan's leverage."""
    farthest: float
    """The largest squared distance ``(week - centre) · precision · (week - centre)`` seen."""
    undetermined: tuple[str, ...] = ()
    """Levers whose effect the history leaves open: only their usual counts can be forecast."""
    dispersion: float = 0.0
    """Variance of a week's noise over the followers it gains."""
    floor: float = 0.0
    """The gain below which the noise shrinks no further."""
    lost: float = 0.0
    """Followers lost in a usual week; noise and viral growth scale with what is gained, growth plus losses."""
    jumps: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0),)
    """(weight, mean, variance) of the viral part, in units of the repeatable gain; first no viral day."""
    residuals: tuple[float, ...] = ()
    """Ascending, for loo_residuals."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``predictive.js`` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> WeekPredictor:
        """The inverse of :meth:`to_json`, from JSON's lists too."""
        flat = ("levers", "mean", "levels", "centre", "undetermined", "residuals")
        nested = ("covariance", "scales", "precision", "jumps")
        return cls(
            **{
                **stored,
                **{name: tuple(stored[name]) for name in flat},
                **{name: tuple(tuple(row) for row in stored[name]) for name in nested},
                "last_weeks": {name: tuple(counts) for name, counts in stored["last_weeks"].items()},
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
    """Mean of a week without a viral day."""
    viral: float | None
    """What viral days add to the mean."""
    extrapolation: str
    """none | beyond_support | refused"""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def _repr_html_(self) -> str:
        names = ("expected", "median", "low", "high", "repeatable", "viral")
        plan = ", ".join(f"{count:g} {name}" for name, count in self.plan.items())
        title = f"Followers next week with {plan} ({self.level:.0%} interval)"
        return html_table(title, names, [[getattr(self, name) for name in names]])


@dataclass(frozen=True)
class Difference:
    """How much more one plan brings than another within the week; followers. Shared noise cancels."""

    estimate: float
    low: float
    high: float
    level: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def _repr_html_(self) -> str:
        title = f"Followers more ({self.level:.0%} interval)"
        return html_table(title, ("estimate", "low", "high"), [(self.estimate, self.low, self.high)])


def predict(
    predictor: WeekPredictor, plan: Mapping[str, float], *, level: float = 0.9, answer_refused: bool = False
) -> Prediction:
    """Next week's growth under a plan.

    Args:
        predictor: of a fit.
        plan: pieces per lever, >= 0; a lever left out is the mean of the last four weeks.
        level: of the interval, two-sided and equal-tailed.
        answer_refused: give the numbers of a refused plan all the same, still marked as refused: for validation, which
            scores what came of weeks that were really posted.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number.
        UnsupportedLevel: the history is too short for this level.
    """
    check_level(level, residuals=predictor.n_residuals)
    counts = full_plan(predictor, plan)
    extrapolation = extrapolation_of(predictor, counts)
    if extrapolation == REFUSED and not answer_refused:
        return Prediction(counts, None, None, None, None, level, predictor.method, None, None, extrapolation)
    low, median, high = _quantiles(predictor, counts, ((1 - level) / 2, 0.5, (1 + level) / 2))
    repeatable, viral = _parts(predictor, counts)
    return Prediction(
        plan=counts,
        expected=repeatable + viral,
        median=median,
        low=low,
        high=high,
        level=level,
        method=predictor.method,
        repeatable=repeatable,
        viral=viral,
        extrapolation=extrapolation,
    )


def quantiles(predictor: WeekPredictor, plan: Mapping[str, float], probabilities: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of next week's growth, whatever the plan; probabilities in (0, 1), in any order.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number.
        UnsupportedLevel: a probability too far out for so few residuals.
    """
    for probability in probabilities:
        check_probability(probability, residuals=predictor.n_residuals)
    return _quantiles(predictor, full_plan(predictor, plan), probabilities)


def difference(
    predictor: WeekPredictor, plan: Mapping[str, float], against: Mapping[str, float], *, level: float = 0.9
) -> Difference:
    """How much more ``plan`` brings within the week than ``against``, with the interval of that difference.

    Raises: as :func:`predict`.
    """
    check_level(level, residuals=predictor.n_residuals)
    first, second = full_plan(predictor, plan), full_plan(predictor, against)
    step = _row(predictor, first) - _row(predictor, second)
    estimate = sum(_parts(predictor, first)) - sum(_parts(predictor, second))
    variance = float(step @ np.array(predictor.covariance) @ step)
    margin = difference_margin(predictor, variance, level)
    return Difference(estimate, estimate - margin, estimate + margin, level)


def difference_margin(predictor: WeekPredictor, variance: float, level: float) -> float:
    """Half the width of a difference's interval, by the variance of its estimate without viral days."""
    if variance <= 0:
        return 0.0
    scales = np.array(predictor.scales)
    spreads = viral_lift(predictor) * np.sqrt(variance * scales[:, 0])
    return mixture_quantile(scales[:, 1], np.zeros(len(scales)), spreads, (1 + level) / 2)


def full_plan(predictor: WeekPredictor, plan: Mapping[str, float]) -> dict[str, float]:
    """The plan with every lever of the model; what is left out is as usual.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number. Calendar and lagged predictors, and
            those that the registry doesn't know, may be negative.
    """
    for name, count in plan.items():
        if name not in predictor.levers:
            known = ", ".join(predictor.levers) or "none"
            raise InvalidInput(f"The model has no lever {name!r}; it has {known}.")
        counted = availability_of(name) is Availability.PLANNED
        if not np.isfinite(count) or (counted and count < 0):
            raise InvalidInput(
                f"A plan needs a {'count of 0 or more' if counted else 'number'} for {name}, not {count}."
            )
    return {name: float(plan.get(name, predictor.usual[name])) for name in predictor.levers}


def extrapolation_of(predictor: WeekPredictor, counts: Mapping[str, float]) -> str:
    """Where a full plan stands beside what was ever tried.

    ``refused``: a lever above twice its largest week plus one, or a whole piece off the usual where its effect is
    undetermined. ``beyond_support``: a lever above its largest week, a mix further from the mean week (by leverage)
    than any week seen, or an undetermined lever off the usual at all. Else ``none``.
    """
    off = {name: abs(counts[name] - predictor.usual[name]) for name in predictor.undetermined}
    if any(counts[name] > FAR * predictor.support[name] + 1 for name in predictor.levers):
        return REFUSED
    if any(distance >= 1 for distance in off.values()):
        return REFUSED
    away = np.array([counts[name] for name in predictor.levers]) - np.array(predictor.centre)
    distance = float(away @ np.array(predictor.precision).reshape(len(away), len(away)) @ away)
    beyond = (
        any(counts[name] > predictor.support[name] + EDGE for name in predictor.levers)
        or any(moved > EDGE for moved in off.values())
        or distance > predictor.farthest * (1 + EDGE) + EDGE
    )
    return BEYOND_SUPPORT if beyond else NONE


def _row(predictor: WeekPredictor, counts: Mapping[str, float]) -> Floats:
    return np.array([1.0, *(counts[name] for name in predictor.levers)])


def viral_lift(predictor: WeekPredictor) -> float:
    """Expected week over repeatable week, by the viral days."""
    return 1.0 + sum(weight * mean for weight, mean, _ in predictor.jumps)


def _gain(predictor: WeekPredictor, repeatable: float) -> float:
    """Followers gained in a repeatable week, losses not counted."""
    return max(repeatable + predictor.lost, predictor.floor)


def _parts(predictor: WeekPredictor, counts: Mapping[str, float]) -> tuple[float, float]:
    """The repeatable and the viral mean."""
    repeatable = float(_row(predictor, counts) @ np.array(predictor.mean))
    if predictor.method == LOO_RESIDUALS:
        return repeatable, float(np.mean(predictor.residuals))
    return repeatable, (viral_lift(predictor) - 1.0) * _gain(predictor, repeatable)


def _quantiles(
    predictor: WeekPredictor, counts: Mapping[str, float], probabilities: Sequence[float]
) -> tuple[float, ...]:
    row = _row(predictor, counts)
    repeatable = float(row @ np.array(predictor.mean))
    if predictor.method == LOO_RESIDUALS:
        residuals = np.array(predictor.residuals)
        return tuple(repeatable + weibull_quantile(residuals, probability) for probability in probabilities)
    size = _gain(predictor, repeatable)
    variance = predictor.dispersion * size + float(row @ np.array(predictor.covariance) @ row)
    jumps, scales = np.array(predictor.jumps), np.array(predictor.scales)
    weights = np.outer(jumps[:, 0], scales[:, 1]).ravel()
    means = np.repeat(size * jumps[:, 1], len(scales))
    spreads = np.sqrt(np.maximum(np.add.outer(size * size * jumps[:, 2], variance * scales[:, 0]).ravel(), TINY))
    return tuple(repeatable + mixture_quantile(weights, means, spreads, probability) for probability in probabilities)


def mixture_quantile(weights: Floats, means: Floats, spreads: Floats, probability: float) -> float:
    """The quantile of a finite mixture of normals, to rounding.

    Args:
        weights: shape (k,), summing to 1.
        means: shape (k,).
        spreads: shape (k,), standard deviations > 0.
        probability: in (0, 1).
    """
    low, high = float((means - REACH * spreads).min()), float((means + REACH * spreads).max())
    narrowest = float(spreads.min())
    guess = float(means[0])
    for _ in range(NEWTON_STEPS):
        scaled = (guess - means) / spreads
        excess = float(weights @ special.ndtr(scaled)) - probability
        if excess > 0:
            high = guess
        else:
            low = guess
        slope = float(weights @ (np.exp(-0.5 * scaled * scaled) / spreads)) / np.sqrt(2 * np.pi)
        step = guess - excess / slope if slope > 0 else low
        if abs(step - guess) <= TOLERANCE * (abs(guess) + narrowest):
            return float(step)
        guess = step if low < step < high else 0.5 * (low + high)
    return guess
