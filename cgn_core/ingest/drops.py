"""Several files dropped at once: recognised each by its content, and joined by account into one daily table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from cgn_core.ingest.findings import Finding, Findings, listed
from cgn_core.ingest.fragments import Fragment, Metrics
from cgn_core.ingest.joined_tables import checked_tables
from cgn_core.ingest.joining import Account, join_fragments
from cgn_core.ingest.reading import Reading, read_bytes, read_part
from cgn_core.tables import Daily


@dataclass(frozen=True)
class Drop:
    """What files dropped together hold. With an error among the findings nothing of them is importable."""

    readings: tuple[Reading, ...]
    creators: tuple[Daily, ...]
    competitors: dict[str, Daily]
    findings: tuple[Finding, ...]
    importable: bool
    accounts: tuple[Account, ...] = ()
    """Where each cell of the creators comes from, in their order."""

    @property
    def name(self) -> str:
        """The files in words: ``a.csv``, ``a.csv and b.csv``."""
        return listed([reading.file_name for reading in self.readings])


def read_drop(files: Sequence[tuple[str, bytes]], *, today: date, time_zone: str = "UTC") -> Drop:
    """Read files that were dropped together.

    A single file is read as it is. Of several, those of one account are joined; each keeps the findings of its own.

    Args:
        files: name and bytes of each, at least one.
        today: the date in the workspace's time zone; later days are errors.
        time_zone: of the workspace.
    """
    if len(files) == 1:
        name, data = files[0]
        return _alone(read_bytes(data, file_name=name, today=today, time_zone=time_zone))
    once: dict[str, Reading] = {}
    doubled: list[str] = []
    for name, data in files:
        reading = read_part(data, file_name=name, today=today, time_zone=time_zone)
        if reading.file_hash in once:
            doubled.append(reading.file_name)
        once.setdefault(reading.file_hash, reading)
    readings = tuple(once.values())
    if len(readings) == 1:
        name, data = files[0]
        return _alone(read_bytes(data, file_name=name, today=today, time_zone=time_zone))
    found = Findings(f"{len(readings)} files", found=[finding for each in readings for finding in each.findings])
    if doubled:
        verb = "is" if len(doubled) == 1 else "are"
        found.add("info", "same_file", f"{listed(doubled)} {verb} there twice; read once.")
    accounts: tuple[Account, ...] = ()
    creators: tuple[Daily, ...] = ()
    if not found.has_errors:
        accounts = join_fragments([part for each in readings for part in _fragments(each)], found)
        creators = checked_tables(accounts, found, today=today)
    competitors = {name: daily for each in readings for name, daily in each.competitors.items()}
    return Drop(
        readings=readings,
        creators=creators,
        competitors={} if found.has_errors else competitors,
        findings=found.ordered(),
        importable=not found.has_errors,
        accounts=accounts if creators else (),
    )


def _alone(reading: Reading) -> Drop:
    return Drop((reading,), reading.creators, reading.competitors, reading.findings, reading.importable)


def _fragments(reading: Reading) -> tuple[Fragment, ...]:
    """A file's fragments; a finished table's days as those of one more."""
    return (*reading.fragments, *(_from_daily(reading.file_name, daily) for daily in reading.creators))


def _from_daily(source: str, daily: Daily) -> Metrics:
    days: Any = daily.frame["date"].to_numpy().astype("datetime64[D]")
    return Metrics(
        source=source,
        creator=daily.creator,
        days=days,
        values={name: daily.frame[name].to_numpy(dtype="float64") for name in daily.columns},
        lines=np.zeros(len(days), dtype=np.int64),
        marks={name: daily.provenance[name].to_numpy(dtype=np.int8) for name in daily.columns},
    )
