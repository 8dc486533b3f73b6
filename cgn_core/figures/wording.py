"""Numbers and dates in words, the same on every page, in every hover and report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

from cgn_core.figures.locales import day_in_digits, digits, marks

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
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


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
    rounded = round(value, decimals)
    return f"{MINUS if rounded < 0 else ''}{digits(rounded, decimals=decimals)}"


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
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def day_month_year(day: date | str) -> str:
    """2026-11-23 -> "23 November 2026"."""
    value = _day(day)
    return day_in_digits(value) or f"{value.day} {value:%B %Y}"


def short_day(day: date | str | None) -> str:
    """``22 Nov 2026``; an en dash where there is none."""
    if day is None:
        return NOTHING
    value = _day(day)
    return day_in_digits(value) or f"{value.day} {value:%b} {value.year}"


def moment(at: datetime, *, seconds: bool = False) -> str:
    """``22 Nov 2026, 14:05``; the reader is told the time zone beside it."""
    return f"{short_day(at)}, {at:%H:%M:%S}" if seconds else f"{short_day(at)}, {at:%H:%M}"


def _day(value: date | str) -> date:
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value
