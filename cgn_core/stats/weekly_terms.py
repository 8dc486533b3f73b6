"""What weeks of a history offer a forecast as terms: carried-over and bent counts, calendar, last known week."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.calendar_terms import YEAR_DAYS
from cgn_core.stats.carry_over import stock
from cgn_core.stats.history import MONDAY_OFFSET, RECENT_WEEKS, History
from cgn_core.stats.least_squares import TO_NORMAL, median
from cgn_core.tables import DAYS_PER_WEEK

LINEAR, LOG1P, HILL = "linear", "log1p", "hill"
TREND, SEASON = "trend", "season"
LAG_GROWTH, LAG_LOG_FOLLOWERS = "lag_growth", "lag_log_followers"
FEWEST_BEFORE = 6
"""Weeks from which the size of the next is judged."""
CUT = 4.0
"""Robust standard deviations from the weeks before beyond which a week is cut to size."""
MIDWEEK = 3.5


@dataclass(frozen=True)
class WeeklyOptions:
    """How a week's growth is explained, beyond a straight line through its counts.

    Raises:
        InvalidInput: no such option.
    """

    decay: float = 0.0
    """Share of a piece's effect that is left a week later, in [0, 1)."""
    shape: str = LINEAR
    """linear | log1p | hill"""
    calendar: tuple[str, ...] = ()
    """trend, season (a yearly Fourier pair)"""
    lags: tuple[str, ...] = ()
    """lag_growth, lag_log_followers: of the last known week"""

    def __post_init__(self) -> None:
        """Refuse what is no option."""
        if not 0 <= self.decay < 1:
            raise InvalidInput(f"A weekly decay is at least 0 and below 1; {self.decay} is not.")
        for given, known in (
            ((self.shape,), (LINEAR, LOG1P, HILL)),
            (self.calendar, (TREND, SEASON)),
            (self.lags, (LAG_GROWTH, LAG_LOG_FOLLOWERS)),
        ):
            for name in given:
                if name not in known:
                    raise InvalidInput(f"There is no option {name!r}; there are {', '.join(known)}.")


@dataclass(frozen=True)
class Response:
    """How a week's count of each lever works: as it is, by its logarithm, or up to a ceiling.

    Source: Hill (1910), J. Physiol. 40; with slope 1, half of the ceiling is reached at ``half``.
    """

    shape: str
    half: Floats
    """Shape (levers,), the median of the weeks with any piece; 1 where there is none."""

    @classmethod
    def of(cls, shape: str, counts: Matrix) -> Response:
        """The response whose scale follows from a history's weeks; counts of shape (n, levers)."""
        used = [column[column > 0] for column in counts.T]
        return cls(shape, np.array([median(column) if len(column) else 1.0 for column in used]).reshape(-1))

    def __call__(self, counts: Matrix) -> Matrix:
        """The counts as they work, same shape; increasing, and 0 at 0."""
        if self.shape == LINEAR:
            return counts
        bent: Matrix = np.log1p(counts) if self.shape == LOG1P else counts / (counts + self.half)
        return bent

    def slopes(self, usual: Floats) -> Floats:
        """What one piece more or less changes around a week, per piece; shape (levers,)."""
        below = np.maximum(usual - 1, 0.0)
        above = usual + 1
        change: Floats = (self(above[None]) - self(below[None]))[0] / (above - below)
        return change

    def off_line(self, counts: Matrix, usual: Floats) -> Matrix:
        """How far each count's response lies from the straight line through the usual week."""
        line = self(usual[None]) + self.slopes(usual) * (counts - usual)
        away: Matrix = np.abs(self(counts) - line)
        return away


class WeeklyRows:
    """The weeks of a history and, last, the week that is forecast, whose growth and counts aren't known.

    Attributes:
        numbers: shape (w + 1,), of the weeks, ascending.
        counts: shape (w, levers).
        growth: shape (w,), NaN where it is no target.
        trained: shape (w,), weeks with a target.
        usual: shape (levers,), mean count of the last four weeks.
        gap: weeks from the last target to the forecast week; features of the past are as old in training.
    """

    def __init__(self, history: History) -> None:
        self.counts = history.weekly_counts
        self.growth = history.weekly_growth
        self.numbers: Integers = np.append(history.week_numbers, history.week_numbers[-1] + 1).astype(np.int64)
        self.trained: Flags = np.isin(history.week_numbers, history.complete_weeks)
        self.usual: Floats = self.counts[-RECENT_WEEKS:].mean(axis=0)
        self.targets: Integers = np.flatnonzero(self.trained)
        self.gap = int(self.numbers[-1] - self.numbers[self.targets[-1]])
        self._followers = _known_followers(history, self.numbers - self.gap)

    @property
    def followers_known(self) -> bool:
        """Whether the followers were known before every week but the first few."""
        return self._followers is not None and bool(np.isfinite(self._followers[self.lagged]).all())

    @cached_property
    def cut(self) -> Floats:
        """Shape (w,), growth with each week cut to what the weeks before it make likely; NaN where it is no target."""
        cut = self.growth.copy()
        for place in range(FEWEST_BEFORE, len(self.targets)):
            past = cut[self.targets[:place]]
            middle = median(past)
            reach = CUT * TO_NORMAL * median(np.abs(past - middle))
            if reach > 0:
                cut[self.targets[place]] = np.clip(cut[self.targets[place]], middle - reach, middle + reach)
        return cut

    @cached_property
    def before(self) -> Integers:
        """Shape (w + 1,), how many targets were known when each week was forecast."""
        known: Integers = np.searchsorted(self.numbers[self.targets], self.numbers - self.gap, side="right")
        return known

    @property
    def lagged(self) -> Flags:
        """Shape (w + 1,), weeks before which a week was known."""
        flags: Flags = self.before > 0
        return flags

    def given(self, options: WeeklyOptions) -> Matrix:
        """Intercept, calendar and lags; shape (w + 1, q), 0 where a lag isn't known."""
        columns = [np.ones(len(self.numbers))]
        if TREND in options.calendar:
            first, last = self.numbers[0], self.numbers[-1]
            columns.append((self.numbers - (first + last) / 2) / (last - first))
        if SEASON in options.calendar:
            angle = 2 * np.pi * (self.numbers * DAYS_PER_WEEK - MONDAY_OFFSET + MIDWEEK) / YEAR_DAYS
            columns += [np.sin(angle), np.cos(angle)]
        if LAG_GROWTH in options.lags:
            columns.append(np.where(self.lagged, self.cut[self.targets[np.maximum(self.before - 1, 0)]], 0.0))
        if LAG_LOG_FOLLOWERS in options.lags and self._followers is not None:
            columns.append(np.where(self.lagged, np.log(np.maximum(self._followers, 1.0)), 0.0))
        return np.column_stack(columns)

    def stocks(self, options: WeeklyOptions, response: Response) -> Matrix:
        """Each lever's bent counts, carried over; shape (w, levers)."""
        return stock(response(self.counts), options.decay)


def given_names(options: WeeklyOptions) -> tuple[str, ...]:
    """Names of the columns of :meth:`WeeklyRows.given`."""
    calendar = {TREND: (TREND,), SEASON: ("year_sine", "year_cosine")}
    ordered = [name for name in (TREND, SEASON) if name in options.calendar]
    lags = [name for name in (LAG_GROWTH, LAG_LOG_FOLLOWERS) if name in options.lags]
    return ("intercept", *(column for name in ordered for column in calendar[name]), *lags)


def _known_followers(history: History, weeks: Integers) -> Floats | None:
    """Followers last known at the end of each of these weeks; NaN before any was."""
    if history.followers is None:
        return None
    known = np.flatnonzero(np.isfinite(history.followers))
    sundays = weeks * DAYS_PER_WEEK - MONDAY_OFFSET + DAYS_PER_WEEK - 1
    place = np.searchsorted(history.days[known], sundays, side="right") - 1
    if len(known) == 0:
        return None
    level: Floats = np.where(place >= 0, history.followers[known[np.maximum(place, 0)]], np.nan)
    return level
