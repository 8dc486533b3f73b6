from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import TooFewObservations
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.model_choice import UnseenWeeks, choose, doubt, mean_error, rank, unseen_weeks
from cgn_core.stats.validation import Grammar, cross_validate
from datagen.worlds import world

WEEKS = 40


def errors(seed: int = 0, *, weeks: int = WEEKS, ahead: int = 1, **models: float) -> UnseenWeeks:
    """Absolute errors around the given means; naive forecasts around 100, the last value's best."""
    rng = np.random.default_rng(seed)
    shared = rng.uniform(0.8, 1.2, weeks)
    means = {**models, **dict.fromkeys(BASELINES, 110.0), "last_value": 100.0}
    absolute = {name: mean * shared * rng.uniform(0.9, 1.1, weeks) for name, mean in means.items()}
    return UnseenWeeks(absolute, {name: each**2 for name, each in absolute.items()}, ahead)


def test_the_daily_model_is_shown_where_another_leads_by_luck_alone_and_that_is_said() -> None:
    unseen = errors(daily=60.0, tukey=59.9, ols=70.0)
    chosen, verdict, reason = choose(unseen)
    assert (chosen, verdict) == ("daily", "beats_naive")
    lucky = unseen.absolute["tukey"].mean() < unseen.absolute["daily"].mean()
    assert ("tukey model is off by" in reason) == lucky
    assert reason.startswith(f"Over {WEEKS} unseen weeks the daily model is off by")
    assert "followers a week on average, the last value forecast by" in reason


def test_another_model_is_shown_where_its_lead_is_beyond_chance() -> None:
    assert choose(errors(daily=60.0, tukey=45.0, ols=70.0))[0] == "tukey"
    assert choose(errors(daily=60.0, ols=45.0))[0] == "ols"


def test_without_a_daily_model_the_robust_ones_come_first() -> None:
    assert choose(errors(ols=60.0, huber=60.1, single_lever=80.0))[0] == "huber"
    assert choose(errors(ols=60.0, huber=60.1, tukey=60.1))[0] == "tukey"
    assert choose(errors(ols=60.0, ridge=50.0))[0] == "ridge"


def test_where_no_model_beats_the_naive_forecast_that_is_what_is_shown() -> None:
    chosen, verdict, reason = choose(errors(daily=100.5, tukey=120.0))
    assert (chosen, verdict) == ("last_value", "no_better_than_naive")
    assert reason.endswith("chance alone could do that.")
    assert choose(errors(daily=100.5), forced="daily")[:2] == ("daily", "no_better_than_naive")


def test_three_unseen_weeks_judge_nothing() -> None:
    unseen = errors(weeks=3, daily=1.0)
    assert choose(unseen)[:2] == ("last_value", "no_better_than_naive")
    assert "Only 3 unseen weeks are" in choose(unseen)[2]
    assert "Only 1 unseen week is" in choose(errors(weeks=1, daily=1.0))[2]
    assert all(each.gain is None for each in rank(unseen))
    assert choose(errors(weeks=30))[0] == "last_value"


def test_the_doubt_is_a_paired_t_test_for_the_next_week() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(10, 3, 30), rng.normal(9, 3, 30)
    reference = stats.ttest_rel(first, second, alternative="greater")
    assert doubt(first - second) == pytest.approx(reference.pvalue)
    assert doubt(np.full(9, 2.0)) == 0.0
    assert doubt(np.zeros(9)) == doubt(np.full(9, -1.0)) == 1.0


def test_further_ahead_errors_move_together_and_the_doubt_is_the_larger_for_it() -> None:
    """By hand after Harvey, Leybourne and Newbold with Bartlett's weights; and its size on overlapping noise."""
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    away = values - 3
    variance = (away @ away + 2 * 0.5 * away[1:] @ away[:-1]) / 25
    assert mean_error(values, ahead=2) == pytest.approx(np.sqrt(variance * 5 / (6 - 4 + 2 / 5)))
    rng = np.random.default_rng(2)
    drawn = [np.convolve(rng.standard_normal(43), np.ones(4), "valid") for _ in range(400)]
    naive = np.mean([doubt(each) <= 0.05 for each in drawn])
    corrected = np.mean([doubt(each, ahead=4) <= 0.05 for each in drawn])
    assert naive > 0.15
    assert corrected < 0.6 * naive


def test_a_ranking_is_by_error_with_intervals_that_hold_it() -> None:
    ranking = rank(errors(daily=60.0, tukey=80.0))
    assert [each.mae for each in ranking] == sorted(each.mae for each in ranking)
    best = next(each for each in ranking if each.model == "daily")
    naive = next(each for each in ranking if each.model == "last_value")
    assert naive.gain == naive.gain_low == naive.gain_high == 0.0
    assert best.gain == pytest.approx(naive.mae - best.mae)
    assert best.gain_low is not None
    assert best.gain_high is not None
    # Paired, so much narrower than the two intervals beside one another would say.
    assert best.gain_high - best.gain_low < (best.mae_high - best.mae_low) + (naive.mae_high - naive.mae_low)


def test_unseen_weeks_are_those_that_all_were_scored_on_with_the_naive_forecasts_beside() -> None:
    daily = world("plain", seed=2, weeks=24).daily
    weeks = TargetWeeks.of(daily)
    grammar = Grammar(initial=8, horizon=2)
    found = {name: cross_validate(daily, model=name, grammar=grammar) for name in ("tukey", "ols")}
    late = cross_validate(daily, model="ols", grammar=Grammar(initial=12, horizon=2))
    unseen = unseen_weeks(weeks, {**found, "ols": late}, grammar)
    assert unseen.count == late.origins < found["tukey"].origins
    assert unseen.absolute["ols"].mean() == pytest.approx(late.scores["mae"])
    for name in BASELINES:
        assert unseen.absolute[name].mean() == pytest.approx(late.baselines[name]["mae"])
        assert np.sqrt(unseen.squared[name].mean()) == pytest.approx(late.baselines[name]["rmse"])
    with pytest.raises(TooFewObservations, match="No week was forecast by all of them"):
        unseen_weeks(weeks, {}, Grammar(initial=24))


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    weeks=st.integers(1, 30),
    ahead=st.integers(1, 12),
    means=st.dictionaries(st.sampled_from(["daily", "tukey", "huber", "ols", "lasso"]), st.floats(0, 1e6)),
)
def test_whatever_the_errors_there_is_a_choice_a_verdict_and_a_finite_ranking(
    seed: int, weeks: int, ahead: int, means: dict[str, float]
) -> None:
    unseen = errors(seed, weeks=weeks, ahead=ahead, **means)
    chosen, verdict, reason = choose(unseen)
    assert chosen in unseen.absolute
    assert (verdict == "beats_naive") == (chosen not in BASELINES)
    assert reason.endswith(".")
    ranking = rank(unseen)
    assert {each.model for each in ranking} == set(unseen.absolute)
    assert np.isfinite([(each.mae, each.mae_low, each.mae_high, each.rmse) for each in ranking]).all()
    assert all(each.mae_low <= each.mae <= each.mae_high for each in ranking)
    if weeks > 1:
        gain = unseen.absolute["mean"] - unseen.absolute["drift"]
        assert 0 <= doubt(gain, ahead=ahead) <= 1
