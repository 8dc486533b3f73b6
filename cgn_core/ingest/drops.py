"""Several files dropped at once: recognised each by its content, and joined by account into one daily table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from cgn_core.ingest.business_suite import metric_blocks
from cgn_core.ingest.content import decode
from cgn_core.ingest.findings import Finding, Findings, listed
from cgn_core.ingest.fragments import Fragment, Metrics
from cgn_core.ingest.grid import Positions
from cgn_core.ingest.joined_tables import checked_tables
from cgn_core.ingest.joining import Account, join_fragments
from cgn_core.ingest.questions import NO_ANSWERS, Answers, Asking, Question, merged
from cgn_core.ingest.reading import Reading, read_bytes, read_part
from cgn_core.ingest.rejects import Rejects, merged_rejects
from cgn_core.tables import Daily

FEWEST_COMMON_DAYS = 7
"""Below a week, two files that differ say nothing of whose they are."""
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
            "rejects": self.rejects.to_json() if self.rejects else None,
            "files": [reading.to_json() for reading in self.readings],
        }

    @property
    def rejects(self) -> Rejects | None:
        """Rows left out of any of the files by choice; of several, each row with its file."""
        if len(self.readings) == 1:
            return self.readings[0].rejects
        return merged_rejects([(reading.file_name, reading.rejects) for reading in self.readings])

    @property
    def name(self) -> str:
        """The files in words: ``a.csv``, ``a.csv and b.csv``."""
        return listed([reading.file_name for reading in self.readings])


def read_drop(
    files: Sequence[tuple[str, bytes]],
    *,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    lines: Positions | None = None,
) -> Drop:
    """Read files that were dropped together.

    A single file is read as it is. Of several, those of one account are joined; each keeps the findings of its own.

    Args:
        files: name and bytes of each, at least one.
        today: the date in the workspace's time zone; later days are errors.
        time_zone: of the workspace.
        answers: to questions of the files.
        lines: as for :func:`cgn_core.ingest.reading.read_bytes`, of a single file.
    """
    if len(files) == 1:
        name, data = files[0]
        return _alone(read_bytes(data, file_name=name, today=today, time_zone=time_zone, answers=answers, lines=lines))
    once: dict[str, Reading] = {}
    contents: dict[str, bytes] = {}
    doubled: list[str] = []
    for name, data in files:
        reading = read_part(data, file_name=name, today=today, time_zone=time_zone, answers=answers)
        if reading.file_hash in once:
            doubled.append(reading.file_name)
            continue
        once[reading.file_hash] = reading
        contents[reading.file_hash] = data
    for digest in _doubtful(once, contents):
        once[digest] = read_part(
            contents[digest],
            file_name=once[digest].file_name,
            today=today,
            time_zone=time_zone,
            answers=answers,
            beside_facebook=True,
        )
    readings = _told_apart(tuple(once.values()))
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
    asking = Asking(found, "", answers)
    accounts: tuple[Account, ...] = ()
    creators: tuple[Daily, ...] = ()
    if not found.has_errors:
        accounts = join_fragments([part for each in readings for part in _fragments(each)], found, asking)
        creators = checked_tables(accounts, found, today=today)
    competitors = {name: daily for each in readings for name, daily in each.competitors.items()}
    return Drop(
        readings=readings,
        creators=creators,
        competitors={} if found.has_errors else competitors,
        findings=found.ordered(),
        importable=not found.has_errors,
        accounts=accounts if creators else (),
        questions=(
            *merged([(each.file_name, question) for each in readings for question in each.questions]),
            *asking.questions,
        ),
        answers={key: value for each in readings for key, value in each.answers.items()} | asking.used,
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


def _told_apart(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Files of one name numbered, so that sentences and cells say which of them is meant."""
    names: dict[str, list[str]] = {}
    for each in readings:
        names.setdefault(each.file_name, []).append(each.file_hash)
    told = []
    for each in readings:
        # By content, so that the order of dropping doesn't matter.
        number = sorted(names[each.file_name]).index(each.file_hash) + 1
        told.append(each if number == 1 else _renamed(each, f"{each.file_name} [{number}]"))
    return tuple(told)


def _renamed(reading: Reading, name: str) -> Reading:
    before = reading.file_name
    return replace(
        reading,
        file_name=name,
        fragments=tuple(replace(each, source=each.source.replace(before, name, 1)) for each in reading.fragments),
        findings=tuple(replace(each, message=each.message.replace(before, name, 1)) for each in reading.findings),
        questions=tuple(replace(each, sentence=each.sentence.replace(before, name, 1)) for each in reading.questions),
    )


def _doubtful(readings: Mapping[str, Reading], contents: Mapping[str, bytes]) -> list[str]:
    """Files whose titles name no platform, where others of the drop make it doubtful that they are Instagram's.

    That is where Facebook's own numbers are in the drop, or where two files tell most of their common days otherwise.
    """
    suites = {key: each for key, each in readings.items() if each.format == "business_suite_metrics"}
    blocks = {key: metric_blocks(decode(contents[key])) for key in suites}
    unnamed = {
        key: {block.column for block in each if block.platform == "unnamed" and block.column is not None}
        for key, each in blocks.items()
    }
    if any(block.platform == "facebook" for each in blocks.values() for block in each):
        return [key for key, columns in unnamed.items() if columns]
    return [
        key
        for key, columns in unnamed.items()
        if any(
            _tell_otherwise(one, other)
            for rival, each in suites.items()
            if rival != key
            for one in suites[key].fragments
            for other in each.fragments
            if columns & _columns(one) & _columns(other)
        )
    ]


def _columns(fragment: Fragment) -> frozenset[str]:
    return frozenset(fragment.values) if isinstance(fragment, Metrics) else frozenset()


def _tell_otherwise(one: Fragment, other: Fragment) -> bool:
    """Whether two series of one metric differ on most of the days that both have: a correction changes the newest."""
    if not isinstance(one, Metrics) or not isinstance(other, Metrics):
        return False
    _, here, there = np.intersect1d(one.days, other.days, assume_unique=True, return_indices=True)
    (name,) = _columns(one)
    differs = one.values[name][here] != other.values[name][there]
    return len(differs) >= FEWEST_COMMON_DAYS and bool(differs.mean() > 1 / 2)


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
