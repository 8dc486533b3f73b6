from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from scipy import optimize, stats

from cgn_core.errors import InvalidInput, UnsupportedLevel
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import WeekPredictor, difference, predict
from cgn_core.stats.weekly_models import fit_weekly
from datagen.worlds import world

TWIN = Path(__file__).parents[3] / "webapp" / "assets" / "predictive.js"


@pytest.fixture(scope="module")
def predictor() -> WeekPredictor:
    return fit_daily(world("plain", seed=1, weeks=52).daily).predictor


def test_the_parts_add_up_and_the_quantiles_are_in_order(predictor: WeekPredictor) -> None:
    answer = predict(predictor, {"reels": 3})
    assert answer.low is not None
    assert answer.median is not None
    assert answer.high is not None
    assert answer.low < answer.median < answer.high
    assert answer.expected == pytest.approx((answer.repeatable or 0) + (answer.viral or 0))
    assert answer.expected is not None
    assert answer.expected > answer.median
    assert answer.plan["posts"] == predictor.usual["posts"]


def test_the_numbers_are_those_of_the_written_formula(predictor: WeekPredictor) -> None:
    rng = np.random.default_rng(8)
    for _ in range(10):
        plan = {name: float(rng.integers(0, int(most) + 2)) for name, most in predictor.support.items()}
        answer = predict(predictor, plan, level=0.8)
        row = [1.0, *plan.values()]
        repeatable = sum(count * mean for count, mean in zip(row, predictor.mean, strict=True))
        unknown = sum(
            a * b * c for a, line in zip(row, predictor.covariance, strict=True) for b, c in zip(row, line, strict=True)
        )
        gain = max(repeatable + predictor.lost, predictor.floor)
        normals = [
            (share * weight, gain * mean, (gain**2 * own + factor * (predictor.dispersion * gain + unknown)) ** 0.5)
            for share, mean, own in predictor.jumps
            for factor, weight in predictor.scales
        ]
        weights, means, spreads = np.array(normals).T
        assert answer.repeatable == pytest.approx(repeatable, rel=1e-12)
        assert answer.viral == pytest.approx(float(weights @ means), rel=1e-11)
        for found, probability in ((answer.low, 0.1), (answer.median, 0.5), (answer.high, 0.9)):
            searched = optimize.brentq(
                lambda growth: float(weights @ stats.norm.cdf(growth, means, spreads)) - probability,  # noqa: B023 - called at once
                -40 * spreads.max(),
                means.max() + 40 * spreads.max(),
                xtol=1e-12,
                rtol=1e-14,
            )
            assert found == pytest.approx(repeatable + searched, rel=1e-12, abs=1e-10)


def test_the_numbers_of_a_model_of_weeks_are_its_residuals_around_its_mean() -> None:
    predictor = fit_weekly(world("plain", seed=1, weeks=52).daily, model="ols").predictor
    answer = predict(predictor, {"posts": 4, "reels": 2, "stories": 9}, level=0.8)
    middle = float(np.array([1.0, *answer.plan.values()]) @ np.array(predictor.mean))
    expected = middle + np.quantile(predictor.residuals, (0.1, 0.5, 0.9), method="weibull")
    assert (answer.low, answer.median, answer.high) == pytest.approx(tuple(expected), rel=1e-12)
    assert answer.expected == pytest.approx(middle + np.mean(predictor.residuals), rel=1e-12)


def test_a_plan_beyond_what_was_tried_is_marked_and_far_beyond_is_refused(predictor: WeekPredictor) -> None:
    most = predictor.support["reels"]
    assert predict(predictor, {}).extrapolation == "none"
    assert predict(predictor, {"reels": most + 1}).extrapolation == "beyond_support"
    refused = predict(predictor, {"reels": 2 * most + 2})
    assert refused.extrapolation == "refused"
    assert refused.expected is None


@pytest.mark.parametrize("swapped", [False, True])
def test_a_difference_says_where_its_further_plan_stands(predictor: WeekPredictor, swapped: object) -> None:
    most = predictor.support["reels"]
    usual = predictor.usual["reels"]
    for reels, where in ((usual, "none"), (most + 1, "beyond_support"), (2 * most + 2, "refused")):
        plans = [{"reels": reels}, {}]
        first, second = reversed(plans) if swapped else plans
        assert difference(predictor, first, second).extrapolation == where


def test_the_same_plan_makes_no_difference_and_shared_noise_cancels(predictor: WeekPredictor) -> None:
    same = difference(predictor, {"posts": 3}, {"posts": 3})
    assert (same.estimate, same.low, same.high) == (0.0, 0.0, 0.0)
    more = difference(predictor, {"posts": 4}, {"posts": 3})
    week = predict(predictor, {"posts": 4})
    assert week.high is not None
    assert week.low is not None
    assert more.high - more.low < (week.high - week.low) / 10


def test_unknown_levers_negative_counts_and_unsupported_levels_are_refused_by_name(predictor: WeekPredictor) -> None:
    with pytest.raises(InvalidInput, match="no lever 'podcasts'"):
        predict(predictor, {"podcasts": 1})
    with pytest.raises(InvalidInput, match="0 or more"):
        predict(predictor, {"posts": -1})
    with pytest.raises(InvalidInput, match="0 or more"):
        predict(predictor, {"posts": float("nan")})
    with pytest.raises(UnsupportedLevel, match="52 weeks don't support an interval of 99%"):
        predict(predictor, {}, level=0.99)


def test_a_predictor_survives_its_journey_through_json(predictor: WeekPredictor) -> None:
    predict(predictor, {})
    stored = json.loads(json.dumps(predictor.to_json(), allow_nan=False))
    assert WeekPredictor.from_json(stored) == predictor
    assert stored.keys() == {field.name for field in fields(WeekPredictor)}


@pytest.mark.browser
def test_the_browser_computes_what_the_server_computes() -> None:
    cases = []
    rng = np.random.default_rng(5)
    for seed, kind in enumerate(("plain", "effects spread over days", "no effect at all")):
        for weeks in (20, 60):
            daily = world(kind, seed=seed, weeks=weeks).daily
            for fit in (fit_daily(daily), fit_weekly(daily, model="tukey"), fit_baseline(daily, model="median")):
                predictor = fit.predictor
                for _ in range(12):
                    plan = {name: float(rng.integers(0, 2 * int(most) + 4)) for name, most in predictor.support.items()}
                    level = float(rng.choice(predictor.levels))
                    cases.append((predictor, plan, level))
    sent = [{"model": p.to_json(), "plan": plan, "level": level} for p, plan, level in cases]
    asked = """cases => cases.map(({model, plan, level}) => [
        window.cgnPredictive.predict(model, plan, level),
        window.cgnPredictive.difference(model, plan, model.usual, level)])"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=TWIN.read_text(encoding="utf-8"))
        answers = page.evaluate(asked, sent)
        browser.close()
    compared = 0
    for (predictor, plan, level), (said, against) in zip(cases, answers, strict=True):
        ours, gain = predict(predictor, plan, level=level), difference(predictor, plan, predictor.usual, level=level)
        assert said["extrapolation"] == ours.extrapolation
        for key in ("expected", "median", "low", "high", "repeatable", "viral"):
            mine = getattr(ours, key)
            assert (said[key] is None) == (mine is None)
            if mine is not None:
                assert said[key] == pytest.approx(mine, rel=1e-10, abs=1e-9)
                compared += 1
        for key in ("estimate", "low", "high"):
            assert against[key] == pytest.approx(getattr(gain, key), rel=1e-9, abs=1e-9)
    assert compared > 500
