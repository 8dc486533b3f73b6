"""What a day's growth owes to the calendar: weekday, trend and season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Integers, Matrix
from cgn_core.stats.history import MONDAY_OFFSET
from cgn_core.tables import DAYS_PER_WEEK

YEAR_DAYS = 365.25
TREND_FROM_WEEKS = 13
"""Complete weeks from which a trend is fitted: a steeper extrapolation than fewer weeks can carry."""
SEASON_FROM_WEEKS = 26
"""Complete weeks from which the yearly pair is fitted.

Before a full year it is hardly told from a trend, but its doubt widens the forecast as it should: at 26 weeks 90 %
intervals held in 87 % of simulated weeks with a trend alone, and in 91 % with the pair.
"""
WEEKDAY_TERMS = 6
_WEEKDAYS = np.vstack([np.eye(WEEKDAY_TERMS), -np.ones((1, WEEKDAY_TERMS))])
"""Contrasts that sum to zero over a week, so that the intercept is the mean day."""


@dataclass(frozen=True)
class Calendar:
    """Which calendar terms a history carries, and where its trend is centred."""

    first: int
    last: int
    weeks: int

    def terms(self, days: Integers) -> Matrix:
        """Intercept, six weekday contrasts, then trend and the yearly Fourier pair where the history is long enough.

        Args:
            days: shape (m,), days since 1970-01-01, of the history or after it.
        Returns: shape (m, 7), (m, 8) or (m, 10).
        """
        columns = [np.ones((len(days), 1)), _WEEKDAYS[(days + MONDAY_OFFSET) % DAYS_PER_WEEK]]
        if self.weeks >= TREND_FROM_WEEKS:
            columns.append(((days - (self.first + self.last) / 2) / (self.last - self.first))[:, None])
        if self.weeks >= SEASON_FROM_WEEKS:
            angle = 2 * np.pi * days / YEAR_DAYS
            columns.append(np.column_stack([np.sin(angle), np.cos(angle)]))
        return np.hstack(columns)
