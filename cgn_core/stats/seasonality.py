"""What weekday and time of year bring by themselves, with posting held: the calendar's part of the daily fit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.calendar_terms import SEASON_FROM_WEEKS, WEEKDAY_TERMS, YEAR_DAYS
from cgn_core.stats.daily_estimation import parameter_covariance
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.history import read_history, require_weeks
from cgn_core.stats.intervals import require_level
from cgn_core.tables import DAYS_PER_WEEK, Daily

SIZE = 0.05
"""Chance of a pattern found where there is none, for each of the two tests."""
YEAR_FROM_WEEKS = 52
"""Complete weeks from which a yearly curve is shown: before a full year it is hardly told from a trend."""
MONTHS = 12
MONTH_DAYS = 15
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class SeasonalPoint:
    """What a weekday or a month brings against the mean day or the mean week; followers."""

    name: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Pattern:
    """Weekdays or months together."""

    identified: bool
    """Whether the test finds any pattern."""
    p_value: float
    points: tuple[SeasonalPoint, ...]
    sentence: str


@dataclass(frozen=True)
class Seasonality:
    """What the calendar brings."""

    level: float
    """Of the intervals, two-sided."""
    weeks: int
    weekday: Pattern
    """Followers a day against the mean day, Monday first."""
    year: Pattern | None
    """Followers a week against the mean week, January first; None before a full year."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def seasonality(daily: Daily, *, level: float = 0.9) -> Seasonality:
    """What weekdays and months bring with the same posting, viral days left out.

    Args:
        daily: at least eight complete weeks.
        level: of the intervals, two-sided.

    Raises:
        TooFewObservations, ConstantSeries: the history can't be learned from.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    Source: Wald test with Student's degrees of freedom over weeks; errors see
        :func:`cgn_core.stats.least_squares.clustered_covariance`.
    """
    require_level(level)
    history = read_history(daily)
    weeks = len(require_weeks(history))
    found = fit_levers(history)
    covariance, freedom = parameter_covariance(found.fit, found.counts(history), history.weeks)
    estimates = found.fit.coefficients
    own = slice(1, 1 + WEEKDAY_TERMS)
    contrasts = np.vstack([np.eye(WEEKDAY_TERMS), -np.ones((1, WEEKDAY_TERMS))])
    common = float(min(freedom[own]))
    weekday = _pattern(
        WEEKDAYS, contrasts, estimates[own], covariance[own, own], common, level=level, unit="a day", what="weekdays"
    )
    year = None
    if weeks >= YEAR_FROM_WEEKS > SEASON_FROM_WEEKS:
        last = found.terms.shape[1]
        pair = slice(last - 2, last)
        months, waves = _months()
        year = _pattern(
            months,
            DAYS_PER_WEEK * waves,
            estimates[pair],
            covariance[pair, pair],
            float(min(freedom[pair])),
            level=level,
            unit="a week",
            what="times of the year",
        )
    return Seasonality(level=level, weeks=weeks, weekday=weekday, year=year)


def _months() -> tuple[tuple[str, ...], Matrix]:
    """The months' names, and sine and cosine in the middle of each; shape (12, 2)."""
    days = [date(2001, month, MONTH_DAYS) for month in range(1, MONTHS + 1)]
    angles = 2 * np.pi * np.array([(day - date(1970, 1, 1)).days for day in days]) / YEAR_DAYS
    return tuple(f"{day:%B}" for day in days), np.column_stack([np.sin(angles), np.cos(angles)])


def _pattern(
    names: tuple[str, ...],
    rows: Matrix,
    estimates: Floats,
    covariance: Matrix,
    freedom: float,
    *,
    level: float,
    unit: str,
    what: str,
) -> Pattern:
    middle = rows @ estimates
    margin = float(special.stdtrit(freedom, (1 + level) / 2)) * np.sqrt(
        np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0)
    )
    points = tuple(
        SeasonalPoint(name, *(float(value) for value in (each, each - wide, each + wide)))
        for name, each, wide in zip(names, middle, margin, strict=True)
    )
    terms = len(estimates)
    # Hotelling's scaling: with few weeks, the covariance of several terms is known less well than one variance.
    statistic = float(estimates @ np.linalg.pinv(covariance, hermitian=True) @ estimates)
    left = max(freedom - terms + 1, 1.0)
    p_value = float(special.fdtrc(terms, left, max(statistic, 0.0) * left / (freedom * terms)))
    return Pattern(p_value < SIZE, p_value, points, _sentence(points, p_value, level, unit=unit, what=what))


def _sentence(points: tuple[SeasonalPoint, ...], p_value: float, level: float, *, unit: str, what: str) -> str:
    chance = f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"  # noqa: PLR2004 - three decimals
    if p_value >= SIZE:
        return f"Different {what} can't be told apart once posting is the same ({chance})."
    ordered = sorted(points, key=lambda each: each.estimate)
    best, worst = ordered[-1], ordered[0]
    return (
        f"{best.name} brings the most, {best.estimate:+,.0f} followers {unit} against the mean ({level:.0%}: "
        f"{best.low:+,.0f} to {best.high:+,.0f}), {worst.name} the least, {worst.estimate:+,.0f} "
        f"({worst.low:+,.0f} to {worst.high:+,.0f}), with the same posting ({chance})."
    )
