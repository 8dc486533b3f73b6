"""Numbers and dates in words, the same on every page, in every hover and report."""

from __future__ import annotations

import math
from datetime import date

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
SMALL = 10
"""Below this, a rate keeps one decimal."""


def model_name(name: str) -> str:
    """A model's name for a person."""
    return MODELS.get(name, name.replace("_", " ").capitalize())


def whole(value: float | None) -> str:
    """1234.4 -> "1,234"; a dash where there is no number."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.0f}"
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def signed(value: float | None) -> str:
    """420 -> "+420", -1204 -> "−1,204", 0.3 -> "0"."""
    text = whole(value)
    return f"+{text}" if value is not None and value > 0 and text != "0" else text


def rate(value: float | None) -> str:
    """A number per hour or per piece: one decimal below ten."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.1f}" if abs(value) < SMALL else f"{abs(value):,.0f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text


def between(low: float | None, high: float | None, *, rates: bool = False) -> str:
    """An interval: "180 to 760"."""
    if low is None or high is None:
        return "no interval"
    words = rate if rates else whole
    return f"{words(low)} to {words(high)}"


def percent(share: float | None, *, digits: int = 0) -> str:
    """0.912 -> "91 %"."""
    if share is None or not math.isfinite(share):
        return "–"
    return f"{share * 100:.{digits}f} %"


def day_month(day: date | str) -> str:
    """2026-11-23 -> "23 November"."""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{value.day} {value:%B}"


def day_month_year(day: date | str) -> str:
    """2026-11-23 -> "23 November 2026"."""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{value.day} {value:%B %Y}"
