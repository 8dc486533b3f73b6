from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import openpyxl
import pytest

from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.workbook import MOST_UNPACKED_BYTES, read_workbook

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - Excel's dates have no zone


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The archive with one part replaced or added."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, content)
    return packed.getvalue()


MB = 1024 * 1024
PLAIN = workbook(("Sheet1", [["date", "followers"], [date(2026, 1, 5), 1200]]))


def refusal(data: bytes) -> RefusedFile:
    with pytest.raises(RefusedFile) as refused:
        read_workbook(data)
    return refused.value


def test_cells_keep_their_types_and_rows_their_numbers() -> None:
    rows: list[list[object]] = [
        ["Report of January"],
        [],
        ["Date", "Followers"],
        [NOON, 1200],
        [],
        [NOON + timedelta(days=1), 1.5],
    ]
    grid = read_workbook(workbook(("Sheet1", rows)))
    assert grid.header == ("Date", "Followers")
    assert grid.lines.tolist() == [4, 6]
    assert grid.skipped == 1
    assert list(grid.cells(1)) == [1200, 1.5]
    assert grid.cells(0)[0] == NOON


def test_the_sheet_with_dates_is_read_and_the_others_are_named() -> None:
    grid = read_workbook(
        workbook(("Notes", [["to do", "who"], ["call", "Ana"]]), ("Daily", [["date", "followers"], ["2026-01-05", 5]]))
    )
    assert grid.header == ("date", "followers")
    assert grid.notes == ("only the sheet “Daily” is read, not “Notes”.",)


def test_a_formula_counts_with_nothing_where_excel_stored_no_value() -> None:
    grid = read_workbook(workbook(("Sheet1", [["date", "followers"], ["2026-01-05", "=1+1"], ["2026-01-06", 3]])))
    assert list(grid.cells(1)) == [None, 3]


def test_a_workbook_without_a_table_is_refused() -> None:
    assert refusal(workbook(("Sheet1", [["hello"]]))).finding_code == "not_a_table"
    assert refusal(workbook(("Sheet1", [["date", "followers"]]))).finding_code == "no_rows"


def test_a_part_that_unpacks_to_a_hundred_times_its_size_is_refused_before_unpacking() -> None:
    bomb = with_part(PLAIN, "xl/worksheets/sheet1.xml", b" " * (3 * 1024 * 1024))
    assert refusal(bomb).finding_code == "unpacks_too_large"


def test_parts_that_unpack_to_too_much_together_are_refused() -> None:
    data = bytearray(PLAIN)
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (MOST_UNPACKED_BYTES + 1).to_bytes(4, "little")
    assert refusal(bytes(data)).finding_code == "unpacks_too_large"


def test_ten_thousand_parts_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(1001):
            archive.writestr(f"xl/{number}", b"")
    assert refusal(packed.getvalue()).finding_code == "unpacks_too_large"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "xl\\..\\..\\x", "C:/x"])
def test_a_path_outside_the_archive_is_refused(name: str) -> None:
    assert refusal(with_part(PLAIN, name, b"x")).finding_code == "unsafe_archive"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_document_type_is_refused_whatever_its_encoding(encoding: str) -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    part = f'<?xml version="1.0"?><!-- {"x" * 200_000} -->{doctype}<x>&b;</x>'
    assert refusal(with_part(PLAIN, "xl/sharedStrings.xml", part.encode(encoding))).finding_code == "unsafe_xml"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"", b"<x", b"<x/>"])
def test_a_damaged_part_is_a_sentence(part: str, content: bytes) -> None:
    assert refusal(with_part(PLAIN, part, content)).message.startswith(
        ("is a damaged Excel workbook", "holds no table")
    )


@pytest.mark.parametrize(
    ("before", "endless", "after"),
    [
        (b"<a", b" ", b"></a>"),
        (b"<a><!--", b"<b>", b"--></a>"),
        (b"<a><b/>" + b"<c>1</c>" * 200_000 + b"<!--", b"<b>", b"--></a>"),
        (b"", b" ", b"<a></a>"),
    ],
    ids=["tag", "comment at the top", "comment below it", "nothing before the first tag"],
)
def test_a_tag_or_comment_without_an_end_is_refused_before_the_sheet_is_parsed(
    before: bytes, endless: bytes, after: bytes
) -> None:
    # Stored, not packed, so that no ratio gives it away. Parsed in pieces, each of these took seconds a few MB.
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as old, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content if "sheet1" not in entry.filename else before + endless * MB + after)
    assert refusal(stored.getvalue()).finding_code == "damaged_file"


def test_a_long_text_in_a_cell_is_no_endless_tag() -> None:
    rows = [["date", "followers", "caption"], [date(2026, 1, 5), 1200, "<&>" * 10_000]]
    assert read_workbook(workbook(("Sheet1", rows))).lines.tolist() == [2]


def test_a_password_is_asked_to_be_taken_off() -> None:
    data = bytearray(PLAIN)
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(data)).finding_code == "encrypted"
