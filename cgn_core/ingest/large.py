"""Delimited text beyond what is read at once: split by creator into parts that are read as files, one after another.

Memory is bounded by the largest part, whatever the file's length; a creator's rows are always in one part.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from typing import IO

import numpy as np

from cgn_core.ingest.columns import CREATOR
from cgn_core.ingest.content import decode, has_nul, kind_of
from cgn_core.ingest.delimited import EMPTY_CELLS, top_of, unclosed
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.findings import ROWS_KEPT, SEVERITIES, Finding, RefusedFile
from cgn_core.ingest.isolation import read_drop_apart
from cgn_core.ingest.questions import NO_ANSWERS, Answers, Question
from cgn_core.ingest.reading import Reading, shown_name, too_large
from cgn_core.ingest.rejects import Rejects

PART_BYTES = 12 * 1024 * 1024
"""About as much as a part holds where no creator has more."""
BLOCK_BYTES = 4 * 1024 * 1024
HEAD_BYTES = 256 * 1024
LONGEST_LINE = 1024 * 1024
SPLITTING = 0.3
"""Share of the progress; the rest is reading."""
MOST_ALIKE = 3
"""Findings of one code that are told each in its own words."""
_MOST_REMEMBERED = 200_000
_AROUND_NAMES = b" \t\r\n@"
_NOBODY = frozenset(text.encode() for text in EMPTY_CELLS)

Progress = Callable[[float, str], None]
"""Takes a share from 0 to 1 and a sentence; may raise to stop."""
Files = Callable[[], IO[bytes]]
"""Makes an empty file for a part, to be written and read."""


@dataclass
class Part:
    """Some creators' rows."""

    file: IO[bytes]
    lines: array[int] = field(default_factory=lambda: array("q"))
    """Each row's line in the whole file."""


@dataclass(frozen=True)
class Split:
    """A file split by creator."""

    header: bytes
    parts: tuple[Part, ...]
    digest: str
    """SHA-256 of the whole file, in hex."""


def read_large(
    source: IO[bytes],
    *,
    size: int,
    file_name: str,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    new_file: Files,
    progress: Progress,
    read: Callable[..., Drop] = read_drop_apart,
) -> Drop:
    """Read delimited text with a creator column, of any length; each part in a child process under its limits.

    Raises nothing for what the file holds; what ``progress`` raises ends the reading.

    Args:
        source: the file, from its beginning.
        size: its bytes.
        file_name: as the uploader calls it.
        today: the date in the workspace's time zone.
        time_zone: of the workspace.
        answers: to questions of the file.
        new_file: makes the files that parts are kept in meanwhile.
        progress: told what is done.
        read: reads a part; whoever reads a file of their own needs no other process for it.
    """
    name = shown_name(file_name)

    def told(done: int) -> None:
        progress(SPLITTING * done / size, f"Looking for the creators of {name}")

    drops = []
    with ExitStack() as opened:
        try:
            split = split_by_creator(
                source, size=size, new_file=lambda: opened.enter_context(new_file()), progress=told
            )
        except RefusedFile as refusal:
            finding = Finding("error", refusal.finding_code, f"{name} {refusal.message}", refusal.rows)
            reading = Reading(name, "", "unknown", "unknown", 0, None, None, {}, findings=(finding,))
            return Drop((reading,), (), {}, (finding,), importable=False)
        filled = [part for part in split.parts if part.lines]
        for number, part in enumerate(filled, start=1):
            sentence = f"Reading {name}, part {number} of {len(filled)}"
            progress(SPLITTING + (1 - SPLITTING) * (number - 1) / len(filled), sentence)
            part.file.seek(0)
            content = split.header + part.file.read()
            lines = np.frombuffer(part.lines, dtype=np.int64)
            drops.append(read([(name, content)], today=today, time_zone=time_zone, answers=answers, lines=lines))
    return _together(name, split, drops)


def split_by_creator(source: IO[bytes], *, size: int, new_file: Files, progress: Callable[[int], None]) -> Split:
    """Write each creator's lines to one of several files; nothing but line ends and the creator's cell is looked at.

    Args:
        source: the file, from its beginning.
        size: its bytes.
        new_file: makes the files.
        progress: told the bytes done.

    Raises:
        RefusedFile: it is no delimited text, names no creators, or has a cell of several lines.
    """
    head = source.read(HEAD_BYTES)
    if b"\n" not in head or kind_of(head.rpartition(b"\n")[0]) != "text" or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise _not_in_parts(size, "is no CSV in UTF-8 with a row a line")
    if b"\x00" in head:
        raise _not_in_parts(size, "is no CSV in UTF-8")
    known = head.rpartition(b"\n")[0] + b"\n"
    text = decode(known)
    top = top_of(text.encode(), text)
    place = top.columns.places.get(CREATOR)
    if place is None:
        raise _not_in_parts(size, "has no column that names the creators")
    lines = known.splitlines(keepends=True)
    hashed = hashlib.sha256(head)
    parts = tuple(Part(new_file()) for _ in range(-(-size // PART_BYTES)))
    whose = _Whose(place, top.delimiter.encode(), len(parts))
    _distribute(lines[top.skip :], top.skip + 1, parts, whose)
    done, number = len(head), len(lines) + 1
    for more in _blocks(source, head[len(known) :], hashed.update):
        number += _distribute(more, number, parts, whose)
        done += sum(map(len, more))
        progress(min(done, size))
    return Split(lines[top.skip - 1].rstrip(b"\r\n") + b"\n", parts, hashed.hexdigest())


def _blocks(source: IO[bytes], rest: bytes, hashed: Callable[[bytes], None]) -> Iterator[list[bytes]]:
    """The lines of a file, some megabytes at a time; the last of a block is whole."""
    while block := source.read(BLOCK_BYTES):
        hashed(block)
        whole, end, begun = (rest + block).rpartition(b"\n")
        if len(begun) > LONGEST_LINE:
            raise RefusedFile("not_a_table", "has a line of more than a million characters; export it again as CSV.")
        rest = begun
        yield (whole + end).splitlines(keepends=True)
    if rest:
        yield [rest + b"\n"]


def _distribute(lines: Sequence[bytes], first: int, parts: Sequence[Part], whose: _Whose) -> int:
    """Append each line to its creator's part; how many there were."""
    held: list[list[bytes]] = [[] for _ in parts]
    for number, line in enumerate(lines, start=first):
        if len(line) <= len(b"\r\n") and not line.strip():
            continue  # alone in a part, a blank line would be a table without rows
        at = whose.part_of(line, number)
        held[at].append(line)
        parts[at].lines.append(number)
    for part, own in zip(parts, held, strict=True):
        text = b"".join(own)
        if b"\x00" in text:  # its part would name its own row
            raise has_nul(next(number for number, line in enumerate(lines, start=first) if b"\x00" in line))
        part.file.write(text)
    return len(lines)


class _Whose:
    """Whose a line is: the number of the part that its creator's rows go to."""

    def __init__(self, place: int, delimiter: bytes, parts: int) -> None:
        self._place, self._delimiter, self._parts = place, delimiter, parts
        self._remembered: dict[bytes, int] = {}
        self._before: int | None = None

    def part_of(self, line: bytes, number: int) -> int:
        """The part, from 0; ``number`` names the line in a refusal."""
        if b'"' in line:
            cell = self._quoted(line, number)
        else:
            cells = line.split(self._delimiter, self._place + 1)
            cell = cells[self._place] if len(cells) > self._place else b""
        if cell.strip(_AROUND_NAMES) in _NOBODY:
            return self._with_others(number)
        at = self._remembered.get(cell)
        if at is None:
            at = zlib.crc32(cell.strip(_AROUND_NAMES).lower()) % self._parts
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[cell] = at
        self._before = at
        return at

    def _with_others(self, number: int) -> int:
        # In a part of their own, rows of nobody would be those of one creator without a name, and none too short.
        if self._before is None:
            sentence = f"names no creator in row {number}; write whose numbers these are."
            raise RefusedFile("missing_creator", sentence, [number])
        return self._before

    def _quoted(self, line: bytes, number: int) -> bytes:
        if line.count(b'"') % 2:
            raise RefusedFile(
                "not_a_table",
                f"has a cell of several lines in line {number:,}, which a file of this size can't have; leave texts "
                "out of the export and upload it again.",
                [number],
            )
        text = line.decode("latin-1")
        try:
            row = next(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter.decode()), [])
        except csv.Error as error:
            raise unclosed(number) from error
        return row[self._place].encode("latin-1") if len(row) > self._place else b""


def _not_in_parts(size: int, what: str) -> RefusedFile:
    refusal = too_large(size)
    return RefusedFile(refusal.finding_code, f"{what}, so that it can't be read in parts, and {refusal.message}")


def _together(name: str, split: Split, drops: Sequence[Drop]) -> Drop:
    """The parts' drops as that of one file: each finding and each question once."""
    readings = [drop.readings[0] for drop in drops]
    findings = _findings([finding for drop in drops for finding in drop.findings])
    importable = bool(drops) and not any(finding.severity == "error" for finding in findings)
    questions: dict[str, Question] = {}
    for drop in drops:
        for question in drop.questions:
            known = questions.get(question.key)
            if known is None or (question.proposed is None and known.proposed is not None):
                questions[question.key] = question
    creators = tuple(creator for drop in drops for creator in drop.creators) if importable else ()
    days = [day for each in readings for day in (each.first_date, each.last_date) if day is not None]
    reading = replace(
        readings[0],
        file_name=name,
        file_hash=split.digest,
        rows=sum(each.rows for each in readings),
        first_date=min(days, default=None),
        last_date=max(days, default=None),
        creators=creators,
        findings=findings,
        importable=importable,
        questions=tuple(questions.values()),
        answers={key: value for each in readings for key, value in each.answers.items()},
        rejects=_rejects(readings),
    )
    return Drop(
        readings=(reading,),
        creators=creators,
        competitors={key: daily for drop in drops for key, daily in drop.competitors.items()} if importable else {},
        findings=findings,
        importable=importable,
        questions=reading.questions,
        answers=reading.answers,
    )


def _findings(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each sentence once; of those of one code that name other rows, the few with most."""
    once = list({(finding.code, finding.message): finding for finding in found}.values())
    kept = []
    for code in dict.fromkeys(finding.code for finding in once):
        alike = sorted((one for one in once if one.code == code), key=lambda one: -len(one.rows))
        kept += alike[:MOST_ALIKE]
        rest = alike[MOST_ALIKE:]
        if rest:
            rows = sorted(row for finding in rest for row in finding.rows)
            more = f"{kept[-1].message} The same is found in {len(rest)} more parts of the file, lines beside."
            kept[-1] = replace(kept[-1], message=more, rows=(*kept[-1].rows, *rows)[:ROWS_KEPT])
    return tuple(sorted(kept, key=lambda finding: SEVERITIES.index(finding.severity)))


def _rejects(readings: Sequence[Reading]) -> Rejects | None:
    held = [each.rejects for each in readings if each.rejects is not None]
    if not held:
        return None
    return Rejects(held[0].header, tuple(sorted((row for each in held for row in each.rows), key=lambda row: row.line)))
