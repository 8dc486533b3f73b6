"""Text cells to dates and numbers, decided from the whole column and never from one cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_TRIPLE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?")
_NUMBER = re.compile(r"([+-]?)(\d[\d.,'\u00a0\u202f ]*|[.,]\d+)([KkMm]?)\s*(%?)")
_GROUPED = re.compile(r"\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+")
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6}
EMPTY = frozenset({"", "-", "--", "n/a", "na", "nan", "none", "null", "\N{EN DASH}", "\N{EM DASH}"})
LONGEST_NUMBER = 40
MONTHS = 12

Dates = np.ndarray[tuple[int], np.dtype[np.datetime64]]
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class DateColumn:
    """Parsed dates (NaT where unreadable), and what was wrong."""

    values: Dates
    unreadable: tuple[int, ...] = ()
    """Places in the column, from 0."""
    ambiguous: bool = False
    """Day-month and month-day both fit and give different histories."""


def parse_dates(texts: Sequence[str]) -> DateColumn:
    """Read a column of dates: ISO, else day-month-year or month-day-year, whichever the whole column fits.

    Where both fit, the one that yields one row a day without gaps wins; where that doesn't decide, it is ambiguous.
    """
    iso = [_ISO.fullmatch(text.strip()) for text in texts]
    if any(match is not None for match in iso):
        return _built([None if m is None else (int(m[1]), int(m[2]), int(m[3])) for m in iso])
    triples = [_TRIPLE.fullmatch(text.strip()) for text in texts]
    day_first = _built([None if m is None else (int(m[3]), int(m[2]), int(m[1])) for m in triples])
    month_first = _built([None if m is None else (int(m[3]), int(m[1]), int(m[2])) for m in triples])
    if len(day_first.unreadable) != len(month_first.unreadable):
        return min(day_first, month_first, key=lambda column: len(column.unreadable))
    if day_first.unreadable or np.array_equal(day_first.values, month_first.values):
        return day_first
    daily = [column for column in (day_first, month_first) if _is_gap_free(column.values)]
    return daily[0] if len(daily) == 1 else DateColumn(day_first.values, ambiguous=True)


def _built(parts: Sequence[tuple[int, int, int] | None]) -> DateColumn:
    values = np.full(len(parts), np.datetime64("NaT"), dtype="datetime64[D]")
    unreadable = []
    for place, part in enumerate(parts):
        try:
            values[place] = np.datetime64(date(*part)) if part is not None else np.datetime64("NaT")
        except ValueError:
            part = None  # noqa: PLW2901 - a thirteenth month is as unreadable as no date
        if part is None:
            unreadable.append(place)
    return DateColumn(values, tuple(unreadable))


def _is_gap_free(values: Dates) -> bool:
    unique = np.unique(values)
    return len(unique) > 1 and bool((np.diff(unique) == np.timedelta64(1, "D")).all())


@dataclass(frozen=True)
class NumberColumn:
    """Parsed numbers (NaN where empty or unreadable), and the places that hold text."""

    values: Numbers
    unreadable: tuple[int, ...] = ()


def parse_numbers(texts: Sequence[str]) -> NumberColumn:
    """Read a column of numbers: ``1,234``, ``1.234``, ``12,5``, ``63.3K``, ``12,3 %`` (as 0.123), blanks as missing.

    A comma or dot is a thousands mark when every number that has one is grouped in threes, else the decimal mark.
    """
    stripped = [text.strip() for text in texts]
    plain = pd.to_numeric(pd.Series(stripped, dtype="str"), errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    dotted = [text for text in stripped if "." in text]
    grouped = bool(dotted) and all(_GROUPED.fullmatch(text.lstrip("+-")) for text in dotted)
    if not grouped and np.isfinite(plain).all():
        return NumberColumn(plain)
    values = np.full(len(stripped), np.nan)
    unreadable = []
    comma_groups = _all_grouped(stripped, ",")
    dot_groups = _all_grouped(stripped, ".")
    for place, text in enumerate(stripped):
        if text.casefold() in EMPTY:
            continue
        number = _number(text, comma_groups=comma_groups, dot_groups=dot_groups)
        if number is None:
            unreadable.append(place)
        else:
            values[place] = number
    return NumberColumn(values, tuple(unreadable))


def _all_grouped(texts: Sequence[str], mark: str) -> bool:
    bodies = [match[2].strip() for text in texts if mark in text and (match := _NUMBER.fullmatch(text))]
    return bool(bodies) and all(_GROUPED.fullmatch(body) and not body.startswith("0") for body in bodies)


def _number(text: str, *, comma_groups: bool, dot_groups: bool) -> float | None:
    match = _NUMBER.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        return _float(text)
    sign, body, scale, share = match.groups()
    body = re.sub(r"['\u00a0\u202f ]", "", body)
    if "," in body and "." in body:
        decimal = max(body.rfind(","), body.rfind("."))
        body = re.sub(r"[.,]", "", body[:decimal]) + "." + body[decimal + 1 :]
    elif "," in body:
        body = body.replace(",", "") if comma_groups or body.count(",") > 1 else body.replace(",", ".")
    elif "." in body and not scale:
        body = body.replace(".", "") if dot_groups or body.count(".") > 1 else body
    number = _float(sign + body)
    return None if number is None else number * _SCALE[scale.casefold()] / (100.0 if share else 1.0)


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in text else None
