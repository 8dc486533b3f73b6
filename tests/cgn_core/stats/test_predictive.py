from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from scipy import stats

from cgn_core.errors import InvalidInput, UnsupportedLevel
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import WeekPredictor, difference, mixture_quantile, predict
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


def test_quantiles_of_one_normal_are_its_own() -> None:
    weights, means, spreads = np.array([1.0]), np.array([50.0]), np.array([7.0])
    for probability in (0.001, 0.05, 0.5, 0.95, 0.999):
        found = mixture_quantile(weights, means, spreads, probability)
        assert found == pytest.approx(stats.norm.ppf(probability, 50, 7), rel=1e-12)


def test_quantiles_of_a_mixture_give_back_their_probability() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        weights = rng.dirichlet(np.ones(6))
        means, spreads = rng.normal(100, 300, 6), rng.uniform(0.5, 80, 6)
        probability = float(rng.uniform(0.001, 0.999))
        found = mixture_quantile(weights, means, spreads, probability)
        assert float(weights @ stats.norm.cdf(found, means, spreads)) == pytest.approx(probability, abs=1e-10)


def test_a_plan_beyond_what_was_tried_is_marked_and_far_beyond_is_refused(predictor: WeekPredictor) -> None:
    most = predictor.support["reels"]
    assert predict(predictor, {}).extrapolation == "none"
    assert predict(predictor, {"reels": most + 1}).extrapolation == "beyond_support"
    refused = predict(predictor, {"reels": 2 * most + 2})
    assert refused.extrapolation == "refused"
    assert refused.expected is None


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
    with pytest.raises(UnsupportedLevel, match="52 weeks don't support a 99% interval"):
        predict(predictor, {}, level=0.99)


def test_a_predictor_survives_its_journey_through_json(predictor: WeekPredictor) -> None:
    assert WeekPredictor.from_json(json.loads(json.dumps(predictor.to_json(), allow_nan=False))) == predictor


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
                    plan = {name: float(rng.integers(0, 2 * most + 4)) for name, most in predictor.support.items()}
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
