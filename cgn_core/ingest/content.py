"""What a file is, judged by its bytes and never by its name, and its text in whatever encoding it came."""

from __future__ import annotations

import codecs
import io
import zipfile
from typing import Literal

from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.instagram_download import is_download

Kind = Literal["xlsx", "download", "json", "text"]

_PICTURE = "is a {}, not a table; export the numbers as CSV or Excel and upload that file."
_OTHER = "is {}, not a table of daily numbers; export the numbers as CSV or Excel and upload that file."
_PICTURES = {
    b"\x89PNG": "PNG picture",
    b"\xff\xd8\xff": "JPEG picture",
    b"GIF8": "GIF picture",
    b"BM": "BMP picture",
    b"II*\x00": "TIFF picture",
    b"MM\x00*": "TIFF picture",
    b"\x00\x00\x01\x00": "icon",
}
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file (.xls, .doc)",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\xfd7zXZ": "an XZ archive",
    b"MZ": "a Windows program",
    b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"ID3": "a sound file",
    b"OggS": "a sound file",
}
_BMP_HEADER = 26
_WEB_PAGES = ("<!doctype html", "<html")
_SAMPLE = 65_536
_NOTHING = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"
_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x20)])
_FEW_CONTROLS = 0.001
_HALF = 0.3
"""Share of NUL bytes at even or odd places that tells UTF-16 without a byte order mark."""


def kind_of(data: bytes) -> Kind:
    """Whether the bytes are an Excel workbook, a download of Instagram, JSON or delimited text.

    Raises:
        RefusedFile: they are empty, a picture, an archive or another known kind of file.
    """
    # Only a file that begins with nothing is looked through.
    if not data[:_SAMPLE].strip(_NOTHING) and not data.strip(_NOTHING):
        raise RefusedFile("empty_file", "is empty; export it again and upload a file with one row a day.")
    if data.startswith(b"PK"):
        return _zip_kind(data)
    _refuse_binary(data)
    head = data.lstrip(b" \t\r\n\xef\xbb\xbf")[:1]
    return "json" if head in {b"{", b"["} else "text"


def decode(data: bytes) -> str:
    """The text of a delimited or JSON file: UTF-8, UTF-16 (with or without byte order mark), else Windows' Latin-1.

    Raises:
        RefusedFile: the bytes are no text.
    """
    text = _decoded(data)
    sample = text[:_SAMPLE]
    plain = sample.encode("utf-8", errors="replace")
    controls = len(plain) - len(plain.translate(None, _CONTROLS))
    if controls > max(1, len(sample) * _FEW_CONTROLS):
        raise RefusedFile("binary_file", _OTHER.format("a binary file"))
    if "\x00" in text:
        raise has_nul(text.count("\n", 0, text.index("\x00")) + 1)
    if sample.lstrip()[:20].casefold().startswith(_WEB_PAGES):
        raise RefusedFile(
            "web_page", "is a web page, not a table; use the site's export button and upload the CSV it gives."
        )
    return text


def has_nul(row: int) -> RefusedFile:
    """The refusal of a text that a NUL stands in."""
    sentence = f"holds a character in row {row} that no text has (NUL), as damaged files do; export it again."
    return RefusedFile("binary_file", sentence, [row])


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    sample = data[:_SAMPLE]
    if b"\x00" in sample:
        half = max(1, len(sample) // 2)
        if sample[1::2].count(0) / half > _HALF and sample[::2].count(0) == 0:
            return data.decode("utf-16-le", errors="replace")
        if sample[::2].count(0) / half > _HALF and sample[1::2].count(0) == 0:
            return data.decode("utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _zip_kind(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    # A damaged directory surfaces as any of these, depending on which field is damaged.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        sentence = "is a damaged Excel workbook or ZIP archive; save it again and upload the new file."
        raise RefusedFile("damaged_file", sentence) from error
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    if is_download(sorted(names)):
        return "download"
    if "content.xml" in names and "mimetype" in names:
        sentence = "is an OpenDocument file; save it from LibreOffice as Excel (.xlsx) or CSV and upload that."
        raise RefusedFile("binary_file", sentence)
    sentence = "is a ZIP archive without an Excel workbook; unpack it and upload the table inside as CSV or Excel."
    raise RefusedFile("archive", sentence)


def _refuse_binary(data: bytes) -> None:
    for magic, word in _PICTURES.items():
        # "BM" alone is also how a text may begin; a bitmap's header has NUL bytes.
        if data.startswith(magic) and (magic != b"BM" or 0 in data[6:_BMP_HEADER]):
            raise RefusedFile("picture", _PICTURE.format(word))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise RefusedFile("picture", _PICTURE.format("WebP picture"))
    if data[4:8] == b"ftyp":
        is_picture = data[8:11] in {b"hei", b"avi", b"mif"}
        word = "HEIC or AVIF picture" if is_picture else "video"
        raise RefusedFile("picture" if is_picture else "binary_file", _PICTURE.format(word))
    for magic, words in _OTHERS.items():
        if data.startswith(magic) and (magic != b"MZ" or 0 in data[:_SAMPLE]):
            raise RefusedFile("binary_file", _OTHER.format(words))
