from __future__ import annotations

import json
from dataclasses import astuple, replace
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput, UnsupportedLevel
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import Fit
from cgn_core.stats.planner import plan_weeks
from cgn_core.stats.predictive import difference, predict
from cgn_core.stats.week_plan import spread_over_days
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import DEFAULT_MINUTES, daily_from_frame
from datagen.worlds import world

TYPES = ("posts", "reels", "stories")


@pytest.fixture(scope="module")
def plain() -> Fit:
    made = fit_daily(world("plain", seed=1, weeks=52).daily)
    return Fit.from_json(json.loads(json.dumps(made.to_json())))


@pytest.fixture(scope="module")
def spread() -> Fit:
    made = fit_daily(world("effects spread over days", seed=3, weeks=60).daily)
    assert made.details["carry_over_decay"] > 0
    return made


def every_week(fit: Fit, hours: float) -> list[dict[str, float]]:
    """All weeks within the support and the hours."""
    most = [int(fit.predictor.support[name]) for name in TYPES]
    return [
        {name: float(each) for name, each in zip(TYPES, counts, strict=True)}
        for counts in product(*(range(top + 1) for top in most))
        if sum(DEFAULT_MINUTES[name] * each for name, each in zip(TYPES, counts, strict=True)) <= 60 * hours + 1e-9
    ]


def total(plan: Any, name: str) -> int:
    return sum(week.counts[name] for week in plan.weeks)


def test_one_week_is_the_best_of_all_weeks_by_what_the_forecast_expects(plain: Fit) -> None:
    for hours in (4.0, 9.5, 12.0):
        plan = plan_weeks(plain, hours=hours)
        found = predict(plain.predictor, plan.weeks[0].counts, answer_refused=True).expected
        expected = [
            predict(plain.predictor, {**week, "ads": plan.weeks[0].counts["ads"]}, answer_refused=True).expected
            for week in every_week(plain, hours)[::7]
        ]
        assert found is not None
        assert all(each is not None and each <= found + 1e-9 for each in expected)
        assert plan.weeks[0].hours <= hours


def test_the_gain_over_one_week_is_the_difference_of_the_two_plans(plain: Fit) -> None:
    plan = plan_weeks(plain, hours=10, level=0.8)
    usual = plain.predictor.usual
    planned = {name: plan.weeks[0].counts[name] for name in TYPES}
    known = difference(plain.predictor, planned, usual, level=0.8)
    assert astuple(plan.gain)[:-1] == pytest.approx(astuple(known)[:-1])
    assert plan.gain.extrapolation == known.extrapolation


def test_the_gain_of_a_horizon_that_ends_with_the_week_counts_the_carry_overs_doubt_too(spread: Fit) -> None:
    plan = plan_weeks(spread, hours=10, end_value=0.0)
    whole = plan_weeks(spread, hours=10, end_value=1.0)
    planned = {name: plan.weeks[0].counts[name] for name in TYPES}
    within = difference(spread.predictor, planned, spread.predictor.usual)
    assert (plan.gain.estimate, plan.gain.low, plan.gain.high) == pytest.approx(
        (within.estimate, within.low, within.high), rel=1e-5
    )
    assert whole.gain.estimate > plan.gain.estimate


def test_the_gain_grows_with_the_weeks_and_with_the_hours(plain: Fit) -> None:
    by_weeks = [plan_weeks(plain, hours=10, weeks=weeks).gain.estimate for weeks in (1, 4, 12)]
    assert by_weeks == pytest.approx([by_weeks[0], 4 * by_weeks[0], 12 * by_weeks[0]])
    by_hours = [plan_weeks(plain, hours=hours).gain.estimate for hours in (2, 5, 9, 15, 40)]
    assert by_hours == sorted(by_hours)


def test_a_careful_plan_gives_up_growth_for_certainty() -> None:
    doubtful = fit_daily(world("effects spread over days", seed=8, weeks=26).daily)
    bold, careful = (plan_weeks(doubtful, hours=9, weeks=4, risk=risk, end_value=0.5) for risk in (0.5, 0.02))
    assert careful.gain.estimate <= bold.gain.estimate
    assert careful.gain.high - careful.gain.low <= bold.gain.high - bold.gain.low
    assert careful.weeks != bold.weeks
    assert careful.sentences[1].startswith("Careful: of all plans, this one reaches the most in 98% of cases")


@pytest.mark.parametrize("risk", [0.5, 0.1])
def test_twelve_weeks_of_the_largest_weeks_seen_are_planned_exactly(spread: Fit, risk: float) -> None:
    for end_value in (1.0, 0.3):
        plan = plan_weeks(spread, hours=12, weeks=12, risk=risk, end_value=end_value)
        assert plan.status == "optimal"
        assert [week.week for week in plan.weeks] == sorted({week.week for week in plan.weeks})


def test_the_document_has_the_promised_keys(plain: Fit) -> None:
    document = json.loads(json.dumps(plan_weeks(plain, hours=8, weeks=2).to_json()))
    assert {"hours", "weeks", "gain", "status"} <= set(document)
    assert set(document["weeks"][0]) == {"week", "posts", "reels", "stories", "ads", "hours", "days"}
    assert {"estimate", "low", "high", "level", "extrapolation"} == set(document["gain"])
    first, second = (date.fromisoformat(week["week"]) for week in document["weeks"])
    assert (first.isoformat(), first.weekday(), (second - first).days) == (plain.predictor.week_start, 0, 7)
    assert document["status"] == "optimal"


def test_a_creator_who_never_made_stories_still_gets_three_numbers() -> None:
    frame = world("plain", seed=4, weeks=30).daily.frame.drop(columns=["stories", "ads"])
    week = plan_weeks(fit_daily(daily_from_frame(frame)), hours=6).weeks[0].to_json()
    assert week["stories"] == 0
    assert week["posts"] + week["reels"] > 0
    assert "ads" not in week


def test_days_add_up_to_the_week_and_fall_on_the_weekdays_that_are_used(plain: Fit) -> None:
    for week in plan_weeks(plain, hours=12, weeks=2).weeks:
        assert len(week.days) == 7
        for name in TYPES:
            assert sum(day.counts[name] for day in week.days) == week.counts[name]


def test_pieces_are_spaced_evenly_along_the_weekdays_that_were_used() -> None:
    workdays = {"posts": np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0]), "reels": np.array([0, 0, 0, 0, 0, 0.5, 0.5])}
    days = spread_over_days("2026-11-23", {"posts": 3, "reels": 2, "stories": 7}, workdays)
    assert [day.counts["posts"] for day in days] == [1, 0, 1, 0, 1, 0, 0]
    assert [day.counts["reels"] for day in days] == [0, 0, 0, 0, 0, 1, 1]
    assert [day.counts["stories"] for day in days] == [1] * 7
    assert (days[0].day, days[-1].day) == ("2026-11-23", "2026-11-29")


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 60), shares=st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(lambda s: sum(s) > 0.1)
)
def test_every_piece_finds_a_day_and_no_two_days_differ_by_more_than_their_use(
    number: int, shares: list[float]
) -> None:
    weights = np.array(shares) / sum(shares)
    placed = np.array(
        [day.counts["posts"] for day in spread_over_days("2026-11-23", {"posts": number}, {"posts": weights})]
    )
    assert placed.sum() == number
    assert (np.abs(placed - number * weights) <= 1 + 1e-9).all()
    assert (placed[weights == 0] == 0).all()


def test_ads_and_levers_of_open_effect_stay_as_usual() -> None:
    frame = world("plain", seed=6, weeks=30).daily.frame.copy()
    frame["stories"] = np.where(frame["date"].dt.day_of_week < 5, 1.0, 0.0)
    fit = fit_daily(daily_from_frame(frame))
    assert fit.predictor.undetermined == ("stories",)
    plan = plan_weeks(fit, hours=8, weeks=3)
    usual_ads = int(np.floor(fit.predictor.usual["ads"] + 0.5))
    assert [(week.counts["stories"], week.counts["ads"]) for week in plan.weeks] == [(5, usual_ads)] * 3
    assert plan.weeks[0].hours <= 8
    text = " ".join(plan.sentences)
    parts = f" ({fit.predictor.usual['ads']:.3g} ads a week)" if fit.predictor.usual["ads"] != usual_ads else ""
    assert f"Ads stay as usual{parts}: they take no hours." in text
    assert "Stories stay as usual: this history leaves their own effect open." in text
    assert plan.held == {name: fit.predictor.usual[name] for name in ("stories", "ads")}
    assert plan.extrapolation == "none" or "never posted" in text


def test_a_usual_count_that_a_week_shows_rounded_is_told_and_gives_the_forecasts_gain(plain: Fit) -> None:
    fit = replace(plain, predictor=replace(plain.predictor, usual={**plain.predictor.usual, "ads": 1.25}))
    plan = plan_weeks(fit, hours=8)
    assert plan.weeks[0].counts["ads"] == 1
    assert "Ads stay as usual (1.25 ads a week): they take no hours." in plan.sentences
    apart = difference(fit.predictor, {**plan.weeks[0].counts, **plan.held}, {})
    assert astuple(plan.gain) == pytest.approx(astuple(apart))


def test_a_gain_that_reaches_beyond_the_last_week_says_so(plain: Fit, spread: Fit) -> None:
    beyond = "Counted is also what works on after the last week."
    assert beyond in plan_weeks(spread, hours=8).sentences
    assert beyond not in plan_weeks(spread, hours=8, end_value=0.0).sentences
    assert beyond not in plan_weeks(plain, hours=8).sentences


def test_ads_are_planned_once_they_take_minutes(plain: Fit) -> None:
    plan = plan_weeks(plain, hours=10, minutes={**DEFAULT_MINUTES, "ads": 20.0})
    assert plan.weeks[0].counts["ads"] == int(plain.predictor.support["ads"])  # by far the most per minute
    assert not any("Ads" in sentence for sentence in plan.sentences)


def test_bounds_are_kept_and_the_largest_week_seen_is_the_default(plain: Fit) -> None:
    plan = plan_weeks(plain, hours=20, weeks=2, bounds={"reels": (2, 3), "stories": (0, 4)})
    assert all(2 <= week.counts["reels"] <= 3 and week.counts["stories"] <= 4 for week in plan.weeks)
    everything = plan_weeks(plain, hours=100)
    assert [everything.weeks[0].counts[name] for name in TYPES] == [plain.predictor.support[name] for name in TYPES]
    within = plan_weeks(plain, hours=100, bounds={"posts": (5, 20), "reels": (0, 3), "stories": (0, 12)})
    assert within.weeks[0].counts["posts"] == 20
    assert within.extrapolation == "beyond_support"
    assert any("never posted" in sentence for sentence in within.sentences)


@pytest.mark.parametrize("model", ["single_lever", "ols", "huber", "tukey"])
def test_models_of_weeks_are_planned_with_too(model: str) -> None:
    fit = fit_weekly(world("plain", seed=2, weeks=40).daily, model=model)
    for risk in (0.5, 0.1):
        plan = plan_weeks(fit, hours=10, weeks=3, risk=risk)
        assert plan.status == "optimal"
        assert len({tuple(week.counts.values()) for week in plan.weeks}) == 1 or risk < 0.5
    planned = {name: plan_weeks(fit, hours=10).weeks[0].counts[name] for name in TYPES}
    known = plan_weeks(fit, hours=10).gain
    assert known.estimate == pytest.approx(difference(fit.predictor, planned, fit.predictor.usual).estimate)


def test_where_nothing_moves_the_forecast_the_usual_week_is_kept_and_said_so(plain: Fit) -> None:
    naive = fit_baseline(world("plain", seed=1, weeks=52).daily, model="median")
    naive = replace(naive, effects=plain.effects, details=plain.details)  # as training hands it on
    plan = plan_weeks(naive, hours=30, weeks=2)
    assert plan.status == "no_effect"
    assert (plan.gain.estimate, plan.gain.low, plan.gain.high) == (0.0, 0.0, 0.0)
    assert not plan.distinguishable
    for name in TYPES:
        assert abs(total(plan, name) / 2 - naive.predictor.usual[name]) <= 0.5
    assert plan.sentences[0].startswith("Nothing that can be planned moves this forecast")
    short = plan_weeks(naive, hours=3)
    assert short.weeks[0].hours <= 3


def test_a_gain_that_chance_could_bring_is_not_called_one() -> None:
    claims = 0
    for seed in range(12):
        plan = plan_weeks(fit_daily(world("no effect at all", seed=seed, weeks=26).daily), hours=8)
        holds_zero = plan.gain.low <= 0 <= plan.gain.high
        claims += plan.distinguishable
        assert not (holds_zero and plan.distinguishable)
        assert plan.sentences[0].startswith("Not distinguishable from as before") == (not plan.distinguishable)
    assert claims <= 3


def test_a_clear_gain_is_told_with_its_interval(plain: Fit) -> None:
    plan = plan_weeks(plain, hours=14, weeks=4)
    assert plan.distinguishable
    assert plan.sentences[0].startswith("Over the 4 weeks this brings ")
    assert f"(90%: {plan.gain.low:,.0f} to {plan.gain.high:,.0f})" in plan.sentences[0]
    fewer = plan_weeks(plain, hours=0)
    assert "fewer than the last four weeks' posting" in fewer.sentences[0]
    assert sum(total(fewer, name) for name in TYPES) == 0


def test_the_same_question_gets_the_same_answer(plain: Fit) -> None:
    assert plan_weeks(plain, hours=9, weeks=5, risk=0.1) == plan_weeks(plain, hours=9, weeks=5, risk=0.1)


@settings(max_examples=40, deadline=None)
@given(
    hours=st.floats(0, 168),
    weeks=st.integers(1, 12),
    risk=st.floats(0.01, 0.5),
    end_value=st.floats(0, 1),
    level=st.sampled_from([0.5, 0.8, 0.9, 0.95]),
)
def test_any_question_that_makes_sense_gets_a_plan_within_the_hours(
    spread: Fit, hours: float, weeks: int, risk: float, end_value: float, level: float
) -> None:
    plan = plan_weeks(spread, hours=hours, weeks=weeks, risk=risk, end_value=end_value, level=level)
    assert len(plan.weeks) == weeks
    assert plan.gain.low <= plan.gain.estimate <= plan.gain.high
    assert np.isfinite([plan.gain.estimate, plan.gain.low, plan.gain.high]).all()
    for week in plan.weeks:
        assert week.hours <= hours * (1 + 1e-9)
        assert all(0 <= week.counts[name] <= spread.predictor.support[name] for name in TYPES)
        assert week.hours == pytest.approx(sum(DEFAULT_MINUTES[name] * week.counts[name] for name in TYPES) / 60)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hours": -1}, "between 0 and 168 hours"),
        ({"hours": float("nan")}, "between 0 and 168 hours"),
        ({"hours": 169}, "between 0 and 168 hours"),
        ({"weeks": 0}, "Between 1 and 12 whole weeks"),
        ({"weeks": 13}, "Between 1 and 12 whole weeks"),
        ({"risk": 0.0}, "risk lies above 0"),
        ({"risk": 0.7}, "risk lies above 0"),
        ({"risk": float("nan")}, "risk lies above 0"),
        ({"end_value": 1.5}, "between 0 and 1"),
        ({"minutes": {"posts": 0.0}}, "Minutes for posts must be above 0"),
        ({"bounds": {"ads": (0, 2)}}, "Ads can't be planned"),
        ({"bounds": {"podcasts": (0, 2)}}, "planned are: posts, reels, stories"),
        ({"bounds": {"posts": (3, 2)}}, "two whole numbers"),
        ({"bounds": {"posts": (-1, 2)}}, "two whole numbers"),
        ({"bounds": {"posts": (0.5, 2)}}, "two whole numbers"),
        ({"bounds": {"posts": (0, 500)}}, "far beyond every week seen"),
        ({"hours": 5, "bounds": {"posts": (4, 6), "reels": (2, 3)}}, "4 posts and 2 reels take 7 hours a week, but"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(plain: Fit, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        plan_weeks(plain, **{"hours": 10, **options})


def test_a_level_that_the_history_does_not_support_is_refused() -> None:
    fit = fit_daily(world("plain", seed=1, weeks=13).daily)
    with pytest.raises(UnsupportedLevel, match="13 weeks"):
        plan_weeks(fit, hours=10)
    assert plan_weeks(fit, hours=10, level=0.8).gain.level == 0.8


def test_an_account_that_gains_millions_a_day_gets_its_careful_plan() -> None:
    rng, days = np.random.default_rng(18), 56
    counts = {name: rng.poisson(0.7, days) for name in ("posts", "reels", "stories")}
    dates = pd.date_range("2026-09-28", periods=days)
    frame = pd.DataFrame({"date": dates, **counts, "follows": np.round(rng.uniform(0, 1e8, days))})
    plan = plan_weeks(fit_daily(daily_from_frame(frame)), hours=20.0, risk=0.2, level=0.5)
    assert plan.status == "optimal"
