from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.jobs.due_times import next_month_day, next_night

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - Hypothesis wants naive bounds


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.integers(0, 23), st.sampled_from(ZONES))
def test_the_next_night_lies_ahead_within_a_day_at_the_local_hour(moment: datetime, hour: int, zone: str) -> None:
    due = next_night(moment, hour=hour, time_zone=zone)
    assert moment < due <= moment + timedelta(hours=25)
    local = due.astimezone(ZoneInfo(zone))
    assert (local.minute, local.second) == (0, 0)
    assert local.hour in {hour, (hour + 1) % 24}  # the second where the clocks skip the hour
    assert next_night(due, hour=hour, time_zone=zone) > due


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.integers(1, 31), st.integers(0, 23), st.sampled_from(ZONES))
def test_the_next_day_of_a_month_comes_every_month_once(moment: datetime, day: int, hour: int, zone: str) -> None:
    first = next_month_day(moment, day=day, hour=hour, time_zone=zone)
    second = next_month_day(first, day=day, hour=hour, time_zone=zone)
    assert moment < first < second
    months = [each.astimezone(ZoneInfo(zone)) for each in (first, second)]
    assert (months[1].year * 12 + months[1].month) - (months[0].year * 12 + months[0].month) == 1
    last = (months[0].replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert months[0].day == min(day, last.day)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-03-28T12:00", "2026-03-29T01:00"),  # 02:00 doesn't exist in Berlin that night: 03:00 summer time
        ("2026-10-24T12:00", "2026-10-25T00:00"),  # 02:00 comes twice: the first, in summer time
        ("2026-10-25T00:30", "2026-10-26T01:00"),  # and not again an hour later
    ],
)
def test_hours_that_the_clocks_skip_or_repeat_come_once(after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    due = next_night(moment, hour=2, time_zone="Europe/Berlin")
    assert due == datetime.fromisoformat(expected).replace(tzinfo=UTC)
