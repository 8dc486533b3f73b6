"""Whatever the history, its fit is judged, its drift watched and its peers compared in finite numbers, or by name."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from any_histories import FEW, FEWEST, LEVELS, SEEDS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.benchmarks import (
    Benchmark,
    Growth,
    HeadToHead,
    PeerMetric,
    Percentile,
    Voice,
    growth_benchmark,
)
from cgn_core.stats.collinearity import Collinearity, collinearity
from cgn_core.stats.diagnosis import Diagnosis, diagnose
from cgn_core.stats.diagnostics import Diagnostics, diagnose_fit
from cgn_core.stats.drift import Drift, DriftWeek, detect_drift, regime_caution
from cgn_core.stats.history import read_history
from cgn_core.stats.influence import Influence, InfluentialWeek, influence, influential_weeks, typical_distance
from cgn_core.stats.judged_series import JudgedSeries, Memory, NormalQuantile, SeenWeek, judged_series
from cgn_core.stats.judged_weeks import JudgedWeeks, judged_weeks
from cgn_core.stats.lights import Light, first_autocorrelation, health_lights
from cgn_core.stats.one_step import OneStep, one_step_residuals
from cgn_core.stats.peer_changes import Change, changes
from cgn_core.stats.peer_metrics import (
    METRICS,
    Compared,
    Metric,
    at_own_size,
    change_p_value,
    compare,
    draws,
    percentile_of,
    size_matters,
    weekly_quantities,
)
from cgn_core.stats.residual_tests import (
    QUESTIONS,
    Question,
    ResidualTest,
    answer,
    as_test,
    holm,
    residual_tests,
)
from cgn_core.stats.stability import RecursiveEffect, stability
from cgn_core.stats.validation import MODELS, fit_model
from cgn_core.tables import Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
COLOURS = ("green", "amber", "red")
CHANCES = st.none() | st.floats(0, 1)


def storable(value: Any) -> bool:
    return bool(json.dumps(value, allow_nan=False)) and all_finite(value)


def series_hold(series: JudgedSeries, *, weeks: int) -> None:
    """One residual a week, in order at its quantiles, and no correlation beyond one."""
    assert isinstance(series, JudgedSeries)
    assert storable(series.to_json())
    assert len(series.weeks) == weeks
    assert all(isinstance(each, SeenWeek) and 0 <= each.leverage <= 1 for each in series.weeks)
    assert len(series.quantiles) in {0, weeks}
    for each in series.quantiles:
        assert isinstance(each, NormalQuantile)
        assert each.low < each.normal < each.high
    assert sorted(series.quantiles, key=lambda each: each.normal) == list(series.quantiles)
    assert all(isinstance(each, Memory) and abs(each.correlation) <= 1 + 1e-12 for each in series.memory)


@FEW
@given(histories(), st.sampled_from((*MODELS, "mean")))
def test_a_fit_is_judged_by_tests_that_are_asked_or_say_why_not(daily: Daily, model: str) -> None:
    fit = answer_of(lambda: fit_model(read_history(daily), model=model), *UNTRAINABLE)
    # A naive forecast is judged by the daily fit, which may need more weeks than it does.
    found = None if fit is None else answer_of(lambda: diagnose_fit(daily, fit), *UNTRAINABLE)
    if fit is None or found is None:
        return
    assert isinstance(found, Diagnostics)
    assert storable(found.to_json())
    assert found.tests == sum(each.p_value is not None for each in found.residuals.values())
    judged = judged_weeks(daily, fit)
    series_hold(judged_series(judged), weeks=len(judged.weeks))
    assert isinstance(judged, JudgedWeeks)
    assert judged.design.shape == (len(judged.weeks), len(judged.terms))
    for numbers in (judged.design, judged.residuals, judged.variance, judged.weights, judged.scaled_design):
        assert np.isfinite(numbers).all()
    assert (judged.variance > 0).all()
    entangled = collinearity(judged)
    assert isinstance(entangled, Collinearity)
    assert all_finite(entangled)
    assert all(value >= 1 - 1e-9 for value in entangled.vif.values())
    assert entangled.condition_number >= 1 - 1e-9
    moved = influence(judged)
    assert isinstance(moved, Influence)
    assert ((moved.leverage >= 0) & (moved.leverage <= 1)).all()
    listed = influential_weeks(judged, moved)
    assert all(isinstance(week, InfluentialWeek) and all_finite(week) for week in listed)
    assert len(listed) <= 10
    assert typical_distance(judged) > 0
    effects, broken = stability(judged)
    assert all(isinstance(each, RecursiveEffect) and all_finite(each) for each in effects)
    tests = holm({**residual_tests(judged), "cusum": as_test("cusum", broken)})
    assert tests == found.residuals
    lights = health_lights(judged, tests, listed, entangled)
    assert lights == found.lights
    for light in lights:
        assert isinstance(light, Light)
        assert light.colour in COLOURS
        assert "nan" not in light.evidence
    for name, test in tests.items():
        assert isinstance(test, ResidualTest)
        assert isinstance(QUESTIONS[name], Question)
        assert test.p_value is None or 0 <= test.p_value <= test.adjusted_p_value <= 1  # type: ignore[operator]  # set where there is a p-value
    told = answer(judged, lambda _: (1.0, 0.5))
    assert told == (1.0, 0.5) or isinstance(told, str)
    assert -1 - 1e-9 <= first_autocorrelation(judged.residuals) <= 1 + 1e-9


@FEW
@given(st.dictionaries(st.sampled_from(tuple(QUESTIONS)), CHANCES), st.floats(0.001, 0.2))
def test_a_correction_never_makes_an_alarm(chances: dict[str, float | None], size: float) -> None:
    tests = {
        name: as_test(name, "not_testable" if chance is None else (1.0, chance)) for name, chance in chances.items()
    }
    corrected = holm(tests, size=size)
    assert set(corrected) == set(tests)
    alarms = [name for name, test in corrected.items() if test.verdict == "doubtful"]
    for name in alarms:
        chance = chances[name]
        assert chance is not None
        assert chance <= size
    ordered = sorted((test.p_value, test.adjusted_p_value) for test in corrected.values() if test.p_value is not None)
    adjusted = [each for _, each in ordered]
    assert adjusted == sorted(adjusted)  # type: ignore[type-var]  # all were asked


@FEWEST
@given(histories(weeks=(1, 40)), SEEDS, st.sampled_from((0.1, 0.5, 12.0)))
def test_drift_is_on_the_path_or_off_it_since_a_week(daily: Daily, seed: int, rate: float) -> None:
    found = answer_of(
        lambda: detect_drift(daily, rng=np.random.default_rng(seed), false_alarms_per_year=rate), *UNTRAINABLE
    )
    if found is None:
        return
    assert isinstance(found, Drift)
    assert storable(found.to_json())
    assert "nan" not in found._repr_html_()
    assert found.alarm == (found.direction in ("up", "down")) == (found.start_week is not None)
    for each in found.path:
        assert isinstance(each, DriftWeek)
        assert min(each.up, each.down) >= 0
        assert abs(each.residual) <= 3
    caution = regime_caution(found, len(read_history(daily).complete_weeks))
    assert (caution is not None) == found.alarm
    assert found == detect_drift(daily, rng=np.random.default_rng(seed), false_alarms_per_year=rate)
    if found.start_week is not None and found.alarm_week is not None:
        assert found.start_week <= found.alarm_week
        assert found.weeks_since_start > 0


@FEW
@given(histories(weeks=(8, 40)), st.sampled_from((math.nan, 0.0, -1.0, 12.5, math.inf)))
def test_a_rate_of_alarms_that_is_none_is_refused(daily: Daily, rate: float) -> None:
    for ask in (
        lambda: detect_drift(daily, rng=np.random.default_rng(1), false_alarms_per_year=rate),
        lambda: diagnose(daily, rng=np.random.default_rng(1), false_alarms_per_year=rate),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert type(refused.value) in (InvalidInput, *UNTRAINABLE)


@FEW
@given(histories())
def test_one_step_residuals_are_clipped_and_know_no_later_week(daily: Daily) -> None:
    history = read_history(daily)
    weeks = history.complete_weeks
    trained = np.isin(history.week_numbers, weeks)
    growth, counts = history.weekly_growth[trained], history.weekly_counts[trained]
    if len(weeks) < 9:
        return
    found = one_step_residuals(weeks, growth, counts)
    assert isinstance(found, OneStep)
    assert np.isfinite(found.residuals).all()
    assert (np.abs(found.residuals) <= 3).all()
    assert set(found.weeks.tolist()) <= set(weeks.tolist())
    if found.logarithmic == bool((growth[:-1] > 0).all()) and len(found.weeks) > 9:
        earlier = one_step_residuals(weeks[:-1], growth[:-1], counts[:-1])
        if np.median(np.abs(growth)) == np.median(np.abs(growth[:-1])):
            np.testing.assert_allclose(found.residuals[:-1], earlier.residuals, atol=1e-6)


@FEWEST
@given(histories(weeks=(8, 20)), st.sampled_from(("daily", "huber", "ols")))
def test_a_diagnosis_is_whole_or_refused(daily: Daily, model: str) -> None:
    found = answer_of(lambda: diagnose(daily, rng=np.random.default_rng(1), model=model), *UNTRAINABLE)
    if found is not None:
        assert isinstance(found, Diagnosis)
        assert storable(found.to_json())
        assert "nan" not in found._repr_html_()
        assert all(sentence.endswith(".") for sentence in found.sentences)


@FEWEST
@given(histories(weeks=(1, 20)), st.lists(histories(weeks=(1, 20)), max_size=5), LEVELS, SEEDS)
def test_peers_are_compared_over_shared_weeks_or_it_is_refused(
    own: Daily, others: list[Daily], level: float, seed: int
) -> None:
    peers = {f"peer {place}": daily for place, daily in enumerate(others)}
    found = answer_of(
        lambda: growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=level), TooFewObservations
    )
    quantities = {name: weekly_quantities(daily) for name, daily in {"": own, **peers}.items()}
    told = changes(quantities)
    for each in told:
        assert isinstance(each, Change)
        assert all_finite(each)
        assert each.sentence.endswith(".")
    if found is None:
        return
    assert isinstance(found, Benchmark)
    assert storable(found.to_json())
    assert "nan" not in found._repr_html_()
    assert found.changes == told
    assert {each.name for each in found.peers} | set(found.left_out) == set(peers)
    for growth in (found.own, *found.peers):
        assert isinstance(growth, Growth)
        assert growth.low <= growth.high
    for standing in found.percentiles.values():
        assert isinstance(standing, Percentile)
        assert standing.percentile is None or 0 <= standing.percentile <= 100
    for peer_metric in found.metrics.values():
        assert isinstance(peer_metric, PeerMetric)
        assert peer_metric.own_low <= peer_metric.own_high
    for duel in found.head_to_head:
        assert isinstance(duel, HeadToHead)
        assert 0 <= duel.low <= duel.high <= 1
    for voice in found.share_of_voice:
        assert isinstance(voice, Voice)
        assert 0 <= voice.share <= 1
    assert not found.share_of_voice or sum(voice.share for voice in found.share_of_voice) == pytest.approx(1)
    for wrong in (0.0, 1.0, math.nan):
        with pytest.raises(UnsupportedLevel):
            growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=wrong)


@FEWEST
@given(histories(weeks=(8, 20)), st.lists(histories(weeks=(6, 20)), max_size=4), SEEDS)
def test_a_metric_is_compared_over_eight_weeks_or_not_at_all(own: Daily, others: list[Daily], seed: int) -> None:
    mine = weekly_quantities(own)
    quantities = {f"peer {place}": weekly_quantities(daily) for place, daily in enumerate(others)}
    for metric in METRICS.values():
        assert isinstance(metric, Metric)
        shared = compare(mine, quantities, metric)
        if shared is None:
            continue
        assert isinstance(shared, Compared)
        assert shared.weeks >= 8
        assert np.isfinite(shared.values).all()
        assert np.isfinite(shared.drawn(np.random.default_rng(seed))).all()


@FEW
@given(SEEDS, st.integers(1, 8), st.integers(1, 60))
def test_the_parts_of_a_comparison_keep_what_they_should(seed: int, peers: int, weeks: int) -> None:
    rng = np.random.default_rng(seed)
    times = draws(weeks, rng)
    assert (times.sum(axis=1) == weeks).all()
    values, logs = rng.normal(size=(20, 1 + peers)), rng.normal(10, 2, 1 + peers)
    if seed % 3 == 0:
        logs[rng.integers(1 + peers)] = np.nan
    moved = at_own_size(values, logs)
    assert moved.shape == values.shape
    assert np.isfinite(moved).all()
    np.testing.assert_array_equal(moved[:, 0], values[:, 0])
    standing = percentile_of(values)
    assert ((standing >= 0) & (standing <= 100)).all()
    np.testing.assert_allclose(percentile_of(-values), 100 - standing)
    assert isinstance(size_matters(values[0, 1:], logs[1:]), bool)
    assert size_matters(np.ones(peers), logs[1:]) is False


@FEW
@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=26).map(np.array),
    st.lists(st.integers(0, 1000), min_size=1, max_size=4).map(np.array),
)
def test_a_change_of_cadence_has_a_chance_and_none_is_sure_to_be_chance(before: Any, recent: Any) -> None:
    assert 0 <= change_p_value(before, recent) <= 1
    assert change_p_value(before, before) == pytest.approx(1)
    assert change_p_value(before, recent + 5000) < 0.5
