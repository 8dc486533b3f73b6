from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.repeatable_weeks import RepeatableWeeks, repeatable_weeks
from cgn_core.stats.saturation import Saturation, TypeSaturation, power_of, saturation, weekly_saturation
from cgn_core.tables import CONTENT_TYPES, Daily, daily_from_frame
from datagen.worlds import world


def by_name(found: Saturation, name: str) -> TypeSaturation:
    return next(each for each in found.types if each.name == name)


def weekly_table(*, weeks: int, left: float, seed: int, noise: float = 25.0) -> pd.DataFrame:
    """Weeks in which one more reel in the busiest brings ``left`` of what the first one does; posts are straight."""
    rng = np.random.default_rng(seed)
    posts = rng.poisson(5, weeks).astype(float)
    reels = rng.poisson(4, weeks).astype(float)
    bent = reels - (1 - left) * reels**2 / (2 * reels.max())
    growth = 300 + 15 * posts + 60 * bent + noise * rng.standard_normal(weeks)
    mondays = pd.date_range("2024-01-01", periods=weeks, freq="7D", unit="s")
    return pd.DataFrame({"week_start": mondays, "net_growth": growth, "posts": posts, "reels": reels})


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=3, weeks=60).daily


@pytest.fixture(scope="module")
def weeks(daily: Daily) -> RepeatableWeeks:
    return repeatable_weeks(daily)


def test_the_test_is_weighted_least_squares_with_a_square_and_bonferroni(weeks: RepeatableWeeks) -> None:
    found = weekly_saturation(weeks)
    root = 1 / np.sqrt(weeks.level)
    for place, each in enumerate(found.types):
        design = np.column_stack([weeks.linear, weeks.working[:, place] ** 2])
        reference = sm.OLS(weeks.growth * root, design * root[:, None]).fit()
        error = max(reference.bse[-1], reference.HC2_se[-1])
        statistic = reference.params[-1] / error
        assert each.statistic == pytest.approx(statistic, rel=1e-6)
        assert each.curvature == pytest.approx(2 * reference.params[-1], rel=1e-6)
        assert each.std_error == pytest.approx(2 * error, rel=1e-6)
        assert each.p_value == pytest.approx(min(4 * stats.t.cdf(statistic, reference.df_resid), 1.0), rel=1e-6)
        slope = reference.params[weeks.calendar.shape[1] + place]
        assert each.marginal_busiest == pytest.approx(slope + 2 * reference.params[-1] * weeks.counts[:, place].max())
        assert each.identified == (each.p_value is not None and each.p_value < found.size)


def test_power_is_that_of_the_noncentral_t() -> None:
    for distance in (0.0, 0.5, 2.0, 4.0):
        for freedom in (8, 30, 95):
            critical = float(stats.t.isf(0.0125, freedom))
            assert power_of(distance, freedom, critical) == pytest.approx(stats.nct.sf(critical, freedom, distance))
    assert power_of(0.0, 40, float(stats.t.isf(0.0125, 40))) == pytest.approx(0.0125)
    assert power_of(1e6, 40, 2.0) == 1.0
    assert power_of(-4.5, 67, 4.5) == 0.0


def test_the_stated_alternative_has_the_straight_fits_slope_and_its_stated_share_left(weeks: RepeatableWeeks) -> None:
    # Growth that follows the alternative without noise: the fit has to find exactly its bend, and so its power.
    left = 0.25
    place = weeks.levers.index("reels")
    pieces = weeks.working[:, place]
    bent = 30 * (pieces - (1 - left) * pieces**2 / (2 * pieces.max()))
    clean = replace(weeks, growth=500 + 10 * weeks.working[:, 0] + bent)
    root = 1 / np.sqrt(weeks.level)
    design = np.column_stack([weeks.linear, pieces**2])
    noisy = sm.OLS(weeks.growth * root, design * root[:, None]).fit()
    error = max(noisy.bse[-1], noisy.HC2_se[-1])
    mixed = replace(weeks, growth=clean.growth + noisy.resid / root)
    found = by_name(weekly_saturation(mixed, left=left), "reels")
    assert found.curvature == pytest.approx(-30 * (1 - left) / pieces.max(), rel=1e-6)
    # The types tested are four, so each has a quarter of the size.
    critical = stats.t.isf(0.05 / 4, noisy.df_resid)
    expected = stats.nct.sf(critical, noisy.df_resid, 30 * (1 - left) / (2 * pieces.max()) / error)
    assert found.power == pytest.approx(expected, rel=1e-6)


def test_a_bend_is_claimed_for_the_type_that_has_it_and_said_in_words() -> None:
    found = saturation(weekly_table(weeks=104, left=0.0, seed=1))
    assert found.identified
    assert found.bent == ("reels",)
    assert found.basis == "weeks"
    reels = by_name(found, "reels")
    assert reels.reason == "claimed"
    assert reels.marginal_quietest is not None
    assert reels.marginal_busiest is not None
    assert reels.marginal_quietest > 30
    assert reels.marginal_busiest < 15
    assert reels.per_hour_quietest == pytest.approx(reels.marginal_quietest / 2), "two hours per reel"
    assert "More reels bring less and less" in found.sentence
    assert "5%" in found.sentence
    assert by_name(found, "posts").reason == "not_significant"


def test_a_bend_upwards_is_never_claimed() -> None:
    found = saturation(weekly_table(weeks=104, left=3.0, seed=1))
    assert not found.identified
    assert (by_name(found, "reels").statistic or 0) > 3


def test_a_straight_response_is_not_claimed_and_the_power_is_told(daily: Daily) -> None:
    found = saturation(daily)
    assert not found.identified
    assert found.weeks == 60
    assert found.power is not None
    assert f"{found.power:.0%}" in found.sentence
    assert "Not identified" in found.sentence
    each = [kind.power for kind in found.types]
    assert found.power == pytest.approx(1 - np.prod([1 - (power or 0) for power in each]))


def test_an_hour_has_a_value_only_where_minutes_are_known(daily: Daily) -> None:
    found = saturation(daily, minutes={"posts": 30.0})
    assert by_name(found, "reels").per_hour_busiest is None
    posts = by_name(found, "posts")
    assert posts.marginal_busiest is not None
    assert posts.per_hour_busiest == pytest.approx(2 * posts.marginal_busiest)


def test_short_histories_and_idle_types_have_a_defined_answer() -> None:
    for length in (8, 13):
        part = world("plain", seed=2, weeks=length).daily
        for history in (part, part.weekly()):
            found = saturation(history)
            assert not found.identified
            assert found.power is None
            assert {each.reason for each in found.types} <= {"too_few_weeks", "undetermined"}
            assert "can't be tested" in found.sentence
    with pytest.raises(TooFewObservations):
        saturation(world("plain", seed=2, weeks=7).daily)


def test_constant_idle_and_two_valued_types_are_named_with_a_reason(daily: Daily) -> None:
    frame = daily.frame.assign(stories=2.0, ads=0.0)
    monday = (frame["date"].dt.day_of_week == 0).to_numpy()
    frame["reels"] = np.where(monday, np.repeat(np.arange(60) % 2, 7) * 3.0, 0.0)
    found = saturation(daily_from_frame(frame))
    reasons = {each.name: each.reason for each in found.types}
    assert reasons == {
        "posts": "not_significant", "reels": "too_few_counts", "stories": "undetermined", "ads": "undetermined",
    }  # fmt: skip
    assert by_name(found, "stories").quietest is None
    assert (by_name(found, "reels").quietest, by_name(found, "reels").busiest) == (0, 3)


def test_constant_growth_is_an_answer_not_an_error(daily: Daily) -> None:
    frame = daily.frame.assign(follows=7.0, unfollows=0.0)
    found = saturation(daily_from_frame(frame))
    assert not found.identified
    assert (found.power, found.types, found.weeks) == (None, (), 60)
    assert "never changes" in found.sentence
    assert not saturation(daily.weekly().assign(net_growth=3.0)).identified


def test_growth_without_noise_is_not_tested() -> None:
    table = weekly_table(weeks=60, left=1.0, seed=4, noise=0.0)
    found = saturation(table)
    assert not found.identified
    assert {each.reason for each in found.types} == {"exact_fit"}


def test_content_that_brings_nothing_has_no_power(daily: Daily) -> None:
    table = daily.weekly()[["week_start", "posts"]].assign(net_growth=500 - 20 * daily.weekly()["posts"])
    table["net_growth"] += np.random.default_rng(1).normal(0, 10, len(table))
    found = saturation(table)
    assert found.power is None
    assert not found.identified
    assert "No content type was seen to bring followers" in found.sentence


def test_bad_options_are_refused(daily: Daily) -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"size": 0.0}, {"size": 0.5}, {"size": float("nan")}, {"left": 1.0}, {"left": -0.1}, {"left": float("nan")},
        {"minutes": {"posts": 0.0}}, {"minutes": {"posts": float("inf")}},
    )  # fmt: skip
    for options in refused:
        with pytest.raises(InvalidInput):
            saturation(daily, **options)


def test_json_is_plain_and_comes_back(daily: Daily) -> None:
    for found in (saturation(daily), saturation(world("plain", seed=2, weeks=8).daily)):
        stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert Saturation.from_json(stored) == found
        assert stored["identified"] is found.identified


@settings(max_examples=25, deadline=None)
@given(left=st.floats(0, 0.8), more=st.floats(0.01, 0.19), size=st.floats(0.005, 0.3))
def test_power_grows_with_the_bend_and_with_the_size(
    weeks: RepeatableWeeks, left: float, more: float, size: float
) -> None:
    found = weekly_saturation(weeks, left=left, size=size)
    flatter = weekly_saturation(weeks, left=left + more, size=size)
    larger = weekly_saturation(weeks, left=left, size=size + 0.1)
    for one, other, third in zip(found.types, flatter.types, larger.types, strict=True):
        assert one.power is not None
        assert other.power is not None
        assert third.power is not None
        assert size / 4 <= other.power + 1e-9 <= one.power + 1e-9 <= third.power + 2e-9
        assert one.statistic == other.statistic == third.statistic


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1e-3, 1e4), seed=st.integers(0, 50))
def test_the_answer_does_not_depend_on_the_unit_of_growth(factor: float, seed: int) -> None:
    table = weekly_table(weeks=60, left=0.0, seed=seed)
    one, other = saturation(table), saturation(table.assign(net_growth=factor * table["net_growth"]))
    for here, there in zip(one.types, other.types, strict=True):
        assert there.statistic == pytest.approx(here.statistic, rel=1e-6)
        assert there.power == pytest.approx(here.power, rel=1e-6)
        assert there.curvature == pytest.approx(factor * (here.curvature or 0), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(8, 60),
    scale=st.sampled_from([0.01, 1.0, 1e6]),
    kept=st.sets(st.sampled_from(CONTENT_TYPES), min_size=1),
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
    found = saturation(table)
    json.dumps(found.to_json(), allow_nan=False)
    assert {each.name for each in found.types} == kept
    for each in found.types:
        assert each.p_value is None or 0 <= each.p_value <= 1
        assert each.power is None or 0 <= each.power <= 1
    assert found.identified == bool(found.bent)
