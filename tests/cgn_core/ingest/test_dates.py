from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from cgn_core.ingest.dates import ParsedDays, parse_days

TODAY = date(2026, 11, 23)


def parsed(cells: Sequence[object], creators: Sequence[int] | None = None) -> ParsedDays:
    return parse_days(cells, np.asarray(creators or [0] * len(cells), dtype=np.int64), today=TODAY)


def a_week(pattern: str, start: date = date(2026, 1, 5)) -> list[str]:
    return [(start + timedelta(days=step)).strftime(pattern) for step in range(7)]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-31",
        "2026/1/31",
        "2026.01.31",
        "20260131",
        " 2026-01-31 ",
        "2026-01-31T00:00:00",
        "2026-01-31 23:59",
        "31-01-2026",
        "31/1/2026",
        "31.01.26",
        "01/31/2026",
        "1/31/26",
        "31 Jan 2026",
        "31-Jan-2026",
        "January 31, 2026",
        "Jan 31 2026",
        46053,
        20260131,
        1769817600,
        1769817600000,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 9, 30),  # noqa: DTZ001 - Excel's dates have no zone
    ],
)
def test_a_day_is_read_however_it_is_written(cell: object) -> None:
    assert parsed([cell]).values.tolist() == [date(2026, 1, 31)]


@pytest.mark.parametrize(
    "cell",
    [
        "soon",
        "2026-02-30",
        "2026-13-01",
        "31-31-2026",
        "0206-01-31",
        "9999-01-01",
        "31 Foo 2026",
        "5",
        1.5,
        True,
        ["x"],
        "x" * 50,
    ],
)
def test_what_is_no_day_is_reported(cell: object) -> None:
    found = parsed(["2026-01-31", cell])
    assert found.unreadable.tolist() == [1]
    assert np.isnat(found.values[1])


def test_an_empty_cell_is_neither_a_day_nor_unreadable() -> None:
    found = parsed(["2026-01-31", None])
    assert np.isnat(found.values[1])
    assert not len(found.unreadable)


@pytest.mark.parametrize(("pattern", "order"), [("%d-%m-%Y", "day_first"), ("%m-%d-%Y", "month_first")])
def test_a_day_above_twelve_decides_for_the_whole_column(pattern: str, order: str) -> None:
    found = parsed(a_week(pattern, date(2026, 1, 10)))
    assert found.order == order
    assert found.values.tolist() == [date(2026, 1, 10 + step) for step in range(7)]


@pytest.mark.parametrize(("pattern", "order"), [("%d/%m/%Y", "day_first"), ("%m/%d/%Y", "month_first")])
def test_the_gap_free_order_decides_where_all_days_are_below_thirteen(pattern: str, order: str) -> None:
    found = parsed(a_week(pattern, date(2026, 3, 1)))
    assert (found.order, found.ambiguous) == (order, False)
    assert found.values.tolist() == [date(2026, 3, 1 + step) for step in range(7)]


def test_the_order_of_rows_does_not_matter_and_each_creator_has_an_order_of_their_own() -> None:
    cells = [*reversed(a_week("%d-%m-%Y", date(2026, 3, 1))), *a_week("%d-%m-%Y", date(2026, 5, 2))]
    found = parsed(cells[::2] + cells[1::2], [0] * 4 + [1] * 3 + [0] * 3 + [1] * 4)
    assert found.order == "day_first"


def test_unevenly_written_dates_are_read_like_even_ones() -> None:
    assert parsed(["1-3-2026", "02-03-2026", "3/3/2026"]).values.tolist() == [date(2026, 3, day) for day in (1, 2, 3)]


def test_dots_stand_in_day_first_countries() -> None:
    assert parsed(["01.02.2026", "03.04.2026"]).values.tolist() == [date(2026, 2, 1), date(2026, 4, 3)]


def test_a_reading_that_lies_in_the_future_gives_way() -> None:
    found = parsed(["05-12-2026"])
    assert (found.order, found.ambiguous) == ("month_first", False)
    assert found.values.tolist() == [date(2026, 5, 12)]


def test_when_both_readings_fit_somebody_has_to_say() -> None:
    assert parsed(["01-02-2026", "03-04-2026"]).ambiguous
    assert not parsed(["05-05-2026"]).ambiguous


def test_a_single_row_of_the_other_order_is_unreadable_and_does_not_turn_the_column() -> None:
    found = parsed([*a_week("%d-%m-%Y", date(2026, 1, 20)), "01-28-2026"])
    assert found.order == "day_first"
    assert found.unreadable.tolist() == [7]
