from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cgn_core.errors import InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import Effect, Fit
from cgn_core.stats.returns import ContentReturn, content_returns, effect_estimates, hourly_contrasts, overall_return
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import DEFAULT_MINUTES
from datagen.worlds import world

MINUTES = {"posts": 45.0, "reels": 120.0}


@pytest.fixture(scope="module")
def fit() -> Fit:
    """With effects known by hand: 9 followers per post, 20 per reel, 100 per ad; 16 degrees of freedom."""
    made = fit_weekly(world("plain", seed=1, weeks=20).daily, model="ols")
    effects = tuple(
        Effect(name, estimate, estimate - 2, estimate + 2, 0.95, error, f"followers per {name}", "planned")
        for name, estimate, error in (("posts", 9.0, 9.0), ("reels", 20.0, 2.0), ("ads", 100.0, 5.0))
    )
    return replace(made, effects=effects, details={"degrees_of_freedom": 16})


def weeks(number: int = 12, **columns: Any) -> pd.DataFrame:
    """Weeks of four posts and three reels: nine hours at the minutes per piece."""
    table = {"posts": 4.0, "reels": 3.0, "stories": 10.0, "net_growth": 90.0, **columns}
    return pd.DataFrame(table, index=range(number))


def test_an_hour_more_brings_the_effect_of_the_pieces_it_makes(fit: Fit) -> None:
    posts, reels = content_returns(fit, weeks(), minutes=MINUTES, level=0.9)
    assert (posts.content_type, posts.minutes, reels.content_type, reels.minutes) == ("posts", 45.0, "reels", 120.0)
    assert posts.marginal.estimate == pytest.approx(12.0)  # 9 followers in three quarters of an hour
    assert reels.marginal.estimate == pytest.approx(10.0)  # 20 followers in two hours
    half = stats.t.ppf(0.95, 16)
    assert (reels.marginal.low, reels.marginal.high) == pytest.approx((10 - half, 10 + half))
    assert (posts.marginal.low, posts.marginal.high) == pytest.approx((12 - 12 * half, 12 + 12 * half))
    assert (posts.distinguishable, reels.distinguishable) == (False, True)
    assert posts.marginal.level == 0.9


def test_without_recorded_hours_the_average_hour_is_as_good_as_one_more(fit: Fit) -> None:
    for each in content_returns(fit, weeks(), minutes=MINUTES):
        assert each.average == each.marginal


def test_where_the_work_really_took_twice_as_long_the_average_hour_brings_half(fit: Fit) -> None:
    for each in content_returns(fit, weeks(minutes_spent=2 * 9 * 60.0), minutes=MINUTES):
        assert each.average.estimate == pytest.approx(each.marginal.estimate / 2)
        assert each.average.high - each.average.low == pytest.approx((each.marginal.high - each.marginal.low) / 2)
        assert each.stretch == pytest.approx(2)


def test_only_the_last_twelve_weeks_and_those_with_known_hours_count(fit: Fit) -> None:
    spent = np.full(30, 5_000.0)
    spent[-12:] = 9 * 60.0
    spent[-3:-1] = np.nan
    for each in content_returns(fit, weeks(30, minutes_spent=spent), minutes=MINUTES):
        assert each.average.estimate == pytest.approx(each.marginal.estimate)


def test_types_without_minutes_have_no_return_and_ads_cost_no_time_by_default(fit: Fit) -> None:
    shown = [each.content_type for each in content_returns(fit, weeks(), minutes=DEFAULT_MINUTES)]
    assert shown == ["posts", "reels"]
    with_ads = content_returns(fit, weeks(ads=1.0), minutes={**MINUTES, "ads": 30.0})
    assert [each.content_type for each in with_ads] == ["posts", "reels", "ads"]


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_minutes_must_be_above_zero(fit: Fit, value: float) -> None:
    with pytest.raises(InvalidInput, match="Minutes for reels must be above 0"):
        content_returns(fit, weeks(), minutes={"reels": value})


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5, float("nan")])
def test_a_level_outside_of_0_and_1_is_refused(fit: Fit, level: float) -> None:
    with pytest.raises(UnsupportedLevel):
        content_returns(fit, weeks(), minutes=MINUTES, level=level)
    with pytest.raises(UnsupportedLevel):
        overall_return(weeks(), minutes=MINUTES, level=level)


def test_a_return_survives_json(fit: Fit) -> None:
    for each in content_returns(fit, weeks(), minutes=MINUTES):
        assert ContentReturn.from_json(json.loads(json.dumps(each.to_json()))) == each


def test_all_growth_over_all_hours_by_hand() -> None:
    spent, growth = np.array([60.0, 120.0, 180.0, 240.0]), np.array([10.0, 20.0, 30.0, 40.0])
    exact = overall_return(weeks(4, minutes_spent=spent, net_growth=growth), minutes=MINUTES)
    found = exact.follows_per_hour
    assert (found.estimate, found.low, found.high) == pytest.approx((10.0, 10.0, 10.0))
    assert (exact.hours, exact.weeks) == (2.5, 4)
    nominal = overall_return(weeks(), minutes=MINUTES)
    assert (nominal.follows_per_hour.estimate, nominal.hours, nominal.weeks) == (10.0, 9.0, 12)


def test_the_overall_interval_is_cochrans_for_a_ratio() -> None:
    rng = np.random.default_rng(4)
    spent, growth = rng.uniform(200, 900, 12), rng.normal(100, 30, 12)
    found = overall_return(weeks(minutes_spent=spent, net_growth=growth), minutes=MINUTES, level=0.95).follows_per_hour
    hours = spent / 60
    ratio = growth.mean() / hours.mean()
    error = np.std(growth - ratio * hours, ddof=1) / 12**0.5  # the residuals' mean is zero
    margin = stats.t.ppf(0.975, 11) * error / hours.mean()
    assert (found.estimate, found.low, found.high) == pytest.approx((ratio, ratio - margin, ratio + margin))


def test_the_overall_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(5), 0
    for _ in range(400):
        spent = rng.uniform(300, 900, 12)
        growth = 8 * spent / 60 + rng.normal(0, 20, 12)
        found = overall_return(weeks(minutes_spent=spent, net_growth=growth), minutes=MINUTES).follows_per_hour
        held += found.low <= 8 <= found.high
    least, most = stats.binom.interval(0.998, 400, 0.9)
    assert least <= held <= most


def test_fewer_than_four_weeks_with_growth_and_hours_are_refused() -> None:
    with pytest.raises(TooFewObservations, match="Only 3 of the last weeks"):
        overall_return(weeks(minutes_spent=[60.0] * 3 + [0.0] * 9), minutes=MINUTES)
    with pytest.raises(TooFewObservations, match="Only 2 of the last weeks"):
        overall_return(weeks(net_growth=[1.0, 2.0] + [np.nan] * 10), minutes=MINUTES)


def test_types_are_compared_with_the_covariance_of_their_effects_as_statsmodels_does() -> None:
    daily = world("plain", seed=9, weeks=40).daily
    made = fit_weekly(daily, model="ols")
    weekly = daily.weekly()
    design = sm.add_constant(weekly[["posts", "reels", "stories", "ads"]].to_numpy())
    reference = sm.OLS(weekly["net_growth"].to_numpy(), design).fit(cov_type="HC3", use_t=True)
    contrasts = hourly_contrasts(made, minutes=DEFAULT_MINUTES, level=0.85)
    assert len(contrasts) == 3
    for each in contrasts:
        row = np.zeros(5)
        for name, sign in ((each.better, 1.0), (each.worse, -1.0)):
            row[1 + ["posts", "reels", "stories"].index(name)] = sign * 60 / DEFAULT_MINUTES[name]
        known = reference.t_test(row)
        assert each.difference.estimate == pytest.approx(known.effect.item())
        # 85 % for three pairs together is 95 % for each
        assert (each.difference.low, each.difference.high) == pytest.approx(tuple(known.conf_int(alpha=0.05)[0]))


def test_comparisons_hold_together_as_often_as_they_say() -> None:
    wrong = 0
    for seed in range(60):
        creator = world("no effect at all", seed=seed, weeks=30)
        contrasts = hourly_contrasts(fit_daily(creator.daily), minutes=DEFAULT_MINUTES, level=0.9)
        wrong += any(each.distinguishable for each in contrasts)
    assert wrong <= stats.binom.isf(1e-4, 60, 0.1)


def test_a_fit_that_was_stored_without_covariance_compares_nothing(fit: Fit) -> None:
    assert hourly_contrasts(fit, minutes=DEFAULT_MINUTES) == ()


def test_more_intervals_at_once_are_wider(fit: Fit) -> None:
    alone, together = (effect_estimates(fit, minutes=MINUTES, level=0.9, together=number) for number in (1, 5))
    for (name, single), (other, joint) in zip(alone, together, strict=True):
        assert name == other
        assert joint.low < single.low < single.estimate == joint.estimate < single.high < joint.high


def test_a_return_that_was_stored_before_the_stretch_is_still_read(fit: Fit) -> None:
    stored = content_returns(fit, weeks(), minutes=MINUTES)[0].to_json()
    del stored["stretch"]
    assert ContentReturn.from_json(stored).stretch == 1.0


def test_pairs_are_stored_and_a_fit_without_any_effect_has_none(fit: Fit) -> None:
    known = replace(fit, details={**fit.details, "effect_covariance": np.diag([81.0, 4.0, 25.0]).tolist()})
    (pair,) = hourly_contrasts(known, minutes=MINUTES)
    assert json.loads(json.dumps(pair.to_json()))["distinguishable"] is False
    assert hourly_contrasts(replace(fit, effects=(), details={"effect_covariance": []}), minutes=MINUTES) == ()


def test_minutes_for_a_misspelt_content_type_are_refused_by_name(fit: Fit) -> None:
    wrong = {"posts": 45.0, "reel": 120.0}
    for ask in (
        lambda: content_returns(fit, weeks(), minutes=wrong),
        lambda: effect_estimates(fit, minutes=wrong, level=0.9),
        lambda: overall_return(weeks(), minutes=wrong),
    ):
        with pytest.raises(InvalidInput, match="no content type 'reel'"):
            ask()
