"""What an hour of content work returns: on average, and one hour more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.fit import Fit
from cgn_core.stats.intervals import require_level

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
    divides by the hours really worked, shared out by the minutes per piece, where ``minutes_spent`` is known.

    Args:
        fit: with effects per piece.
        weekly: the weekly table.
        minutes: of work per piece and content type, > 0; types without any have no return (ads cost money).
        level: of the intervals, two-sided.

    Raises:
        InvalidInput: minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    for name, value in minutes.items():
        if not np.isfinite(value) or value <= 0:
            raise InvalidInput(f"Minutes for {name} must be above 0, not {value}.")
    stretch = _stretch(weekly.tail(RECENT_WEEKS), minutes)
    common = fit.details.get("degrees_of_freedom", fit.weeks)
    own = fit.details.get("effect_degrees_of_freedom", {})
    returns = []
    for effect in fit.effects:
        if effect.name not in minutes:
            continue
        hours = minutes[effect.name] / MINUTES_PER_HOUR
        multiplier = float(special.stdtrit(max(own.get(effect.name, common), 1), (1 + level) / 2))
        marginal = _estimate(effect.estimate / hours, multiplier * effect.std_error / hours, level)
        average = _estimate(marginal.estimate / stretch, multiplier * effect.std_error / hours / stretch, level)
        clear = not marginal.low <= 0 <= marginal.high
        returns.append(ContentReturn(effect.name, minutes[effect.name], average, marginal, clear))
    return tuple(returns)


def overall_return(weekly: pd.DataFrame, *, minutes: Mapping[str, float], level: float = 0.9) -> OverallReturn:
    """All growth of the last twelve weeks over all hours worked in them, by the ratio estimator.

    Source: Cochran, Sampling Techniques (1977), section 6.3; Student's t with weeks - 1 degrees of freedom.

    Raises:
        TooFewObservations: fewer than four weeks with growth and work.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
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
