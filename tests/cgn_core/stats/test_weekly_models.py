from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import CgnError, ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.fit import Fit, truncate
from cgn_core.stats.predictive import predict
from cgn_core.stats.weekly_models import SHRINKING, SINGLE_LEVER, WEEKLY_MODELS, fit_weekly
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import world

LEVERS = ["posts", "reels", "stories", "ads"]


def weekly_design(seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    weekly = world("plain", seed=seed, weeks=60).daily.weekly()
    return sm.add_constant(weekly[LEVERS].to_numpy()), weekly["net_growth"].to_numpy()


def test_least_squares_equals_statsmodels_with_hc3() -> None:
    design, growth = weekly_design()
    reference = sm.OLS(growth, design).fit(cov_type="HC3", use_t=True)
    effects = fit_weekly(world("plain", seed=7, weeks=60).daily, model="ols").effects
    np.testing.assert_allclose([e.estimate for e in effects], reference.params[1:], rtol=1e-9)
    np.testing.assert_allclose([e.std_error for e in effects], reference.bse[1:], rtol=1e-8)
    np.testing.assert_allclose([e.low for e in effects], reference.conf_int()[1:, 0], rtol=1e-7)


def test_huber_equals_statsmodels_with_its_first_covariance() -> None:
    design, growth = weekly_design()
    reference = sm.RLM(growth, design, M=sm.robust.norms.HuberT(1.345)).fit(cov="H1", tol=1e-10, maxiter=200)
    effects = fit_weekly(world("plain", seed=7, weeks=60).daily, model="huber").effects
    np.testing.assert_allclose([e.estimate for e in effects], reference.params[1:], rtol=0.02, atol=0.3)
    np.testing.assert_allclose([e.std_error for e in effects], reference.bse[1:], rtol=0.15)


def test_tukey_is_not_moved_by_a_week_that_went_viral() -> None:
    creator = world("no effect at all", seed=8, weeks=60)
    frame = creator.daily.frame.copy()
    calm = {e.name: e.estimate for e in fit_weekly(creator.daily, model="tukey").effects}
    frame.loc[100, "follows"] += 50_000.0
    shaken_daily = type(creator.daily)(frame, creator.daily.provenance, "")
    shaken = {e.name: e.estimate for e in fit_weekly(shaken_daily, model="tukey").effects}
    ordinary = {e.name: e.estimate for e in fit_weekly(shaken_daily, model="ols").effects}
    assert max(abs(shaken[name] - calm[name]) for name in LEVERS) < 20
    assert max(abs(ordinary[name] - calm[name]) for name in LEVERS) > 100


def test_the_single_lever_counts_every_posted_piece_alike_and_no_ad() -> None:
    fit = fit_weekly(world("plain", seed=9, weeks=60).daily, model="single_lever")
    (effect,) = fit.effects
    assert effect.name == "posting_frequency"
    assert fit.predictor.mean[1:] == (*(effect.estimate,) * 3, 0.0)


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="no weekly model 'magic'"):
        fit_weekly(world("plain", seed=9, weeks=20).daily, model="magic")


def history(weeks: int, **columns: Any) -> Daily:
    """A plain world's weeks with some columns replaced."""
    daily = world("plain", seed=3, weeks=60).daily
    return daily_from_frame(truncate(daily, daily.frame["date"][7 * weeks - 1]).frame.assign(**columns))


def numbers(fit: Fit) -> list[float]:
    return [value for e in fit.effects for value in (e.estimate, e.low, e.high, e.std_error)]


@pytest.mark.parametrize("model", WEEKLY_MODELS)
@pytest.mark.parametrize("weeks", [8, 13, 26])
def test_a_short_history_is_answered_with_every_effect_and_finite_numbers(model: str, weeks: int) -> None:
    fit = fit_weekly(history(weeks), model=model)
    assert [e.name for e in fit.effects] == (["posting_frequency"] if model in SINGLE_LEVER else LEVERS)
    assert np.isfinite(numbers(fit)).all()
    assert all(e.low <= e.estimate <= e.high for e in fit.effects)
    assert np.shape(fit.details["effect_covariance"]) == (len(fit.effects),) * 2
    answer = predict(fit.predictor, {}, level=fit.predictor.levels[-1])
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low < answer.high
    assert fit.predictor.levels == ((0.5,) if weeks == 8 else (0.5, 0.8) if weeks == 13 else (0.5, 0.8, 0.9))
    assert Fit.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False))) == fit


@pytest.mark.parametrize("model", WEEKLY_MODELS)
def test_seven_weeks_and_growth_that_never_changes_are_refused(model: str) -> None:
    with pytest.raises(TooFewObservations, match="7 complete weeks"):
        fit_weekly(history(7), model=model)
    with pytest.raises(ConstantSeries):
        fit_weekly(history(20, follows=9.0, unfollows=2.0), model=model)


@pytest.mark.parametrize("model", [m for m in WEEKLY_MODELS if m not in SINGLE_LEVER])
def test_what_was_never_posted_or_always_as_much_stays_open_and_the_rest_is_answered(model: str) -> None:
    fit = fit_weekly(history(26, stories=0.0, ads=2.0), model=model)
    assert [e.name for e in fit.effects] == ["posts", "reels"]
    assert fit.predictor.undetermined == ("stories", "ads")
    messages = [caution.message for caution in fit.cautions if caution.code == "constant_lever"]
    assert [message.split(" never vary")[0] for message in messages] == ["Stories", "Ads"]
    assert np.isfinite(numbers(fit)).all()
    assert predict(fit.predictor, {"stories": 5.0}).extrapolation == "refused"


@pytest.mark.parametrize("model", WEEKLY_MODELS)
def test_where_nothing_ever_varies_there_is_no_effect_but_a_forecast(model: str) -> None:
    fit = fit_weekly(history(26, posts=1.0, reels=0.0, stories=3.0, ads=0.0), model=model)
    assert fit.effects == ()
    growth = history(26).weekly()["net_growth"]
    middle = predict(fit.predictor, {}).median
    assert middle is not None
    assert growth.min() < middle < growth.max()


@pytest.mark.parametrize("model", [m for m in WEEKLY_MODELS if m not in SINGLE_LEVER])
def test_two_types_always_posted_together_have_no_own_effect_but_move_the_forecasts_base(model: str) -> None:
    reels = history(40).frame["reels"]
    together = fit_weekly(history(40, stories=2 * reels), model=model)
    alone = fit_weekly(history(40, stories=0.0), model=model)
    assert [e.name for e in together.effects] == ["posts", "ads"]
    assert together.predictor.undetermined == ("reels", "stories")
    assert [e.name for e in alone.effects] == ["posts", "reels", "ads"]
    assert predict(together.predictor, {}).median == pytest.approx(predict(alone.predictor, {}).median, rel=1e-4)


def test_an_effect_that_hangs_on_one_week_is_open_instead_of_exact() -> None:
    ads = np.zeros(26 * 7)
    ads[100] = 1.0
    fit = fit_weekly(history(26, ads=ads), model="ols")
    assert [e.name for e in fit.effects] == ["posts", "reels", "stories"]
    assert fit.predictor.undetermined == ("ads",)
    assert "hardly used" in fit.cautions[0].message


def test_errors_that_allow_neighbours_to_move_together_are_statsmodels_and_only_least_squares() -> None:
    design, growth = weekly_design()
    daily = world("plain", seed=7, weeks=60).daily
    options = {"maxlags": int(4 * 0.6 ** (2 / 9)), "use_correction": True}
    reference = sm.OLS(growth, design).fit(cov_type="HAC", cov_kwds=options, use_t=True)
    effects = fit_weekly(daily, model="ols", covariance="hac").effects
    np.testing.assert_allclose([e.std_error for e in effects], reference.bse[1:], rtol=1e-8)
    np.testing.assert_allclose([e.high for e in effects], reference.conf_int()[1:, 1], rtol=1e-7)
    (single,) = fit_weekly(daily, model="single_lever", covariance="hac").effects
    assert single.std_error != fit_weekly(daily, model="single_lever").effects[0].std_error
    for model, covariance in (("huber", "hac"), ("ols", "hc0")):
        with pytest.raises(InvalidInput, match=f"'{covariance}' is none that {model} offers"):
            fit_weekly(daily, model=model, covariance=covariance)


def test_theil_sen_shows_sens_interval_around_the_median_slope() -> None:
    daily = world("plain", seed=7, weeks=60).daily
    weekly = daily.weekly()
    pieces = weekly[["posts", "reels", "stories"]].sum(axis=1).to_numpy()
    slope, _, low, high = stats.theilslopes(weekly["net_growth"].to_numpy(), pieces, alpha=0.9)
    (effect,) = fit_weekly(daily, model="theil_sen", level=0.9).effects
    assert (effect.estimate, effect.low, effect.high) == pytest.approx((slope, low, high))


@pytest.mark.parametrize("model", SHRINKING)
def test_a_model_that_shrinks_says_so_and_its_intervals_are_no_narrower(model: str) -> None:
    daily = world("no effect at all", seed=1, weeks=26).daily
    fit, plain = fit_weekly(daily, model=model), fit_weekly(daily, model="ols")
    assert [caution.code for caution in fit.cautions] == ["shrunk_effects"]
    for shrunk, free in zip(fit.effects, plain.effects, strict=True):
        assert shrunk.high - shrunk.low >= (free.high - free.low) * (1 - 1e-9)


@pytest.mark.parametrize("model", ["tukey", "quantile", "ridge"])
@pytest.mark.parametrize("weeks", [13, 26])
def test_intervals_hold_on_short_histories(model: str, weeks: int) -> None:
    hits, effects = 0, 0
    for seed in range(40):
        creator = world("plain", seed=seed, weeks=weeks)
        for effect in fit_weekly(creator.daily, model=model).effects:
            hits += effect.low <= creator.truth.effects[effect.name] <= effect.high
            effects += 1
    assert hits >= stats.binom.ppf(0.001, effects, 0.92)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    weeks=st.integers(5, 30),
    model=st.sampled_from(WEEKLY_MODELS),
    quiet=st.sets(st.sampled_from(LEVERS)),
    rare=st.sampled_from([None, *LEVERS]),
)
def test_whatever_was_posted_a_weekly_model_answers_in_finite_numbers_or_refuses_by_name(
    seed: int, weeks: int, model: str, quiet: set[str], rare: str | None
) -> None:
    rng = np.random.default_rng(seed)
    days = 7 * weeks
    frame = pd.DataFrame({"date": pd.date_range("2025-01-06", periods=days), "follows": rng.poisson(3.0, days)})
    for name in LEVERS:
        frame[name] = 0 if name in quiet else rng.poisson(0.5, days)
    if rare is not None:
        frame[rare] = (np.arange(days) == days // 2).astype(int)
    try:
        fit = fit_weekly(daily_from_frame(frame), model=model)
    except CgnError:
        assert weeks < 8
        return
    assert weeks >= 8
    assert np.isfinite(numbers(fit)).all()
    assert np.isfinite(fit.predictor.mean).all()
    assert np.isfinite(fit.predictor.residuals).all()
    assert not {e.name for e in fit.effects} & set(fit.predictor.undetermined)
