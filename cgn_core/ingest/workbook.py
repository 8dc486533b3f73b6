"""Excel workbooks (.xlsx) as a grid, bounded before anything of them is unpacked."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Sequence
from typing import IO, Any
from xml.parsers import expat

import openpyxl

from cgn_core.ingest.delimited import EMPTY_CELLS
from cgn_core.ingest.findings import RefusedFile, excerpt, listed
from cgn_core.ingest.grid import (
    HEADER_SEARCHED,
    CellGrid,
    find_header,
    grid_from_rows,
    names_a_date,
    not_a_table,
    too_many_cells,
)

MOST_ENTRIES = 1000
MOST_UNPACKED_BYTES = 100 * 1024 * 1024
MOST_RATIO = 100
"""How many times its packed size a part may unpack to; real sheets stay below 30."""
_RATIO_COUNTS_FROM = 1024 * 1024
_MOST_ROWS = 1_048_576
_MOST_CELLS = 2_000_000
_PIECE = 1024 * 1024
"""No tag is as long as this, and the first element of a part stands before it."""


def read_workbook(data: bytes) -> CellGrid:
    """The grid of the first sheet that has a table with a date column, else of the first with anything in it.

    Formulas count with the value Excel stored for them.

    Raises:
        RefusedFile: a bomb, a path outside the archive, XML with a document type, damage, or no table.
    """
    _check_archive(data)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions it drops; only cells matter here.
            warnings.simplefilter("ignore")
            return _first_table(data)
    except (RefusedFile, MemoryError):
        raise
    except Exception as error:  # openpyxl raises whatever the damaged part makes it raise
        raise _damaged() from error


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive.infolist())
            for entry in archive.infolist():
                if entry.filename.casefold().endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        top = part.read(_PIECE)
                        _refuse_document_type(top)
                        _refuse_endless_tags(top, part)
    except (RefusedFile, MemoryError):
        raise
    except Exception as error:  # zipfile and zlib raise whatever the damaged field makes them raise
        raise _damaged() from error


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Judge an archive by what its directory declares, before unpacking anything."""
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise _bomb()
    for entry in entries:
        if entry.file_size > max(_RATIO_COUNTS_FROM, MOST_RATIO * entry.compress_size):
            raise _bomb()
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in parts[0]:
            sentence = f"holds a path outside itself, {excerpt(entry.filename)}; save it anew from Excel."
            raise RefusedFile("unsafe_archive", sentence)
        if entry.flag_bits & 1:
            raise RefusedFile("encrypted", "is protected by a password; save it without one and upload that.")


def _refuse_document_type(top: bytes) -> None:
    """Entities need a document type, which stands before the first element; no workbook has one."""
    seen: list[str] = []
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        # At once: what follows may be the bomb.
        sentence = "holds XML entities, which no Excel file needs; save it anew from Excel and upload that."
        raise RefusedFile("unsafe_xml", sentence)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: seen.append(name)
    parser.Parse(top, False)
    if top and not seen:
        raise _damaged()


def _refuse_endless_tags(top: bytes, part: IO[bytes]) -> None:
    """A parser looks through an unfinished tag or comment again with each piece it is given: 20 MB took minutes.

    Between two tags text may be long, but a cell's isn't; and beyond the top no spreadsheet program writes comments.
    """
    at = 0
    while (at := top.find(b"<!", at)) >= 0:
        at = top.find(b"]]>" if top.startswith(b"<![", at) else b"-->", at)
        if at < 0:
            raise _damaged()
    piece, open_bytes = top, 0
    while piece:
        first = piece.find(b"<")
        open_bytes += len(piece) if first < 0 else first
        if open_bytes >= _PIECE or (piece is not top and b"<!" in piece):
            raise _damaged()
        if first >= 0:
            open_bytes = len(piece) - piece.rfind(b"<")
        piece = part.read(_PIECE)


def _first_table(data: bytes) -> CellGrid:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = list(book.worksheets)
        chosen = _sheet_with_dates(sheets)
        others = [excerpt(sheet.title) for sheet in sheets if sheet is not chosen]
        rows, lines = _rows_of(chosen)
    finally:
        book.close()
    notes = [f"only the sheet {excerpt(chosen.title)} is read, not {listed(others)}."] if others else []
    return grid_from_rows(rows, lines, file_type="xlsx", notes=notes)


def _sheet_with_dates(sheets: Sequence[Any]) -> Any:
    filled = None
    for sheet in sheets:
        sheet.reset_dimensions()
        top = [_plain(row) for row in sheet.iter_rows(max_row=HEADER_SEARCHED, values_only=True)]
        at = find_header(top)
        if at is not None:
            filled = filled or sheet
            if names_a_date(top[at]):
                return sheet
    if filled is None:
        raise not_a_table()
    return filled


def _rows_of(sheet: Any) -> tuple[list[tuple[object, ...]], list[int]]:
    rows, lines, cells = [], [], 0
    sheet.reset_dimensions()
    # Without a last column a row ends with its last cell; with one, openpyxl fills each row up to it.
    for line, cells_of_row in enumerate(sheet.iter_rows(max_row=_MOST_ROWS, values_only=True), start=1):
        row = _plain(cells_of_row)
        if not row:
            continue
        cells += len(row)
        if cells > _MOST_CELLS:
            raise too_many_cells("Excel", limit=_MOST_CELLS)
        rows.append(row)
        lines.append(line)
    return rows, lines


def _plain(row: Sequence[object]) -> tuple[object, ...]:
    """The row's cells up to the last that holds anything, None where empty."""
    if not row:
        return ()
    end = next((place for place in range(len(row), 0, -1) if row[place - 1] is not None), 0)
    row = row[:end]
    return tuple(None if isinstance(cell, str) and cell.strip() in EMPTY_CELLS else cell for cell in row)


def _bomb() -> RefusedFile:
    return RefusedFile(
        "unpacks_too_large",
        f"unpacks to more than a workbook of daily numbers can need (at most {MOST_UNPACKED_BYTES // 1024**2} MB and "
        f"{MOST_RATIO} times its size); save the table as CSV and upload that.",
    )


def _damaged() -> RefusedFile:
    return RefusedFile("damaged_file", "is a damaged Excel workbook; open it in Excel, save it again and upload that.")
