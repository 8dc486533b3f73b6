from __future__ import annotations

import io
import json
from datetime import date, timedelta
from typing import Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.reading import read_bytes

TODAY = date(2026, 11, 23)
START = date(2026, 1, 5)


def days(number: int) -> list[date]:
    return [START + timedelta(days=step) for step in range(number)]


def own_csv(number: int = 70) -> str:
    lines = ["date,followers,posts,reels"]
    lines += [f"{day},{1000 + 3 * step},{step % 2},{int(step % 3 == 0)}" for step, day in enumerate(days(number))]
    return "\n".join(lines) + "\n"


def _nested(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(["date", "followers", "creator", "reels", "x"])
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=4)


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["date", "followers"])
    for step, day in enumerate(days(20)):
        book.worksheets[0].append([day, 1000 + step])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


WORKBOOK = _workbook()

CELLS = st.sampled_from([
    "", "-", "x", "-5", "1,234", "1.234", "12,5", "63.3K", "12,3 %", "1e400", "9" * 30, "nan", "inf", "0x1F", "=1+1",
    "2026-01-05", "05-01-2026", "2026-02-30", "9999-12-31", "2010-01-01", "Jan 5, 2026", "46053", "date", "creator",
    '"', "'", "\u2212", "\x00", "\t", "true", "followers", "\ufeff", "é",
])  # fmt: skip
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer_in_words(data: bytes) -> None:
    _answered(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1500), st.binary(min_size=1, max_size=6), st.sampled_from([0, 1, 5, 200]))
def test_a_mangled_export_gets_an_answer_in_words(place: int, change: bytes, removed: int) -> None:
    whole = own_csv().encode()
    _answered(whole[:place] + change + whole[place + removed :])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 3), CELLS), max_size=5),
    DELIMITERS,
    ENCODINGS,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(
        [own_csv(29), own_csv(29).replace("posts", "creator"), own_csv(29).replace("reels", "provisional")]
    ),
)
def test_changed_cells_headers_delimiters_and_encodings_get_an_answer_in_words(
    changes: list[tuple[int, int, str]], delimiter: str, encoding: str, end: str, table: str
) -> None:
    rows = [line.split(",") for line in table.splitlines()]
    for row, column, cell in changes:
        rows[row][column] = cell
    _answered(end.join(delimiter.join(row) for row in rows).encode(encoding, errors="replace"))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 6000), st.binary(min_size=1, max_size=4), st.sampled_from([0, 1, 50]))
def test_a_mangled_workbook_gets_an_answer_in_words(place: int, change: bytes, removed: int) -> None:
    _answered(WORKBOOK[:place] + change + WORKBOOK[place + removed :])


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | CELLS, _nested, max_leaves=12))
def test_any_json_gets_an_answer_in_words(value: object) -> None:
    _answered(json.dumps(value).encode())
    _answered(json.dumps([{"date": "2026-01-05", "followers": value}, {"date": value, "followers": 5}]).encode())


def _answered(data: bytes) -> None:
    reading = read_bytes(data, file_name="a.csv", today=TODAY)
    assert bool(reading.creators) == reading.importable
    assert reading.importable == all(found.severity != "error" for found in reading.findings)
    for found in reading.findings:
        assert found.message.startswith("a.csv")
        assert found.message.endswith(".")
    json.dumps(reading.to_json(), allow_nan=False)
