"""Whatever the history and the question, a decision's numbers are finite and in order, or refused by name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from any_histories import FEW, FEWEST, LEVELS, SEEDS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.carry_over_test import CarryOver, carry_over_of, weekly_carry_over
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.insights import Insight, insights
from cgn_core.stats.money import BreakEven, MoneyReturn, money_returns
from cgn_core.stats.planner import plan_weeks
from cgn_core.stats.planner_search import best_plan
from cgn_core.stats.planner_task import Task
from cgn_core.stats.predictive import Difference
from cgn_core.stats.repeatable_weeks import RepeatableWeeks, complete_weeks, repeatable_weeks
from cgn_core.stats.response import CurvePoint, Enough, ResponseCurve, response_curve, response_curves
from cgn_core.stats.returns import (
    ContentReturn,
    Estimate,
    HourlyContrast,
    OverallReturn,
    content_returns,
    effect_estimates,
    hourly_contrasts,
    overall_return,
    require_minutes,
)
from cgn_core.stats.saturation import (
    Saturation,
    TypeSaturation,
    bent_design,
    power_of,
    require_options,
    require_size,
    saturation,
    weekly_saturation,
)
from cgn_core.stats.training import train
from cgn_core.stats.validation import MODELS, fit_model
from cgn_core.stats.week_plan import PlannedDay, PlannedWeek, WeekPlan, plan_sentences, spread_over_days
from cgn_core.tables import DEFAULT_MINUTES, Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
SIZES = st.sampled_from((0.01, 0.05, 0.2))
MINUTES = st.dictionaries(st.sampled_from(("posts", "reels", "stories", "ads")), st.sampled_from((1.0, 45.0, 600.0)))
PRICES = st.sampled_from((0.0, 0.01, 1.0, 1e5))
NO_NUMBERS = st.sampled_from((math.nan, math.inf, -math.inf, -1.0))


def fitted(daily: Daily, model: str = "daily") -> Fit | None:
    return answer_of(lambda: fit_model(read_history(daily), model=model), *UNTRAINABLE)


def storable(value: Any) -> bool:
    """Whether it is stored as JSON without a number that is none."""
    return bool(json.dumps(value, allow_nan=False)) and all_finite(value)


@FEW
@given(histories(), st.sampled_from(MODELS), MINUTES, LEVELS)
def test_returns_per_hour_are_in_order_and_widen(
    daily: Daily, model: str, minutes: Mapping[str, float], level: float
) -> None:
    fit = fitted(daily, model)
    if fit is None:
        return
    found = content_returns(fit, daily.weekly(), minutes=minutes, level=level)
    effects = effect_estimates(fit, minutes=minutes, level=level)
    together = effect_estimates(fit, minutes=minutes, level=level, together=3)
    assert len(found) == len(effects)
    for each, (name, effect), (_, wider) in zip(found, effects, together, strict=True):
        assert isinstance(each, ContentReturn)
        assert isinstance(effect, Estimate)
        assert each.content_type == name
        assert storable(each.to_json())
        assert ContentReturn.from_json(json.loads(json.dumps(each.to_json()))) == each
        assert each.marginal.low <= each.marginal.estimate <= each.marginal.high
        assert wider.low <= effect.low <= effect.high <= wider.high
        assert each.marginal.estimate == pytest.approx(effect.estimate / (minutes[name] / 60))
        assert each.distinguishable == (not each.marginal.low <= 0 <= each.marginal.high)
    contrasts = hourly_contrasts(fit, minutes=minutes, level=level)
    assert len(contrasts) in (0, len(effects) * (len(effects) - 1) // 2)
    for contrast in contrasts:
        assert isinstance(contrast, HourlyContrast)
        assert storable(contrast.to_json())
        assert contrast.difference.estimate >= 0
        assert contrast.distinguishable == (contrast.difference.low > 0)


@FEW
@given(histories(weeks=(1, 30)), MINUTES, LEVELS)
def test_the_overall_return_is_growth_over_hours(daily: Daily, minutes: Mapping[str, float], level: float) -> None:
    found = answer_of(lambda: overall_return(daily.weekly(), minutes=minutes, level=level), TooFewObservations)
    if found is not None:
        assert isinstance(found, OverallReturn)
        assert all_finite(found)
        assert found.hours > 0
        assert 4 <= found.weeks <= 12
        assert found.follows_per_hour.low <= found.follows_per_hour.estimate <= found.follows_per_hour.high


@FEW
@given(histories(), PRICES, PRICES, LEVELS)
def test_money_follows_its_prices(daily: Daily, value: float, cost: float, level: float) -> None:
    fit = fitted(daily)
    if fit is None:
        return
    prices = {"value_of_follower": value, "cost_of_hour": cost}
    found = money_returns(fit, minutes=DEFAULT_MINUTES, level=level, **prices)
    dearer = money_returns(fit, minutes=DEFAULT_MINUTES, level=level, value_of_follower=value, cost_of_hour=cost + 1)
    for each, other in zip(found, dearer, strict=True):
        assert isinstance(each, MoneyReturn)
        assert isinstance(each.break_even_value, BreakEven)
        assert storable(each.to_json())
        assert MoneyReturn.from_json(json.loads(json.dumps(each.to_json()))) == each
        assert each.net_per_piece.low <= each.net_per_piece.estimate <= each.net_per_piece.high
        assert other.net_per_piece.estimate < each.net_per_piece.estimate or value >= 1e5
        assert each.cost_per_piece == pytest.approx(cost * each.minutes / 60)


@FEW
@given(histories(weeks=(8, 9)), NO_NUMBERS, st.sampled_from((0.0, 1.0, 1.5, math.nan)))
def test_questions_without_sense_are_refused_by_name(daily: Daily, odd: float, level: float) -> None:
    fit = fitted(daily, "last_value")
    if fit is None:
        return
    weekly, minutes = daily.weekly(), {"posts": odd}
    for ask in (
        lambda: content_returns(fit, weekly, minutes=minutes),
        lambda: effect_estimates(fit, minutes=minutes, level=0.9),
        lambda: hourly_contrasts(fit, minutes=minutes),
        lambda: overall_return(weekly, minutes=minutes),
        lambda: money_returns(fit, minutes=minutes, value_of_follower=1.0, cost_of_hour=1.0),
        lambda: money_returns(fit, minutes={}, value_of_follower=odd, cost_of_hour=1.0),
        lambda: money_returns(fit, minutes={}, value_of_follower=1.0, cost_of_hour=odd),
        lambda: plan_weeks(fit, hours=odd, level=0.5),
        lambda: plan_weeks(fit, hours=5.0, weeks=odd, level=0.5),  # type: ignore[arg-type]  # no count at all
        lambda: plan_weeks(fit, hours=5.0, minutes=minutes, level=0.5),
        lambda: plan_weeks(fit, hours=5.0, risk=odd, level=0.5),
        lambda: plan_weeks(fit, hours=5.0, end_value=odd, level=0.5),
        lambda: plan_weeks(fit, hours=5.0, bounds={"reels": (0, odd)}, level=0.5),  # type: ignore[dict-item]  # as above
        lambda: saturation(daily, minutes=minutes),
        lambda: saturation(daily, size=odd),
        lambda: saturation(daily, left=odd),
        lambda: response_curves(daily, minutes=minutes),
        lambda: weekly_carry_over(daily, size=odd),
        lambda: require_options(minutes=minutes, size=0.05),
        lambda: require_size(odd),
        lambda: require_minutes(minutes),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert type(refused.value) in (InvalidInput, TooFewObservations)
        assert refused.value.message.endswith(".")
    for ask_level in (
        lambda: content_returns(fit, weekly, minutes={}, level=level),
        lambda: hourly_contrasts(fit, minutes={}, level=level),
        lambda: overall_return(weekly, minutes={}, level=level),
        lambda: money_returns(fit, minutes={}, value_of_follower=1.0, cost_of_hour=1.0, level=level),
        lambda: plan_weeks(fit, hours=5.0, level=level),
        lambda: response_curves(daily, level=level),
    ):
        with pytest.raises(UnsupportedLevel):
            ask_level()


@FEW
@given(
    histories(),
    st.sampled_from((*MODELS[:6], "mean")),
    st.sampled_from((0.0, 5.0, 20.0, 168.0)),
    st.integers(1, 4),
    st.sampled_from((0.01, 0.2, 0.5)),
    st.sampled_from((0.0, 0.5, 1.0)),
)
def test_a_plan_keeps_to_its_hours_and_fills_its_weeks(
    daily: Daily, model: str, hours: float, weeks: int, risk: float, end_value: float
) -> None:
    fit = fitted(daily, model)
    if fit is None:
        return
    options: dict[str, Any] = {"weeks": weeks, "risk": risk, "end_value": end_value, "level": 0.5}
    plan = answer_of(lambda: plan_weeks(fit, hours=hours, **options), InvalidInput, UnsupportedLevel)
    if plan is None:
        return
    assert isinstance(plan, WeekPlan)
    assert isinstance(plan.gain, Difference)
    assert storable(plan.to_json())
    assert "nan" not in plan._repr_html_()
    assert plan.gain.low <= plan.gain.estimate <= plan.gain.high
    assert len(plan.weeks) == weeks
    for week in plan.weeks:
        assert isinstance(week, PlannedWeek)
        assert week.hours <= hours * (1 + 1e-6)
        assert all(count >= 0 for count in week.counts.values())
        assert len(week.days) == 7
        assert all(isinstance(day, PlannedDay) for day in week.days)
        for name, count in week.counts.items():
            assert sum(day.counts[name] for day in week.days) == count
        shares = {name: np.array(each) for name, each in fit.details.get("weekday_shares", {}).items()}
        assert week.days == spread_over_days(week.week, week.counts, shares)
    said = plan_sentences(plan, idle=tuple(plan.held), undetermined=(), gap=0.0, works_on=False)
    assert all(sentence.endswith(".") for sentence in (*said, *plan.sentences))
    if risk == 0.5 and hours < 168.0 and plan.status == "optimal":
        more = answer_of(lambda: plan_weeks(fit, hours=168.0, **options), InvalidInput, UnsupportedLevel)
        assert more is None or more.gain.estimate >= plan.gain.estimate - 1e-6 * (1 + abs(plan.gain.estimate))


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.sampled_from((0.0, 1.0, 2.3)))
def test_no_allowed_plan_is_worth_more_than_the_best(seed: int, weeks: int, levers: int, caution: float) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(levers + 1, levers + 1)) * 5
    loads = np.zeros((weeks, levers, levers + 1))
    loads[:, np.arange(levers), 1 + np.arange(levers)] = 1.0
    task = Task(
        lows=np.zeros(levers, dtype=np.int64),
        highs=rng.integers(0, 5, levers),
        minutes=rng.uniform(0, 60, levers),
        cap=float(rng.uniform(0, 200)),
        usual=rng.uniform(0, 4, levers),
        means=np.tile(rng.normal(10, 20, levers), (weeks, 1)),
        loads=loads,
        exposed=np.array([1.0, *[0.0] * levers]),
        covariance=root @ root.T,
        dispersion=3.0,
        gained=500.0,
        floor=10.0,
        noise=4.0,
        caution=caution,
    )
    counts, gap = best_plan(task)
    assert counts.shape == (weeks, levers)
    assert ((counts >= task.lows) & (counts <= task.highs)).all()
    assert (counts @ task.minutes <= task.cap * (1 + 1e-6)).all()
    assert gap >= 0
    places = rng.integers(0, len(task.patterns), (50, weeks))
    tried = task.start + task.features[np.arange(weeks), places].sum(axis=1)
    chosen = task.start + np.einsum("wk,wkd->d", counts.astype(float), task.joint)
    best = float(task.value(chosen[None])[0])
    assert (task.value(tried) <= best + gap + 1e-6 * (1 + abs(best))).all()
    assert (task.variance(tried) >= 0).all()


@FEW
@given(daily=histories(weeks=(1, 30)), by_week=st.booleans(), size=SIZES)
def test_tests_of_weeks_claim_within_their_size_or_say_why_not(*, daily: Daily, by_week: bool, size: float) -> None:
    history = daily.weekly() if by_week else daily
    weeks = answer_of(lambda: repeatable_weeks(history), *UNTRAINABLE)
    bend = answer_of(lambda: saturation(history, size=size), *UNTRAINABLE)
    carried = answer_of(lambda: weekly_carry_over(history, size=size), *UNTRAINABLE)
    assert complete_weeks(history) <= len(daily.frame) // 7
    if bend is not None:
        assert isinstance(bend, Saturation)
        assert storable(bend.to_json())
        assert Saturation.from_json(json.loads(json.dumps(bend.to_json()))) == bend
        assert "nan" not in bend._repr_html_()
        assert bend.identified == bool(bend.bent)
        for each in bend.types:
            assert isinstance(each, TypeSaturation)
            assert each.p_value is None or 0 <= each.p_value <= 1
            assert each.power is None or 0 <= each.power <= 1
            assert each.identified <= (each.p_value is not None and each.p_value <= size + 1e-9)
    if carried is not None:
        assert isinstance(carried, CarryOver)
        assert storable(carried.to_json())
        assert CarryOver.from_json(json.loads(json.dumps(carried.to_json()))) == carried
        assert carried.sentence.endswith(".")
    if weeks is None:
        return
    assert isinstance(weeks, RepeatableWeeks)
    assert complete_weeks(history) == len(weeks.numbers) + (weeks.exceptional if by_week else 0)
    for numbers in (weeks.growth, weeks.level, weeks.calendar, weeks.counts, weeks.straight, weeks.covariance):
        assert np.isfinite(numbers).all()
    assert (weeks.level > 0).all()
    assert weekly_saturation(weeks, size=size) == bend
    assert carry_over_of(weeks, size=size) == carried
    for place in range(len(weeks.levers)):
        if np.ptp(weeks.working[:, place]) > 0:
            design, _, scales = bent_design(weeks, [place])
            assert design.shape == (len(weeks.numbers), weeks.linear.shape[1] + 1)
            assert (scales > 0).all()


@FEWEST
@given(daily=histories(), by_week=st.booleans(), level=LEVELS, least=st.none() | st.sampled_from((0.0, 50.0)))
def test_response_curves_rise_or_fall_in_order(
    *, daily: Daily, by_week: bool, level: float, least: float | None
) -> None:
    history = daily.weekly() if by_week else daily
    curves = answer_of(lambda: response_curves(history, level=level, least_per_hour=least), TooFewObservations)
    for curve in curves or ():
        assert isinstance(curve, ResponseCurve)
        assert isinstance(curve.enough, Enough)
        assert storable(curve.to_json())
        assert ResponseCurve.from_json(json.loads(json.dumps(curve.to_json()))) == curve
        assert curve == response_curve(history, curve.name, level=level, least_per_hour=least)
        assert all(isinstance(point, CurvePoint) for point in curve.points)
        for point in (*curve.points, curve.today):
            assert point.low <= point.estimate <= point.high
            assert point.growth_low <= point.growth <= point.growth_high
        pieces = [point.pieces for point in curve.points]
        assert pieces == sorted(pieces)
        assert curve.sentence.endswith(".")
    if curves is not None:
        with pytest.raises(InvalidInput, match="teleports"):
            response_curve(history, "teleports")


@FEW
@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(1, 200), st.floats(0.5, 10))
def test_power_is_a_chance_that_grows_with_the_distance(
    distance: float, other: float, freedom: int, critical: float
) -> None:
    low, high = (power_of(each, freedom, critical) for each in sorted((distance, other)))
    assert 0 <= low <= high + 1e-6
    assert high <= 1


@FEWEST
@given(histories(weeks=(8, 16)), LEVELS)
def test_every_insight_stands_on_a_number_and_says_where_to_look(daily: Daily, level: float) -> None:
    training = answer_of(lambda: train(daily, model="daily"), *UNTRAINABLE)
    if training is None:
        return
    plan = answer_of(lambda: plan_weeks(training.fit, hours=10.0, level=0.5), InvalidInput, UnsupportedLevel)
    found = insights(
        training, plan=plan, saturation=saturation(daily), carry_over=weekly_carry_over(daily), level=level
    )
    assert training.verdict in {each.code for each in found}
    for each in found:
        assert isinstance(each, Insight)
        assert storable(each.to_json())
        assert each.sentence.endswith(".")
        assert each.low is None or each.high is None or each.low <= each.value <= each.high
    with pytest.raises(InvalidInput):
        insights(training, minutes={"posts": 0.0})
