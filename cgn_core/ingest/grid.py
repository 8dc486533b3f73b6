"""A table as it stands in a file: a header, cells, and the line each row came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cgn_core.ingest.columns import DATE, canonical_name
from cgn_core.ingest.findings import RefusedFile, listed

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
Positions = npt.NDArray[np.int64]

# 12.345 is a count with a thousands mark as often as a fraction; int64 parsing takes 0x1F for 31.
_NEEDS_A_LOOK = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$|[xX]|[iI][nN]"
_NOT_PLAIN = r"[xX]"

HEADER_SEARCHED = 20
"""Rows at the top in which the header may stand; exports put titles above it."""
MOST_COLUMNS = 512
MOST_ROWS = 1_500_000
"""Four years of a thousand creators; the lines of a text are counted before it is read."""
MOST_PACKED_CELLS = 26_000_000
"""Cells a text may have at all: a 50 MB file of one-digit numbers."""
MOST_CELLS = 5_000_000
"""Cells a table may have when each becomes an object of its own."""


@dataclass(frozen=True)
class CellGrid:
    """Cells held as Python objects: Excel, JSON and unruly text."""

    file_type: str
    header: tuple[str, ...]
    columns: tuple[Sequence[object], ...]
    lines: Positions
    """For each row its line in the file (JSON: its record number)."""
    unit: str = "row"
    skipped: int = 0
    """Rows above the header that were left out."""
    notes: tuple[str, ...] = field(default=())
    """What else was left out, as sentences."""
    top: tuple[tuple[str, ...], ...] = ()
    """The first rows as text, where they are at hand."""
    ragged: tuple[int, ...] = ()
    """Lines of rows that have more or fewer cells than the header; none of them is among the rows."""

    def numbers(self, place: int) -> Counts | Floats | None:
        """None: nothing is known of these cells' types beforehand."""
        del place
        return None

    def days(self, place: int) -> Days | None:
        """None: nothing is known of these cells' types beforehand."""
        del place
        return None

    def cells(self, place: int) -> Sequence[object]:
        """The column's cells as they are; None where empty."""
        return self.columns[place]

    def labels(self, place: int) -> tuple[Positions, list[str]]:
        """For each row the place of its text among the column's texts, -1 where empty; and the texts as they come."""
        texts: dict[str, int] = {}
        codes = [-1 if cell is None else texts.setdefault(str(cell), len(texts)) for cell in self.columns[place]]
        return np.asarray(codes, dtype=np.int64), list(texts)


@dataclass(frozen=True)
class ArrowGrid:
    """Cells held as columns of text, typed a whole column at a time; offers what :class:`CellGrid` offers."""

    file_type: str
    header: tuple[str, ...]
    table: Any
    lines: Positions
    unit: str = "row"
    skipped: int = 0
    notes: tuple[str, ...] = field(default=())
    top: tuple[tuple[str, ...], ...] = ()
    """The first rows as text, where they are at hand."""
    ragged: tuple[int, ...] = ()
    """Lines of rows that have more or fewer cells than the header; none of them is among the rows."""

    def numbers(self, place: int) -> Counts | Floats | None:
        """The column as numbers, NaN where empty; None when its cells need a closer look.

        Whole numbers may come as such where no cell is empty.
        """
        column = self.table.column(place)
        if column.null_count == len(column):
            return np.full(len(column), np.nan)
        for kind, doubtful in ((pa.int64(), _NOT_PLAIN), (pa.float64(), _NEEDS_A_LOOK)):
            try:
                typed = pc.cast(column, kind)
            except pa.ArrowInvalid:
                continue
            if pc.any(pc.match_substring_regex(column, doubtful)).as_py():
                return None
            return np.asarray(pc.cast(typed, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        return None

    def days(self, place: int) -> Days | None:
        """The column as days, NaT where empty; None unless every cell is an ISO date."""
        try:
            typed = pc.cast(self.table.column(place), pa.date32())
        except pa.ArrowInvalid:
            return None
        return np.asarray(typed.to_numpy(), dtype="datetime64[D]")

    def cells(self, place: int) -> Sequence[object]:
        """The column's cells as text; None where empty."""
        return list(self.table.column(place).to_pylist())

    def labels(self, place: int) -> tuple[Positions, list[str]]:
        """As :meth:`CellGrid.labels`."""
        encoded = self.table.column(place).combine_chunks().dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy()
        return np.asarray(codes, dtype=np.int64), list(encoded.dictionary.to_pylist())


Grid = CellGrid | ArrowGrid
"""A table's cells by column."""


def find_header(rows: Sequence[Sequence[object]]) -> int | None:
    """Which of the first rows names the columns: the first that names a date and another column we know.

    Without any, one that names a date, else the first with two or more cells; None when there is none.
    """
    dated = filled = None
    for position, row in enumerate(rows):
        names = {canonical_name(cell) for cell in row if isinstance(cell, str)} - {None}
        if DATE in names and len(names) > 1:
            return position
        if DATE in names and dated is None:
            dated = position
        if filled is None and sum(1 for cell in row if not _is_empty(cell)) > 1:
            filled = position
    return filled if dated is None else dated


def names_a_date(row: Sequence[object]) -> bool:
    """Whether one of the cells is the name of a date column."""
    return any(isinstance(cell, str) and canonical_name(cell) == DATE for cell in row)


def grid_from_rows(
    rows: Sequence[Sequence[object]], lines: Sequence[int], *, file_type: str, notes: Sequence[str] = ()
) -> CellGrid:
    """A grid of rows that still have their header; blank rows go.

    Raises:
        RefusedFile: no header, no rows below it, too many columns, or rows with more or fewer cells than the header.
    """
    top = [_stripped(row) for row in rows[:HEADER_SEARCHED]]
    at = find_header(top)
    if at is None:
        raise not_a_table()
    header = tuple(str(cell) if cell is not None else "" for cell in top[at])
    check_width(len(header))
    kept = [(line, row) for line, row in zip(lines[at + 1 :], rows[at + 1 :], strict=True) if not _is_blank(row)]
    if not kept:
        raise no_rows()
    width = len(header)
    ragged = [line for line, row in kept if len(_stripped(row)) > width or (file_type != "xlsx" and len(row) < width)]
    if 2 * len(ragged) >= len(kept):
        raise ragged_rows(ragged, width)
    wrong = set(ragged)
    kept = [(line, row) for line, row in kept if line not in wrong]
    padded = [tuple(row[:width]) + (None,) * (width - len(row)) for _, row in kept]
    return CellGrid(
        file_type=file_type,
        header=header,
        columns=tuple(zip(*padded, strict=True)),
        lines=np.asarray([line for line, _ in kept], dtype=np.int64),
        skipped=sum(1 for row in top[:at] if row),
        notes=tuple(notes),
        ragged=tuple(ragged),
    )


def check_width(columns: int) -> None:
    """Refuse a header no daily table has.

    Raises:
        RefusedFile: more than 512 columns.
    """
    if columns > MOST_COLUMNS:
        sentence = f"has {columns:,} columns and at most {MOST_COLUMNS} are read; upload the daily numbers alone."
        raise RefusedFile("too_many_columns", sentence)


def not_a_table() -> RefusedFile:
    """The refusal of text in which no two cells stand side by side."""
    return RefusedFile(
        "not_a_table",
        "holds no table; upload a file whose first row names the columns (date, followers or follows, posts, …) "
        "with one row a day below it.",
    )


def no_rows() -> RefusedFile:
    """The refusal of a header without rows."""
    return RefusedFile("no_rows", "has a header and no rows below it; export it again with one row a day.")


def in_the_whole(part: Grid, lines: Positions) -> Grid:
    """The grid of a part of a text, its rows named by their lines in the whole.

    Args:
        part: below its header, each line of the part is a row.
        lines: shape (rows,), of each row.
    """
    first = 2  # below the header, which is line 1
    ragged = tuple(int(lines[row - first]) for row in part.ragged)
    whole: Grid = replace(part, lines=lines[part.lines - first], ragged=ragged)
    return whole


def too_many_rows(limit: int = MOST_ROWS) -> RefusedFile:
    """The refusal of a text with more lines than a table of days has."""
    sentence = f"has more than {limit:,} rows; split it by creator or by year and upload the parts."
    return RefusedFile("too_many_rows", sentence)


def too_many_cells(file_type: str, *, limit: int = MOST_CELLS) -> RefusedFile:
    """The refusal of a table that would not fit into memory."""
    return RefusedFile(
        "too_many_cells",
        f"has more than {limit:,} cells of {file_type}; split it by creator or by year and upload the parts.",
    )


def ragged_rows(rows: Sequence[int], width: int) -> RefusedFile:
    """The refusal of rows that don't have the header's number of cells."""
    places = f"row{'s' if len(rows) > 1 else ''} {listed([str(row) for row in rows])}"
    return RefusedFile(
        "ragged_rows",
        f"has more or fewer cells than the header's {width} in {places}; put numbers with commas in quotation "
        "marks, or export it again if it was cut off.",
        rows,
    )


def _stripped(row: Sequence[object]) -> tuple[object, ...]:
    end = len(row)
    while end and _is_empty(row[end - 1]):
        end -= 1
    return tuple(row[:end])


def _is_blank(row: Sequence[object]) -> bool:
    return all(_is_empty(cell) for cell in row)


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
