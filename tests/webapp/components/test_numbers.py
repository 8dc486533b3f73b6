from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from webapp.components import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(124310, "124,310"), (-1204.4, "−1,204"), (0, "0"), (-0.2, "0"), (None, "–"), (math.nan, "–"), (math.inf, "–")],
)
def test_counts_are_grouped_with_a_true_minus_and_a_dash_where_unknown(value: float | None, text: str) -> None:
    assert numbers.count(value) == text


@pytest.mark.parametrize(("value", "text"), [(420.2, "+420"), (-950, "−950"), (0.3, "0"), (-0.3, "0"), (None, "–")])
def test_signed_numbers_say_their_direction_and_zero_has_none(value: float | None, text: str) -> None:
    assert numbers.signed(value) == text


def test_intervals_carry_their_level() -> None:
    assert numbers.level_interval(0.9, -310, 760) == "90\N{NO-BREAK SPACE}%: −310 to 760"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (12, "12 s"),
        (200, "3 min 20 s"),
        (239.7, "4 min 0 s"),
        (3900, "1 h 5 min"),
        (0.02, "under 0.1 s"),
    ],
)
def test_durations_are_as_exact_as_they_are_long(seconds: float, text: str) -> None:
    assert numbers.duration(timedelta(seconds=seconds)) == text


def test_times_are_told_from_now() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    told = [numbers.ago(now - timedelta(seconds=s), now=now) for s in (5, 300, 7300, 90000, 300000)]
    assert told == ["just now", "5 min ago", "2 h ago", "yesterday", "3 days ago"]


def test_days_are_written_out() -> None:
    assert numbers.short_day("2026-11-22") == "22 Nov 2026"
    assert numbers.day(date(2019, 11, 22)) == "Friday 22 November 2019"


def test_plurals() -> None:
    assert [numbers.plural(n, "creator") for n in (0, 1, 2)] == ["0 creators", "1 creator", "2 creators"]
