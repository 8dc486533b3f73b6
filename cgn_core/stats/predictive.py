"""Next week's growth as an explicit finite formula; ``webapp/assets/predictive.js`` is its twin.

A plan is counts per lever; ``row = (1, counts)``. The repeatable part has the mean ``m = row · mean`` and the variance
``dispersion · g + row · covariance · row``: daily noise that grows with the followers gained, ``g = max(m + lost,
floor)``, and what isn't known of the coefficients. Student's tails are a mixture of normals (``scales``), viral days
add ``g`` times one of finitely many ``jumps``. So the week is a finite mixture of normals: its mean is a sum, its
quantiles are found by safeguarded steps. Models of weeks put the quantiles of their leave-one-out residuals
around ``m``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.features import availability_of
from cgn_core.stats.intervals import check_level, check_probability, weibull_quantile
from cgn_core.stats.mixture import mixture_quantiles
from cgn_core.stats.notebook import html_table
from cgn_core.tables import Availability

DAILY_MIXTURE = "daily_mixture"
LOO_RESIDUALS = "loo_residuals"
NONE, BEYOND_SUPPORT, REFUSED = "none", "beyond_support", "refused"
FAR = 2.0
"""A plan above this multiple of the largest week plus one piece is refused, not extrapolated."""
EDGE = 1e-9
"""Relative room at the edge of the support, for rounding."""
TINY = 1e-18
"""Smallest variance: a formula without any noise still has quantiles."""


@dataclass(frozen=True)
class Prepared:
    """What all forecasts of one predictor share, as arrays."""

    mean: Floats
    covariance: Matrix
    centre: Floats
    precision: Matrix
    counted: frozenset[str]
    """Levers that can't be negative. Calendar and lagged predictors, and those that the registry doesn't know, may."""
    lift: float
    """Expected week over repeatable week, by the viral days."""
    residual: float
    """Mean of the residuals; 0 where the method has none."""
    weights: Floats
    """Shape (jumps * scales,), as the three below: of the normals that the week is a mixture of."""
    means: Floats
    """In units of the gain."""
    variances: Floats
    """In units of the gain squared."""
    factors: Floats
    """On the variance of the repeatable part."""


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

    @cached_property
    def prepared(self) -> Prepared:
        """What follows from the predictor alone, made at its first forecast."""
        jumps, scales, levers = np.array(self.jumps), np.array(self.scales).reshape(-1, 2), len(self.levers)
        return Prepared(
            mean=np.array(self.mean),
            covariance=np.array(self.covariance),
            centre=np.array(self.centre),
            precision=np.array(self.precision).reshape(levers, levers),
            counted=frozenset(name for name in self.levers if availability_of(name) is Availability.PLANNED),
            lift=1.0 + sum(weight * mean for weight, mean, _ in self.jumps),
            residual=float(np.mean(self.residuals)) if self.residuals else 0.0,
            weights=np.outer(jumps[:, 0], scales[:, 1]).ravel(),
            means=np.repeat(jumps[:, 1], len(scales)),
            variances=np.repeat(jumps[:, 2], len(scales)),
            factors=np.tile(scales[:, 0], len(jumps)),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``predictive.js`` reads them."""
        # Without asdict, which copies every number of the tuples by itself: this is in each answer of the Predictor.
        stored = {each.name: getattr(self, each.name) for each in fields(self)}
        return stored | {name: dict(stored[name]) for name in ("usual", "last_weeks", "support")}

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
    extrapolation: str = "none"
    """none | beyond_support | refused: where the plan that stands further out is beside what was ever tried."""

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
    row = _row(predictor, counts)
    extrapolation = _extrapolation(predictor, counts, row)
    if extrapolation == REFUSED and not answer_refused:
        return Prediction(counts, None, None, None, None, level, predictor.method, None, None, extrapolation)
    repeatable, viral = _parts(predictor, row)
    low, median, high = _quantiles(predictor, row, repeatable, ((1 - level) / 2, 0.5, (1 + level) / 2))
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
    row = _row(predictor, full_plan(predictor, plan))
    repeatable, _ = _parts(predictor, row)
    return _quantiles(predictor, row, repeatable, probabilities)


def difference(
    predictor: WeekPredictor, plan: Mapping[str, float], against: Mapping[str, float], *, level: float = 0.9
) -> Difference:
    """How much more ``plan`` brings within the week than ``against``, with the interval of that difference.

    Raises: as :func:`predict`.
    """
    check_level(level, residuals=predictor.n_residuals)
    plans = [full_plan(predictor, each) for each in (plan, against)]
    first, second = rows = [_row(predictor, counts) for counts in plans]
    where = {_extrapolation(predictor, counts, row) for counts, row in zip(plans, rows, strict=True)}
    step = first - second
    estimate = sum(_parts(predictor, first)) - sum(_parts(predictor, second))
    variance = float(step @ predictor.prepared.covariance @ step)
    margin = difference_margin(predictor, variance, level)
    furthest = next(each for each in (REFUSED, BEYOND_SUPPORT, NONE) if each in where)
    return Difference(estimate, estimate - margin, estimate + margin, level, furthest)


def difference_margin(predictor: WeekPredictor, variance: float, level: float) -> float:
    """Half the width of a difference's interval, by the variance of its estimate without viral days."""
    if variance <= 0:
        return 0.0
    scales = np.array(predictor.scales)
    spreads = viral_lift(predictor) * np.sqrt(variance * scales[:, 0])
    (margin,) = mixture_quantiles(scales[:, 1], np.zeros(len(scales)), spreads, [(1 + level) / 2])
    return margin


def full_plan(predictor: WeekPredictor, plan: Mapping[str, float]) -> dict[str, float]:
    """The plan with every lever of the model; what is left out is as usual.

    Raises:
        InvalidInput: an unknown lever, or a count that is negative or no number.
    """
    for name, count in plan.items():
        if name not in predictor.levers:
            known = ", ".join(predictor.levers) or "none"
            raise InvalidInput(f"The model has no lever {name!r}; it has {known}.")
        counted = name in predictor.prepared.counted
        if not isfinite(count) or (counted and count < 0):
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
    return _extrapolation(predictor, counts, _row(predictor, counts))


def _extrapolation(predictor: WeekPredictor, counts: Mapping[str, float], row: Floats) -> str:
    beyond = False
    for name in predictor.levers:
        most = predictor.support[name]
        if counts[name] > FAR * most + 1:
            return REFUSED
        beyond = beyond or counts[name] > most + EDGE
    for name in predictor.undetermined:
        moved = abs(counts[name] - predictor.usual[name])
        if moved >= 1:
            return REFUSED
        beyond = beyond or moved > EDGE
    away = row[1:] - predictor.prepared.centre
    distance = float(away.dot(predictor.prepared.precision).dot(away))
    beyond = beyond or distance > predictor.farthest * (1 + EDGE) + EDGE
    return BEYOND_SUPPORT if beyond else NONE


def _row(predictor: WeekPredictor, counts: Mapping[str, float]) -> Floats:
    return np.array([1.0] + [counts[name] for name in predictor.levers])


def viral_lift(predictor: WeekPredictor) -> float:
    """Expected week over repeatable week, by the viral days."""
    return predictor.prepared.lift


def _gain(predictor: WeekPredictor, repeatable: float) -> float:
    """Followers gained in a repeatable week, losses not counted."""
    return max(repeatable + predictor.lost, predictor.floor)


def _parts(predictor: WeekPredictor, row: Floats) -> tuple[float, float]:
    """The repeatable and the viral mean."""
    repeatable = float(row.dot(predictor.prepared.mean))
    if predictor.method == LOO_RESIDUALS:
        return repeatable, predictor.prepared.residual
    return repeatable, (predictor.prepared.lift - 1.0) * _gain(predictor, repeatable)


def _quantiles(
    predictor: WeekPredictor, row: Floats, repeatable: float, probabilities: Sequence[float]
) -> tuple[float, ...]:
    if predictor.method == LOO_RESIDUALS:
        return tuple(repeatable + weibull_quantile(predictor.residuals, probability) for probability in probabilities)
    size, prepared = _gain(predictor, repeatable), predictor.prepared
    variance = predictor.dispersion * size + float(row @ prepared.covariance @ row)
    spreads = np.sqrt(np.maximum(size * size * prepared.variances + variance * prepared.factors, TINY))
    found = mixture_quantiles(prepared.weights, size * prepared.means, spreads, probabilities)
    return tuple(repeatable + quantile for quantile in found)
