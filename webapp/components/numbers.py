"""How numbers, intervals, days and durations are written, the same on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cgn_core.figures.locales import day_in_digits, digits, plain, retold, written_as
from cgn_core.figures.wording import (
    NOTHING,
    count,
    interval,
    level_interval,
    moment,
    percent,
    plural,
    short_day,
    signed,
)

__all__ = [
    "age",
    "ago",
    "count",
    "day",
    "duration",
    "interval",
    "level_interval",
    "local_moment",
    "moment",
    "percent",
    "plain",
    "plural",
    "retold",
    "sample",
    "short_day",
    "signed",
]

MINUTE, HOUR, DAY = 60, 3600, 86400
SHORTEST = 0.1
"""Seconds; whatever took less is said to have."""


def day(value: date | str | None) -> str:
    """``Sunday 22 November``, with the year when it isn't this one's."""
    if value is None:
        return NOTHING
    chosen = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    written = day_in_digits(chosen)
    if written is not None:
        return f"{chosen:%A} {written}"
    text = f"{chosen:%A} {chosen.day} {chosen:%B}"
    return text if chosen.year == datetime.now(UTC).year else f"{text} {chosen.year}"


def sample(code: str) -> str:
    """``1.234,5 · 31.12.2026``: what a way of writing looks like."""
    with written_as(code):
        return f"{count(1234.5, decimals=1)} \N{MIDDLE DOT} {short_day(date(2026, 12, 31))}"


def age(value: date | None, *, today: date) -> str:
    """``today``, ``yesterday``, ``9 days``: how old a workspace's newest day is."""
    if value is None:
        return "no data"
    days = (today - value).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days" if days > 0 else "ahead of today")


def ago(at: datetime, *, now: datetime) -> str:
    """``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``."""
    seconds = max(0.0, (now - at).total_seconds())
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR:.0f} h ago"
    days = int(seconds // DAY)
    return "yesterday" if days == 1 else f"{plural(days, 'day')} ago"


def local_moment(at: datetime, time_zone: str) -> str:
    """``22 Nov 2026, 15:05`` as clocks show it there; the reader is told the time zone beside it."""
    return moment(at.astimezone(ZoneInfo(time_zone)))


def duration(length: timedelta | None) -> str:
    """``under 0.1 s``, ``0.4 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if length is None:
        return NOTHING
    exact = max(0.0, length.total_seconds())
    if exact < SHORTEST:
        return f"under {digits(SHORTEST, decimals=1)} s"
    if exact < 10:  # noqa: PLR2004 - below ten seconds a tenth still means something
        return f"{digits(exact, decimals=1)} s"
    seconds = round(exact)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s"
    return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
