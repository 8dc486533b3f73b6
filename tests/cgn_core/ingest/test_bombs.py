from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from seed_files import (
    SEEDS,
    SHEET_END,
    SHEET_HEAD,
    START,
    TODAY,
    delimited,
    own_table,
    records,
    sheet_of,
    workbook_members,
    zipped,
)

from cgn_core.ingest.drops import Drop
from cgn_core.ingest.isolation import read_measured
from cgn_core.ingest.nursery import current_nursery

MB = 1024 * 1024
MOST_SECONDS, MOST_BYTES = 2.0, 300 * MB
Files = list[tuple[str, bytes]]


@pytest.fixture(autouse=True, scope="module")
def _no_server_is_left() -> Iterator[None]:
    yield
    current_nursery().end()


def repacked(data: bytes, name: str, member: bytes | str) -> bytes:
    """The archive with one member in place of, or beside, its own."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members: dict[str, bytes | str] = {each: archive.read(each) for each in archive.namelist()}
    return zipped({**members, name: member})


def workbook_with(sheet: str, shared: str = "") -> bytes:
    return zipped(workbook_members(sheet, shared=shared))


def patched(data: bytes, *, at: int, by: bytes, record: bytes = b"PK\x01\x02") -> bytes:
    """The archive with a field of every directory record overwritten."""
    changed, place = bytearray(data), data.find(record)
    while place >= 0:
        changed[place + at : place + at + len(by)] = by
        place = data.find(record, place + 4)
    return bytes(changed)


def sheet_rows(rows: Iterator[str]) -> str:
    return SHEET_HEAD + "".join(rows) + SHEET_END


def zip_of(entries: Iterator[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in entries:
            archive.writestr(name, member, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def symlink(target: str) -> bytes:
    """A download whose posts are a symbolic link."""
    entry = zipfile.ZipInfo("media/posts_1.json")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return zip_of(iter([(entry, target.encode())]))


def download_with(name: str, member: bytes) -> bytes:
    return repacked(SEEDS["instagram.zip"], name, member)


def nested_zip() -> bytes:
    inner = zipped({"zeros": b"\x00" * (5 * MB)})
    for _ in range(5):
        inner = zip_of((f"{place}.zip", inner) for place in range(10))
    return inner


def _laugh(level: int) -> str:
    name = f"&l{level - 1};" if level > 1 else "&l;"
    return f'<!ENTITY l{level} "{name * 10}">'


LAUGHS = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l "lol">' + "".join(map(_laugh, range(1, 10))) + "]>"
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
PADDING = "<!-- " + "x" * 100_000 + " -->"
STAMPED = json.dumps([{"media": [{"uri": "x", "creation_timestamp": 1_780_000_000}]}]).encode()
MANY_DAYS = [(START - timedelta(days=step)).isoformat() for step in range(3000)]

REFUSED: dict[str, Callable[[], Files]] = {
    "a zip of zips of zips": lambda: [("a.zip", nested_zip())],
    "a sheet of a thousand times its size": lambda: [
        ("a.xlsx", workbook_with(SHEET_HEAD + " " * (90 * MB) + SHEET_END))
    ],
    "a download of a thousand times its size": lambda: [
        ("a.zip", download_with("media/posts_2.json", b" " * (90 * MB) + STAMPED))
    ],
    "a workbook of too many parts": lambda: [
        ("a.xlsx", zipped({**workbook_members(sheet_of(own_table())), **{f"xl/{n}.xml": "<x/>" for n in range(1200)}}))
    ],
    "a declared size of four gigabytes": lambda: [
        ("a.xlsx", patched(SEEDS["own.xlsx"], at=24, by=b"\xfe\xff\xff\xff"))
    ],
    "a download of a declared four gigabytes": lambda: [
        ("a.zip", patched(SEEDS["instagram.zip"], at=24, by=b"\xfe\xff\xff\xff"))
    ],
    "a declared size smaller than the truth": lambda: [
        ("a.xlsx", patched(workbook_with(SHEET_HEAD + " " * (90 * MB) + SHEET_END), at=24, by=struct.pack("<I", 500)))
    ],
    "a download that declares less than it holds": lambda: [
        ("a.zip", patched(download_with("media/posts_2.json", b" " * (90 * MB)), at=24, by=struct.pack("<I", 500)))
    ],
    "a directory that points outside the file": lambda: [
        ("a.xlsx", patched(SEEDS["own.xlsx"], at=42, by=b"\xff\xff\xff\x7f"))
    ],
    "a workbook with a password": lambda: [("a.xlsx", patched(SEEDS["own.xlsx"], at=8, by=b"\x01\x00"))],
    "a download with a password": lambda: [("a.zip", patched(SEEDS["instagram.zip"], at=8, by=b"\x01\x00"))],
    "an unknown compression": lambda: [("a.xlsx", patched(SEEDS["own.xlsx"], at=10, by=b"\x63\x00"))],
    "an unknown compression of a download": lambda: [("a.zip", patched(SEEDS["instagram.zip"], at=10, by=b"\x63\x00"))],
    "a path that climbs out of a workbook": lambda: [
        ("a.xlsx", repacked(SEEDS["own.xlsx"], "../../../etc/cron.d/x", "* * * * *"))
    ],
    "an absolute path": lambda: [("a.xlsx", repacked(SEEDS["own.xlsx"], "/etc/cron.d/x", "* * * * *"))],
    "a path with backslashes": lambda: [("a.xlsx", repacked(SEEDS["own.xlsx"], "..\\..\\x", "x"))],
    "a drive": lambda: [("a.xlsx", repacked(SEEDS["own.xlsx"], "C:\\x", "x"))],
    "a symbolic link to the passwords": lambda: [("a.zip", symlink("/etc/passwd"))],
    "a symbolic link to zeros without end": lambda: [("a.zip", symlink("/dev/zero"))],
    "a billion laughs": lambda: [
        ("a.xlsx", repacked(SEEDS["own.xlsx"], "xl/worksheets/sheet1.xml", LAUGHS + "<x>&l9;</x>"))
    ],
    "a billion laughs among the texts": lambda: [
        ("a.xlsx", repacked(SEEDS["own.xlsx"], "xl/sharedStrings.xml", LAUGHS + "<sst><si><t>&l9;</t></si></sst>"))
    ],
    "a billion laughs behind a comment": lambda: [
        (
            "a.xlsx",
            repacked(SEEDS["own.xlsx"], "xl/styles.xml", '<?xml version="1.0"?>' + PADDING + LAUGHS[21:] + "<x/>"),
        )
    ],
    "an entity from outside": lambda: [
        ("a.xlsx", repacked(SEEDS["own.xlsx"], "xl/workbook.xml", OUTSIDE + "<workbook>&e;</workbook>"))
    ],
    "entities in UTF-16": lambda: [
        ("a.xlsx", repacked(SEEDS["own.xlsx"], "xl/sharedStrings.xml", (LAUGHS + "<sst>&l9;</sst>").encode("utf-16")))
    ],
    "a sheet with a million empty rows": lambda: [
        ("a.xlsx", workbook_with(sheet_rows(f'<row r="{n}"/>' for n in range(1, 150_000))))
    ],
    "one cell in the last corner": lambda: [
        ("a.xlsx", workbook_with(SHEET_HEAD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + SHEET_END))
    ],
    "a cell beyond the last corner": lambda: [
        (
            "a.xlsx",
            workbook_with(SHEET_HEAD + '<row r="99999999999"><c r="ZZZ99999999999"><v>1</v></c></row>' + SHEET_END),
        )
    ],
    "a column that has no letters": lambda: [
        ("a.xlsx", workbook_with(SHEET_HEAD + '<row r="1"><c r="11"><v>1</v></c></row>' + SHEET_END))
    ],
    "a text number that isn't there": lambda: [
        ("a.xlsx", workbook_with(SHEET_HEAD + '<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>' + SHEET_END))
    ],
    "many wide rows": lambda: [
        ("a.xlsx", workbook_with(sheet_rows(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 9000))))
    ],
    "deeply nested XML": lambda: [("a.xlsx", workbook_with("<a>" * 200_000 + "</a>" * 200_000))],
    "brackets without end": lambda: [("a.json", b"[" * 5 * MB)],
    "closed brackets": lambda: [("a.json", b"[" * 100_000 + b"]" * 100_000)],
    "deeply nested objects": lambda: [("a.json", b'{"a":' * 500_000 + b"1" + b"}" * 500_000)],
    "deeply nested JSON in a download": lambda: [
        ("a.zip", download_with("media/posts_2.json", b'[{"media":' * 4000 + b"1" + b"}]" * 4000))
    ],
    "a million records of nothing": lambda: [("a.json", b"[" + b"{}," * 1_500_000 + b"{}]")],
    "a record with a million keys": lambda: [
        ("a.json", json.dumps([{"date": "2026-01-05", **{f"k{n}": n for n in range(200_000)}}]).encode())
    ],
    "records that share no key": lambda: [("a.json", json.dumps([{f"k{n}": 1} for n in range(100_000)]).encode())],
    "a number of a million digits": lambda: [("a.json", b'[{"date":"2026-01-05","followers":' + b"9" * MB + b"}]")],
    "a cell of a million digits": lambda: [("a.csv", b"date,followers\n2026-01-05," + b"9" * MB + b"\n")],
    "a number with an exponent of a million digits": lambda: [
        ("a.csv", b"date,followers\n2026-01-05,1e" + b"9" * 100_000 + b"\n")
    ],
    "NUL in every other place": lambda: [("a.csv", b"d\x00a\x00t\x00e\x00" * 100_000)],
    "a text with NUL": lambda: [("a.csv", SEEDS["own.csv"].replace(b"1000", b"10\x0000"))],
    "ten megabytes of NUL": lambda: [("a.csv", b"\x00" * 10 * MB)],
    "one endless line": lambda: [("a.csv", b"date,followers " + b"x" * 20 * MB)],
    "a line without a comma": lambda: [("a.csv", b"x" * 20 * MB)],
    "an endless quotation": lambda: [("a.csv", b'date,followers\n"' + b"2026-01-05,1\n" * 800_000)],
    "a million commas": lambda: [("a.csv", b"date,followers" + b"," * MB + b"\n")],
    "a million columns": lambda: [("a.csv", ("date," + ",".join(f"c{n}" for n in range(MB))).encode() + b"\n1,2\n")],
    "a million empty lines": lambda: [("a.csv", b"\n" * 5 * MB)],
    "a million carriage returns": lambda: [("a.csv", b"date,followers\r" + b"1\r" * 2 * MB)],
    "rows of one cell": lambda: [("a.csv", b"date,followers\n" + b"7\n" * 2 * MB)],
    "halves of letters in UTF-16": lambda: [("a.csv", b"\xff\xfe" + b"\x00\xd8" * MB)],
    "halves of letters around a table": lambda: [
        ("a.csv", b"\xff\xfe" + b"\x00\xd8,\x00" + "date,x\n1,2\n".encode("utf-16-le") + b"\x00\xdc")
    ],
    "an odd number of bytes in UTF-16": lambda: [
        ("a.csv", "date,followers\n2026-01-05,1".encode("utf-16")[:-1] + b"\xd8")
    ],
    "a thousand metric blocks": lambda: [("a.csv", ('"Reach"\n"Date","Primary"\n\n' * 60_000).encode("utf-16"))],
    "one seed fifty times, each time otherwise": lambda: [
        (f"{n}.csv", SEEDS["own.csv"].replace(b"1000", f"{n}{n}x".encode())) for n in range(50)
    ],
}


def answered(files: Files) -> Drop:
    """The answer, which came in time and within the memory, each finding a sentence."""
    assert read_measured([("own.csv", SEEDS["own.csv"])], today=TODAY)[0].importable  # the server is warm
    began = time.monotonic()
    drop, usage = read_measured(files, today=TODAY)
    elapsed = time.monotonic() - began
    print(f"{elapsed:.2f} s on the clock, {usage}, {[each.message for each in drop.findings]}")  # noqa: T201 - shown when it fails
    assert usage is not None, "no child answered"
    assert usage.cpu_seconds < MOST_SECONDS
    assert usage.peak_bytes < MOST_BYTES
    assert len(drop.findings) < 200
    for finding in drop.findings:
        assert finding.message.endswith(".")
        assert "\n" not in finding.message
        assert len(finding.message) < 700
    return drop


@pytest.mark.parametrize("trick", list(REFUSED))
def test_is_refused_in_a_sentence(trick: str) -> None:
    drop = answered(REFUSED[trick]())
    assert not drop.importable
    assert (drop.creators, drop.competitors, drop.accounts) == ((), {}, ())
    assert any(finding.severity == "error" for finding in drop.findings)


def test_what_lies_in_a_workbook_unasked_is_never_opened() -> None:
    assert answered([("a.xlsx", repacked(SEEDS["own.xlsx"], "xl/media.zip", nested_zip()))]).importable


def test_paths_out_of_a_download_are_read_past_and_never_followed() -> None:
    drop = answered([("a.zip", download_with("../../etc/media/posts_1.json", b"[]"))])
    assert drop.importable


def test_a_sheet_that_claims_to_be_huge_is_read_as_what_it_holds() -> None:
    sheet = sheet_of(own_table()).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    drop = answered([("a.xlsx", workbook_with(sheet))])
    assert len(drop.creators[0].frame) == 28


def test_entities_are_refused_by_name_before_they_unfold() -> None:
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"):
        for encoding in ("utf-8", "utf-16"):
            (finding,) = answered(
                [("a.xlsx", repacked(SEEDS["own.xlsx"], part, (LAUGHS + "<x>&l9;</x>").encode(encoding)))]
            ).findings
            assert finding.code == "unsafe_xml"


def test_a_sheet_under_another_name_unfolds_no_entities() -> None:
    members = workbook_members("")
    relations = str(members["xl/_rels/workbook.xml.rels"])
    members["xl/_rels/workbook.xml.rels"] = relations.replace("sheet1.xml", "sheet1.dat")
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace("sheet1.xml", "sheet1.dat")
    members["xl/worksheets/sheet1.dat"] = (
        LAUGHS + '<worksheet><sheetData><row r="1"><c r="A1"><v>&l9;</v></c></row></sheetData></worksheet>'
    )
    assert not answered([("a.xlsx", zipped(members))]).importable


def test_a_post_list_of_many_kinds_is_told_in_a_few_sentences() -> None:
    text = SEEDS["content.csv"].decode("utf-8-sig")
    head, *rows = text.splitlines()
    many = [rows[0].replace("IG image", f"kind {number}").replace("180000", f"18{number}") for number in range(5000)]
    drop = answered([("content.csv", "\n".join([head, *rows, *many]).encode()), ("Follows.csv", SEEDS["Follows.csv"])])
    assert drop.importable
    assert len(drop.findings) < 20


def test_numbers_beyond_all_bounds_are_named() -> None:
    for number in ("1e308", "9" * 400, "1e400", "-0", "NaN", "Infinity"):
        text = json.dumps(records()).replace('"1000"', number)
        answered([("a.json", text.encode())])
        answered([("a.csv", delimited(own_table()).replace("1000", number).encode())])


def test_many_texts_are_read_in_time() -> None:
    texts = "".join(f"<si><t>{day} {number}</t></si>" for number, day in enumerate(MANY_DAYS))
    shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{texts}</sst>'
    answered([("a.xlsx", workbook_with(sheet_of(own_table()), shared))])
