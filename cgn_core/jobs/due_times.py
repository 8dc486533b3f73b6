"""When something that happens at an hour of the local day, or of a day of the week or the month, is due."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def next_night(after: datetime, *, hour: int, time_zone: str) -> datetime:
    """The first local ``hour`` later than ``after``; UTC.

    An hour that the clocks skip is taken as the one that follows it, and of an hour that comes twice the first.

    Args:
        after: aware.
        hour: 0 to 23.
        time_zone: IANA name.
    """
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date()
    while (due := _at(day, hour, zone)) <= after:
        day += timedelta(days=1)
    return due


def next_week_day(after: datetime, *, day: int, hour: int, time_zone: str) -> datetime:
    """The first local ``hour`` of that day of a week later than ``after``; UTC. Hours as in :func:`next_night`.

    Args:
        after: aware.
        day: 1, Monday, to 7.
        hour: 0 to 23.
        time_zone: IANA name.
    """
    zone = ZoneInfo(time_zone)
    today = after.astimezone(zone).date()
    wanted = today + timedelta(days=(day - today.isoweekday()) % 7)
    due = _at(wanted, hour, zone)
    return due if due > after else _at(wanted + timedelta(days=7), hour, zone)


def next_month_day(after: datetime, *, day: int, hour: int, time_zone: str) -> datetime:
    """The first local ``hour`` of that day of a month later than ``after``; UTC. Short months end on their last day.

    Args:
        after: aware.
        day: 1 to 31.
        hour: 0 to 23.
        time_zone: IANA name.
    """
    zone = ZoneInfo(time_zone)
    local = after.astimezone(zone).date()
    year, month = local.year, local.month
    while (due := _at(_month_day(year, month, day), hour, zone)) <= after:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 - December
    return due


def _month_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
