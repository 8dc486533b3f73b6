"""What an hour of content work returns: on average, and one hour more; in followers, and in money.

Two definitions of an hour are told apart. ``marginal`` is counted at the minutes per piece, as the planner and the
response curves count, for those are what is planned with. ``average`` is counted by the hours really worked, where they
are recorded. As long as the response is a straight line the two differ in nothing else: ``average = marginal /
stretch``, where ``stretch`` is the hours worked per hour that the minutes say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.fit import Fit
from cgn_core.stats.intervals import require_level
from cgn_core.tables import CONTENT_TYPES

MINUTES_PER_HOUR = 60.0
RECENT_WEEKS = 12
FEWEST_WEEKS = 4


@dataclass(frozen=True)
class Estimate:
    """A number with its two-sided interval."""

    estimate: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class ContentReturn:
    """Followers per hour of work on one content type."""

    content_type: str
    minutes: float
    """Of work per piece."""
    average: Estimate
    """Over the last twelve weeks, by the hours really worked where they are known."""
    marginal: Estimate
    """Of one hour more, at the minutes per piece."""
    distinguishable: bool
    """Whether the marginal interval leaves out zero."""
    stretch: float = 1.0
    """Hours really worked per hour that the minutes per piece say, over the last twelve weeks."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ContentReturn:
        """The inverse of :meth:`to_json`."""
        return cls(**{**stored, "average": Estimate(**stored["average"]), "marginal": Estimate(**stored["marginal"])})


@dataclass(frozen=True)
class OverallReturn:
    """All growth over all hours."""

    follows_per_hour: Estimate
    hours: float
    """Per week."""
    weeks: int


def content_returns(
    fit: Fit, weekly: pd.DataFrame, *, minutes: Mapping[str, float], level: float = 0.9
) -> tuple[ContentReturn, ...]:
    """Average and marginal followers per hour, by content type that takes time.

    The response is a straight line until saturation is shown, so both follow from the effect of a piece; the average
    divides by the hours really worked, shared out by the minutes per piece, where ``minutes_spent`` is known. See the
    module for the two definitions.

    Args:
        fit: with effects per piece.
        weekly: the weekly table.
        minutes: of work per piece and content type, > 0; types without any have no return (ads cost money).
        level: of the intervals, two-sided.

    Raises:
        InvalidInput: minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_minutes(minutes, beside=fit.predictor.levers)
    stretch = _stretch(weekly.tail(RECENT_WEEKS), minutes)
    returns = []
    for name, effect in effect_estimates(fit, minutes=minutes, level=level):
        marginal = _divided(effect, minutes[name] / MINUTES_PER_HOUR)
        clear = not marginal.low <= 0 <= marginal.high
        returns.append(ContentReturn(name, minutes[name], _divided(marginal, stretch), marginal, clear, stretch))
    return tuple(returns)


def effect_estimates(
    fit: Fit, *, minutes: Mapping[str, float], level: float, together: int = 1
) -> list[tuple[str, Estimate]]:
    """Followers per piece of every content type that takes time.

    Args:
        fit: with effects per piece.
        minutes: of work per piece and content type, > 0.
        level: of the intervals, two-sided.
        together: how many intervals are to hold at once (Bonferroni); ``level`` is then that of all of them.

    Raises:
        InvalidInput: minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    require_minutes(minutes, beside=fit.predictor.levers)
    return [
        (
            effect.name,
            _estimate(effect.estimate, _multiplier(fit, effect.name, level, together) * effect.std_error, level),
        )
        for effect in fit.effects
        if effect.name in minutes
    ]


@dataclass(frozen=True)
class HourlyContrast:
    """How many followers more an hour on one content type brings than an hour on another."""

    better: str
    """The one with the higher estimate."""
    worse: str
    difference: Estimate
    """Followers per hour; its level holds for all pairs at once."""

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.difference.low > 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "distinguishable": self.distinguishable}


def hourly_contrasts(fit: Fit, *, minutes: Mapping[str, float], level: float = 0.9) -> tuple[HourlyContrast, ...]:
    """Every pair of content types compared by what one hour more brings, at the minutes per piece.

    The errors of two effects hang together, so the difference takes their covariance; a fit that was stored without it
    is answered with no pair.

    Args:
        fit: with effects per piece.
        minutes: of work per piece and content type, > 0.
        level: of all intervals together, two-sided (Bonferroni across the pairs).

    Raises:
        InvalidInput: minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    timed = effect_estimates(fit, minutes=minutes, level=level)
    if "effect_covariance" not in fit.details:
        return ()
    covariance = np.array(fit.details["effect_covariance"]).reshape(len(fit.effects), len(fit.effects))
    places = {effect.name: place for place, effect in enumerate(fit.effects)}
    found, pairs = [], list(combinations(timed, 2))
    for first, second in pairs:
        step, difference = np.zeros(len(fit.effects)), 0.0
        for (name, effect), sign in ((first, 1.0), (second, -1.0)):
            per_hour = sign * MINUTES_PER_HOUR / minutes[name]
            step[places[name]] = per_hour
            difference += per_hour * effect.estimate
        names = (first[0], second[0])
        multiplier = max(_multiplier(fit, name, level, len(pairs)) for name in names)
        margin = multiplier * float(np.sqrt(max(float(step @ covariance @ step), 0.0)))
        better, worse = names if difference >= 0 else names[::-1]
        found.append(HourlyContrast(better, worse, _estimate(abs(difference), margin, level)))
    return tuple(found)


def overall_return(weekly: pd.DataFrame, *, minutes: Mapping[str, float], level: float = 0.9) -> OverallReturn:
    """All growth of the last twelve weeks over all hours worked in them, by the ratio estimator.

    Source: Cochran, Sampling Techniques (1977), section 6.3; Student's t with weeks - 1 degrees of freedom.

    Raises:
        InvalidInput: minutes that are not above zero.
        TooFewObservations: fewer than four weeks with growth and work.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    require_minutes(minutes, beside=weekly.columns)
    recent = weekly[weekly["net_growth"].notna()].tail(RECENT_WEEKS)
    hours = _hours(recent, minutes)
    worked = np.isfinite(hours) & (hours > 0)
    if worked.sum() < FEWEST_WEEKS:
        raise TooFewObservations(
            f"Only {int(worked.sum())} of the last weeks have both growth and hours; 4 are needed."
        )
    growth, hours = recent["net_growth"].to_numpy(dtype="float64")[worked], hours[worked]
    ratio = float(growth.sum() / hours.sum())
    residuals = growth - ratio * hours
    weeks = len(growth)
    error = float(np.sqrt(residuals @ residuals / (weeks - 1) * weeks) / hours.sum())
    margin = float(special.stdtrit(weeks - 1, (1 + level) / 2)) * error
    return OverallReturn(_estimate(ratio, margin, level), float(hours.mean()), weeks)


def require_minutes(minutes: Mapping[str, float], *, beside: Collection[str] = ()) -> None:
    """Refuse minutes of work that no piece could take, and those for what is no content type.

    Args:
        minutes: of work per piece and content type.
        beside: further names that are taken: levers of the fit or columns of the weeks.

    Raises:
        InvalidInput: minutes that are not above zero, or no number; an unknown content type, which a misspelt name is.
    """
    for name in minutes:
        if name not in CONTENT_TYPES and name not in beside:
            raise InvalidInput(
                f"There is no content type {name!r} to give minutes for; there are {', '.join(CONTENT_TYPES)}."
            )
    for name, value in minutes.items():
        if not np.isfinite(value) or value <= 0:
            raise InvalidInput(f"Minutes for {name} must be above 0, not {value}.")


def _multiplier(fit: Fit, name: str, level: float, together: int) -> float:
    """Student's, by the effect's own degrees of freedom."""
    freedom = fit.details.get("effect_degrees_of_freedom", {}).get(name) or fit.details.get("degrees_of_freedom")
    return -float(special.stdtrit(max(freedom or fit.weeks, 1), (1 - level) / (2 * together)))


def _divided(value: Estimate, by: float) -> Estimate:
    return Estimate(value.estimate / by, value.low / by, value.high / by, value.level)


def _estimate(value: float, margin: float, level: float) -> Estimate:
    return Estimate(value, value - margin, value + margin, level)


def _nominal_hours(weekly: pd.DataFrame, minutes: Mapping[str, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    total = np.zeros(len(weekly))
    for name, each in minutes.items():
        if name in weekly:
            total += weekly[name].to_numpy(dtype="float64") * each / MINUTES_PER_HOUR
    return total


def _hours(weekly: pd.DataFrame, minutes: Mapping[str, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Hours per week: as recorded where they are, else the pieces at their minutes."""
    nominal = _nominal_hours(weekly, minutes)
    if "minutes_spent" not in weekly:
        return nominal
    recorded = weekly["minutes_spent"].to_numpy(dtype="float64") / MINUTES_PER_HOUR
    hours: np.ndarray[tuple[int], np.dtype[np.float64]] = np.where(np.isfinite(recorded), recorded, nominal)
    return hours


def _stretch(weekly: pd.DataFrame, minutes: Mapping[str, float]) -> float:
    """Hours really worked per nominal hour; 1 where they aren't recorded."""
    nominal, hours = _nominal_hours(weekly, minutes), _hours(weekly, minutes)
    known = np.isfinite(nominal) & np.isfinite(hours) & (nominal > 0)
    worked = float(hours[known].sum())
    return worked / float(nominal[known].sum()) if worked > 0 else 1.0
