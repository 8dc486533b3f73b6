"""A workspace's daily table, version by version: each is written once, the newest joined from all before."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from cgn_core.db.models import DataVersion, Workspace
from cgn_core.db.session import kept
from cgn_core.errors import NotFound
from cgn_core.figures.wording import noun
from cgn_core.ingest.storage import daily_from_bytes, daily_to_bytes
from cgn_core.services.remembered import Remembered
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance, daily_from_frame, growth_columns

SPARKLINE_WEEKS = 16
NO_DATA = "There are no data in this workspace yet; import a file on the Data page."


@dataclass(frozen=True)
class Overview:
    """What lists and headers say of a daily table without loading it. Growth is followers per week."""

    followers: float | None
    """Followers on the newest day that has a count."""
    last_week_start: str | None
    """ISO Monday of the newest complete week."""
    last_week_growth: float | None
    sparkline: tuple[float | None, ...]
    """Net growth of the last 16 complete weeks, oldest first; None where a day is missing."""
    weeks: int
    """Weeks whose growth is observed on all seven days: the ones a model can learn from."""
    provisional_days: int
    """Newest days whose growth the platform may still correct."""

    def to_json(self) -> dict[str, Any]:
        """As stored beside the version."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Overview:
        """The inverse of ``to_json``."""
        return cls(**{**stored, "sparkline": tuple(stored["sparkline"])})


def overview_of(daily: Daily) -> Overview:
    """Summarise a daily table."""
    weekly = daily.weekly()
    growth = [_number(value) for value in weekly["net_growth"].tolist()]
    followers = daily.frame["followers"].dropna() if "followers" in daily.frame else pd.Series(dtype="float64")
    provisional = (daily.provenance[list(growth_columns(daily.frame))] == Provenance.PROVISIONAL).any(axis=1)
    return Overview(
        followers=float(followers.iloc[-1]) if len(followers) else None,
        last_week_start=weekly["week_start"].iloc[-1].date().isoformat() if growth else None,
        last_week_growth=growth[-1] if growth else None,
        sparkline=tuple(growth[-SPARKLINE_WEEKS:]),
        weeks=int(weekly["is_target"].sum()),
        provisional_days=int(provisional.sum()),
    )


def hash_daily(daily: Daily) -> str:
    """SHA-256 over dates, values and provenance; the same numbers give the same hash in any file layout."""
    digest = hashlib.sha256()
    digest.update(daily.frame["date"].to_numpy().astype("datetime64[D]").astype("<i8").tobytes())
    for name in daily.columns:
        digest.update(name.encode())
        # Adding zero turns -0.0 into 0.0; one NaN pattern stands for all.
        values = daily.frame[name].to_numpy(dtype="<f8") + 0.0
        digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        digest.update(daily.provenance[name].to_numpy(dtype="i1").tobytes())
    return digest.hexdigest()


def join_daily(older: Daily, newer: Daily) -> Daily:
    """One table of both: where the newer has a number it wins, elsewhere the older's stays.

    Days and columns are the union of both; provenance follows each cell.
    """
    names = [name for name in DAILY_COLUMNS if name in older.frame or name in newer.frame]
    new_values, old_values = newer.frame.set_index("date"), older.frame.set_index("date")
    values = new_values.combine_first(old_values)[names]
    days = values.index
    joined = daily_from_frame(values.reset_index(), creator=newer.creator or older.creator)
    codes = {}
    for name in names:
        old_codes, new_codes = (
            pd.Series(table.provenance[name].to_numpy(), index=table.frame["date"]).reindex(days, fill_value=0)
            if name in table.frame
            else pd.Series(0, index=days)
            for table in (older, newer)
        )
        has_new = new_values[name].reindex(days).notna() if name in new_values else pd.Series(False, index=days)
        merged = new_codes.where(has_new, old_codes)
        codes[name] = merged.reindex(joined.frame["date"], fill_value=int(Provenance.MISSING)).to_numpy(dtype=np.int8)
    return Daily(frame=joined.frame, provenance=pd.DataFrame(codes), creator=joined.creator)


@dataclass(frozen=True)
class Change:
    """What a table would change in a workspace. All counts are days."""

    new_days: int
    changed_days: int
    unchanged_days: int
    new_columns: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether importing it would change nothing."""
        return not (self.new_days or self.changed_days or self.new_columns)

    @property
    def sentence(self) -> str:
        """The change in words."""
        if self.nothing:
            return "Everything in this file is in the workspace already; nothing changes."
        parts = [
            f"{count} {word}"
            for count, word in (
                (self.new_days, "new " + noun(self.new_days, "day")),
                (self.changed_days, noun(self.changed_days, "day") + " with other numbers"),
                (self.unchanged_days, noun(self.unchanged_days, "day") + " as before"),
            )
            if count
        ]
        if self.new_columns:
            parts.append("new columns: " + ", ".join(self.new_columns))
        return "; ".join(parts) + "."


def change_between(current: Daily | None, newer: Daily) -> Change:
    """What joining ``newer`` into ``current`` would change."""
    days = len(newer.frame)
    if current is None:
        return Change(new_days=days, changed_days=0, unchanged_days=0, new_columns=())
    joined = join_daily(current, newer)
    names = list(current.columns)
    span = newer.frame["date"]
    before, after = (table.frame.set_index("date")[names].reindex(span) for table in (current, joined))
    known = span.isin(current.frame["date"]).to_numpy()
    same_values = (before.eq(after) | (before.isna() & after.isna())).all(axis=1).to_numpy()
    same_source = (_codes(current, names, span) == _codes(joined, names, span)).all(axis=1)
    same = same_values & same_source
    return Change(
        new_days=int((~known).sum()),
        changed_days=int((known & ~same).sum()),
        unchanged_days=int((known & same).sum()),
        new_columns=tuple(name for name in joined.columns if name not in names),
    )


def current_version(session: Session, workspace: Workspace, *, with_table: bool = False) -> DataVersion | None:
    """The row of the workspace's current daily table; None while it has none."""
    query = select(DataVersion).where(
        DataVersion.workspace_id == workspace.id, DataVersion.number == workspace.data_version
    )
    if with_table:
        return session.scalar(query.options(undefer(DataVersion.table)))
    return kept(session, ("current version", workspace.id, workspace.data_version), lambda: session.scalar(query))


def current_daily(session: Session, workspace: Workspace) -> Daily:
    """The workspace's current daily table.

    Raises:
        NotFound: nothing was imported yet.
    """
    version = current_version(session, workspace)
    if version is None:
        raise NotFound(NO_DATA)
    return table_of(version)


MOST_READ = 64
"""Tables kept as they were read, the newest; of two years each takes some hundred kilobytes."""
_tables = Remembered[Daily](MOST_READ)


def content_of(version: DataVersion) -> tuple[UUID, str]:
    """What names a version's daily table among all, for whatever is kept of what follows from it."""
    return version.id, version.data_hash


def table_of(version: DataVersion) -> Daily:
    """A version's daily table. It never changes, so one read before is handed out again: don't write into it."""
    return _tables.of(content_of(version), lambda: daily_from_bytes(version.table))


def version_of_number(session: Session, workspace: Workspace, number: int) -> DataVersion:
    """Any version of the workspace's daily table, with the table.

    Raises:
        NotFound: the workspace has no such version.
    """
    query = select(DataVersion).where(DataVersion.workspace_id == workspace.id, DataVersion.number == number)
    version = session.scalar(query.options(undefer(DataVersion.table)))
    if version is None:
        raise NotFound(f"Data version {number} is no longer kept.")
    return version


@dataclass(frozen=True)
class ReadyTable:
    """A daily table as a version holds it. Making one takes longer than writing it, and needs no transaction."""

    data_hash: str
    overview: Overview
    table: bytes
    rows: int
    first_date: date
    last_date: date


def make_ready(daily: Daily) -> ReadyTable:
    """Hash, summarise and pack a daily table."""
    dates = daily.frame["date"]
    return ReadyTable(
        data_hash=hash_daily(daily),
        overview=overview_of(daily),
        table=daily_to_bytes(daily),
        rows=len(dates),
        first_date=_day(dates.iloc[0]),
        last_date=_day(dates.iloc[-1]),
    )


def store_version(
    session: Session,
    workspace: Workspace,
    daily: Daily | ReadyTable,
    *,
    file_name: str,
    file_hash: str,
    report: dict[str, Any],
    created_by: UUID | None,
) -> DataVersion:
    """Write the next version of the daily table and make it the current one."""
    ready = daily if isinstance(daily, ReadyTable) else make_ready(daily)
    newest = session.scalar(select(func.max(DataVersion.number)).where(DataVersion.workspace_id == workspace.id))
    version = DataVersion(
        workspace_id=workspace.id,
        number=(newest or 0) + 1,
        file_name=file_name,
        file_hash=file_hash,
        data_hash=ready.data_hash,
        report=report | {"overview": ready.overview.to_json()},
        table=ready.table,
        rows=ready.rows,
        first_date=ready.first_date,
        last_date=ready.last_date,
        based_on=workspace.data_version,
        created_by=created_by,
    )
    session.add(version)
    workspace.data_version = version.number
    session.flush()
    return version


def overview_of_version(version: DataVersion) -> Overview:
    """The overview stored with a version."""
    return Overview.from_json(version.report["overview"])


def _codes(daily: Daily, names: list[str], days: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.int8]]:
    codes = daily.provenance[names].set_index(pd.DatetimeIndex(daily.frame["date"]))
    return codes.reindex(pd.DatetimeIndex(days), fill_value=0).to_numpy(dtype=np.int8)


def _day(stamp: pd.Timestamp) -> date:
    return stamp.date()


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
