"""Several files dropped at once: recognised each by its content, and joined by account into one daily table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from cgn_core.ingest.findings import Finding, Findings, listed
from cgn_core.ingest.fragments import Fragment, Metrics
from cgn_core.ingest.joined_tables import checked_tables
from cgn_core.ingest.joining import Account, join_fragments
from cgn_core.ingest.questions import NO_ANSWERS, Answers, Question
from cgn_core.ingest.reading import Reading, read_bytes, read_part
from cgn_core.tables import Daily

DISPENSABLE = frozenset({"no_rows"})
"""What is wrong with a file alone and does no harm beside others: nothing in it is used."""


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
    questions: tuple[Question, ...] = ()
    """Of all files."""
    answers: dict[str, str] = field(default_factory=dict)
    """Of the answers given, those that were used."""

    def to_json(self) -> dict[str, Any]:
        """As ``cgn validate --json`` prints several files: what they are together, and each by itself."""
        days = [day for each in self.creators for day in each.frame["date"].iloc[[0, -1]]]
        return {
            "format": "joined",
            "rows": sum(len(each.frame) for each in self.creators),
            "from": min(days).date().isoformat() if days else None,
            "to": max(days).date().isoformat() if days else None,
            "columns": {name: name for each in self.creators for name in each.columns},
            "importable": self.importable,
            "findings": [finding.to_json() for finding in self.findings],
            "questions": [question.to_json() for question in self.questions],
            "answers": dict(self.answers),
            "files": [reading.to_json() for reading in self.readings],
        }

    @property
    def name(self) -> str:
        """The files in words: ``a.csv``, ``a.csv and b.csv``."""
        return listed([reading.file_name for reading in self.readings])


def read_drop(
    files: Sequence[tuple[str, bytes]], *, today: date, time_zone: str = "UTC", answers: Answers = NO_ANSWERS
) -> Drop:
    """Read files that were dropped together.

    A single file is read as it is. Of several, those of one account are joined; each keeps the findings of its own.

    Args:
        files: name and bytes of each, at least one.
        today: the date in the workspace's time zone; later days are errors.
        time_zone: of the workspace.
        answers: to questions of the files.
    """
    if len(files) == 1:
        name, data = files[0]
        return _alone(read_bytes(data, file_name=name, today=today, time_zone=time_zone, answers=answers))
    once: dict[str, Reading] = {}
    doubled: list[str] = []
    for name, data in files:
        reading = read_part(data, file_name=name, today=today, time_zone=time_zone, answers=answers)
        if reading.file_hash in once:
            doubled.append(reading.file_name)
        once.setdefault(reading.file_hash, reading)
    readings = tuple(once.values())
    if len(readings) == 1:
        name, data = files[0]
        return _alone(read_bytes(data, file_name=name, today=today, time_zone=time_zone, answers=answers))
    kept = [finding for each in readings for finding in each.findings]
    if any(each.fragments or each.creators for each in readings):
        kept = [replace(one, severity="info") if one.code in DISPENSABLE else one for one in kept]
    found = Findings(f"{len(readings)} files", found=kept)
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
        questions=tuple({question.key: question for each in readings for question in each.questions}.values()),
        answers={key: value for each in readings for key, value in each.answers.items()},
    )


def _alone(reading: Reading) -> Drop:
    return Drop(
        (reading,),
        reading.creators,
        reading.competitors,
        reading.findings,
        reading.importable,
        questions=reading.questions,
        answers=reading.answers,
    )


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
