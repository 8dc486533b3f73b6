"""Days as files write them; which number is the day and which the month is decided from the whole column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.grid import Days, Positions

Order = Literal["iso", "day_first", "month_first"]

_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)
_TIME = r"(?:[T\s,]\s*\d{1,2}[:h.]\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_DAY_NAMED = re.compile(rf"(\d{{1,2}})[\s.-]+([A-Za-z]{{3,9}})[\s.,-]+(\d{{4}}){_TIME}", re.ASCII)
_MONTH_NAMED = re.compile(rf"([A-Za-z]{{3,9}})[\s.]+(\d{{1,2}})[\s,]+(\d{{4}}){_TIME}", re.ASCII)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december"),
        start=1,
    )
    for name in (names, names[:3])
} | {"sept": 9}  # fmt: skip
_EXCEL_DAY_ZERO, _EXCEL_DAYS = date(1899, 12, 30), range(36_526, 73_051)
_COMPACT = range(20_000_101, 22_000_000)
_SECONDS, _MILLISECONDS = range(946_684_800, 4_102_444_800), range(946_684_800_000, 4_102_444_800_000)
_DAY_SECONDS = 86_400
_LONGEST = 40
_FULL_LENGTH = len("31-01-2026")
_NINE, _MONTHS_A_YEAR, _EPOCH_YEAR = 9, 12, 1970
_TWO_DIGITS = 100
_CONSECUTIVE, _SCATTERED = 0.5, 0.25
"""Shares of one-day steps that tell the right order of day and month from the wrong one."""
_NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class ParsedDays:
    """A column's cells as days."""

    values: Days
    """NaT where empty or unreadable."""
    unreadable: Positions
    order: Order
    ambiguous: bool = False
    """Whether day-month and month-day both fit, so that somebody has to say which it is."""


def parse_days(
    cells: Sequence[object], creators: npt.NDArray[np.int64], *, today: date, order: Order | None = None
) -> ParsedDays:
    """Read a column's cells as days.

    Args:
        cells: texts, numbers or dates, None where empty.
        creators: for each row the number of its creator; an order of days is one creator's.
        today: decides between two readings when nothing else does and one of them lies in the future.
        order: day_first or month_first, where somebody said which it is.
    """
    uniform = _uniform(cells)
    if uniform is not None:
        first, second = (_from_parts(uniform[2], month, day) for month, day in (uniform[1::-1], uniform[:2]))
        return _decide(first, second, np.ones(len(cells), dtype=bool), creators, today, _hint(cells), order)
    # Each way to write a day is read once; the last place answers for empty cells.
    known: dict[object, int] = {}
    codes = np.asarray([-1 if cell is None else known.setdefault(_key(cell), len(known)) for cell in cells])
    readings = [*map(_readings, known), (None, None)]
    first, second = (np.array(days, dtype="datetime64[D]") for days in zip(*readings, strict=True))
    return _decide(first[codes], second[codes], codes >= 0, creators, today, _hint(cells), order)


def _key(cell: object) -> object:
    """The cell where it can be a day; types are kept apart, as 1 and True are the same key."""
    return cell if isinstance(cell, (str, int, float, date)) and not isinstance(cell, bool) else None


def _uniform(cells: Sequence[object]) -> tuple[Positions, Positions, Positions] | None:
    """First number, second number and year of a column that is ``12-34-5678`` throughout; None of any other."""
    if not all(isinstance(cell, str) and len(cell) == _FULL_LENGTH for cell in cells):
        return None
    letters = np.asarray(cells, dtype=f"U{_FULL_LENGTH}").view(np.uint32).reshape(len(cells), _FULL_LENGTH)
    marks = letters[:, [2, 5]]
    digits = letters[:, [0, 1, 3, 4, 6, 7, 8, 9]].astype(np.int64) - ord("0")
    if ((digits < 0) | (digits > _NINE)).any() or not np.isin(marks, [ord(mark) for mark in "-/."]).all():
        return None
    year = digits[:, 4:] @ np.array([1000, 100, 10, 1])
    return digits[:, 0] * 10 + digits[:, 1], digits[:, 2] * 10 + digits[:, 3], year


def _from_parts(year: Positions, month: Positions, day: Positions) -> Days:
    """Days of whole columns; NaT where there is no such day."""
    real = (month >= 1) & (month <= _MONTHS_A_YEAR) & (year >= _EARLIEST.year) & (year <= _LATEST.year) & (day >= 1)
    months = ((np.where(real, year, _EPOCH_YEAR) - _EPOCH_YEAR) * _MONTHS_A_YEAR + np.where(real, month, 1) - 1).astype(
        "datetime64[M]"
    )
    days = months.astype("datetime64[D]") + (np.where(real, day, 1) - 1).astype("timedelta64[D]")
    return np.where(real & (days.astype("datetime64[M]") == months), days, _NO_DAY)


def _decide(
    first: Days,
    second: Days,
    filled: npt.NDArray[np.bool_],
    creators: npt.NDArray[np.int64],
    today: date,
    hint: str,
    order: Order | None,
) -> ParsedDays:
    lost_first, lost_second = filled & np.isnat(first), filled & np.isnat(second)
    day_first = ParsedDays(first, np.flatnonzero(lost_first), "day_first")
    month_first = ParsedDays(second, np.flatnonzero(lost_second), "month_first")
    if np.array_equal(first, second, equal_nan=True):
        return ParsedDays(first, day_first.unreadable, "iso")
    if order in {"day_first", "month_first"}:
        return day_first if order == "day_first" else month_first
    prefers_first = _preference(day_first, month_first, creators, today, hint)
    if prefers_first is None:
        return ParsedDays(first, day_first.unreadable, "day_first", ambiguous=True)
    return day_first if prefers_first else month_first


def _preference(
    day_first: ParsedDays, month_first: ParsedDays, creators: npt.NDArray[np.int64], today: date, hint: str
) -> bool | None:
    """Whether the column has the day first; None when nothing tells."""
    lost = len(day_first.unreadable) - len(month_first.unreadable)
    if lost:
        return lost < 0
    if hint == ".":
        return True
    steps, other_steps = _one_day_steps(day_first.values, creators), _one_day_steps(month_first.values, creators)
    if max(steps, other_steps) >= _CONSECUTIVE and min(steps, other_steps) < _SCATTERED:
        return steps > other_steps
    limit = np.datetime64(today, "D")
    is_late, is_other_late = bool((day_first.values > limit).any()), bool((month_first.values > limit).any())
    return is_other_late if is_late != is_other_late else None


def _one_day_steps(days: Days, creators: npt.NDArray[np.int64]) -> float:
    """Share of a creator's days, in order, that follow the day before."""
    order = np.lexsort((days, creators))
    same = np.diff(creators[order]) == 0
    steps = np.diff(days[order])[same]
    return float((steps == np.timedelta64(1, "D")).mean()) if len(steps) else 0.0


def _hint(cells: Sequence[object]) -> str:
    """The mark between day, month and year; only dots tell anything, they stand in day-first countries."""
    text = next((cell for cell in cells if isinstance(cell, str)), "")
    match = _YEAR_LAST.fullmatch(text.strip()[:_LONGEST])
    return match.group(2) if match else ""


def _readings(cell: object) -> tuple[date | None, date | None]:
    """The day with the day first, and with the month first; the same twice where there is no question."""
    if isinstance(cell, str):
        text = cell.strip()
        return _from_text(text) if len(text) <= _LONGEST else (None, None)
    day: date | None = None
    if isinstance(cell, datetime):
        day = cell.date()
    elif isinstance(cell, date):
        day = cell
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        day = _from_number(cell)
    day = day if day is not None and _EARLIEST <= day <= _LATEST else None
    return day, day


def _from_text(text: str) -> tuple[date | None, date | None]:
    if match := _YEAR_FIRST.fullmatch(text):
        day = _day(match.group(1), match.group(2), match.group(3))
        return day, day
    if match := _YEAR_LAST.fullmatch(text):
        one, _, two, year = match.groups()
        return _day(year, two, one), _day(year, one, two)
    if match := _DAY_NAMED.fullmatch(text):
        day = _day(match.group(3), _MONTHS.get(match.group(2).casefold(), 0), match.group(1))
        return day, day
    if match := _MONTH_NAMED.fullmatch(text):
        day = _day(match.group(3), _MONTHS.get(match.group(1).casefold(), 0), match.group(2))
        return day, day
    if text.isascii() and text.isdigit():
        day = _from_number(int(text))
        return day, day
    return None, None


def _day(year: str, month: str | int, day: str) -> date | None:
    number = int(year)
    try:
        read = date(number + 2000 if number < _TWO_DIGITS else number, int(month), int(day))
    except ValueError:
        return None
    return read if _EARLIEST <= read <= _LATEST else None


def _from_number(number: float) -> date | None:
    """20260105, Excel's day number, or Unix seconds or milliseconds at midnight."""
    if not float(number).is_integer():
        return None
    whole = int(number)
    if whole in _COMPACT:
        return _day(str(whole // 10_000), whole // 100 % 100, str(whole % 100))
    if whole in _EXCEL_DAYS:
        return _EXCEL_DAY_ZERO + timedelta(days=whole)
    if whole in _MILLISECONDS:
        whole, rest = divmod(whole, 1000)
        if rest:
            return None
    if whole in _SECONDS and whole % _DAY_SECONDS == 0:
        return date(1970, 1, 1) + timedelta(seconds=whole)
    return None
