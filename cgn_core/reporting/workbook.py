"""A report as an Excel workbook: whole numbers behind what is read, intervals as two columns, no cell a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from cgn_core.figures.locales import marks
from cgn_core.ingest.storage import formula_safe
from cgn_core.reporting.document import Amount, Document, Entry, Section, Span, Table

LONGEST_NAME = 28
"""Of a sheet, in UTF-16 units: Excel takes 31, and openpyxl numbers sheets of the same name."""
_NARROWEST, _WIDEST = 12, 48
_NO_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML, and so a workbook, can't hold."""


@dataclass(frozen=True)
class _Number:
    value: float
    form: str
    """As Excel shows it: the decimals of the words, without losing the others."""


_Value = str | _Number | None


@dataclass(frozen=True)
class _Line:
    cells: Sequence[_Value]
    kind: str = ""
    """title | header | row; "" for a sentence, which runs over the columns beside it."""


def to_xlsx(document: Document) -> bytes:
    """The document as a workbook: a summary, a sheet for each section, and where the numbers come from."""
    book = Workbook(write_only=True)
    book.properties.title = _plain(document.title)
    book.properties.creator = _plain(document.agency)
    book.properties.description = _plain(document.made)
    colour = document.tone.removeprefix("#")
    _write(book, "Summary", _summary(document), colour)
    for section in document.sections:
        _write(book, section.title, _section(section, document.versions), colour)
    if document.sources:
        sources = [_Line((fact.name, str(fact.value)), "row") for fact in document.sources]
        _write(book, "Sources", [_Line(("Where the numbers come from",), "title"), *sources], colour)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _summary(document: Document) -> list[_Line]:
    said = (document.agency, document.made, document.versions, "", "".join(each.text for each in document.answer))
    lines = [_Line((document.title,), "title"), *(_Line((each,)) for each in (*said, document.answer_note, ""))]
    if document.facts:
        lines.append(_Line(("", "Value", "Low", "High", "Note"), "header"))
    for fact in document.facts:
        ends = _ends(fact.note)
        lines.append(_Line((fact.name, _value(fact.value), *ends, str(fact.note)), "row"))
    return [*lines, _Line(()), *(_Line((sentence,)) for sentence in document.warnings)]


def _section(section: Section, versions: str) -> list[_Line]:
    lines = [_Line((section.title,), "title"), _Line((versions,)), *(_Line((each,)) for each in section.sentences)]
    drawn = (section.drawing.table,) if section.drawing and section.drawing.table else ()
    for table in (*section.tables, *drawn):
        lines += [_Line(()), _Line((table.caption,)), *_table(table)]
    return lines


def _table(table: Table) -> list[_Line]:
    """The table with every interval as two columns."""
    spans = {place for row in table.rows for place, cell in enumerate(row) if isinstance(cell, Span)}
    header: list[_Value] = []
    for place, name in enumerate(table.columns):
        header += [f"{name}: low", f"{name}: high"] if place in spans else [name]
    lines = [_Line(header, "header")]
    for row in table.rows:
        cells: list[_Value] = []
        for place, cell in enumerate(row):
            cells += _ends(cell) if place in spans else (_value(cell),)
        lines.append(_Line(cells, "row"))
    return lines


def _value(entry: Entry) -> _Value:
    return _number(entry.value, entry.words) if isinstance(entry, Amount) else str(entry)


def _ends(entry: Entry) -> tuple[_Value, _Value]:
    if not isinstance(entry, Span):
        return None, None
    # The level stands before the colon and is no end.
    words = entry.words.rpartition(":")[2]
    return _number(entry.low, words), _number(entry.high, words)


def _number(value: float | None, words: str) -> _Number | None:
    if value is None:
        return None
    found = re.search(rf"{re.escape(marks().decimal)}(\d+)", words)
    decimals = f".{'0' * len(found.group(1))}" if found else ""
    if words.endswith("%"):
        return _Number(value, f"0{decimals}%")
    form = f"#,##0{decimals}"
    return _Number(value, f"+{form};-{form};0" if words.startswith("+") else form)


def _write(book: Workbook, title: str, lines: Sequence[_Line], colour: str) -> None:
    sheet = book.create_sheet(_sheet_name(title))
    columns = [line.cells for line in lines if line.kind in {"header", "row"}]
    for place in range(max((len(cells) for cells in columns), default=0)):
        words = [cells[place] for cells in columns if place < len(cells)]
        longest = max((len(each) for each in words if isinstance(each, str)), default=0)
        width = min(_WIDEST, max(_NARROWEST, longest + 2))
        sheet.column_dimensions[get_column_letter(place + 1)].width = width
    for line in lines:
        sheet.append([_typed(sheet, cell, line.kind, colour) for cell in line.cells])


def _typed(sheet: object, value: _Value, kind: str, colour: str) -> object:
    if value is None:
        return None
    if isinstance(value, _Number):
        # openpyxl rounds to sixteen digits, of which a number may need seventeen to come back the same.
        cell = WriteOnlyCell(sheet, value=repr(value.value))
        cell.data_type = "n"
        cell.number_format = value.form
        return cell
    cell = WriteOnlyCell(sheet, value=formula_safe(_plain(value)))
    # openpyxl takes text that begins with = for a formula.
    cell.data_type = "s"
    if kind == "title":
        cell.font = Font(bold=True, size=14, color=colour)
    elif kind == "header":
        cell.font = Font(bold=True)
    return cell


def _sheet_name(title: str) -> str:
    units = _plain(title.partition(",")[0]).translate(_NO_TITLE).strip().encode("utf-16-le")
    return units[: 2 * LONGEST_NAME].decode("utf-16-le", "ignore") or "Part"


def _plain(text: str) -> str:
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
