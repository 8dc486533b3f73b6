"""Plain files are typed while they are parsed; what comes out is what reading every cell as text gives."""

from __future__ import annotations

import dataclasses
import os
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest import delimited, typed
from cgn_core.ingest.delimited import read_delimited
from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.ingest.typed import TypedGrid
from cgn_core.tables import Daily

TODAY = date(2026, 6, 30)
HEADERS = ("followers", "follows", "unfollows", "posts", "minutes_spent", "comp_posts", "caption", "creator",
           "provisional", "imputed")  # fmt: skip
DIRT = (
    "", "", "-", "NA", "nan", "inf", "Infinity", "0x1F", " 5", "5 ", "1,234", "1.234", "12.5", "27.400", "1e5", "1.e5",
    "007", "-3", "+4", "-0", "99999999999999999999", "9223372036854775807", "1e400", "63.3K", "12,3 %", ".5", "5.",
    "yes", "posts follows", "@luna", "luna", "NULL", "\t7", "\u00a08", "é", '5"', "2026-01-02",
)  # fmt: skip
DAY_DIRT = ("", "-", "2026-1-5", "05-01-2026", "1999-12-31", "2026-02-30", " 2026-01-07", "2026-01-08T00:00", "x")


def reading_of(data: bytes) -> Reading:
    return read_bytes(data, file_name="days.csv", today=TODAY)


def assert_same(one: Reading, other: Reading) -> None:
    for field in dataclasses.fields(Reading):
        if field.name not in {"creators", "competitors", "fragments"}:
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert list(one.competitors) == list(other.competitors)
    assert len(one.creators) == len(other.creators)
    for mine, theirs in zip(
        (*one.creators, *one.competitors.values()), (*other.creators, *other.competitors.values()), strict=True
    ):
        assert_same_table(mine, theirs)


def assert_same_table(one: Daily, other: Daily) -> None:
    assert one.creator == other.creator
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.provenance, other.provenance, check_exact=True)


def as_text(data: bytes) -> Reading:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "read_typed", lambda *_, **__: None)
        return reading_of(data)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A file of days: mostly plain, with up to three cells that aren't."""
    names = draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=7, unique=True))
    rows = draw(st.integers(1, 40))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    form = draw(st.sampled_from(["%Y-%m-%d", "%Y-%m-%d", "%d-%m-%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %b %Y"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns: dict[str, list[str]] = {}
    start = date(2026, 1, 5)
    columns["date"] = [(start + timedelta(days=row)).strftime(form) for row in range(rows)]
    for name in names:
        if name == "minutes_spent":
            columns[name] = [f"{value:.1f}" for value in rng.uniform(0, 300, rows)]
        elif name == "creator":
            columns[name] = [["luna", "mara", "@luna"][value] for value in rng.integers(0, 3, rows)]
        elif name in ("provisional", "imputed"):
            columns[name] = [["0", "1", "posts", ""][value] for value in rng.integers(0, 4, rows)]
        else:
            columns[name] = [str(value) for value in rng.integers(0, 10 ** int(rng.integers(1, 7)), rows)]
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(list(columns)))
        columns[name][draw(st.integers(0, rows - 1))] = draw(st.sampled_from(DAY_DIRT if name == "date" else DIRT))
    quoted = draw(st.booleans())
    lines = [delimiter.join(columns)]
    for row in zip(*columns.values(), strict=True):
        cells = [f'"{cell.replace(chr(34), chr(34) * 2)}"' if quoted or delimiter in cell else cell for cell in row]
        lines.append(delimiter.join(cells))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    tail = draw(st.sampled_from(["", end, end + end]))
    return (draw(st.sampled_from(["", "\ufeff", f"sep={delimiter}{end}"])) + end.join(lines) + tail).encode()


@settings(max_examples=250, deadline=None)
@given(tables())
def test_a_file_typed_at_once_reads_as_one_read_cell_by_cell(data: bytes) -> None:
    assert_same(reading_of(data), as_text(data))


@settings(max_examples=150, deadline=None)
@given(tables(), st.integers(64, 1000))
def test_so_does_a_large_one_of_which_two_threads_read_blocks(data: bytes, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typed, "_LARGE", 0)
        patch.setattr(typed, "_BLOCK", block)
        found = reading_of(data)
    assert_same(found, as_text(data))


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("cell", DIRT)
@pytest.mark.parametrize("name", ["follows", "minutes_spent", "creator", "provisional", "caption"])
def test_one_unusual_cell_is_read_as_ever(name: str, cell: str, quoted: bool) -> None:  # noqa: FBT001 - a case
    rows = [f"2026-01-{day:02},{day},1,2.5,luna,0,x" for day in range(5, 25)]
    places = ["date", "follows", "unfollows", "minutes_spent", "creator", "provisional", "caption"]
    cells = rows[7].split(",")
    cells[places.index(name)] = '"' + cell.replace('"', '""') + '"' if quoted else cell
    rows[7] = ",".join(cells)
    data = "\n".join([",".join(places), *rows]).encode()
    assert_same(reading_of(data), as_text(data))


def test_plain_files_take_the_typed_way() -> None:
    text = "date,follows,note\n" + "\n".join(f"2026-01-{day:02},{day},x y" for day in range(5, 25))
    grid = read_delimited(text)
    assert isinstance(grid, TypedGrid)
    assert grid.cells(0)[0] == "2026-01-05"
    assert list(grid.cells(2))[:2] == ["x y", "x y"]
    assert grid.cells(1)[0] == "5"


def test_large_files_are_left_to_arrows_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "date,follows\n" + "\n".join(f"2026-01-{day:02},{day}" for day in range(5, 25))
    monkeypatch.setattr(typed, "read_columns", lambda *_, **__: pytest.fail("read on a single core"))
    monkeypatch.setattr(typed, "_LARGE", len(text) - 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1})
    pa.set_cpu_count(1)  # as OMP_NUM_THREADS has it in every process of the product
    grid = read_delimited(text)
    assert pa.cpu_count() == 2
    assert isinstance(grid, TypedGrid)
    numbers = grid.numbers(1)
    assert numbers is not None
    assert numbers.tolist() == list(range(5, 25))


@pytest.mark.parametrize("tells", [True, False])
def test_large_files_are_read_by_a_few_threads_on_any_machine(monkeypatch: pytest.MonkeyPatch, *, tells: bool) -> None:
    # A reader may map 300 MB; 128 threads ended it. macOS knows no affinities.
    if tells:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(128)))
    else:
        monkeypatch.delattr(os, "sched_getaffinity")
        monkeypatch.setattr(os, "cpu_count", lambda: 128)
    monkeypatch.setattr(typed, "_LARGE", 0)
    assert isinstance(read_delimited("date,follows\n2026-01-05,5\n2026-01-06,6\n"), TypedGrid)
    assert pa.cpu_count() == 4


def test_a_word_for_nothing_leaves_the_typed_way() -> None:
    text = "date,follows\n" + "\n".join(f"2026-01-{day:02},{'NA' if day == 9 else day}" for day in range(5, 25))
    assert not isinstance(read_delimited(text), TypedGrid)
