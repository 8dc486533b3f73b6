from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import CgnError, InvalidInput, TooFewObservations
from cgn_core.stats.diagnostics import diagnose_fit
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import History, read_history
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.predictive import predict
from cgn_core.stats.validation import fit_model
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.stats.weekly_options import choose_options, fit_weekly_options
from cgn_core.stats.weekly_terms import Response, WeeklyOptions, WeeklyRows
from cgn_core.tables import CONTENT_TYPES, Daily, Provenance, daily_from_frame
from datagen.worlds import world


def made(weeks: int, seed: int = 0, *, noise: float = 5.0, **truth: Any) -> Daily:
    """A history whose weekly growth is known but for normal noise: 200, a trend, a season, and 30 per reel.

    Growth falls on the Sunday, so that weeks are what they are made to be.
    """
    rng = np.random.default_rng(seed)
    reels = rng.poisson(rng.choice([1.0, 4.0, 9.0], weeks)).astype(float)
    posts = rng.poisson(3.0, weeks).astype(float)
    week = np.arange(weeks)
    works = truth.get("shape", lambda counts: 30 * counts)(reels)
    decay = truth.get("decay", 0.0)
    left = works[0]
    carried = [left := decay * left + (1 - decay) * now for now in works]
    growth = 200 + np.array(carried) + 10 * posts + truth.get("trend", 0.0) * week
    growth = growth + truth.get("season", 0.0) * np.sin(2 * np.pi * week / 52.18) + noise * rng.standard_normal(weeks)
    days = 7 * weeks
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=days)})
    for name, counts, day in (("posts", posts, 1), ("reels", reels, 2), ("follows", np.round(growth), 6)):
        frame[name] = 0.0
        frame.loc[day::7, name] = counts
    # Growth varies by the day too, or a constant one would be refused.
    frame["unfollows"] = 0.0
    return daily_from_frame(frame)


def kept(fit: Fit) -> list[str]:
    return [each["option"] for each in fit.details["tried"] if each["kept"]]


def test_where_nothing_is_bent_carried_or_seasonal_the_fit_is_mostly_the_robust_one() -> None:
    plain = 0
    for seed in range(20):
        daily = made(60, seed, noise=40.0)
        fit = fit_weekly_options(daily)
        if not kept(fit):
            plain += 1
            robust = fit_weekly(daily, model="tukey")
            assert [e.estimate for e in fit.effects] == pytest.approx([e.estimate for e in robust.effects])
            assert fit.predictor.mean == pytest.approx(robust.predictor.mean)
    assert plain >= 12


@pytest.mark.parametrize(
    ("truth", "option"),
    [({"trend": 8.0}, "trend"), ({"season": 150.0}, "season"), ({"decay": 0.5}, "decay 0.5")],
)
def test_a_strong_trend_season_or_carry_over_is_found_and_forecasts_better(truth: dict[str, Any], option: str) -> None:
    fit = fit_weekly_options(made(104, **truth))
    assert option in " ".join(kept(fit))
    errors: dict[str, list[float]] = {"weekly_options": [], "tukey": []}
    for seed in range(6):
        history = read_history(made(80, seed, **truth))
        past = history.until(int(history.days[-1]) - 7)
        plan = dict(zip(history.levers, history.weekly_counts[-1].tolist(), strict=True))
        for model, found in errors.items():
            middle = predict(fit_model(past, model=model).predictor, plan, answer_refused=True).median
            assert middle is not None
            found.append(abs(middle - history.weekly_growth[-1]))
    assert np.mean(errors["weekly_options"]) < 0.6 * np.mean(errors["tukey"])


def test_an_effect_is_all_weeks_together_and_its_first_week_is_what_a_plan_moves() -> None:
    fit = fit_weekly_options(made(104, decay=0.5), options=WeeklyOptions(decay=0.5))
    reels = next(e for e in fit.effects if e.name == "reels")
    assert reels.low < 30 < reels.high
    assert reels.estimate == pytest.approx(30, rel=0.05)
    place = fit.predictor.levers.index("reels")
    assert fit.predictor.mean[1 + place] == pytest.approx(reels.estimate / 2)


def test_what_is_carried_into_the_forecast_week_stands_in_its_base() -> None:
    daily = made(60, decay=0.5, noise=0.5)
    busy = daily.frame.copy()
    busy.loc[busy.index[-7 + 2], "reels"] += 6
    busy.loc[busy.index[-1], "follows"] += 90  # half of six reels' 180 in their own week
    options = WeeklyOptions(decay=0.5)
    quiet_base, busy_base = (
        predict(fit_weekly_options(each, options=options).predictor, {"posts": 3.0, "reels": 2.0}).median
        for each in (daily, daily_from_frame(busy))
    )
    assert quiet_base is not None
    assert busy_base is not None
    assert busy_base - quiet_base == pytest.approx(45, abs=5)


def test_a_bent_response_is_told_at_the_usual_week_and_its_line_is_not_trusted_far() -> None:
    daily = made(104, shape=lambda counts: 300 * np.log1p(counts), noise=10.0)
    fit = fit_weekly_options(daily)
    assert fit.details["options"]["shape"] in {"log1p", "hill"}
    assert "bent_response" in {caution.code for caution in fit.cautions}
    usual = fit.predictor.usual["reels"]
    marginal = next(e for e in fit.effects if e.name == "reels").estimate
    assert marginal == pytest.approx(150 * np.log((usual + 2) / max(usual, 1.0)), rel=0.2)
    largest = daily.weekly()["reels"].max()
    assert usual <= fit.predictor.support["reels"] < largest
    assert predict(fit.predictor, {"reels": float(largest)}).extrapolation != "none"


def test_options_are_chosen_without_the_weeks_that_are_forecast() -> None:
    """Changing the last weeks, planned counts included, leaves the choice made before them as it was."""
    daily = made(70, trend=8.0)
    history = read_history(daily)
    day = int(history.days[7 * 60 - 1])
    later = daily.frame.copy()
    later.loc[later.index[7 * 60 :], "follows"] *= 3
    changed = read_history(daily_from_frame(later))
    assert choose_options(history.until(day)) == choose_options(changed.until(day))
    hidden = history.until(day, planned_until=day + 14)
    assert choose_options(hidden)[0] == choose_options(changed.until(day, planned_until=day + 14))[0]
    rows = WeeklyRows(hidden)
    assert rows.gap == 3
    assert rows.targets[-1] == 59


def test_lags_are_of_the_last_known_week_and_as_old_in_training_as_in_the_forecast() -> None:
    daily = made(40)
    provenance = daily.provenance.copy()
    provenance.iloc[-14:] = Provenance.PROVISIONAL
    frame = daily.frame.assign(followers=10_000 + daily.frame["follows"].cumsum())
    provenance["followers"] = provenance["follows"]
    rows = WeeklyRows(read_history(Daily(frame, provenance)))
    assert rows.gap == 3
    lags = rows.given(WeeklyOptions(lags=("lag_growth", "lag_log_followers")))[:, 1:]
    np.testing.assert_array_equal(lags[3:, 0], rows.cut[: len(lags) - 3])
    sundays = frame["followers"].to_numpy()[6::7]
    np.testing.assert_allclose(lags[3:, 1], np.log(sundays[: len(lags) - 3]))
    assert not rows.lagged[:3].any()


def test_followers_that_nobody_told_are_no_predictor() -> None:
    daily = made(40)
    options = WeeklyOptions(lags=("lag_log_followers",))
    with pytest.raises(InvalidInput, match="number of followers isn't known"):
        fit_weekly_options(daily, options=options)
    with_level = daily_from_frame(daily.frame.assign(followers=500 + daily.frame["follows"].cumsum()))
    fit = fit_weekly_options(with_level, options=options)
    assert fit.details["degrees_of_freedom"] == 39 - 4


@pytest.mark.parametrize("weeks", [8, 13, 25])
def test_short_histories_get_the_plain_robust_fit_and_too_many_terms_are_counted(weeks: int) -> None:
    daily = world("plain", seed=5, weeks=weeks).daily
    fit, robust = fit_weekly_options(daily), fit_weekly(daily, model="tukey")
    assert fit.details["tried"] == []
    assert fit.predictor.mean == pytest.approx(robust.predictor.mean)
    assert [e.name for e in fit.effects] == [e.name for e in robust.effects]
    everything = WeeklyOptions(calendar=("trend", "season"), lags=("lag_growth",))
    if weeks == 8:
        with pytest.raises(TooFewObservations, match=r"7 complete weeks can't tell \d terms apart; it takes"):
            fit_weekly_options(daily, options=everything)
    else:
        assert np.isfinite(fit_weekly_options(daily, options=everything).predictor.mean).all()


@pytest.mark.parametrize(
    "wrong", [{"decay": 1.0}, {"decay": -0.1}, {"shape": "cubic"}, {"calendar": ("moon",)}, {"lags": ("reach",)}]
)
def test_what_is_no_option_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        WeeklyOptions(**wrong)


def test_a_fits_residuals_are_judged_on_the_weeks_and_terms_it_was_fitted_to() -> None:
    daily = made(60, trend=8.0, season=150.0)
    fit = fit_weekly_options(daily, options=WeeklyOptions(calendar=("trend", "season"), lags=("lag_growth",)))
    judged = judged_weeks(daily, fit)
    assert judged.terms == ("intercept", "trend", "year_sine", "year_cosine", "lag_growth", "posts", "reels")
    assert len(judged.weeks) == 59
    assert np.median(np.abs(judged.residuals)) < 8
    assert diagnose_fit(daily, fit).lights


def test_a_fit_with_options_survives_json() -> None:
    fit = fit_weekly_options(made(60, trend=8.0))
    assert Fit.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False))) == fit


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.floats(0, 200), min_size=2, max_size=20),
    shape=st.sampled_from(["linear", "log1p", "hill"]),
    usual=st.floats(0, 200),
)
def test_a_response_rises_from_zero_bends_down_and_has_a_slope_that_is_positive(
    counts: list[float], shape: str, usual: float
) -> None:
    column = np.array(counts)[:, None]
    response = Response.of(shape, column)
    rising = response(np.sort(column, axis=0))[:, 0]
    assert response(np.zeros((1, 1)))[0, 0] == 0
    assert all(late >= early for early, late in pairwise(rising))
    (slope,) = response.slopes(np.array([usual]))
    (higher,) = response.slopes(np.array([usual + 5]))
    assert 0 < higher <= slope * (1 + 1e-9)
    assert (response.off_line(column, np.array([usual])) >= 0).all()


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    weeks=st.integers(8, 60),
    shape=st.sampled_from(["linear", "log1p", "hill"]),
    decay=st.sampled_from([0.0, 0.25, 0.75]),
    calendar=st.sampled_from([(), ("trend",), ("trend", "season")]),
    lags=st.sampled_from([(), ("lag_growth",)]),
    chosen=st.booleans(),
)
def test_any_options_on_any_history_answer_in_finite_numbers_or_refuse_by_name(
    seed: int,
    weeks: int,
    shape: str,
    decay: float,
    calendar: tuple[str, ...],
    lags: tuple[str, ...],
    chosen: bool,  # noqa: FBT001 - drawn
) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"date": pd.date_range("2025-01-06", periods=7 * weeks), "follows": rng.poisson(3, 7 * weeks)})
    for name in CONTENT_TYPES:
        frame[name] = rng.poisson(rng.choice([0.0, 0.05, 1.0]), 7 * weeks)
    options = None if chosen else WeeklyOptions(decay=decay, shape=shape, calendar=calendar, lags=lags)
    try:
        fit = fit_weekly_options(daily_from_frame(frame), options=options)
    except CgnError:
        assert weeks < 20
        return
    assert np.isfinite(fit.predictor.mean).all()
    assert np.isfinite(fit.predictor.covariance).all()
    assert np.isfinite(fit.predictor.residuals).all()
    assert np.isfinite([(e.low, e.estimate, e.high) for e in fit.effects]).all()
    assert all(fit.predictor.support[name] >= 0 for name in fit.predictor.levers)


def test_the_history_hides_followers_after_the_origin() -> None:
    daily = world("plain", seed=1, weeks=20).daily
    history = read_history(daily)
    past = history.until(int(history.days[69]), planned_until=int(history.days[83]))
    assert isinstance(past, History)
    assert past.followers is not None
    assert np.isfinite(past.followers[:70]).all()
    assert np.isnan(past.followers[70:]).all()
    assert replace(history, followers=None).until(int(history.days[69])).followers is None
