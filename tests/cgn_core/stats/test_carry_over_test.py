from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.carry_over_test import CarryOver, carry_over_of, weekly_carry_over
from cgn_core.stats.repeatable_weeks import LASTING_SHARE, repeatable_weeks
from cgn_core.tables import CONTENT_TYPES, Daily, daily_from_frame
from datagen.worlds import world


@pytest.fixture(scope="module")
def lasting() -> Daily:
    return world("effects spread over days", seed=5, weeks=104).daily


@pytest.fixture(scope="module")
def plain() -> Daily:
    return world("plain", seed=3, weeks=104).daily


def test_effects_that_last_for_days_are_seen_and_their_share_is_covered(lasting: Daily) -> None:
    # Of an effect of which 60 % is left a day later, a fifth comes after the week's end.
    for history in (lasting, lasting.weekly()):
        found = weekly_carry_over(history)
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0.2 < found.high < 0.5
    by_day = weekly_carry_over(lasting)
    assert by_day.identified
    assert "still brings followers in the next" in by_day.sentence


def test_effects_of_the_day_alone_are_not_claimed_and_the_power_is_told(plain: Daily) -> None:
    for history in (plain, plain.weekly()):
        found = weekly_carry_over(history)
        assert not found.identified
        assert found.reason == "not_significant"
        assert found.power is not None
        assert found.power > 0.85
        assert found.low is not None
        assert found.low <= 0
        assert f"{found.power:.0%}" in found.sentence
        assert "Not identified" in found.sentence


def test_the_test_is_weighted_least_squares_on_one_lagged_index(plain: Daily) -> None:
    weeks = repeatable_weeks(plain)
    found = carry_over_of(weeks)
    design = np.column_stack(
        [weeks.calendar, weeks.counts, weeks.leaving @ weeks.effects, weeks.arriving @ weeks.effects]
    )[1:]
    root = 1 / np.sqrt(weeks.level[1:])
    reference = sm.OLS(weeks.growth[1:] * root, design * root[:, None]).fit()
    error = max(reference.bse[-1], reference.HC2_se[-1])
    statistic = reference.params[-1] / error
    assert found.weeks == 103
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(stats.t.sf(statistic, reference.df_resid))
    assert found.estimate == pytest.approx(LASTING_SHARE * reference.params[-1])
    critical = stats.t.isf(0.05, reference.df_resid)
    assert found.high == pytest.approx(LASTING_SHARE * (reference.params[-1] + critical * error))
    assert found.power == pytest.approx(stats.nct.sf(critical, reference.df_resid, 1 / error))


def test_a_planted_share_is_found_exactly_where_nothing_else_moves(plain: Daily) -> None:
    weeks = repeatable_weeks(plain)
    known = np.nan_to_num(weeks.arriving)
    rng = np.random.default_rng(1)
    growth = 300 + weeks.counts @ weeks.effects + 0.5 * known @ weeks.effects + 1e-3 * rng.normal(size=len(known))
    found = carry_over_of(replace(weeks, growth=growth))
    assert found.identified
    assert found.estimate == pytest.approx(0.5 * LASTING_SHARE, rel=1e-3)


def test_content_that_takes_followers_from_the_next_week_is_no_carry_over(plain: Daily) -> None:
    weeks = repeatable_weeks(plain)
    found = carry_over_of(replace(weeks, growth=weeks.growth - np.nan_to_num(weeks.arriving) @ weeks.effects))
    assert found.statistic is not None
    assert found.statistic < -2
    assert not found.identified


def test_the_interval_lies_above_zero_exactly_where_carry_over_is_claimed() -> None:
    claims = []
    for seed in range(12):
        for size in (0.05, 0.3):
            found = weekly_carry_over(world("effects spread over days", seed=seed, weeks=30).daily, size=size)
            assert found.low is not None
            assert found.p_value is not None
            assert found.identified == (found.low > 0) == (found.p_value < size)
            assert found.level == pytest.approx(1 - 2 * size)
            claims.append(found.identified)
    assert set(claims) == {True, False}


def test_short_and_idle_histories_have_a_defined_answer(plain: Daily) -> None:
    for length in (8, 13):
        found = weekly_carry_over(world("plain", seed=2, weeks=length).daily)
        assert (found.identified, found.reason, found.power) == (False, "too_few_weeks", None)
    idle = daily_from_frame(plain.frame.assign(**dict.fromkeys(CONTENT_TYPES, 0.0)))
    assert weekly_carry_over(idle).reason == "no_content"
    still = daily_from_frame(plain.frame.assign(follows=7.0, unfollows=0.0))
    assert weekly_carry_over(still).reason == "constant_growth"
    with pytest.raises(TooFewObservations):
        weekly_carry_over(world("plain", seed=2, weeks=7).daily)


def test_a_timetable_that_repeats_cannot_tell_last_weeks_content_from_this_weeks(plain: Daily) -> None:
    table = plain.weekly()[["week_start", "net_growth"]].copy()
    table["posts"] = np.where(np.arange(len(table)) % 2, 6.0, 2.0)
    found = weekly_carry_over(table)
    assert (found.identified, found.reason) == (False, "no_content")
    assert "can't be told" in found.sentence


def test_growth_without_noise_is_not_tested() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"week_start": pd.date_range("2024-01-01", periods=40, freq="7D", unit="s")})
    table["reels"] = rng.poisson(4, 40).astype(float)
    table["net_growth"] = 100 + 20 * table["reels"]
    assert weekly_carry_over(table).reason == "exact_fit"


def test_bad_sizes_are_refused(plain: Daily) -> None:
    for size in (0.0, 0.5, -1.0, float("nan")):
        with pytest.raises(InvalidInput):
            weekly_carry_over(plain, size=size)


def test_json_is_plain_and_comes_back(plain: Daily) -> None:
    for found in (weekly_carry_over(plain), weekly_carry_over(world("plain", seed=2, weeks=8).daily)):
        stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert CarryOver.from_json(stored) == found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(8, 60),
    scale=st.sampled_from([0.01, 1.0, 1e6]),
    kept=st.sets(st.sampled_from(CONTENT_TYPES)),
)
def test_any_weeks_give_finite_numbers_or_none(seed: int, length: int, scale: float, kept: set[str]) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "week_start": pd.date_range("2024-01-01", periods=length, freq="7D", unit="s"),
            "net_growth": scale * rng.standard_t(2, length),
            **{name: rng.poisson(rng.uniform(0, 4), length).astype(float) for name in sorted(kept)},
        }
    )
    found = weekly_carry_over(table)
    json.dumps(found.to_json(), allow_nan=False)
    assert found.p_value is None or 0 <= found.p_value <= 1
    assert found.power is None or 0.05 <= found.power + 1e-9 <= 1 + 1e-9
    assert found.reason == "no_content" or kept
    assert found.identified == (found.reason == "claimed")
