"""What is read by arithmetic on words is what Python reads, cell by cell, or left to somebody who looks at it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest import plain, typed
from cgn_core.ingest.columns import map_columns
from cgn_core.ingest.plain import Kind, TypedColumns, read_columns
from cgn_core.ingest.typed import read_typed

DIGITS = st.text("0123456789", max_size=16)
DECIMALS = st.one_of(
    st.just(""),
    st.text("0123456789", min_size=1, max_size=8),
    st.from_regex(r"[0-9]{0,3}\.[0-9]{1,4}|[0-9]{1,7}\.", fullmatch=True),
)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31)).map(date.isoformat)
NAMES = st.text(st.characters(exclude_characters=',"\r\n\x00', exclude_categories=["Cs"]), max_size=16)
KINDS: dict[int, Kind] = {0: "day", 1: "whole", 2: "decimal", 3: "text", 5: "whole"}


def columns_of(rows: list[tuple[str, ...]], kinds: dict[int, Kind], *, ends: str = "\n") -> TypedColumns | None:
    width = len(rows[0])
    lines = [",".join(f"c{place}" for place in range(width)), *(",".join(row) for row in rows)]
    raw = ("\n".join(lines) + ends).encode()
    return read_columns(raw, kinds, rows=len(rows), width=width, skip=1, delimiter=",")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(DAYS, DIGITS, DECIMALS, NAMES, NAMES, DIGITS), min_size=1, max_size=20),
    st.sampled_from(["\n", ""]),
)
def test_every_cell_is_what_python_reads(rows: list[tuple[str, ...]], ends: str) -> None:
    assert_read(rows, columns_of(rows, KINDS, ends=ends))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(DAYS, DIGITS, DECIMALS, NAMES, NAMES, DIGITS), min_size=1, max_size=40),
    st.integers(1, 400),
    st.integers(1, 10),
)
def test_blocks_and_parts_join_to_the_same_columns(rows: list[tuple[str, ...]], block: int, part: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_BLOCK", block)
        patch.setattr(plain, "_PART", part)
        assert_read(rows, columns_of(rows, KINDS))


def assert_read(rows: list[tuple[str, ...]], found: TypedColumns | None) -> None:
    assert found is not None
    assert found.rows == len(rows)
    days, first, decimals, names, _, last = zip(*rows, strict=True)
    assert found.days[0].astype("datetime64[D]").tolist() == [date.fromisoformat(day) for day in days]
    for place, cells in ((1, first), (2, decimals), (5, last)):
        np.testing.assert_array_equal(found.numbers[place], [float(cell or "nan") for cell in cells])
        is_whole = place != 2 and all(cells)
        assert found.numbers[place].dtype == (np.int64 if is_whole else np.float64)
        assert not is_whole or found.numbers[place].tolist() == [int(cell) for cell in cells]
    codes, texts = found.labels[3]
    assert [texts[code] if code >= 0 else "" for code in codes] == list(names)
    assert texts == list(dict.fromkeys(name for name in names if name))


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("byte", sorted(set(range(1, 128)) - set(b'0123456789.,"\r\n')))
def test_no_other_letter_passes_for_a_digit(place: int, byte: int) -> None:
    for cell in (f"1{chr(byte)}3", f"{chr(byte)}", f"1234567{chr(byte)}"):
        row = ["2026-01-05", "1", "1.5"]
        row[place] = cell
        assert columns_of([tuple(row)] * 3, {0: "day", place: "whole" if place == 1 else "decimal"}) is None, cell


@pytest.mark.parametrize(
    "cell", ["1.5", ".", "-1", "+1", "é", "٣", "12345678901234567", "1 2", "1e3", "/1", "1/.5", "0x1F"]
)
def test_a_whole_number_is_digits(cell: str) -> None:
    assert columns_of([("2026-01-05", cell)] * 3, {0: "day", 1: "whole"}) is None


@pytest.mark.parametrize("cell", [".", "1..5", "1.2.3", "1/.5", "./5", "123456789", "-1.5", "1,5", "nan", "inf", "1e3"])
def test_a_decimal_is_up_to_eight_letters_with_one_point(cell: str) -> None:
    assert columns_of([("2026-01-05", cell)] * 3, {0: "day", 1: "decimal"}) is None


@pytest.mark.parametrize(
    "day",
    ["", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-04-31", "1899-12-31", "2101-01-01", "2026/01/05",
     "2026-01.05", "05-01-2026", "2026-1-005", "0226-01-05", "9999-01-05", "２026-01", "2026-01-5 "],
)  # fmt: skip
def test_a_day_is_one_of_the_calendars(day: str) -> None:
    assert columns_of([("2026-01-05", "1"), (day, "2")], {0: "day", 1: "whole"}) is None
    assert columns_of([("2026-01-05", "1"), ("2024-02-29", "2")], {0: "day", 1: "whole"}) is not None


@pytest.mark.parametrize(
    "text",
    ["a,b\n1\n2,3,4\n", "a,b\n1,2\n\n", "a,b\n\n1,2\n", "a,b\n1,2,3\n4\n", "a,b\n", "a,b", "a,b\r\n1,2\r\n",
     'a,b\n1,"2"\n', "a,b\n1\n2\n", "a\n1\n", 'a,b\n1,"2\n3,4"\n'],
)  # fmt: skip
def test_lines_of_other_shapes_are_left_to_a_parser(text: str) -> None:
    width = text.partition("\n")[0].count(",") + 1
    rows = text.count("\n") - text.endswith("\n")
    assert read_columns(text.encode(), {0: "whole"}, rows=rows, width=width, skip=1, delimiter=",") is None


def test_plain_files_do_without_arrows_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    header = ("creator", "date", "followers", "minutes_spent", "provisional")
    start = date(2026, 1, 5)
    rows = [("luna", (start + timedelta(days=day)).isoformat(), str(day), "2.5", "0") for day in range(40)]
    raw = "\n".join(",".join(row) for row in (header, *rows)).encode()

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a plain file went to Arrow")

    monkeypatch.setattr(typed, "_parsed", refuse)
    found = read_typed(raw, map_columns(header), rows[:5], rows=len(rows), skip=1, delimiter=",", empty=("NA",))
    assert found is not None
    assert found.numbers[2].tolist() == list(range(40))
