"""The daily design: calendar terms, and planned counts through a geometric carry-over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import signal

from cgn_core.stats.arrays import Flags, Floats, Matrix
from cgn_core.tables import DAYS_PER_WEEK, Daily, Provenance, growth_columns

YEAR_DAYS = 365.25
QUARTER_DAYS = 91
YEARLY_FROM_WEEKS = 52
"""Weeks from which a yearly pattern is told from a trend."""
MONDAY_ORDINAL = 4
"""1970-01-05 was a Monday: days since the epoch plus three, modulo seven, is the weekday."""


Days = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class DailyHistory:
    """One creator's days as arrays of n days.

    Attributes:
        days: shape (n,), days since 1970-01-01, without gaps.
        growth: shape (n,), followers per day, NaN where it is no training target.
        names: every content type of the table, in canonical order.
        recorded: shape (n, names), pieces per day, NaN where missing.
        levers: the content types that vary.
        counts: shape (n, levers), pieces per day, 0 where missing.
        usable: shape (n,), whether growth is observed and every lever's count known.
        unfollows: shape (n,), followers lost per day, NaN where unknown.
    """

    days: Days
    growth: Floats
    names: tuple[str, ...]
    recorded: Matrix
    levers: tuple[str, ...]
    counts: Matrix
    usable: Flags
    unfollows: Floats

    @property
    def weeks(self) -> Days:
        """Shape (n,), the Monday of each day as a number of weeks since 1970-01-05."""
        return (self.days - MONDAY_ORDINAL) // DAYS_PER_WEEK

    @property
    def lost(self) -> float:
        """Followers lost on a usual day of the last quarter; 0 where losses aren't known."""
        recent = self.unfollows[-QUARTER_DAYS:]
        known = recent[np.isfinite(recent)]
        return float(known.mean()) if len(known) else 0.0

    @property
    def constant(self) -> tuple[str, ...]:
        """Content types that never vary, so whose effect can't be known."""
        return tuple(name for name in self.names if name not in self.levers)

    def until(self, day: int, *, rows: int | None = None) -> DailyHistory:
        """The history as it was known at the end of a day; only its last ``rows`` days where given."""
        stop = int(np.searchsorted(self.days, day, side="right"))
        start = 0 if rows is None else max(0, stop - rows)
        part = slice(start, stop)
        return _history(self.days[part], self.growth[part], self.names, self.recorded[part], self.unfollows[part])

    def without(self, dropped: tuple[str, ...]) -> DailyHistory:
        """The history with some levers left out of the design."""
        keep = np.array([name not in dropped for name in self.levers], dtype=bool)
        levers = tuple(name for name in self.levers if name not in dropped)
        return replace(self, levers=levers, counts=self.counts[:, keep])


def daily_history(daily: Daily) -> DailyHistory:
    """The arrays of a daily table up to its last complete week's Sunday; imputed and provisional targets are NaN."""
    frame = daily.frame
    days = frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    growth = np.array(daily.net_growth(), dtype=np.float64).reshape(-1)
    for name in growth_columns(frame):
        growth[daily.provenance[name].to_numpy() != Provenance.OBSERVED] = np.nan
    recorded = frame[list(daily.levers)].to_numpy(dtype="float64")
    keep = days <= _last_sunday(days)
    unfollows = np.full(len(days), np.nan)
    if "unfollows" in frame:
        unfollows = frame["unfollows"].to_numpy(dtype="float64")
    return _history(days[keep], growth[keep], daily.levers, recorded[keep], unfollows[keep])


def _history(days: Days, growth: Floats, names: tuple[str, ...], recorded: Matrix, unfollows: Floats) -> DailyHistory:
    varies = np.array([_varies(column) for column in recorded.T], dtype=bool)
    kept = recorded[:, varies] if len(names) else recorded
    return DailyHistory(
        days=days,
        growth=growth,
        names=names,
        recorded=recorded,
        levers=tuple(name for name, does in zip(names, varies, strict=True) if does),
        counts=np.nan_to_num(kept),
        usable=np.isfinite(growth) & np.isfinite(kept).all(axis=1),
        unfollows=unfollows,
    )


def _last_sunday(days: Days) -> int:
    after = int(days[-1]) + 1
    return after - (after - MONDAY_ORDINAL) % DAYS_PER_WEEK - 1


def _varies(column: Floats) -> bool:
    known = column[np.isfinite(column)]
    return bool(len(known)) and bool(known.min() < known.max())


def calendar_terms(days: Days, *, first: int, weeks: int) -> Matrix:
    """Intercept, trend, six weekday contrasts and, from a year of data, the yearly Fourier pair.

    The weekday contrasts sum to zero over a week, so that the intercept is the mean day.

    Args:
        days: shape (m,), days since 1970-01-01, of the history or after it.
        first: the history's first day, where the trend starts.
        weeks: complete weeks in the history.
    Returns: shape (m, 8) or (m, 10).
    """
    weekday = (days - MONDAY_ORDINAL) % DAYS_PER_WEEK
    contrasts = np.vstack([np.eye(6), -np.ones((1, 6))])[weekday]
    trend = (days - first) / YEAR_DAYS
    columns = [np.ones(len(days)), trend, *contrasts.T]
    if weeks >= YEARLY_FROM_WEEKS:
        angle = 2 * np.pi * days / YEAR_DAYS
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


def carry_over(counts: Matrix, decay: float) -> Matrix:
    """Geometric carry-over in days, normalised so that one piece adds one in total over all lags.

    Args:
        counts: shape (n, levers), pieces per day without gaps.
        decay: share of a day's remaining effect that is left the day after, in [0, 1).
    Source: geometric adstock, Broadbent (1979).
    """
    if decay == 0:
        return counts
    stock: Matrix = signal.lfilter([1 - decay], [1, -decay], counts, axis=0)
    return stock


def next_week_rows(history: DailyHistory, decay: float, *, weeks: int) -> Matrix:
    """The design of the week after the history, summed over its seven days.

    Returns: shape (1 + levers, terms): first a week without any piece (calendar, and what is carried in from before),
        then what one piece of each lever adds when pieces are spread evenly over the week.
    """
    levers = len(history.levers)
    ahead = np.arange(history.days[-1] + 1, history.days[-1] + 1 + DAYS_PER_WEEK)
    calendar = calendar_terms(ahead, first=int(history.days[0]), weeks=weeks).sum(axis=0)
    lags = decay ** np.arange(1, DAYS_PER_WEEK + 1)
    stock = carry_over(history.counts, decay)[-1] if levers and decay else np.zeros(levers)
    landed = 1 - lags.mean() if decay else 1.0
    rows = np.zeros((1 + levers, len(calendar) + levers))
    rows[0] = np.concatenate([calendar, stock * lags.sum()])
    rows[1:, len(calendar) :] = np.eye(levers) * landed
    return rows


def iso_monday(day: int) -> str:
    """The ISO date of a day since 1970-01-01."""
    return pd.Timestamp(day, unit="D").date().isoformat()
