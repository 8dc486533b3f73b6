"""How numbers, intervals, days and durations are written, the same on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from cgn_core.figures.wording import NOTHING, count, interval, level_interval, percent, plural, signed

__all__ = [
    "age",
    "ago",
    "count",
    "day",
    "duration",
    "interval",
    "level_interval",
    "percent",
    "plural",
    "short_day",
    "signed",
]

MINUTE, HOUR, DAY = 60, 3600, 86400


def day(value: date | str | None) -> str:
    """``Sunday 22 November``, with the year when it isn't this one's."""
    if value is None:
        return NOTHING
    moment = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    text = f"{moment:%A} {moment.day} {moment:%B}"
    return text if moment.year == datetime.now(UTC).year else f"{text} {moment.year}"


def short_day(value: date | str | None) -> str:
    """``22 Nov 2026``."""
    if value is None:
        return NOTHING
    moment = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{moment.day} {moment:%b} {moment.year}"


def age(value: date | None, *, today: date) -> str:
    """``today``, ``yesterday``, ``9 days``: how old a workspace's newest day is."""
    if value is None:
        return "no data"
    days = (today - value).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days" if days > 0 else "ahead of today")


def ago(moment: datetime, *, now: datetime) -> str:
    """``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``."""
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR:.0f} h ago"
    days = int(seconds // DAY)
    return "yesterday" if days == 1 else f"{days} days ago"


def duration(length: timedelta | None) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if length is None:
        return NOTHING
    exact = max(0.0, length.total_seconds())
    if exact < 10:  # noqa: PLR2004 - below ten seconds a tenth still means something
        return f"{exact:.1f} s"
    seconds = round(exact)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s"
    return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
