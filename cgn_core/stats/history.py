"""One creator's days as plain arrays: what every fit starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.tables import DAYS_PER_WEEK, Daily, Provenance, growth_columns

FEWEST_WEEKS = 8
"""Complete weeks below which nothing is trained."""
MONDAY_OFFSET = 3
"""1970-01-01 was a Thursday: (days since then + 3) // 7 counts Monday weeks, and % 7 is the weekday."""
RECENT_WEEKS = 4
QUARTER_DAYS = 91
NET_GROWTH, GROSS_FOLLOWS = "net_growth", "gross_follows"
NOTED_SHARE = 0.5
"""A column with fewer known days than this share is one that is only filled in when something happened."""


@dataclass(frozen=True)
class History:
    """One creator's n days up to the last Sunday.

    Attributes:
        days: shape (n,), days since 1970-01-01, without gaps.
        growth: shape (n,), followers per day; NaN where missing, imputed or provisional: never a training target.
        levers: what a plan sets: content types, then extra predictors.
        recorded: shape (n, levers), per day, NaN where unknown.
        unfollows: shape (n,), followers lost per day, NaN where unknown.
        target: net_growth | gross_follows.
        followers: shape (n,), at the end of each day, NaN where unknown or not observed; None where never told.
    """

    days: Integers
    growth: Floats
    levers: tuple[str, ...]
    recorded: Matrix
    unfollows: Floats
    target: str
    followers: Floats | None = None

    @cached_property
    def counts(self) -> Matrix:
        """Shape (n, levers), ``recorded`` with 0 where unknown."""
        return np.nan_to_num(self.recorded)

    @cached_property
    def usable(self) -> Flags:
        """Shape (n,), days that may train: growth observed and every count known."""
        seen = np.isfinite(self.recorded)
        # Blanks in a column that is mostly blank are zeros, not unknown days.
        noted = seen.sum(axis=0) >= NOTED_SHARE * len(seen)
        flags: Flags = np.isfinite(self.growth) & (seen | ~noted).all(axis=1)
        return flags

    @cached_property
    def lost(self) -> float:
        """Followers lost on a usual day of the last quarter; 0 where losses aren't known."""
        recent = self.unfollows[-QUARTER_DAYS:]
        known = recent[np.isfinite(recent)]
        return float(known.mean()) if len(known) and self.target == NET_GROWTH else 0.0

    @property
    def weeks(self) -> Integers:
        """Shape (n,), the number of each day's Monday week."""
        return (self.days + MONDAY_OFFSET) // DAYS_PER_WEEK

    @property
    def complete_weeks(self) -> Integers:
        """Numbers of the weeks that are usable on all seven days, ascending."""
        numbers, observed = np.unique(self.weeks[self.usable], return_counts=True)
        complete: Integers = numbers[observed == DAYS_PER_WEEK].astype(np.int64)
        return complete

    def until(self, day: int, *, rows: int | None = None, planned_until: int | None = None) -> History:
        """The history as it was known at the end of a Sunday; only its last ``rows`` days where given.

        Up to ``planned_until``, the Sunday before the forecast week, what is to be posted is known too, growth is not.
        """
        known = int(np.searchsorted(self.days, day, side="right"))
        stop = known if planned_until is None else int(np.searchsorted(self.days, planned_until, side="right"))
        kept = slice(0 if rows is None else max(0, known - rows), stop)
        hidden = self.days[kept] > day
        return replace(
            self,
            days=self.days[kept],
            growth=np.where(hidden, np.nan, self.growth[kept]),
            recorded=self.recorded[kept],
            unfollows=np.where(hidden, np.nan, self.unfollows[kept]),
            followers=None if self.followers is None else np.where(hidden, np.nan, self.followers[kept]),
        )

    @property
    def next_monday(self) -> int:
        """First day of the week that is forecast, as days since 1970-01-01."""
        return int(self.days[-1]) + 1

    @cached_property
    def weekly_counts(self) -> Matrix:
        """Shape (weeks, levers), pieces per Monday-Sunday week, oldest first; a partial first week drops out."""
        start = len(self.days) % DAYS_PER_WEEK
        # The number of weeks in full: a history without any lever has no size to infer it from.
        by_day = self.counts[start:].reshape(len(self.days) // DAYS_PER_WEEK, DAYS_PER_WEEK, len(self.levers))
        sums: Matrix = by_day.sum(axis=1)
        return sums

    @cached_property
    def weekly_growth(self) -> Floats:
        """Shape (weeks,), followers per week, NaN where a day of it is no target; weeks as :attr:`weekly_counts`."""
        start = len(self.days) % DAYS_PER_WEEK
        sums: Floats = self.growth[start:].reshape(-1, DAYS_PER_WEEK).sum(axis=1)
        return sums

    @property
    def week_numbers(self) -> Integers:
        """Numbers of the weeks of :attr:`weekly_counts`, ascending."""
        return self.weeks[len(self.days) % DAYS_PER_WEEK :: DAYS_PER_WEEK]


def read_history(daily: Daily, *, extra: pd.DataFrame | None = None) -> History:
    """The arrays of a daily table, up to its last Sunday.

    Args:
        daily: any history.
        extra: further same-day predictors that were checked before: ``date`` and one column each.

    Raises:
        InvalidInput: ``extra`` has no ``date``.
    """
    frame = daily.frame
    days = frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    names = list(daily.levers)
    recorded = frame[names].to_numpy(dtype="float64")
    if extra is not None:
        more = _by_date(extra)
        names += [str(name) for name in more.columns]
        recorded = np.column_stack([recorded, more.reindex(pd.DatetimeIndex(frame["date"])).to_numpy(dtype="float64")])
    unfollows = np.full(len(days), np.nan)
    if "unfollows" in frame:
        unfollows = frame["unfollows"].to_numpy(dtype="float64")
    keep = days < _monday_from(int(days[-1]) + 1)
    return History(
        days=days[keep],
        growth=_growth(daily)[keep],
        levers=tuple(names),
        recorded=recorded[keep],
        unfollows=unfollows[keep],
        target=target_name(daily),
        followers=_followers(daily)[keep] if "followers" in frame else None,
    )


def _monday_from(day: int) -> int:
    """The last Monday up to a day."""
    return day - (day + MONDAY_OFFSET) % DAYS_PER_WEEK


def target_name(daily: Daily) -> str:
    """``gross_follows`` where only follows are known, else ``net_growth``."""
    return GROSS_FOLLOWS if growth_columns(daily.frame) == ("follows",) else NET_GROWTH


def _growth(daily: Daily) -> Floats:
    growth: Floats = np.array(daily.net_growth(), dtype=np.float64).reshape(-1)
    columns = growth_columns(daily.frame)
    observed = np.ones(len(growth), dtype=bool)
    for name in columns:
        observed &= daily.provenance[name].to_numpy() == Provenance.OBSERVED
    if columns == ("followers",):
        # A difference needs both of its days.
        observed &= np.concatenate([[False], observed[:-1]])
    growth[~observed] = np.nan
    return growth


def _by_date(extra: pd.DataFrame) -> pd.DataFrame:
    if "date" not in extra:
        raise InvalidInput("Extra predictors need a column date.")
    more = extra.assign(date=pd.to_datetime(extra["date"]).astype("datetime64[s]")).set_index("date")
    if not more.index.is_unique:
        raise InvalidInput("Extra predictors need one row a day; a date stands there more than once.")
    texts = [str(name) for name in more.columns if not pd.api.types.is_numeric_dtype(more[name])]
    if texts:
        raise InvalidInput(f"Extra predictors are numbers; {', '.join(texts)} holds something else.")
    return more


def _followers(daily: Daily) -> Floats:
    level: Floats = daily.frame["followers"].to_numpy(dtype="float64", copy=True)
    level[daily.provenance["followers"].to_numpy() != Provenance.OBSERVED] = np.nan
    return level


def require_weeks(history: History, *, fewest: int = FEWEST_WEEKS) -> Integers:
    """The complete weeks, as :attr:`History.complete_weeks`.

    Raises:
        TooFewObservations: fewer than eight, naming how many there are and how many are missing.
        ConstantSeries: growth never changes.
    """
    weeks = history.complete_weeks
    require_enough(len(weeks), fewest=fewest)
    growth = history.growth[history.usable]
    if growth.min() == growth.max():
        raise ConstantSeries("Growth never changes in this history, so nothing can be learned from it.")
    return weeks


def require_enough(weeks: int, *, fewest: int = FEWEST_WEEKS) -> None:
    """Refuse a history of too few complete weeks.

    Raises:
        TooFewObservations: fewer than eight, naming how many there are and how many are missing.
    """
    missing = fewest - weeks
    if missing > 0:
        raise TooFewObservations(
            f"The history holds {weeks} complete {'week' if weeks == 1 else 'weeks'} (Monday to Sunday, "
            f"growth and content known on every day); training needs at least {fewest}, so {missing} more "
            f"{'is' if missing == 1 else 'are'} missing. Import more days."
        )


def iso_day(day: int) -> str:
    """ISO date of a day since 1970-01-01."""
    return str(np.datetime64(int(day), "D"))


def iso_monday(week: int) -> str:
    """ISO date of the Monday that starts a week, by its number."""
    return iso_day(int(week) * DAYS_PER_WEEK - MONDAY_OFFSET)
