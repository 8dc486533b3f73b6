from __future__ import annotations

import io
import zipfile

import pytest

from cgn_core.ingest.content import decode, kind_of
from cgn_core.ingest.findings import RefusedFile

TABLE = "date,seguidores,notes\n2026-01-05,1200,maré alta\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_text_is_read_in_every_encoding_exports_use(encoding: str) -> None:
    assert decode(TABLE.encode(encoding)).lstrip("\ufeff") == TABLE


def test_windows_quotation_marks_survive() -> None:
    assert decode("date,“a”\n".encode("cp1252")) == "date,“a”\n"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty_file", "is empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty_file", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "picture", "PNG picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture", "JPEG picture"),
        (b"GIF89a\x01\x00", "picture", "GIF picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "picture", "WebP picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "picture", "HEIC"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00", "binary_file", "video"),
        (b"%PDF-1.7\n", "binary_file", "PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binary_file", "old Excel"),
        (b"\x1f\x8b\x08\x00", "binary_file", "gzip"),
        (b"PK\x03\x04 and no more", "damaged_file", "damaged"),
    ],
)
def test_what_is_no_text_is_named_for_what_it_is(data: bytes, code: str, words: str) -> None:
    with pytest.raises(RefusedFile, match=words) as refused:
        kind_of(data)
    assert refused.value.finding_code == code


def test_an_opendocument_sheet_is_named_for_what_it_is() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content/>")
    with pytest.raises(RefusedFile, match=r"OpenDocument file; save it from LibreOffice as Excel \(\.xlsx\) or CSV"):
        kind_of(packed.getvalue())


def test_a_zip_without_a_workbook_is_an_archive() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("notes.json", "[]")
    with pytest.raises(RefusedFile, match="unpack it"):
        kind_of(packed.getvalue())


@pytest.mark.parametrize(
    ("data", "words"),
    [(bytes(range(256)) * 4, "binary file"), (b"<!DOCTYPE html><html>", "web page"), (b"\n<html lang=en>", "web page")],
)
def test_bytes_that_decode_to_no_table_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(RefusedFile, match=words):
        decode(data)


def test_a_table_that_begins_like_a_bitmap_is_text() -> None:
    assert kind_of(b"BMI,date,followers\n1,2026-01-05,2\n" * 3) == "text"
