"""One uploaded file: bytes in, daily tables and findings out. What is in a file decides what it is, not its name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from cgn_core.ingest.assembly import competitors_of, creators_of
from cgn_core.ingest.business_suite import are_instagrams, metric_blocks, metric_fragments
from cgn_core.ingest.columns import DATE, Columns, folded, map_columns
from cgn_core.ingest.content import decode, kind_of
from cgn_core.ingest.delimited import read_delimited
from cgn_core.ingest.findings import Finding, Findings, RefusedFile, listed
from cgn_core.ingest.fragments import Fragment, Metrics, Pieces
from cgn_core.ingest.grid import Grid, Positions, in_the_whole, ragged_rows
from cgn_core.ingest.histories import note_warnings
from cgn_core.ingest.instagram_download import read_download
from cgn_core.ingest.interpretation import interpret
from cgn_core.ingest.interpreted import Table
from cgn_core.ingest.joined_tables import checked_tables
from cgn_core.ingest.joining import join_fragments
from cgn_core.ingest.mapping import decide_columns, has_growth, has_numbers, instagram_rows
from cgn_core.ingest.mending import Mending, rejects_of, settle_duplicates
from cgn_core.ingest.post_lists import is_post_list, read_post_list
from cgn_core.ingest.quality import note_columns, note_errors
from cgn_core.ingest.questions import NO_ANSWERS, Answers, Asking, Question, signature_of
from cgn_core.ingest.records import read_records
from cgn_core.ingest.rejects import Rejects
from cgn_core.ingest.typed import TypedGrid
from cgn_core.ingest.workbook import read_workbook
from cgn_core.tables import Daily

__all__ = ["MAX_BYTES", "Finding", "Reading", "Sample", "read_bytes"]

MAX_BYTES = 50 * 1024 * 1024
_LONGEST_NAME = 100
SAMPLED = 20
"""Rows of a sample."""
_LONGEST_CELL = 80


@dataclass(frozen=True)
class Sample:
    """The top of a table as the file has it, for whoever decides what its columns are."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The rows as lists."""
        return {"header": list(self.header), "rows": [list(row) for row in self.rows]}


@dataclass(frozen=True)
class Reading:
    """What a file holds. With an error among the findings nothing of it is importable."""

    file_name: str
    file_hash: str
    """SHA-256 of the bytes, in hex."""
    format: str
    """own, public39, social_blade, sprout, table, business_suite_metrics, business_suite_content,
    instagram_download, or unknown."""
    file_type: str
    """csv, tsv, json, xlsx, zip, or unknown."""
    rows: int
    first_date: date | None
    last_date: date | None
    columns: dict[str, str]
    """The file's column to the canonical one."""
    creators: tuple[Daily, ...] = ()
    competitors: dict[str, Daily] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    importable: bool = False
    fragments: tuple[Fragment, ...] = ()
    """What it says of one account's days, where other files may belong to it."""
    questions: tuple[Question, ...] = ()
    """What can or must be decided, each with its choices."""
    signature: str = ""
    """SHA-256 of the layout and the folded header: the same for every export of one kind."""
    sample: Sample | None = None
    answers: dict[str, str] = field(default_factory=dict)
    """Of the answers given, those that were used."""
    rejects: Rejects | None = None
    """Rows left out by choice."""

    def to_json(self) -> dict[str, Any]:
        """As ``cgn validate --json`` prints it."""
        return {
            "file_name": self.file_name,
            "file_hash": self.file_hash,
            "format": self.format,
            "file_type": self.file_type,
            "rows": self.rows,
            "from": self.first_date.isoformat() if self.first_date else None,
            "to": self.last_date.isoformat() if self.last_date else None,
            "columns": dict(self.columns),
            "importable": self.importable,
            "creators": [_outline(daily) for daily in self.creators],
            "competitors": [_outline(daily) for daily in self.competitors.values()],
            "findings": [finding.to_json() for finding in self.findings],
            "signature": self.signature,
            "questions": [question.to_json() for question in self.questions],
            "answers": dict(self.answers),
            "rejects": self.rejects.to_json() if self.rejects else None,
        }


def read_bytes(
    data: bytes,
    *,
    file_name: str,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    lines: Positions | None = None,
) -> Reading:
    """Read one file of daily numbers, in any of the known layouts; what is in it decides which it is.

    Bad content raises nothing: it becomes error findings, ``importable`` is False and ``creators`` is empty.

    Args:
        data: the file.
        file_name: as the uploader calls it; only names the file in sentences.
        today: the date in the workspace's time zone; later days are errors.
        time_zone: of the workspace, in which a download's seconds become days.
        answers: to questions of this file, or of others; see :class:`cgn_core.ingest.questions.Question`.
        lines: of a part of a larger text, below its header: where each row stands in the whole.
    """
    reading = read_part(
        data, file_name=file_name, today=today, time_zone=time_zone, answers=answers, alone=True, lines=lines
    )
    if not reading.fragments or any(finding.severity == "error" for finding in reading.findings):
        return reading
    found = Findings(reading.file_name, found=list(reading.findings))
    asking = Asking(found, "", answers)
    creators = checked_tables(join_fragments(reading.fragments, found, asking), found, today=today)
    return replace(
        reading,
        creators=creators,
        findings=found.ordered(),
        importable=not found.has_errors,
        questions=(*reading.questions, *asking.questions),
        answers=reading.answers | asking.used,
    )


def read_part(
    data: bytes,
    *,
    file_name: str,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    alone: bool = False,
    beside_facebook: bool = False,
    lines: Positions | None = None,
) -> Reading:
    """As :func:`read_bytes`, but a file that needs others of its account is left in fragments.

    Unless it is ``alone``, a table needn't hold any growth, and nothing is said of its history: others may have both.
    ``beside_facebook``: another file of the drop has Facebook's numbers, or numbers that can't be of the same account.
    """
    found = Findings(shown_name(file_name))
    digest = hashlib.sha256(data).hexdigest()
    asking = Asking(found, "", answers, file_hash="" if alone else digest)
    try:
        if len(data) > MAX_BYTES:
            raise too_large(len(data))
        opened = _open(data, asking, time_zone, beside_facebook=beside_facebook)
        if not isinstance(opened, _Parts):
            opened = instagram_rows(opened if lines is None else in_the_whole(opened, lines), found)
    except RefusedFile as refusal:
        found.found.append(_refusal(found, refusal))
        return Reading(found.file_name, digest, "unknown", "unknown", 0, None, None, {}, findings=found.ordered())
    if isinstance(opened, _Parts):
        return _read_fragments(opened, found, digest)
    found.unit = opened.unit
    columns = opened.mapped if isinstance(opened, TypedGrid) else map_columns(opened.header)
    asking.signature = signature_of(columns.layout, [folded(name) for name in opened.header])
    mending = Mending(asking)
    if opened.ragged:
        mending.fault("ragged_rows", ragged_rows(opened.ragged, len(opened.header)).message, opened.ragged)
    columns = decide_columns(opened, columns, asking, alone=alone)
    table = _interpret(opened, columns, mending, today=today, alone=alone)
    importable = table is not None and not found.has_errors
    has_days = table is not None and len(table.days) > 0
    return Reading(
        file_name=found.file_name,
        file_hash=digest,
        format=columns.layout,
        file_type=opened.file_type,
        rows=len(table.lines) if table is not None and has_days else len(opened.lines),
        first_date=_as_date(table.days.min()) if table is not None and has_days else None,
        last_date=_as_date(table.days.max()) if table is not None and has_days else None,
        columns=columns.mapping,
        creators=creators_of(table) if table is not None and importable else (),
        competitors=competitors_of(table) if table is not None and importable else {},
        findings=found.ordered(),
        importable=importable,
        questions=tuple(asking.questions),
        signature=asking.signature,
        sample=_sample(opened),
        answers=asking.used,
        rejects=rejects_of(opened, columns, mending),
    )


def _sample(grid: Grid) -> Sample:
    rows = grid.top or tuple(zip(*(grid.cells(place)[:SAMPLED] for place in range(len(grid.header))), strict=True))
    return Sample(grid.header, tuple(map(_sampled, rows[:SAMPLED])))


def _sampled(row: Sequence[object]) -> tuple[str, ...]:
    texts = ["" if cell is None else str(cell).strip() for cell in row]
    if max(map(len, texts), default=0) <= _LONGEST_CELL:
        return tuple(texts)
    return tuple(text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…" for text in texts)


@dataclass(frozen=True)
class _Parts:
    """A file that says something of an account's days without being a table of them."""

    format: str
    file_type: str
    rows: int
    columns: dict[str, str]
    fragments: tuple[Fragment, ...]
    asking: Asking


def _open(data: bytes, asking: Asking, time_zone: str, *, beside_facebook: bool) -> Grid | _Parts:
    kind, found = kind_of(data), asking.found
    if kind == "download":
        fragments: tuple[Fragment, ...] = read_download(data, found, time_zone=time_zone)
        asking.signature = signature_of("instagram_download", [])
        return _Parts("instagram_download", "zip", sum(_size(each) for each in fragments), {}, fragments, asking)
    if kind == "xlsx":
        grid: Grid = read_workbook(data)
    else:
        text = decode(data)
        blocks = metric_blocks(text)
        if blocks:
            names = {block.title: block.column for block in blocks if block.column is not None}
            rows = sum(len(block.rows) for block in blocks)
            # Facebook's blocks belong to it: beside them a title without a platform is another question.
            asking.signature = signature_of("business_suite_metrics", [folded(block.title) for block in blocks])
            is_instagrams = are_instagrams(blocks, asking, beside_facebook=beside_facebook)
            fragments = metric_fragments(blocks, found, instagram=is_instagrams)
            return _Parts("business_suite_metrics", "csv", rows, names, fragments, asking)
        # UTF-16 and byte order marks hide the first letter from the bytes.
        is_json = kind == "json" or text.lstrip()[:1] in {"{", "["}
        grid = read_records(text) if is_json else read_delimited(text, data=data)
    if is_post_list(grid.header):
        found.unit = grid.unit
        asking.signature = signature_of("business_suite_content", [])
        pieces = read_post_list(grid, found)
        return _Parts("business_suite_content", grid.file_type, len(grid.lines), {}, pieces, asking)
    return grid


def _size(fragment: Fragment) -> int:
    return len(fragment.pieces) if isinstance(fragment, Pieces) else len(fragment.days)


def _read_fragments(opened: _Parts, found: Findings, digest: str) -> Reading:
    days = [
        day
        for each in opened.fragments
        for day in (each.days[[0, -1]] if isinstance(each, Metrics) else [piece.day for piece in each.pieces])
    ]
    if not days and not found.has_errors:
        remedy = "export it again for a longer period." if opened.fragments else "nothing is taken from it."
        found.add("error", "no_rows", f"holds no day of a metric that is used here; {remedy}")
    return Reading(
        file_name=found.file_name,
        file_hash=digest,
        format=opened.format,
        file_type=opened.file_type,
        rows=opened.rows,
        first_date=_as_date(min(days)) if days else None,
        last_date=_as_date(max(days)) if days else None,
        columns=opened.columns,
        findings=found.ordered(),
        fragments=opened.fragments,
        questions=tuple(opened.asking.questions),
        signature=opened.asking.signature,
        answers=opened.asking.used,
    )


def _interpret(grid: Grid, columns: Columns, mending: Mending, *, today: date, alone: bool) -> Table | None:
    """The file's rows; None when it has no date column to order them by."""
    found, asked = mending.found, {question.key for question in mending.asking.questions}
    header = listed([name for name in grid.header if name.strip()])
    if DATE not in columns.places and mending.asking.key("needed/date") not in asked:
        found.add("error", "no_date", f"no column is named date among {header}; name the column with the days “date”.")
    is_of_use = has_growth(columns) or (not alone and has_numbers(columns))
    if not is_of_use and mending.asking.key("needed/growth") not in asked:
        found.add(
            "error",
            "no_growth",
            f"no column is named followers or follows among {header}; growth can't be known without the daily follower "
            "count or the daily new followers.",
        )
    if grid.skipped:
        found.add("info", "rows_above_header", f"{grid.skipped} row(s) above the column names are ignored.")
    for note in grid.notes:
        found.add("info", "left_out", note)
    note_columns(columns, found)
    if DATE not in columns.places:
        return None
    table = settle_duplicates(interpret(grid, columns, mending, today=today), columns, mending)
    if not len(table.days):
        if not found.has_errors:
            found.add("error", "no_rows", "has no row with a date; export it again with one row a day.")
        return table
    note_errors(table, columns, found, today=today, alone=alone)
    if alone and not found.has_errors:
        note_warnings(table, columns, found)
    return table


def _refusal(found: Findings, refusal: RefusedFile) -> Finding:
    return Finding("error", refusal.finding_code, f"{found.file_name} {refusal.message}", refusal.rows[:1000])


def too_large(size: int, limit: int = MAX_BYTES) -> RefusedFile:
    """The refusal of a file of more bytes than are read at once."""
    sentence = (
        f"is {size / 1024**2:,.0f} MB and at most {limit // 1024**2} MB are read at once; split it by creator or "
        "by year and upload the parts."
    )
    return RefusedFile("file_too_large", sentence)


def shown_name(file_name: str) -> str:
    """The file's name without folders and unprintable characters, short enough for a sentence."""
    bare = PurePosixPath(file_name.replace("\\", "/")).name
    name = "".join(letter for letter in bare if letter.isprintable()).strip()
    return (name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…") or "The file"


def _as_date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))


def _outline(daily: Daily) -> dict[str, Any]:
    dates = daily.frame["date"]
    return {
        "creator": daily.creator,
        "rows": len(dates),
        "from": dates.iloc[0].date().isoformat(),
        "to": dates.iloc[-1].date().isoformat(),
    }
