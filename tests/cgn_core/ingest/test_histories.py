from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.findings import Finding
from cgn_core.ingest.reading import read_bytes

TODAY = date(2026, 11, 23)
MONDAY = date(2026, 1, 5)


def findings(header: str, rows: list[str]) -> dict[str, Finding]:
    reading = read_bytes("\n".join([header, *rows]).encode(), file_name="luna.csv", today=TODAY)
    assert reading.importable, reading.findings
    return {found.code: found for found in reading.findings}


def day(step: int, start: date = MONDAY) -> date:
    return start + timedelta(days=step)


def growing(number: int, start: date = MONDAY) -> list[str]:
    return [f"{day(step, start)},{1000 + 5 * step + step % 3}" for step in range(number)]


@pytest.mark.parametrize(
    ("number", "start", "complete", "until"),
    [
        # The first day's growth is unknown, so its week is never complete.
        (7, MONDAY, 0, "2026-03-08"),
        (8, MONDAY, 0, "2026-03-08"),
        (14, MONDAY, 1, "2026-03-08"),
        (30, MONDAY, 3, "2026-03-08"),
        (30, day(-1), 4, "2026-03-01"),
        (58, MONDAY, 7, "2026-03-08"),
    ],
)
def test_short_histories_name_the_complete_weeks_the_missing_ones_and_the_day(
    number: int, start: date, complete: int, until: str
) -> None:
    found = findings("date,followers", growing(number, start))["too_few_weeks"]
    assert found.severity == "warning"
    weeks = "1 complete week " if complete == 1 else f"{complete} complete weeks "
    assert weeks in found.message
    assert f"so {8 - complete} more {'is' if complete == 7 else 'are'} missing" in found.message
    assert f"after {until}." in found.message


def test_a_table_of_weeks_is_called_one_and_days_with_gaps_are_not() -> None:
    weeks = [f"{day(7 * step)},{1000 + 40 * step + step % 3}" for step in range(20)]
    found = findings("date,followers", weeks)
    assert "one row a day" in found["weekly_rows"].message
    assert "missing_days" not in found
    gappy = findings("date,followers", [*weeks[:3], *growing(30, day(40))])
    assert "weekly_rows" not in gappy
    assert "missing_days" in gappy


def test_the_named_day_is_the_one_on_which_training_becomes_possible() -> None:
    text = findings("date,followers", growing(30))["too_few_weeks"].message
    ready = date.fromisoformat(text.rsplit("after ", 1)[1].rstrip("."))
    reached = (ready - MONDAY).days + 1
    assert "too_few_weeks" in findings("date,followers", growing(reached - 1))
    assert "too_few_weeks" not in findings("date,followers", growing(reached))


def test_less_than_three_months_is_worth_a_word_and_three_months_are_not() -> None:
    assert findings("date,followers", growing(80))["short_history"].severity == "info"
    assert "short_history" not in findings("date,followers", growing(7 * 14))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(20, 120),
    st.integers(0, 6),
    st.sets(st.integers(0, 119), max_size=12),
    st.sets(st.integers(0, 119), max_size=12),
    st.sampled_from(["date,followers,provisional", "date,follows,provisional", "date,follows,unfollows,provisional"]),
)
def test_complete_weeks_are_counted_as_training_counts_them(
    number: int, shift: int, gone: set[int], provisional: set[int], header: str
) -> None:
    values = header.count(",") - 1
    rows = [
        f"{day(step + shift)}{',7' * values},{'yes' if step in provisional else ''}"
        for step in range(number)
        if step not in gone or step == 0
    ]
    reading = read_bytes("\n".join([header, *rows]).encode(), file_name="luna.csv", today=TODAY)
    weeks = int(reading.creators[0].weekly()["is_target"].sum())
    texts = [found.message for found in reading.findings if found.code in {"too_few_weeks", "short_history"}]
    assert (weeks < 13) == bool(texts)
    assert not texts or f" {weeks} complete week" in texts[0]


def test_missing_days_are_counted_placed_and_stay_missing() -> None:
    rows = growing(100)
    del rows[60:63]
    found = findings("date,followers", rows)["missing_days"]
    assert (found.severity, found.rows) == ("warning", (62,))
    assert "skips 3 days before row 62 (first 2026-03-06 to 2026-03-08)" in found.message


def test_empty_cells_are_missing_and_not_zero() -> None:
    rows = [f"{row},{'' if step in {3, 9} else 1 + step % 2}" for step, row in enumerate(growing(100))]
    found = findings("date,followers,reels", rows)["empty_cells"]
    assert (found.severity, found.rows) == ("warning", (5, 11))


def test_growth_that_is_told_in_two_ways_has_to_agree() -> None:
    rows = [f"{day(step)},{1000 + 3 * step + 40 * (step >= 50)},{5 + step % 2},{2 + step % 2}" for step in range(100)]
    found = findings("date,followers,follows,unfollows", rows)["growth_disagrees"]
    assert (found.severity, found.rows) == ("warning", (52,))
    assert "+43 against +3" in found.message


def test_a_difference_of_one_is_rounding() -> None:
    rows = [f"{day(step)},{1000 + 3 * step + step % 2},5,2" for step in range(100)]
    assert "growth_disagrees" not in findings("date,followers,follows,unfollows", rows)


def test_followers_counted_at_the_start_of_the_day_are_recognised() -> None:
    gains = np.random.default_rng(3).integers(0, 60, 100)
    start_of_day = 1000 + np.concatenate([[0], np.cumsum(gains)[:-1]])
    rows = [f"{day(step)},{start_of_day[step]},{gains[step]},0" for step in range(100)]
    assert "at the start of the day" in findings("date,followers,follows,unfollows", rows)["growth_disagrees"].message


def test_a_single_day_that_disagrees_tells_nothing_of_the_time_of_counting() -> None:
    rows = [f"{day(0)},100,,", f"{day(1)},150,3,1"]
    message = findings("date,followers,follows,unfollows", rows)["growth_disagrees"].message
    assert "row 3" in message
    assert "at the start of the day" not in message


def test_columns_that_never_change_are_named_with_their_value() -> None:
    found = findings("date,followers,ads,reels", [f"{row},0,{step % 2}" for step, row in enumerate(growing(60))])
    assert found["constant_column"].severity == "info"
    assert "ads (0) is the same on every day" in found["constant_column"].message


def test_growth_that_never_changes_is_a_warning() -> None:
    found = findings("date,follows", [f"{day(step)},7" for step in range(60)])["constant_column"]
    assert found.severity == "warning"
    assert "follows (7)" in found.message


def test_a_spike_is_kept_and_named() -> None:
    rows = [f"{day(step)},{900 if step == 40 else 20 + step % 5}" for step in range(100)]
    found = findings("date,follows", rows)["growth_spikes"]
    assert (found.severity, found.rows) == ("info", (42,))
    assert "2026-02-14 (+900)" in found.message


def test_steady_growth_has_no_spikes() -> None:
    assert "growth_spikes" not in findings("date,followers", growing(100))


def test_several_creators_are_named_in_one_sentence() -> None:
    rows = [f"{name},{row}" for name in ("ana", "bo", "cy") for row in growing(30 if name != "cy" else 100)]
    found = findings("creator,date,followers", rows)["too_few_weeks"]
    assert "of “ana” and “bo”" in found.message
    assert "cy" not in found.message


def test_rounded_counts_are_a_warning() -> None:
    rows = [f"{day(step)},{63 + step // 10}.{step % 10}K" for step in range(30)]
    found = findings("date,followers", rows)["rounded_numbers"]
    assert found.severity == "warning"
    assert len(found.rows) == 30
