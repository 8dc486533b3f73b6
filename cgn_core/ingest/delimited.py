"""Comma, semicolon, tab and bar separated text as a grid."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cgn_core.ingest.columns import Columns, map_columns
from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.grid import (
    HEADER_SEARCHED,
    MOST_CELLS,
    MOST_PACKED_CELLS,
    MOST_ROWS,
    ArrowGrid,
    CellGrid,
    Grid,
    Positions,
    check_width,
    find_header,
    grid_from_rows,
    no_rows,
    not_a_table,
    too_many_cells,
    too_many_rows,
)
from cgn_core.ingest.typed import TypedGrid, read_typed

DELIMITERS = (",", ";", "\t", "|")
_FILE_TYPES = {",": "csv", ";": "csv", "\t": "tsv", "|": "csv"}
EMPTY_CELLS = (
    "", "-", "–", "—", ".", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None",
    "none",
)  # fmt: skip
"""What exports write where there is no number."""

_HEAD = 262_144
_COUNTED_AT_ONCE = 262_144
_MOST_UNEVEN_ROWS = 500_000
"""Rows of which each is a list of its own, however few cells it has."""
_SEPARATOR_LINE = re.compile(r"\A(?:sep=(.)[ \t]*\r?\n)", re.IGNORECASE)


@dataclass(frozen=True)
class Top:
    """What the first lines tell of a table."""

    delimiter: str
    file_type: str
    header: tuple[str, ...]
    columns: Columns
    below: tuple[tuple[str, ...], ...]
    """The first rows."""
    announced: int
    """Lines, none or one, that only name the delimiter."""
    begins: int
    """Where the text begins behind such a line."""
    skip: int
    """Lines up to the header, which is one of them."""
    skipped: int
    line_feeds: int


def read_delimited(text: str, *, data: bytes = b"") -> Grid:
    """The grid of a delimited text; delimiter and header row are found out from its first lines.

    Args:
        text: the whole file.
        data: the bytes that it was decoded from, where it is at hand: ASCII needn't be encoded again.

    Raises:
        RefusedFile: no table, no rows, ragged rows, or more than can be held.
    """
    opened = _opened(text)
    is_same = opened is text and len(text) == len(data) and text.isascii() and data.isascii()
    raw = data if is_same else opened.encode("utf-8", errors="replace")
    top = top_of(raw, opened[:_HEAD])
    if not _has_lone_returns(raw):
        grid = _typed(raw, top) or _as_text(raw, top)
        if grid is not None:
            return grid
    return _read_rows(opened[top.begins :], top.delimiter, top.announced)


def read_plain(data: bytes) -> TypedGrid | None:
    """The grid of ASCII that is plain throughout, without a text of it; None for anything else.

    Raises:
        RefusedFile: as :func:`read_delimited`.
    """
    head = data[:_HEAD]
    if not data.isascii() or _has_lone_returns(data) or _opened(text := head.decode("ascii")) is not text:
        return None
    return _typed(data, top_of(data, text))


def top_of(raw: bytes, head: str) -> Top:
    """What the first lines tell of a table, ``raw`` being the whole file and ``head`` the text that it begins with.

    Raises:
        RefusedFile: no table, or more rows or cells than can be held.
    """
    line_feeds = count_byte(raw, b"\n")
    if line_feeds + (count_byte(raw, b"\r") if b"\r" in raw else 0) > 2 * MOST_ROWS:
        raise too_many_rows()
    separator = _SEPARATOR_LINE.match(head)
    begins = separator.end() if separator else 0
    hinted = separator.group(1) if separator else None
    head = head[begins:]
    announced = 1 if separator else 0
    delimiter, rows, ends = (
        (hinted, *_first_rows(head, hinted, announced)) if hinted in DELIMITERS else _delimited(head, announced)
    )
    if len(raw) > MOST_PACKED_CELLS and count_byte(raw, delimiter.encode()) > MOST_PACKED_CELLS:
        raise too_many_cells("text", limit=MOST_PACKED_CELLS)
    at = find_header(rows)
    if at is None:
        raise not_a_table()
    header = tuple(name.strip() for name in rows[at])
    check_width(len(header))
    return Top(
        delimiter=delimiter,
        file_type=_FILE_TYPES[delimiter],
        header=header,
        columns=map_columns(header),
        below=tuple(tuple(row) for row in rows[at + 1 :] if row),
        announced=announced,
        begins=begins,
        skip=ends[at] + announced,
        skipped=sum(1 for row in rows[:at] if any(cell.strip() for cell in row)),
        line_feeds=line_feeds,
    )


def _typed(raw: bytes, top: Top) -> TypedGrid | None:
    """Its columns that have a meaning, typed; None where anything in them isn't plain."""
    typed = read_typed(
        raw,
        top.columns,
        top.below,
        rows=_line_count(raw, top) - top.skip,
        skip=top.skip,
        delimiter=top.delimiter,
        empty=EMPTY_CELLS[1:],
    )
    lines = None if typed is None else _lines(raw, typed.rows, top)
    if typed is None or lines is None:
        return None
    return TypedGrid(
        top.file_type,
        top.header,
        None,
        lines,
        skipped=top.skipped,
        top=top.below,
        typed=typed,
        as_text=partial(_as_text, raw, top),
        mapped=top.columns,
    )


def count_byte(raw: bytes, byte: bytes) -> int:
    """How often one byte occurs; several times as fast as ``bytes.count``, which calls a function for each it finds."""
    seen, wanted = np.frombuffer(raw, dtype=np.uint8), byte[0]
    # In pieces that stay in the processor's cache.
    return sum(
        int(np.count_nonzero(seen[start : start + _COUNTED_AT_ONCE] == wanted))
        for start in range(0, len(raw), _COUNTED_AT_ONCE)
    )


def _opened(text: str) -> str:
    """The text with rows opened that a spreadsheet quoted as a whole, ``"Post ID,""Account ID""…"``."""
    head = text[:_HEAD]
    # A single letter is looked for ten times as fast as two.
    if '"' not in head or '""' not in head:
        return text
    if not any(line.startswith('"') and '""' in line for line in head.lstrip().splitlines()[:2]):
        return text
    try:
        top = [row for row in _first_rows(head, ",")[0] if row and not row[0].casefold().startswith("sep=")]
        if not top or not all(len(row) == 1 and any(mark in row[0] for mark in DELIMITERS) for row in top):
            return text
        return "\n".join(row[0] if row else "" for row in csv.reader(io.StringIO(text, newline="")))
    except (RefusedFile, csv.Error):
        return text


def _first_rows(head: str, delimiter: str, offset: int = 0) -> tuple[list[list[str]], list[int]]:
    """The first rows, and for each the number of lines read when it ended; ``offset`` lines stand before them."""
    rows: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == HEADER_SEARCHED:
                break
    except csv.Error as error:
        raise unclosed(offset + (ends[-1] if ends else 0) + 1) from error
    return rows, ends


def _delimited(head: str, offset: int) -> tuple[str, list[list[str]], list[int]]:
    """The mark under which most of the first lines have the same number of cells, and more; and its first rows."""
    best, most = None, (0, 0)
    for delimiter in DELIMITERS:
        if delimiter not in head:
            continue
        rows, ends = _first_rows(head, delimiter, offset)
        widths = [len(row) for row in rows if len(row) > 1]
        if not widths:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        score = (widths.count(usual), usual)
        if score > most and find_header(rows) is not None:
            best, most = (delimiter, rows, ends), score
    return best or (DELIMITERS[0], *_first_rows(head, DELIMITERS[0], offset))


def _has_lone_returns(raw: bytes) -> bool:
    """Whether carriage returns without a line feed end lines."""
    return b"\r" in raw and raw.count(b"\r") != raw.count(b"\r\n")


def _as_text(raw: bytes, top: Top) -> ArrowGrid | None:
    """Every cell as text, at once; None when it needs to be read row by row to know which line is which."""
    places = [str(place) for place in range(len(top.header))]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(
                column_names=places, skip_rows=top.skip, use_threads=False, block_size=max(len(raw), _HEAD)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=top.delimiter, newlines_in_values=False, ignore_empty_lines=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()),
                null_values=list(EMPTY_CELLS),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    lines = _lines(raw, table.num_rows, top)
    if lines is None:
        return None
    return ArrowGrid(top.file_type, top.header, table, lines, skipped=top.skipped, top=top.below)


def _line_count(raw: bytes, top: Top) -> int:
    return top.line_feeds + (not raw.endswith(b"\n"))


def _lines(raw: bytes, rows: int, top: Top) -> Positions | None:
    """Each row's line; None where lines were left out or rows take several.

    Raises:
        RefusedFile: no rows, or too many.
    """
    trailing = raw[-_HEAD:]
    blank_end = len(trailing) - len(trailing.rstrip(b"\r\n"))
    blank_lines = max(0, trailing[len(trailing) - blank_end :].count(b"\n") - 1)
    if rows != _line_count(raw, top) - top.skip - blank_lines:
        return None
    if rows == 0:
        raise no_rows()
    if rows > MOST_ROWS:
        raise too_many_rows()
    return np.arange(rows, dtype=np.int64) + top.skip + 1


def _read_rows(text: str, delimiter: str, offset: int) -> CellGrid:
    if text.count(delimiter) > MOST_CELLS:
        raise too_many_cells("unevenly written text")
    if text.count("\n") + text.count("\r") > 2 * _MOST_UNEVEN_ROWS:
        raise too_many_rows(_MOST_UNEVEN_ROWS)
    rows: list[list[object]] = []
    lines: list[int] = []
    line = offset
    empty = frozenset(EMPTY_CELLS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            # A row with line breaks inside its quotes begins where the one before it ended.
            begins, line = line + 1, reader.line_num + offset
            if not row:
                continue
            rows.append([None if cell.strip() in empty else cell for cell in row])
            lines.append(begins)
    except csv.Error as error:
        raise unclosed(line + 1) from error
    return grid_from_rows(rows, lines, file_type=_FILE_TYPES[delimiter])


def unclosed(row: int) -> RefusedFile:
    """The refusal of a text of which one cell goes on and on."""
    return RefusedFile(
        "not_a_table",
        f"has a cell of more than 131,072 characters in row {row}, as when a quotation mark is never closed; mend the "
        "quotation marks there or export it again.",
        [row],
    )
