from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.drift import Drift, detect_drift, regime_caution
from cgn_core.tables import Daily, daily_from_frame

MONDAY = date(2025, 1, 6)


def made(weekly: list[float], *, reels: list[int] | None = None) -> Daily:
    """A history whose weeks grow by so much, spread over the days with a little noise that sums to nothing."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.02, (len(weekly), 7)) * np.abs(np.array(weekly))[:, None]
    growth = (np.array(weekly)[:, None] / 7 + noise - noise.mean(axis=1, keepdims=True)).ravel()
    frame = pd.DataFrame(
        {
            "date": [MONDAY + timedelta(days=day) for day in range(7 * len(weekly))],
            "follows": growth + 1000.0,
            "unfollows": 1000.0,
            "reels": np.repeat(reels or [1, 2] * len(weekly), 7)[: 7 * len(weekly)].astype(float),
        }
    )
    return daily_from_frame(frame)


def noisy(level: float, weeks: int, *, seed: int = 1) -> list[float]:
    return (level * np.exp(np.random.default_rng(seed).normal(0, 0.1, weeks))).tolist()


def look(daily: Daily, **options: float) -> Drift:
    return detect_drift(daily, rng=np.random.default_rng(1), **options)


def test_a_calm_history_raises_no_alarm_and_says_so() -> None:
    found = look(made(noisy(700, 60)))
    assert (found.alarm, found.direction, found.start_week, found.alarm_week) == (False, None, None, None)
    assert found.sentence.startswith("Growth is on the path")
    assert regime_caution(found, 60) is None
    assert len(found.path) == 60 - 8


@pytest.mark.parametrize(("factor", "direction", "word"), [(0.15, "down", "lower"), (4.0, "up", "higher")])
def test_a_break_is_dated_to_its_week_and_training_is_told(factor: float, direction: str, word: str) -> None:
    found = look(made(noisy(700, 40) + noisy(700 * factor, 12, seed=2)))
    assert (found.alarm, found.direction) == (True, direction)
    assert found.start_week == (MONDAY + timedelta(weeks=40)).isoformat()
    assert found.weeks_since_start == 12
    caution = regime_caution(found, 52)
    assert caution is not None
    assert caution.code == "another_regime"
    assert f"on a {word} level since the week of {found.start_week}: the 40 older weeks" in caution.message
    assert "12 weeks are left since then, enough to train on them alone." in caution.message


def test_few_weeks_of_a_new_regime_are_said_to_be_too_few() -> None:
    caution = regime_caution(look(made(noisy(700, 40) + noisy(100, 3, seed=2))), 43)
    assert caution is not None
    assert "too few to train on them alone, which takes 8" in caution.message


def test_a_fall_that_posting_explains_is_no_drift() -> None:
    reels = [4, 2, 6, 3] * 12
    holiday = [1, 0, 0, 1, 0, 1]
    growth = [100.0 * count + 200 for count in reels + holiday]
    jitter = np.exp(np.random.default_rng(5).normal(0, 0.08, len(growth)))
    found = look(made((np.array(growth) * jitter).tolist(), reels=reels + holiday))
    assert not found.alarm
    assert found.cadence_outside == ("reels",)


def test_growth_that_came_back_is_no_break_any_more() -> None:
    weeks = noisy(700, 40) + noisy(150, 3, seed=2) + noisy(700, 30, seed=3)
    assert not look(made(weeks)).alarm


def test_losses_have_a_path_too() -> None:
    rng = np.random.default_rng(4)
    shrinking = (-50 + 10 * rng.standard_normal(40)).tolist()
    assert not look(made(shrinking)).alarm
    assert look(made(shrinking + (-300 + 10 * rng.standard_normal(6)).tolist())).direction == "down"


def test_missing_weeks_are_passed_over_and_dates_stay_right() -> None:
    daily = made(noisy(700, 40) + noisy(100, 8, seed=2))
    frame = daily.frame.drop(index=range(20 * 7, 23 * 7))
    found = look(daily_from_frame(frame))
    assert found.start_week == (MONDAY + timedelta(weeks=40)).isoformat()


def test_short_histories_are_answered_or_refused() -> None:
    found = look(made(noisy(700, 12)))
    assert not found.alarm
    assert "12 complete weeks are too few" in found.sentence
    assert found.path == ()
    with pytest.raises(TooFewObservations):
        look(made(noisy(700, 7)))
    constant = made([700.0] * 20)
    with pytest.raises(ConstantSeries):
        look(Daily(constant.frame.assign(follows=1100.0), constant.provenance))


@pytest.mark.parametrize("rate", [0.0, -1.0, 13.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(InvalidInput, match="False alarms a year lie above 0"):
        look(made(noisy(700, 20)), false_alarms_per_year=rate)


def test_a_smaller_rate_asks_for_more_evidence() -> None:
    daily = made(noisy(700, 80))
    often, rarely = (look(daily, false_alarms_per_year=rate) for rate in (6.0, 0.05))
    assert rarely.threshold_up >= often.threshold_up
    assert rarely.threshold_down >= often.threshold_down


def test_the_same_draws_give_the_same_answer_as_plain_values() -> None:
    daily = made(noisy(700, 40) + noisy(150, 8, seed=2))
    assert look(daily) == look(daily)
    stored = json.loads(json.dumps(look(daily).to_json(), allow_nan=False))
    assert {"alarm", "direction", "start_week", "false_alarms_per_year"} <= set(stored)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 1)), min_size=8, max_size=40),
    st.integers(0, 9),
)
def test_any_finite_history_is_answered_without_a_number_that_is_none(weekly: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    daily = made((np.array(weekly) + rng.normal(0, 1, len(weekly))).tolist())
    found = look(daily)
    json.dumps(found.to_json(), allow_nan=False)
    assert all(week.up >= 0 and week.down >= 0 and abs(week.residual) <= 3 for week in found.path)
    assert found.alarm == (found.direction is not None) == (found.start_week is not None)
