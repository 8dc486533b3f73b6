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
from statsmodels.regression.recursive_ls import RecursiveLS
from statsmodels.stats.diagnostic import recursive_olsresiduals
from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor

from cgn_core.errors import CgnError, InvalidInput
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.collinearity import collinearity
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.diagnostics import Diagnostics, diagnose_fit
from cgn_core.stats.influence import influence
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.stability import cusum, recursion
from cgn_core.stats.weekly_models import SINGLE_LEVER, WEEKLY_MODELS, fit_weekly
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import world

TOPICS = ("stability", "memory", "form", "influence", "collinearity", "spread", "shape")


def changed(daily: Daily, **columns: object) -> Daily:
    frame: pd.DataFrame = daily.frame.assign(**columns)  # type: ignore[arg-type]  # constants and arrays alike
    return daily_from_frame(frame)


def light(found: Diagnostics, topic: str) -> str:
    return next(each.colour for each in found.lights if each.topic == topic)


def test_influence_inflation_and_recursion_of_weekly_least_squares_are_statsmodels_own() -> None:
    daily = world("plain", seed=3, weeks=60).daily
    judged = judged_weeks(daily, fit_weekly(daily, model="ols"))
    fitted = sm.OLS(judged.growth, judged.design).fit()
    assert judged.residuals == pytest.approx(fitted.resid, rel=1e-8, abs=1e-6)
    measured, expected = influence(judged), OLSInfluence(fitted)
    assert measured.leverage == pytest.approx(expected.hat_matrix_diag, rel=1e-8)
    assert measured.studentised == pytest.approx(expected.resid_studentized_external, rel=1e-7)
    assert measured.cooks_distance == pytest.approx(expected.cooks_distance[0], rel=1e-7)
    for place, name in enumerate(judged.terms[1:], 1):
        assert collinearity(judged).vif[name] == pytest.approx(variance_inflation_factor(judged.design, place))
    path = recursion(judged.design, judged.growth)
    terms = judged.design.shape[1]
    assert path.start == terms
    scaled = recursive_olsresiduals(fitted, skip=terms)[4][terms:]
    assert path.residuals / path.residuals[-1] == pytest.approx(scaled / scaled[-1], rel=1e-6)
    assert path.coefficients[-1] == pytest.approx(fitted.params, rel=1e-8)
    assert path.errors[-1] == pytest.approx(fitted.bse, rel=1e-8)
    smoothed = RecursiveLS(judged.growth, judged.design).fit().recursive_coefficients.filtered
    assert path.coefficients[30 - path.start] == pytest.approx(smoothed[:, 29], rel=1e-4)


def test_the_cusum_test_has_the_published_critical_values() -> None:
    for height, p_value in ((0.850, 0.10), (0.948, 0.05), (1.143, 0.01)):
        # Residuals whose path reaches that share of its bound at the end, and stays below it before.
        count = 400
        steps = np.tile([1.0, -1.0], count // 2)
        drift = steps - steps.mean()
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if cusum(drift + middle)[0] < height else (low, middle)
        assert cusum(drift + high)[1] == pytest.approx(p_value, abs=0.0012)


def test_the_condition_number_is_belsleys() -> None:
    daily = world("plain", seed=4, weeks=40).daily
    judged = judged_weeks(daily, fit_weekly(daily, model="ols"))
    scaled = judged.design / np.linalg.norm(judged.design, axis=0)
    assert collinearity(judged).condition_number == pytest.approx(np.linalg.cond(scaled))


def test_the_daily_fit_is_judged_by_standardised_weekly_sums_without_its_viral_days() -> None:
    daily = world("plain", seed=1, weeks=104).daily
    fit = fit_daily(daily)
    judged = judged_weeks(daily, fit)
    assert judged.terms == ("intercept", "trend", "year_sine", "year_cosine", "posts", "reels", "stories", "ads")
    assert len(judged.weeks) == 104
    assert judged.residuals.std() == pytest.approx(1.0, abs=0.25)
    assert abs(float(stats.skew(judged.residuals))) < 0.6
    weekly = fit_weekly(daily, model="ols")
    assert abs(float(stats.skew(judged_weeks(daily, weekly).residuals))) > 1.5


def test_sound_fits_raise_any_alarm_about_as_often_as_stated() -> None:
    worlds, alarms = 40, 0
    for seed in range(1_000, 1_000 + worlds):
        daily = world("plain", seed=seed, weeks=52).daily
        found = diagnose_fit(daily, fit_daily(daily))
        alarms += any(test.verdict == "doubtful" for test in found.residuals.values())
        assert found.tests == 7
    # 6-7 % in 600 worlds: the bound is passed once in a thousand runs at that rate.
    assert alarms <= stats.binom.ppf(0.999, worlds, 0.07)


def test_a_fall_of_the_level_turns_the_light_of_stability_red() -> None:
    daily = world("plain", seed=2, weeks=60).daily
    follows = daily.frame["follows"].to_numpy().copy()
    follows[280:] = np.round(0.3 * follows[280:])
    fallen = changed(daily, follows=follows)
    fallen = daily_from_frame(fallen.frame.drop(columns="followers"))
    found = diagnose_fit(fallen, fit_weekly(fallen, model="ols"))
    assert found.residuals["cusum"].verdict == "doubtful"
    assert light(found, "stability") == "red"


def test_a_week_of_wrong_numbers_is_named() -> None:
    daily = world("plain", seed=5, weeks=40).daily
    frame = daily.frame.drop(columns="followers")
    place = 7 * 20 + 2
    frame.loc[place, ["follows", "reels"]] = [60_000.0, 40.0]
    wrong = daily_from_frame(frame)
    found = diagnose_fit(wrong, fit_weekly(wrong, model="ols"))
    worst = found.influence[0]
    monday = frame["date"][place] - pd.Timedelta(days=int(frame["date"][place].day_of_week))
    assert worst.week_start == monday.date().isoformat()
    assert worst.outlier
    assert light(found, "influence") == "red"
    assert monday.date().isoformat() in next(each.evidence for each in found.lights if each.topic == "influence")


def test_content_that_moves_together_is_named_as_hard_to_tell_apart() -> None:
    daily = world("plain", seed=6, weeks=60).daily
    posts = daily.frame["posts"].to_numpy()
    near = posts + (np.random.default_rng(1).random(len(posts)) < 0.02)
    found = diagnose_fit(changed(daily, reels=near), fit_weekly(changed(daily, reels=near), model="ols"))
    assert found.collinearity.verdict == "entangled"
    assert found.collinearity.vif["posts"] > 10
    assert "posts and reels" in found.collinearity.sentence
    assert light(found, "collinearity") != "green"


@pytest.mark.parametrize("model", ["daily", *WEEKLY_MODELS])
def test_levers_that_never_vary_or_always_move_together_have_no_inflation_but_a_name(model: str) -> None:
    daily = world("plain", seed=7, weeks=30).daily
    same = changed(daily, reels=daily.frame["posts"].to_numpy(), ads=0.0)
    fit = fit_daily(same) if model == "daily" else fit_weekly(same, model=model)
    found = diagnose_fit(same, fit)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["residuals"]
    if model not in SINGLE_LEVER:
        assert {"posts", "reels", "ads"} <= set(found.collinearity.undetermined)
        assert found.collinearity.verdict == "undetermined"


@pytest.mark.parametrize("model", ["daily", *WEEKLY_MODELS])
def test_eight_weeks_give_no_test_but_say_so(model: str) -> None:
    daily = world("plain", seed=8, weeks=8).daily
    found = diagnose_fit(daily, fit_daily(daily) if model == "daily" else fit_weekly(daily, model=model))
    assert {test.verdict for test in found.residuals.values()} == {"not_enough_weeks"}
    assert found.tests == 0
    assert light(found, "memory") == "amber"
    assert found.stability == ()
    json.dumps(found.to_json(), allow_nan=False)


def test_a_history_without_any_content_is_judged_on_its_level() -> None:
    daily = world("plain", seed=9, weeks=30).daily
    bare = daily_from_frame(daily.frame[["date", "follows", "unfollows"]])
    for fit in (fit_daily(bare), fit_weekly(bare, model="ols")):
        found = diagnose_fit(bare, fit)
        json.dumps(found.to_json(), allow_nan=False)
    assert found.residuals["reset"].verdict == "not_testable"
    assert found.residuals["durbin_watson"].p_value is not None


def test_growth_that_the_content_gives_to_the_follower_is_not_testable() -> None:
    daily = world("plain", seed=10, weeks=30).daily
    frame = daily.frame[["date", "posts", "reels"]].copy()
    frame["follows"] = 3 + 2 * frame["posts"] + 5 * frame["reels"]
    exact = daily_from_frame(frame)
    found = diagnose_fit(exact, fit_weekly(exact, model="ols"))
    assert {test.verdict for test in found.residuals.values()} == {"not_testable"}
    json.dumps(found.to_json(), allow_nan=False)


def test_a_naive_forecast_is_judged_by_the_daily_fit_behind_its_effects() -> None:
    daily = world("plain", seed=11, weeks=30).daily
    naive = diagnose_fit(daily, fit_baseline(daily, model="mean"))
    assert naive.model == "daily"
    assert naive == diagnose_fit(daily, fit_daily(daily))


def test_a_fit_of_the_newer_weeks_alone_is_judged_on_those() -> None:
    daily = world("plain", seed=12, weeks=60).daily
    recent = daily_from_frame(daily.frame.iloc[7 * 30 - 1 :])
    found = diagnose_fit(daily, fit_weekly(recent, model="ols"))
    assert found.weeks == 30
    assert found == diagnose_fit(recent, fit_weekly(recent, model="ols"))


def test_another_history_or_other_predictors_are_refused() -> None:
    daily = world("plain", seed=13, weeks=30).daily
    fit = fit_weekly(daily, model="ols")
    with pytest.raises(InvalidInput, match="judge it on the data that it was made from"):
        diagnose_fit(daily_from_frame(daily.frame.iloc[: 7 * 20]), fit)
    with pytest.raises(InvalidInput, match="holds none of the fit's weeks"):
        diagnose_fit(daily, replace(fit, first_week="2001-01-01", last_week="2001-06-04"))
    giveaways = pd.DataFrame({"date": daily.frame["date"], "giveaways": np.arange(len(daily.frame)) % 5 == 0}).astype(
        {"giveaways": float}
    )
    planned = frozenset({"giveaways"})
    by_day = fit_daily(daily, extra=giveaways, declared_planned=planned)
    by_week = fit_weekly(daily, model="ols", extra=giveaways, declared_planned=planned)
    for wider in (by_day, by_week):
        with pytest.raises(InvalidInput, match="giveaways"):
            diagnose_fit(daily, wider)
        assert "giveaways" in diagnose_fit(daily, wider, extra=giveaways).collinearity.vif


def test_lights_come_once_per_topic_with_a_cause_and_something_to_do() -> None:
    daily = world("plain", seed=14, weeks=104).daily
    for fit in (fit_daily(daily), *(fit_weekly(daily, model=model) for model in WEEKLY_MODELS)):
        found = diagnose_fit(daily, fit)
        assert tuple(each.topic for each in found.lights) == TOPICS
        for each in found.lights:
            assert each.colour in {"green", "amber", "red"}
            assert each.cause
            assert each.evidence
            assert (each.advice == "Nothing.") == (each.colour == "green")
        shape = next(each for each in found.lights if each.topic == "shape")
        pulled = fit.model in {"single_lever", "ols", "ridge", "lasso", "elastic_net"}
        assert ("Viral weeks pull this fit" in shape.advice) == pulled


def test_the_json_has_the_commands_keys() -> None:
    daily = world("plain", seed=15, weeks=52).daily
    stored = json.loads(json.dumps(diagnose_fit(daily, fit_daily(daily)).to_json(), allow_nan=False))
    assert {"residuals", "influence", "collinearity", "stability", "lights"} <= set(stored)
    assert all({"statistic", "p_value", "verdict"} <= set(test) for test in stored["residuals"].values())
    assert all({"week_start", "leverage", "studentised", "cooks_distance"} <= set(week) for week in stored["influence"])
    assert set(stored["collinearity"]) >= {"vif", "condition_number"}
    assert (stored["correction"], stored["tests"], stored["size"]) == ("holm", 7, 0.05)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    weeks=st.integers(8, 30),
    model=st.sampled_from(["daily", *WEEKLY_MODELS]),
    cadence=st.sampled_from([0.0, 0.05, 1.0]),
    size=st.sampled_from([0.3, 30.0, 1e6]),
)
def test_any_history_that_can_be_fitted_can_be_judged(
    seed: int, weeks: int, model: str, cadence: float, size: float
) -> None:
    rng = np.random.default_rng(seed)
    days = weeks * 7
    frame = pd.DataFrame({"date": pd.date_range("2026-01-05", periods=days), "follows": rng.poisson(size, days)})
    for name in ("posts", "reels", "stories"):
        frame[name] = rng.poisson(cadence, days)
    daily = daily_from_frame(frame)
    try:
        fit = fit_daily(daily) if model == "daily" else fit_weekly(daily, model=model)
    except CgnError:
        return
    json.dumps(diagnose_fit(daily, fit).to_json(), allow_nan=False)
