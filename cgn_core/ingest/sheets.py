"""Tables as Excel workbooks with typed days and numbers; no cell is a formula."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from cgn_core.ingest.storage import Cell, export_columns, formula_safe
from cgn_core.tables import Daily

_DAY_FORMAT = "yyyy-mm-dd"
_WIDTH, _WIDEST = 12, 30


def daily_to_xlsx(daily: Daily) -> bytes:
    """A daily table as an Excel workbook that reads back to the same table; columns as in the CSV."""
    return xlsx_of(export_columns(daily), title="Daily")


def xlsx_of(columns: Mapping[str, Sequence[Cell]], *, title: str) -> bytes:
    """Columns as a workbook of one sheet; its header stays in sight.

    Args:
        columns: cells by name, all of one length.
        title: of the sheet, at most 31 characters.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = min(_WIDEST, max(_WIDTH, len(name) + 2))
    header = []
    for name in columns:
        cell = WriteOnlyCell(sheet, value=name)
        cell.font = Font(bold=True)
        header.append(cell)
    sheet.append(header)
    for row in zip(*columns.values(), strict=True):
        sheet.append([_typed(sheet, cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _typed(sheet: object, value: Cell) -> object:
    if isinstance(value, float):
        # openpyxl rounds to sixteen digits, of which a number may need seventeen to come back the same.
        cell = WriteOnlyCell(sheet, value=repr(value))
        cell.data_type = "n"
    elif isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = _DAY_FORMAT
    elif isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=formula_safe(value))
        # openpyxl takes text that begins with = for a formula.
        cell.data_type = "s"
    else:
        return value
    return cell
