from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.stats.ahead import outlook
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.carry_over import stock
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.predictive import difference, predict
from cgn_core.stats.training import train
from cgn_core.stats.weekly_models import WEEKLY_MODELS, fit_weekly
from cgn_core.tables import Daily
from datagen.worlds import world

SPREAD = "effects spread over days"


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world(SPREAD, seed=3, weeks=60).daily


@pytest.fixture(scope="module")
def fit(daily: Daily) -> Fit:
    """Restored from JSON: nothing here needs the history."""
    made = Fit.from_json(json.loads(json.dumps(fit_daily(daily).to_json())))
    assert made.details["carry_over_decay"] > 0.3
    return made


def test_one_week_that_ends_with_its_sunday_is_the_week_that_is_forecast(fit: Fit) -> None:
    one, predictor = outlook(fit, weeks=1, end_value=0.0), fit.predictor
    assert one.base == pytest.approx(predictor.mean[0])
    assert one.counted[0] * one.effects == pytest.approx(predictor.mean[1:])
    # base, then each lever within the week, the decay's doubt included
    k = len(predictor.levers)
    gather = np.zeros((k + 1, k + 2))
    gather[0, 0] = 1.0
    gather[1:, 1:-1] = np.diag(one.counted[0])
    gather[1:, -1] = one.tilt[0] * one.effects
    assert gather @ one.covariance @ gather.T == pytest.approx(np.array(predictor.covariance), rel=1e-6, abs=1e-5)


def test_what_counts_of_a_piece_is_what_the_daily_model_lets_work_within_the_horizon(daily: Daily, fit: Fit) -> None:
    history, decay, weeks = read_history(daily), fit.details["carry_over_decay"], 3
    horizon = outlook(fit, weeks=weeks, end_value=0.0)
    weekday = (history.days + 3) % 7
    for week in range(weeks):
        for lever in range(len(history.levers)):
            usual = np.bincount(weekday, history.counts[:, lever], minlength=7)
            posted = np.zeros((4 * 7 + 7 * weeks, 1))  # a month without any piece warms up the stock
            posted[4 * 7 + 7 * week : 4 * 7 + 7 * week + 7, 0] = usual / usual.sum()
            assert horizon.counted[week, lever] == pytest.approx(stock(posted, decay).sum())


def test_the_coming_weeks_growth_without_a_piece_is_the_calendars_and_what_is_left_of_the_past(fit: Fit) -> None:
    # With what was posted fading out, a later week keeps less of it than the week before.
    totals = [outlook(fit, weeks=weeks, end_value=1.0).base for weeks in range(1, 13)]
    by_week = np.diff([0.0, *totals])
    assert by_week[0] > by_week[1]
    assert (by_week > 0).all()


def test_a_follower_of_the_time_after_counts_by_the_end_value(fit: Fit) -> None:
    without, half, full = (outlook(fit, weeks=4, end_value=value) for value in (0.0, 0.5, 1.0))
    assert (full.counted == 1.0).all()
    assert (full.tilt == 0.0).all()
    assert half.counted == pytest.approx((without.counted + 1) / 2)
    assert (np.diff(without.counted, axis=0) < 0).all()  # the later a piece, the less of it works within
    assert (without.counted[-1] < 0.95).all()
    assert half.tilt == pytest.approx(without.tilt / 2)


@pytest.mark.parametrize("model", WEEKLY_MODELS[:4])
def test_models_of_weeks_see_every_week_alike(daily: Daily, model: str) -> None:
    fit = fit_weekly(daily, model=model)
    three = outlook(fit, weeks=3, end_value=0.0)
    assert three.base == pytest.approx(3 * fit.predictor.mean[0])
    assert three.effects == pytest.approx(fit.predictor.mean[1:])
    assert (three.counted == 1.0).all()
    assert three.noise == pytest.approx(3 * np.var(fit.predictor.residuals))
    usual = fit.predictor.usual
    one = difference(fit.predictor, {**usual, "posts": usual["posts"] + 1}, usual)
    each = np.zeros((3, 4))
    each[:, 0] = 1.0
    step = three.exposure(each) - three.exposure(np.zeros((3, 4)))
    assert step[1:-1] @ three.effects == pytest.approx(3 * one.estimate)


def test_a_naive_forecast_has_no_effects_even_where_the_daily_fits_are_told_beside_it(daily: Daily) -> None:
    naive = fit_baseline(daily, model="mean")
    assert not outlook(naive, weeks=2, end_value=1.0).effects.any()


def test_the_base_and_the_effects_together_are_the_forecast(fit: Fit) -> None:
    predictor = fit.predictor
    found = outlook(fit, weeks=1, end_value=0.0)
    plan = {"posts": 4.0, "reels": 2.0, "stories": 9.0, "ads": 1.0}
    counts = np.array([[plan[name] for name in predictor.levers]])
    total = found.base + float((counts * found.counted)[0] @ found.effects)
    assert total == pytest.approx(predict(predictor, plan).repeatable)


@settings(max_examples=30, deadline=None)
@given(weeks=st.integers(1, 12), end_value=st.floats(0, 1), seed=st.integers(0, 1000))
def test_numbers_are_finite_and_variances_never_negative(fit: Fit, weeks: int, end_value: float, seed: int) -> None:
    found = outlook(fit, weeks=weeks, end_value=end_value)
    counts = np.random.default_rng(seed).integers(0, 20, found.counted.shape).astype(float)
    exposure = found.exposure(counts)
    assert np.isfinite(exposure).all()
    assert ((found.counted >= 0) & (found.counted <= 1)).all()
    assert exposure @ found.covariance @ exposure >= 0


def test_the_covariance_of_the_effects_is_that_of_their_errors_whatever_model_is_shown() -> None:
    daily = world("plain", seed=2, weeks=20).daily
    for model in ("daily", "tukey", "single_lever"):
        fit = train(daily, model=model).fit
        covariance = np.array(fit.details["effect_covariance"])
        assert np.sqrt(np.diag(covariance)) == pytest.approx([effect.std_error for effect in fit.effects])
        assert covariance == pytest.approx(covariance.T)
        assert np.linalg.eigvalsh(covariance).min() >= -1e-9
