"""What a day's growth owes to the calendar: weekday, trend and season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats, Integers, Matrix
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
TREND_A_YEAR, SEASON_SIZE = 0.5, 0.25
"""Usual sizes of a year's trend and of each yearly term, as shares of the followers gained.

Short histories lean on them: trend, sine and cosine of half a year are all but the same curve, and unchecked their sum
goes astray in the very week that is forecast. From a year on the days outweigh them.
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

    @property
    def sizes(self) -> Floats:
        """How large each term's coefficient usually is, as a share of a day's gain; infinite where anything goes."""
        sizes = [np.inf] * (1 + WEEKDAY_TERMS)
        if self.weeks >= TREND_FROM_WEEKS:
            sizes.append(TREND_A_YEAR * (self.last - self.first) / YEAR_DAYS)
        if self.weeks >= SEASON_FROM_WEEKS:
            sizes += [SEASON_SIZE] * 2
        return np.array(sizes)
