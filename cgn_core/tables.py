"""The canonical daily and weekly tables: columns, dtypes, units, and when each is known.

Everything that reads, stores, models or draws a creator's numbers speaks these two tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

CONTENT_TYPES = ("posts", "reels", "stories", "ads")
"""Levers a plan sets, in the order every page, plan and result lists them."""

DEFAULT_MINUTES = {"posts": 45.0, "reels": 120.0, "stories": 8.0}
"""Minutes of work a piece takes unless the workspace says otherwise; ads cost money, not hours."""


class Availability(StrEnum):
    """When a column's value for a week is known."""

    PLANNED = "planned"
    CALENDAR = "calendar"
    LAGGED = "lagged"
    OUTCOME = "outcome"


class Provenance(IntEnum):
    """Where a cell's number comes from."""

    MISSING = 0
    OBSERVED = 1
    IMPUTED = 2
    PROVISIONAL = 3


@dataclass(frozen=True)
class Column:
    """One canonical daily column."""

    name: str
    unit: str
    availability: Availability
    summed: bool = True
    """Whether a week's value is the sum of its days (levels such as followers are not)."""


_P, _O = Availability.PLANNED, Availability.OUTCOME
DAILY_COLUMNS: dict[str, Column] = {
    c.name: c
    for c in (
        Column("followers", "followers at the end of the day", _O, summed=False),
        Column("follows", "followers gained per day", _O),
        Column("unfollows", "followers lost per day", _O),
        Column("posts", "posts per day", _P),
        Column("reels", "reels per day", _P),
        Column("stories", "stories per day", _P),
        Column("ads", "ads per day", _P),
        Column("reach", "accounts reached per day", _O),
        Column("views", "views per day", _O),
        Column("profile_visits", "profile visits per day", _O),
        Column("likes", "likes per day", _O),
        Column("comments", "comments per day", _O),
        Column("saves", "saves per day", _O),
        Column("shares", "shares per day", _O),
        Column("interactions", "interactions per day", _O),
        Column("hashtags", "hashtags used per day", _P),
        Column("optimal_window_posts", "pieces posted in the best window per day", _P),
        Column("minutes_spent", "minutes of work per day", _P),
    )
}
"""Every canonical column but ``date``; all float64, NaN where missing."""

DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Daily:
    """One creator's daily table.

    Attributes:
        frame: one row per local date, ascending and gap-free. ``date`` is datetime64[s]; the other
            columns are the canonical ones that the source had, float64, NaN where missing.
        provenance: int8 frame of :class:`Provenance`, same rows, the same columns but ``date``.
        creator: the account's handle, "" where the source names none.
    """

    frame: pd.DataFrame
    provenance: pd.DataFrame
    creator: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Canonical columns present, in canonical order."""
        return tuple(name for name in DAILY_COLUMNS if name in self.frame.columns)

    @property
    def levers(self) -> tuple[str, ...]:
        """Content types present, in canonical order."""
        return tuple(name for name in CONTENT_TYPES if name in self.frame.columns)

    def net_growth(self) -> pd.Series[float]:
        """Followers gained less lost, per day: ``follows - unfollows``, else the change of ``followers``,
        else (gross) ``follows``; NaN where unknown.
        """
        return net_growth(self.frame)

    def weekly(self) -> pd.DataFrame:
        """The weekly table; see :func:`to_weekly`. Made once; a copy that shares its numbers until written to."""
        return self._weekly.copy(deep=False)

    @cached_property
    def _weekly(self) -> pd.DataFrame:
        return to_weekly(self)


def daily_from_frame(frame: pd.DataFrame, *, creator: str = "", provisional_days: int = 0) -> Daily:
    """A :class:`Daily` from a frame with ``date`` and any canonical columns.

    Args:
        frame: one row per date, any order, dates unique; missing dates become rows of missing cells.
        creator: the account's handle.
        provisional_days: how many of the newest days are provisional rather than observed.
    """
    present = [name for name in DAILY_COLUMNS if name in frame.columns]
    dated = frame[["date", *present]].copy()
    dated["date"] = pd.to_datetime(dated["date"]).astype("datetime64[s]")
    dated = dated.set_index("date").astype("float64").sort_index()
    dates = pd.date_range(dated.index[0], dated.index[-1], freq="D", unit="s", name="date")
    dated = dated.reindex(dates)
    seen = dated.notna().to_numpy()
    codes = np.where(seen, Provenance.OBSERVED, Provenance.MISSING).astype(np.int8)
    if provisional_days > 0:
        codes[-provisional_days:][seen[-provisional_days:]] = Provenance.PROVISIONAL
    provenance = pd.DataFrame(codes, columns=present)
    return Daily(frame=dated.reset_index(), provenance=provenance, creator=creator)


def net_growth(frame: pd.DataFrame) -> pd.Series[float]:
    """Followers gained less lost per row of a daily frame; see :meth:`Daily.net_growth`."""
    nothing = pd.Series(np.nan, index=frame.index, dtype="float64", name="net_growth")
    growth = nothing
    if "follows" in frame and "unfollows" in frame:
        growth = frame["follows"] - frame["unfollows"]
    if "followers" in frame:
        growth = growth.where(growth.notna(), frame["followers"].diff())
    if "follows" in frame and growth.isna().all():
        growth = frame["follows"]
    return growth.rename("net_growth")


def growth_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns that :func:`net_growth` reads in this frame; their provenance decides the target's.

    None for a competitor of whom only the posts are known.
    """
    if "follows" in frame and "unfollows" in frame:
        return ("follows", "unfollows")
    return tuple(name for name in ("followers", "follows") if name in frame)[:1]


def to_weekly(daily: Daily) -> pd.DataFrame:
    """Monday-Sunday weeks, partial weeks at either end dropped.

    Returns: one row per week, ascending, with ``week_start`` (datetime64[s], a Monday), the sums of every
        summed canonical column present (NaN when no day of the week has it; days missing inside a
        week count as missing, so a sum with a missing day is NaN), ``net_growth``, ``gross_follows``
        where follows are known, ``followers_start`` (followers at the end of the day before, NaN where
        unknown), ``days_observed`` (days whose growth is observed, 0-7) and ``is_target`` (all seven are:
        no missing, imputed or provisional day).
    """
    frame = daily.frame
    # Days follow one another, so a week is seven rows; pandas' grouping took ten times as long.
    start = (-int(frame["date"].iloc[0].weekday())) % DAYS_PER_WEEK if len(frame) else 0
    weeks = max(len(frame) - start, 0) // DAYS_PER_WEEK
    end = start + weeks * DAYS_PER_WEEK
    growth = daily.net_growth().to_numpy()
    known = ~np.isnan(growth)
    for name in growth_columns(frame):
        known &= daily.provenance[name].to_numpy() == Provenance.OBSERVED
    days = {name: frame[name].to_numpy() for name in daily.columns if DAILY_COLUMNS[name].summed}
    days["net_growth"] = growth
    # Added up with more digits than kept: tenths of minutes stay tenths.
    weekly = {
        name: each[start:end].reshape(weeks, DAYS_PER_WEEK).sum(axis=1, dtype=np.longdouble).astype(np.float64)
        for name, each in days.items()
    }
    observed = known[start:end].reshape(weeks, DAYS_PER_WEEK).sum(axis=1)
    columns: dict[str, Any] = {"week_start": frame["date"].to_numpy()[start:end:DAYS_PER_WEEK], **weekly}
    columns["days_observed"] = observed
    if "follows" in weekly:
        columns["gross_follows"] = weekly["follows"]
    if "followers" in frame:
        before = np.concatenate([[np.nan], frame["followers"].to_numpy()[:-1]])
        columns["followers_start"] = before[start:end:DAYS_PER_WEEK]
    columns["is_target"] = observed == DAYS_PER_WEEK
    return pd.DataFrame(columns)
