"""Numbers and dates in words, the same on every page, in every hover and report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from cgn_core.figures import locales
from cgn_core.figures.locales import MINUS, day_in_digits, digits, in_use, marks

NAMES = {"posts": "Posts", "reels": "Reels", "stories": "Stories", "ads": "Ads"}
ONE = {"posts": "post", "reels": "reel", "stories": "story", "ads": "ad"}
MODELS = {
    "daily": "Daily fit",
    "tukey": "Weekly Tukey",
    "huber": "Weekly Huber",
    "ols": "Weekly least squares",
    "single_lever": "Single lever",
    "last_value": "Last week again",
    "mean": "Mean so far",
    "median": "Median so far",
    "drift": "Drift",
    "seasonal_naive": "Same week last year",
}
NOTHING = "\N{EN DASH}"
NUMBERS_KEPT, DAYS_KEPT = 16384, 8192
"""How many are kept as they were written: the numbers of some hundred pages, the days of twenty years."""


@dataclass(frozen=True)
class Phrase:
    """Words of a sentence that may stand out; pages and documents each have their way to show it."""

    text: str
    role: str = ""
    """"" | strong | interval | aside, or the content type that the words are about."""


def model_name(name: str) -> str:
    """A model's name for a person."""
    return MODELS.get(name, name.replace("_", " ").capitalize())


def count(value: float | None, *, decimals: int = 0) -> str:
    """``124,310``; an en dash where there is no number."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return _written(value, decimals, in_use())


# A page writes the same hundreds of numbers and days each time it is drawn, and so does everybody else's.
@lru_cache(NUMBERS_KEPT)
def _written(value: float, decimals: int, code: str) -> str:
    rounded = round(value, decimals)
    return f"{MINUS if rounded < 0 else ''}{digits(rounded, decimals=decimals, code=code)}"


def signed(value: float | None, *, decimals: int = 0) -> str:
    """``+420``, ``−1,204``, ``0``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"+{count(value, decimals=decimals)}" if round(value, decimals) > 0 else count(value, decimals=decimals)


def percent(share: float | None, *, decimals: int = 0) -> str:
    """``90 %`` from 0.9, with a space that doesn't break."""
    if share is None or not math.isfinite(share):
        return NOTHING
    return count(share * 100, decimals=decimals) + marks().percent


def interval(low: float | None, high: float | None, *, decimals: int = 0) -> str:
    """``180 to 760``."""
    return f"{count(low, decimals=decimals)} to {count(high, decimals=decimals)}"


def level_interval(level: float, low: float | None, high: float | None, *, decimals: int = 0) -> str:
    """``90 %: 180 to 760``."""
    return f"{percent(level)}: {interval(low, high, decimals=decimals)}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """``1 creator``, ``5 creators``."""
    return f"{count(number)} {noun(number, one, many)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """The same the house's way whoever asks: for sentences that are kept and rewritten where they are shown."""
    return f"{number:,} {noun(number, one, many)}"


def noun(number: int, one: str, many: str | None = None) -> str:
    """The form that goes with a number; the only place that knows plurals, two of which are English."""
    return one if number == 1 else many or one + "s"


def day_month_year(day: date | str) -> str:
    """2026-11-23 -> "23 November 2026"."""
    return _long(_day(day), in_use())


def short_day(day: date | str | None) -> str:
    """``22 Nov 2026``; an en dash where there is none."""
    return NOTHING if day is None else _short(_day(day), in_use())


@lru_cache(DAYS_KEPT)
def _long(day: date, code: str) -> str:
    return day_in_digits(day, code=code) or f"{day.day} {day:%B %Y}"


@lru_cache(DAYS_KEPT)
def _short(day: date, code: str) -> str:
    return locales.short_day(day, code=code)


def moment(at: datetime, *, seconds: bool = False) -> str:
    """``22 Nov 2026, 14:05``; the reader is told the time zone beside it."""
    return f"{short_day(at)}, {at:%H:%M:%S}" if seconds else f"{short_day(at)}, {at:%H:%M}"


def _day(value: date | str) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value[:10])
    return value.date() if isinstance(value, datetime) else value
