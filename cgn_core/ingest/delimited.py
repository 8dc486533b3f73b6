"""Comma, semicolon, tab and bar separated text as a grid."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cgn_core.ingest.columns import map_columns
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
_COUNTED_AT_ONCE = 65_536
_MOST_UNEVEN_ROWS = 500_000
"""Rows of which each is a list of its own, however few cells it has."""
_SEPARATOR_LINE = re.compile(r"\A(?:sep=(.)[ \t]*\r?\n)", re.IGNORECASE)


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
    text = opened
    raw = data if is_same else text.encode("utf-8", errors="replace")
    line_feeds = count_byte(raw, b"\n")
    if line_feeds + count_byte(raw, b"\r") > 2 * MOST_ROWS:
        raise too_many_rows()
    announced = _SEPARATOR_LINE.match(text)
    start = announced.end() if announced else 0
    hinted = announced.group(1) if announced else None
    offset = 1 if announced else 0
    head = text[start : start + _HEAD]
    delimiter = hinted if hinted in DELIMITERS else None
    delimiter, top, ends = _delimited(head) if delimiter is None else (delimiter, *_first_rows(head, delimiter))
    at = find_header(top)
    if len(raw) > MOST_PACKED_CELLS and count_byte(raw, delimiter.encode()) > MOST_PACKED_CELLS:
        raise too_many_cells("text", limit=MOST_PACKED_CELLS)
    if at is None:
        raise not_a_table()
    skipped = sum(1 for row in top[:at] if any(cell.strip() for cell in row))
    skip, file_type = ends[at] + offset, _FILE_TYPES[delimiter]
    header = tuple(name.strip() for name in top[at])
    check_width(len(header))
    below = [row for row in top[at + 1 :] if row]
    if not _has_lone_returns(raw):
        columns = map_columns(header)
        typed = read_typed(raw, columns, below, skip=skip, delimiter=delimiter, empty=EMPTY_CELLS[1:])
        lines = None if typed is None else _lines(raw, typed.num_rows, skip, line_feeds)
        if typed is not None and lines is not None:
            again = partial(_as_text, raw, header, skip, delimiter, file_type, skipped)
            return TypedGrid(
                file_type,
                header,
                None,
                lines,
                skipped=skipped,
                top=tuple(map(tuple, below)),
                typed=typed,
                as_text=again,
                mapped=columns,
            )
        grid = _as_text(raw, header, skip, delimiter, file_type, skipped)
        if grid is not None:
            return replace(grid, top=tuple(map(tuple, below)))
    return _read_rows(text[start:], delimiter, offset)


def count_byte(raw: bytes, byte: bytes) -> int:
    """How often one byte occurs; several times as fast as ``bytes.count``, which calls a function for each it finds."""
    if len(raw) < _COUNTED_AT_ONCE:
        return raw.count(byte)
    seen, wanted = np.frombuffer(raw, dtype=np.uint8), byte[0]
    # In pieces that stay in the processor's cache.
    return sum(
        int(np.count_nonzero(seen[start : start + _COUNTED_AT_ONCE] == wanted))
        for start in range(0, len(raw), _COUNTED_AT_ONCE)
    )


def _opened(text: str) -> str:
    """The text with rows opened that a spreadsheet quoted as a whole, ``"Post ID,""Account ID""…"``."""
    head = text[:_HEAD]
    if '""' not in head or not any(line.startswith('"') and '""' in line for line in head.lstrip().splitlines()[:2]):
        return text
    try:
        top = [row for row in _first_rows(head, ",")[0] if row and not row[0].casefold().startswith("sep=")]
        if not top or not all(len(row) == 1 and any(mark in row[0] for mark in DELIMITERS) for row in top):
            return text
        return "\n".join(row[0] if row else "" for row in csv.reader(io.StringIO(text, newline="")))
    except (RefusedFile, csv.Error):
        return text


def _first_rows(head: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and for each the number of lines read when it ended."""
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
        raise _unclosed() from error
    return rows, ends


def _delimited(head: str) -> tuple[str, list[list[str]], list[int]]:
    """The mark under which most of the first lines have the same number of cells, and more; and its first rows."""
    best, most = None, (0, 0)
    for delimiter in DELIMITERS:
        if delimiter not in head:
            continue
        rows, ends = _first_rows(head, delimiter)
        widths = [len(row) for row in rows if len(row) > 1]
        if not widths:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        score = (widths.count(usual), usual)
        if score > most and find_header(rows) is not None:
            best, most = (delimiter, rows, ends), score
    return best or (DELIMITERS[0], *_first_rows(head, DELIMITERS[0]))


def _has_lone_returns(raw: bytes) -> bool:
    """Whether carriage returns without a line feed end lines."""
    return b"\r" in raw and raw.count(b"\r") != raw.count(b"\r\n")


def _as_text(
    raw: bytes, header: tuple[str, ...], skip: int, delimiter: str, file_type: str, skipped: int
) -> ArrowGrid | None:
    """Every cell as text, at once; None when it needs to be read row by row to know which line is which."""
    places = [str(place) for place in range(len(header))]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(
                column_names=places, skip_rows=skip, use_threads=False, block_size=max(len(raw), _HEAD)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=False, ignore_empty_lines=True
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
    lines = _lines(raw, table.num_rows, skip, count_byte(raw, b"\n"))
    return None if lines is None else ArrowGrid(file_type, header, table, lines, skipped=skipped)


def _lines(raw: bytes, rows: int, skip: int, line_feeds: int) -> Positions | None:
    """Each row's line; None where lines were left out or rows take several.

    Raises:
        RefusedFile: no rows, or too many.
    """
    physical = line_feeds + (not raw.endswith(b"\n"))
    trailing = raw[-_HEAD:]
    blank_end = len(trailing) - len(trailing.rstrip(b"\r\n"))
    blank_lines = max(0, trailing[len(trailing) - blank_end :].count(b"\n") - 1)
    if rows != physical - skip - blank_lines:
        return None
    if rows == 0:
        raise no_rows()
    if rows > MOST_ROWS:
        raise too_many_rows()
    return np.arange(rows, dtype=np.int64) + skip + 1


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
        raise _unclosed() from error
    return grid_from_rows(rows, lines, file_type=_FILE_TYPES[delimiter])


def _unclosed() -> RefusedFile:
    return RefusedFile(
        "not_a_table",
        "has a cell of more than 131,072 characters, as when a quotation mark is never closed; mend the quotation "
        "marks or export it again.",
    )
