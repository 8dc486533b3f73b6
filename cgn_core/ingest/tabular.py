"""Bytes of any kind to a header and rows of text, each row with its line in the file; content decides, not the name."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cgn_core.errors import UnreadableFile

MOST_COLUMNS = 500
MOST_ROWS = 2_000_000
MOST_XLSX_BYTES = 200 * 1024 * 1024
"""Declared size of an Excel file's contents; a bomb declares, or holds, more."""
MOST_XLSX_RATIO = 200
MOST_XLSX_ENTRIES = 2_000
BINARY_MAGIC = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"RIFF": "a picture or sound",
    b"\xd0\xcf\x11\xe0": "an old Excel (.xls) file",
}
SAMPLE = 64 * 1024


@dataclass(frozen=True)
class Table:
    """A header and rows of text cells, all of the header's length."""

    kind: str
    """csv | tsv | json | xlsx."""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """The line of each row in the file; the header is line 1. Records of JSON count from 2."""
    ragged: tuple[int, ...] = ()
    """Lines with more or fewer cells than the header."""


def read_table(data: bytes, *, file_name: str) -> Table:
    """Read CSV, TSV, semicolons, JSON records or XLSX.

    Raises:
        UnreadableFile: empty, a picture, no table, or larger inside than allowed; the sentence names the file.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile(f"{file_name} is empty; export it again and upload the new file.")
    for magic, what in BINARY_MAGIC.items():
        if data.startswith(magic):
            raise UnreadableFile(f"{file_name} is {what}, not a table; upload a CSV, JSON or Excel (.xlsx) file.")
    if data.startswith(b"PK\x03\x04"):
        return _read_xlsx(data, file_name)
    text = _decoded(data, file_name)
    if text.lstrip()[:1] in {"[", "{"}:
        return _read_json(text, file_name)
    return _read_csv(text, file_name)


def _decoded(data: bytes, file_name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[:SAMPLE].count(0) > len(data[:SAMPLE]) // 4:
        encodings = ["utf-16-le", "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _reads_as_text(text):
            return text
    raise UnreadableFile(f"{file_name} is not a text table; upload a CSV, JSON or Excel (.xlsx) file.")


def _reads_as_text(text: str) -> bool:
    sample = text[:SAMPLE]
    strange = sum(1 for character in sample if ord(character) < ord(" ") and character not in "\t\r\n\x0c")
    return strange == 0


def _read_csv(text: str, file_name: str) -> Table:
    lines = text.splitlines()
    skipped = 1 if lines and lines[0].casefold().startswith("sep=") else 0
    body = "\n".join(lines[skipped:])
    delimiter = _delimiter(next((line for line in lines[skipped:] if line.strip()), ""))
    reader = csv.reader(io.StringIO(body), delimiter=delimiter)
    header: tuple[str, ...] | None = None
    rows, places, ragged = [], [], []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = tuple(cell.strip() for cell in cells)
                continue
            line = reader.line_num + skipped
            if len(cells) != len(header):
                ragged.append(line)
                cells = (cells + [""] * len(header))[: len(header)]  # noqa: PLW2901 - mended so that findings can go on
            rows.append(tuple(cells))
            places.append(line)
    except csv.Error:
        raise UnreadableFile(
            f"{file_name} breaks off in row {reader.line_num + skipped}: a quote is not closed or a cell is too long."
        ) from None
    if header is None or len(header) < 2 or not rows:  # noqa: PLR2004 - a date and a number
        raise UnreadableFile(
            f"{file_name} holds no table with a header, rows and at least two columns; check that it is the export."
        )
    return Table("tsv" if delimiter == "\t" else "csv", header, tuple(rows), tuple(places), tuple(ragged))


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _read_json(text: str, file_name: str) -> Table:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableFile(f"{file_name} is no valid JSON; export it again.") from None
    records = loaded
    if isinstance(loaded, dict):
        lists = [value for value in loaded.values() if isinstance(value, list)]
        records = lists[0] if len(lists) == 1 else None
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise UnreadableFile(f'{file_name} must hold a list of records, one a day, such as [{{"date": …}}].')
    header = tuple(dict.fromkeys(str(key) for record in records for key in record))
    rows = tuple(tuple(_text(record.get(name)) for name in header) for record in records)
    return _bounded("json", header, rows, range(2, len(rows) + 2), file_name)


def _read_xlsx(data: bytes, file_name: str) -> Table:
    import openpyxl

    _check_archive(data, file_name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        header: tuple[str, ...] | None = None
        rows, places = [], []
        for line, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
            texts = [_text(cell) for cell in cells]
            if not any(texts):
                continue
            if header is None:
                width = max(place for place, text in enumerate(texts, start=1) if text)
                header = tuple(text.strip() for text in texts[:width])
                continue
            rows.append(tuple((texts + [""] * len(header))[: len(header)]))
            places.append(line)
    except Exception:  # noqa: BLE001 - openpyxl raises whatever its parsers raise; a broken file is one sentence
        raise UnreadableFile(f"{file_name} is no readable Excel (.xlsx) file; save it again or export CSV.") from None
    if header is None or not rows:
        raise UnreadableFile(f"{file_name} has no table on its first sheet; put the daily rows there.")
    return _bounded("xlsx", header, tuple(rows), places, file_name)


def _check_archive(data: bytes, file_name: str) -> None:
    """Look at what an archive declares before anything in it is opened."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise UnreadableFile(f"{file_name} is a damaged archive; save or download it again.") from None
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise UnreadableFile(f"{file_name} is an archive without an Excel table; upload a CSV, JSON or .xlsx file.")
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_XLSX_ENTRIES or size > MOST_XLSX_BYTES or size > MOST_XLSX_RATIO * len(data):
        raise UnreadableFile(f"{file_name} unpacks to far more than an export would; save the table as CSV instead.")


def _bounded(
    kind: str, header: tuple[str, ...], rows: tuple[tuple[str, ...], ...], lines: Sequence[int], file_name: str
) -> Table:
    if len(header) > MOST_COLUMNS or len(rows) > MOST_ROWS:
        raise UnreadableFile(f"{file_name} has {len(rows)} rows and {len(header)} columns, more than can be read.")
    return Table(kind, header, rows, tuple(lines))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
