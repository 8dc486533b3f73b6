"""Whatever the history and the plan, a forecast is a law in order, or it is refused by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from any_histories import FEW, LEVELS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.ahead import Outlook, outlook, stored_shares, stored_weeks
from cgn_core.stats.carry_over import WARM_UP_DAYS, next_week_stock, stock, weekday_shares
from cgn_core.stats.daily_estimation import parameter_covariance
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.intervals import (
    check_level,
    check_probability,
    offered_levels,
    refused_levels,
    require_level,
    residuals_needed,
    supported_level,
    weibull_quantile,
)
from cgn_core.stats.mixture import mixture_quantiles
from cgn_core.stats.next_week import Noise, naive_predictor, week_predictor
from cgn_core.stats.predictive import (
    BEYOND_SUPPORT,
    NONE,
    REFUSED,
    Difference,
    Prediction,
    Prepared,
    WeekPredictor,
    difference,
    difference_margin,
    extrapolation_of,
    full_plan,
    predict,
    quantiles,
    viral_lift,
)
from cgn_core.stats.validation import MODELS, fit_model
from cgn_core.tables import Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
COUNTS = st.sampled_from((0.0, 1.0, 2.5, 7.0, 40.0, 1e4, 1e7))
PLANS = st.dictionaries(st.sampled_from(("posts", "reels", "stories", "ads")), COUNTS)
ODD_COUNTS = st.sampled_from((-1.0, math.nan, math.inf, -math.inf))
RESIDUALS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def fitted(daily: Daily, model: str) -> Fit | None:
    return answer_of(lambda: fit_model(read_history(daily), model=model), *UNTRAINABLE)


def allowed(check: Callable[[], None]) -> bool:
    try:
        check()
    except UnsupportedLevel:
        return False
    return True


def known(fit: Fit, plan: dict[str, float]) -> dict[str, float]:
    return {name: count for name, count in plan.items() if name in fit.predictor.levers}


@FEW
@given(histories(), st.sampled_from((*MODELS, "drift")), PLANS, LEVELS)
def test_a_forecast_is_in_order_or_refused(daily: Daily, model: str, plan: dict[str, float], level: float) -> None:
    fit = fitted(daily, model)
    if fit is None:
        return
    predictor, asked = fit.predictor, known(fit, plan)
    said = answer_of(lambda: predict(predictor, asked, level=level), UnsupportedLevel)
    assert (said is None) == (level not in predictor.levels)
    if said is None:
        return
    assert isinstance(said, Prediction)
    assert said.plan == full_plan(predictor, asked)
    assert said.extrapolation == extrapolation_of(predictor, said.plan)
    numbers = (said.expected, said.median, said.low, said.high, said.repeatable, said.viral)
    if said.extrapolation == REFUSED:
        assert numbers == (None,) * 6
        said = predict(predictor, asked, level=level, answer_refused=True)
    assert said.extrapolation in (NONE, BEYOND_SUPPORT, REFUSED)
    assert all_finite(said)
    assert said.low is not None
    assert said.median is not None
    assert said.high is not None
    assert said.repeatable is not None
    assert said.viral is not None
    assert said.low <= said.median <= said.high
    assert said.expected == pytest.approx(said.repeatable + said.viral)
    assert json.loads(json.dumps(said.to_json(), allow_nan=False)) == said.to_json()
    assert "nan" not in said._repr_html_()
    assert quantiles(predictor, asked, [0.5]) == pytest.approx((said.median,))


@FEW
@given(histories(), st.sampled_from(MODELS), PLANS, PLANS)
def test_a_difference_is_the_difference_of_two_forecasts_and_turns_its_sign(
    daily: Daily, model: str, plan: dict[str, float], against: dict[str, float]
) -> None:
    fit = fitted(daily, model)
    if fit is None or 0.5 not in fit.predictor.levels:
        return
    predictor, one, other = fit.predictor, known(fit, plan), known(fit, against)
    said, turned = (difference(predictor, *each, level=0.5) for each in ((one, other), (other, one)))
    assert isinstance(said, Difference)
    assert said.low <= said.estimate <= said.high
    assert all_finite(said.to_json())
    assert said.estimate == -turned.estimate
    assert said.low == pytest.approx(-turned.high)
    first, second = (predict(predictor, each, level=0.5, answer_refused=True) for each in (one, other))
    assert first.expected is not None
    assert second.expected is not None
    size = abs(first.expected) + abs(second.expected) + 1
    assert said.estimate == pytest.approx(first.expected - second.expected, abs=1e-9 * size)
    nothing = difference(predictor, one, one, level=0.5)
    assert (nothing.low, nothing.estimate, nothing.high) == (0.0, 0.0, 0.0)
    if 0.8 in predictor.levels:
        wider = difference(predictor, one, other, level=0.8)
        assert wider.low <= said.low
        assert said.high <= wider.high
    assert viral_lift(predictor) >= 1
    assert difference_margin(predictor, 4.0, 0.5) >= difference_margin(predictor, 1.0, 0.5) >= 0


@FEW
@given(histories(), PLANS, st.sampled_from(("posts", "reels", "stories", "ads", "teleports")), ODD_COUNTS)
def test_a_count_that_is_none_is_refused_by_name(daily: Daily, plan: dict[str, float], name: str, odd: float) -> None:
    fit = fitted(daily, "last_value")
    if fit is None:
        return
    for ask in (
        lambda: predict(fit.predictor, {**known(fit, plan), name: odd}, level=0.5),
        lambda: quantiles(fit.predictor, {**known(fit, plan), name: odd}, [0.5]),
        lambda: difference(fit.predictor, {name: odd}, {}, level=0.5),
        lambda: full_plan(fit.predictor, {name: odd}),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert type(refused.value) in (InvalidInput, UnsupportedLevel)


@FEW
@given(histories(), st.sampled_from(MODELS), st.lists(st.floats(0.001, 0.999), min_size=2, max_size=6))
def test_quantiles_rise_with_their_probability(daily: Daily, model: str, probabilities: list[float]) -> None:
    fit = fitted(daily, model)
    if fit is None:
        return
    ordered = sorted(probabilities)
    said = answer_of(lambda: quantiles(fit.predictor, {}, ordered), UnsupportedLevel)
    if said is not None:
        assert all_finite(said)
        assert (np.diff(said) >= -1e-9 * np.abs(said).max()).all()


@FEW
@given(histories(), st.integers(1, 12), st.floats(0, 1))
def test_the_coming_weeks_are_a_law_and_more_weeks_are_worth_no_less(
    daily: Daily, weeks: int, end_value: float
) -> None:
    fit = fitted(daily, "daily")
    if fit is None:
        return
    history = read_history(daily)
    found = fit_levers(history)
    covariance, _ = parameter_covariance(found.fit, found.counts(history), history.weeks)
    stored = stored_weeks(history, found, covariance)
    assert all_finite(stored)
    for part in ("levers", "base", "effects"):
        assert stored[part] == fit.details["weeks_ahead"][part]
    shares = stored_shares(history)
    assert shares == fit.details["weekday_shares"]
    assert weekday_shares(history).shape == (7, len(history.levers))
    assert all(sum(each) == pytest.approx(1) for each in shares.values())
    seen = outlook(fit, weeks=weeks, end_value=end_value)
    assert isinstance(seen, Outlook)
    assert all_finite(seen)
    assert ((seen.counted >= 0) & (seen.counted <= 1 + 1e-12)).all()
    assert (outlook(fit, weeks=weeks, end_value=1.0).counted >= seen.counted - 1e-12).all()
    row = seen.exposure(np.ones_like(seen.counted))
    assert row @ seen.covariance @ row >= -1e-9 * np.abs(seen.covariance).max()


@FEW
@given(histories(), st.floats(0, 0.99))
def test_carry_over_neither_loses_nor_makes_a_piece(daily: Daily, decay: float) -> None:
    history = read_history(daily)
    held = stock(history.counts, decay)
    assert held.shape == history.counts.shape
    assert (held >= 0).all()
    more = history.counts.copy()
    more[WARM_UP_DAYS:] += 1000.0
    added = stock(more, decay) - held
    left = added[-1] * decay / (1 - decay)
    np.testing.assert_allclose(added.sum(axis=0) + left, 1000.0 * (len(more) - WARM_UP_DAYS), rtol=1e-6)
    carried, within = next_week_stock(history, decay)
    assert carried.shape == within.shape == (len(history.levers),)
    assert (carried <= held[-1] * decay / (1 - decay) * (1 + 1e-9) + 1e-9).all()
    assert ((within >= 0) & (within <= 1 + 1e-9)).all()


@FEW
@given(histories(), RESIDUALS, st.floats(-1e6, 1e6), st.floats(1.0, 500.0))
def test_predictors_made_of_any_numbers_are_finite(
    daily: Daily, residuals: list[float], centre: float, freedom: float
) -> None:
    history = read_history(daily)
    naive = naive_predictor(history, centre=centre, residuals=residuals)
    size = 1 + len(history.levers)
    daily_law = week_predictor(
        history,
        mean=[centre] * size,
        covariance=np.eye(size),
        freedom=freedom,
        n_residuals=40,
        noise=Noise(dispersion=2.0, floor=10.0, lost=5.0),
    )
    for predictor in (naive, daily_law):
        assert isinstance(predictor, WeekPredictor)
        assert isinstance(predictor.prepared, Prepared)
        assert all_finite(predictor)
        assert WeekPredictor.from_json(json.loads(json.dumps(predictor.to_json(), allow_nan=False))) == predictor
        for level in predictor.levels:
            assert all_finite(predict(predictor, {}, level=level))
    with pytest.raises(TooFewObservations):
        naive_predictor(history, centre=centre, residuals=[])


@FEW
@given(st.integers(0, 400), st.floats(-0.5, 1.5) | st.just(math.nan))
def test_levels_are_supported_refused_or_no_levels(residuals: int, level: float) -> None:
    if not 0 < level < 1:
        for ask in (
            lambda: require_level(level),
            lambda: residuals_needed(level),
            lambda: check_level(level, residuals=residuals),
            lambda: check_probability(level, residuals=residuals),
        ):
            with pytest.raises(UnsupportedLevel):
                ask()
        return
    require_level(level)
    needed = residuals_needed(level)
    assert needed >= 2
    assert refused_levels(residuals, [level]) == ((level,) if needed > residuals else ())
    assert {*offered_levels(residuals), *refused_levels(residuals)} >= {0.5, 0.99}
    assert allowed(lambda: check_level(level, residuals=residuals)) == (needed <= residuals)
    shown = answer_of(lambda: supported_level(residuals, wanted=level), UnsupportedLevel)
    assert shown == level if needed <= residuals else shown is None or shown < level
    if needed <= residuals:
        assert allowed(lambda: check_probability((1 + level) / 2, residuals=residuals))


@FEW
@given(RESIDUALS, st.floats(0, 1), st.floats(0, 1))
def test_an_interpolated_quantile_stays_among_its_values(values: list[float], probability: float, other: float) -> None:
    ordered = sorted(values)
    low, high = (weibull_quantile(ordered, each) for each in sorted((probability, other)))
    assert ordered[0] <= low <= high + 1e-9 * abs(high)
    assert high <= ordered[-1]


@FEW
@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)), min_size=1, max_size=6),
    st.floats(0.001, 0.999),
)
def test_a_mixtures_quantile_moves_with_its_means(
    normals: list[tuple[float, float, float]], probability: float
) -> None:
    weights, means, spreads = np.array(normals).T
    weights /= weights.sum()
    (here,) = mixture_quantiles(weights, means, spreads, [probability])
    (moved,) = mixture_quantiles(weights, means + 1000.0, spreads, [probability])
    assert moved - here == pytest.approx(1000.0, rel=1e-3, abs=1e-3 * spreads.max())
