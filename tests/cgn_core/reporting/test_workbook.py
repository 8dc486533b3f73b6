"""The workbook of a document: whole numbers, intervals as two columns, and never a formula."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from cgn_core.figures.locales import written_as
from cgn_core.reporting.document import Amount, Document, Fact, Section, Span, Table
from cgn_core.reporting.workbook import to_xlsx

SHARE = Amount("0.25\N{NO-BREAK SPACE}%", 0.0025123456789012345)
TABLE = Table(
    "Followers",
    ("", "Followers", "Interval", "Share"),
    (("=1+1", Amount("+3.1", 3.1415926535897931), Span("90 %: -1.0 to 5.2", -1.0, 5.2), SHARE), ("b", "", "", "")),
)


def sheets_of(document: Document) -> Any:
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(document)))


def rows_of(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def test_numbers_are_whole_and_intervals_two_columns() -> None:
    book = sheets_of(
        Document("Growth of @a", "Agency", "Made", sections=(Section("A/B: [x]", ("Said.",), tables=(TABLE,)),))
    )
    sheet = book.worksheets[1]
    rows = rows_of(sheet)
    assert ("", "Followers", "Interval: low", "Interval: high", "Share") in [tuple(c or "" for c in r) for r in rows]
    row = next(row for row in sheet.iter_rows() if row[0].value == "'=1+1")
    assert [cell.value for cell in row[1:]] == [3.1415926535897931, -1.0, 5.2, 0.0025123456789012345]
    assert [cell.number_format for cell in row[1:]] == ["+#,##0.0;-#,##0.0;0", "#,##0.0", "#,##0.0", "0.00%"]


def test_decimals_are_those_that_are_read_whatever_their_mark() -> None:
    table = Table("Followers", ("", "A", "B"), (("x", Amount("1.204", 1204.3), Amount("+3,1", 3.14)),))
    with written_as("de"):
        book = sheets_of(Document("Growth of @a", "Agency", "Made", sections=(Section("A", tables=(table,)),)))
    row = next(row for row in book.worksheets[1].iter_rows() if row[0].value == "x")
    assert [(cell.value, cell.number_format) for cell in row[1:]] == [
        (1204.3, "#,##0"), (3.14, "+#,##0.0;-#,##0.0;0"),
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1"])
def test_no_cell_is_a_formula(words: str) -> None:
    document = Document(
        words, words, words, facts=(Fact(words, words, words),), warnings=(words,),
        sections=(Section(words, (words,), tables=(Table(words, (words, words), ((words, words),)),)),),
        sources=(Fact(words, words),), versions=words,
    )  # fmt: skip
    for sheet in sheets_of(document).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.value is None or str(cell.value).startswith(("'", "Where", "Value", "Low", "High", "Note"))


@pytest.mark.parametrize("words", ["a\x00b", "\ud800", "\ufffe", "😀" * 40, "[]:*?/\\"])
def test_no_letter_stops_a_workbook(words: str) -> None:
    book = sheets_of(Document(words, words, words, sections=(Section(words, (words,)), Section(words, (words,)))))
    assert len(book.worksheets) == 3


def test_a_sheet_is_named_by_what_stands_before_the_comma() -> None:
    book = sheets_of(Document("t", "a", "m", sections=(Section("Growth, and what was forecast"),)))
    assert book.sheetnames == ["Summary", "Growth"]
