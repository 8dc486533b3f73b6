"""A table as it stands in a file: a header, cells, and the line each row came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.columns import DATE, canonical_name
from cgn_core.ingest.findings import RefusedFile, listed

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
Positions = npt.NDArray[np.int64]

HEADER_SEARCHED = 20
"""Rows at the top in which the header may stand; exports put titles above it."""
MOST_COLUMNS = 512
MOST_CELLS = 5_000_000
"""Cells a table may have when each becomes an object of its own."""


class Grid(Protocol):
    """A table's cells by column."""

    file_type: str
    header: tuple[str, ...]
    lines: Positions
    """For each row its line in the file (JSON: its record number)."""
    unit: str
    skipped: int
    """Rows above the header that were left out."""
    notes: tuple[str, ...]
    """What else was left out, as sentences."""

    def numbers(self, place: int) -> Floats | None:
        """The column as numbers when its cells are plainly that, NaN where empty; None when they need a closer look."""

    def days(self, place: int) -> Days | None:
        """The column as days when all its cells are ISO dates, NaT where empty; None when they need a closer look."""

    def cells(self, place: int) -> Sequence[object]:
        """The column's cells as they are; None where empty."""


@dataclass(frozen=True)
class CellGrid:
    """Cells held as Python objects: Excel, JSON and unruly text."""

    file_type: str
    header: tuple[str, ...]
    columns: tuple[Sequence[object], ...]
    lines: Positions
    unit: str = "row"
    skipped: int = 0
    notes: tuple[str, ...] = field(default=())

    def numbers(self, place: int) -> Floats | None:
        """Nothing is known of the cells' types beforehand."""
        del place

    def days(self, place: int) -> Days | None:
        """Nothing is known of the cells' types beforehand."""
        del place

    def cells(self, place: int) -> Sequence[object]:
        """The column's cells as they are."""
        return self.columns[place]


def find_header(rows: Sequence[Sequence[object]]) -> int | None:
    """Which of the first rows names the columns: the one that names most of what is known, with a date among them.

    Without any, the first with two or more cells; None when there is none.
    """
    best, most = None, 0
    for position, row in enumerate(rows):
        names = {canonical_name(cell) for cell in row if isinstance(cell, str)} - {None}
        if DATE in names and len(names) > most:
            best, most = position, len(names)
    if best is not None:
        return best
    filled = [sum(1 for cell in row if cell not in {None, ""}) for row in rows]
    return next((position for position, count in enumerate(filled) if count > 1), None)


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
    if ragged:
        raise ragged_rows(ragged, width)
    padded = [tuple(row[:width]) + (None,) * (width - len(row)) for _, row in kept]
    return CellGrid(
        file_type=file_type,
        header=header,
        columns=tuple(zip(*padded, strict=True)),
        lines=np.asarray([line for line, _ in kept], dtype=np.int64),
        skipped=sum(1 for row in top[:at] if row),
        notes=tuple(notes),
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


def too_many_cells(file_type: str) -> RefusedFile:
    """The refusal of a table that would not fit into memory."""
    return RefusedFile(
        "too_many_cells",
        f"has more than {MOST_CELLS:,} cells of {file_type}; split it by creator or by year and upload the parts.",
    )


def ragged_rows(rows: Sequence[int], width: int) -> RefusedFile:
    """The refusal of rows that don't have the header's number of cells."""
    places = f"row{'s' if len(rows) > 1 else ''} {listed([str(row) for row in rows])}"
    return RefusedFile(
        "ragged_rows",
        f"{places} don't have the header's {width} cells; put numbers with commas in quotation marks, or export it "
        "again if the file was cut off.",
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
