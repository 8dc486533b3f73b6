"""Whatever the history, every model fits it with finite numbers or says in a sentence why it can't."""

from __future__ import annotations

import json

import numpy as np
from any_histories import FEW, FEWEST, LEVELS, SEEDS, SUNDAY, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.baselines import BASELINES, fit_baseline, fit_baseline_history
from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.daily_estimation import DayFit, fit_days, parameter_covariance
from cgn_core.stats.daily_levers import LeverFit, fit_levers
from cgn_core.stats.daily_model import fit_daily, fit_daily_history
from cgn_core.stats.fit import Caution, Effect, Fit, effect_of, one_of, open_caution, truncate
from cgn_core.stats.history import read_history
from cgn_core.stats.predictive import WeekPredictor
from cgn_core.stats.validation import MODELS, fit_model
from cgn_core.stats.weekly_estimators import Estimate
from cgn_core.stats.weekly_models import WEEKLY_MODELS, determined_terms, effects_of, fit_weekly, fit_weekly_history
from cgn_core.stats.weekly_options import (
    Tried,
    choose_options,
    fit_weekly_options,
    fit_weekly_options_history,
    stored_options,
)
from cgn_core.stats.weekly_terms import Response, WeeklyOptions, WeeklyRows, given_names
from cgn_core.tables import CONTENT_TYPES, Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
OPTIONS = st.builds(
    WeeklyOptions,
    decay=st.sampled_from((0.0, 0.3, 0.9)),
    shape=st.sampled_from(("linear", "log1p", "hill")),
    calendar=st.sampled_from(((), ("trend",), ("trend", "season"))),
    lags=st.sampled_from(((), ("lag_growth",))),
)


def check_fit(fit: Fit, daily: Daily) -> None:
    """What holds of every fit of whatever model."""
    assert isinstance(fit, Fit)
    assert isinstance(fit.predictor, WeekPredictor)
    assert all_finite(fit.effects)
    assert all_finite(fit.to_json())
    stored = json.dumps(fit.to_json(), allow_nan=False)
    assert json.dumps(Fit.from_json(json.loads(stored)).to_json()) == stored
    assert fit.first_week <= fit.last_week <= fit.predictor.week_start
    assert {effect.name for effect in fit.effects} <= {*daily.levers, "posting_frequency"}
    for effect in fit.effects:
        assert isinstance(effect, Effect)
        assert effect.low <= effect.estimate <= effect.high
        assert effect.std_error >= 0
    for caution in fit.cautions:
        assert isinstance(caution, Caution)
        assert caution.message


@FEW
@given(histories(weeks=(1, 30)), st.sampled_from(MODELS), LEVELS)
def test_any_model_fits_any_history_or_refuses_it_by_name(daily: Daily, model: str, level: float) -> None:
    fit = answer_of(lambda: fit_model(read_history(daily), model=model, level=level), *UNTRAINABLE)
    if fit is not None:
        check_fit(fit, daily)
        assert all(effect.level == level for effect in fit.effects)
        (usual,) = fit.predict({}, level=0.5)
        assert all_finite(usual)


@FEW
@given(histories(), st.sampled_from(WEEKLY_MODELS), st.sampled_from(("hc3", "hac")))
def test_a_weekly_fit_of_a_table_is_that_of_its_arrays(daily: Daily, model: str, covariance: str) -> None:
    errors = covariance if model in ("ols", "single_lever") else "hc3"
    fit = answer_of(lambda: fit_weekly(daily, model=model, covariance=errors), *UNTRAINABLE)
    arrays = answer_of(lambda: fit_weekly_history(read_history(daily), model=model, covariance=errors), *UNTRAINABLE)
    assert (fit is None) == (arrays is None)
    if fit is not None and arrays is not None:
        check_fit(fit, daily)
        assert fit.to_json() == arrays.to_json()


@FEW
@given(histories())
def test_a_daily_fit_of_a_table_is_that_of_its_arrays_and_only_of_its_whole_weeks(daily: Daily) -> None:
    fit = answer_of(lambda: fit_daily(daily), *UNTRAINABLE)
    arrays = answer_of(lambda: fit_daily_history(read_history(daily)), *UNTRAINABLE)
    assert (fit is None) == (arrays is None)
    if fit is not None and arrays is not None:
        check_fit(fit, daily)
        assert fit.to_json() == arrays.to_json()
        sunday = daily.frame["date"][daily.frame["date"].dt.day_of_week == SUNDAY.weekday()].iloc[-1]
        assert fit_daily(truncate(daily, sunday)).to_json() == fit.to_json()


@FEW
@given(histories(), st.sampled_from(tuple(BASELINES)), st.integers(1, 4))
def test_a_naive_forecast_stays_between_what_drift_allows(daily: Daily, model: str, ahead: int) -> None:
    history = read_history(daily)
    fit = answer_of(lambda: fit_baseline_history(history, model=model, ahead=ahead), *UNTRAINABLE)
    first = answer_of(lambda: fit_baseline(daily, model=model), *UNTRAINABLE)
    if fit is None or first is None:
        return
    check_fit(fit, daily)
    check_fit(first, daily)
    growth = history.weekly_growth[np.isfinite(history.weekly_growth)]
    centre = BASELINES[model](growth, ahead)
    step = float(np.ptp(growth)) * ahead if model == "drift" else 0.0
    assert growth.min() - step - 1e-6 <= centre <= growth.max() + step + 1e-6


@FEW
@given(histories())
def test_the_days_are_fitted_with_finite_numbers_in_their_shapes(daily: Daily) -> None:
    history = read_history(daily)
    if answer_of(lambda: fit_daily_history(history), *UNTRAINABLE) is None:
        return
    found = fit_levers(history)
    assert isinstance(found, LeverFit)
    assert set(found.determined) <= set(found.fitted) <= set(range(len(history.levers)))
    assert not {history.levers[place] for place in found.determined} & set(found.undetermined)
    assert found.mean.shape == found.residuals.shape == history.days.shape
    usable = history.usable
    calendar = Calendar(first=int(history.days[0]), last=int(history.days[-1]), weeks=len(history.complete_weeks))
    terms, counts = calendar.terms(history.days), found.counts(history)
    fit = fit_days(terms, counts, history.growth, usable, sizes=calendar.sizes)
    assert isinstance(fit, DayFit)
    assert not (fit.used & ~usable).any()
    assert not (fit.used & (fit.viral | fit.losses)).any()
    assert (fit.level >= fit.floor).all()
    assert 0 <= fit.decay < 1
    covariance, freedom = parameter_covariance(fit, counts, history.weeks)
    size = terms.shape[1] + counts.shape[1] + (fit.decay > 0)
    assert covariance.shape == (size, size)
    assert freedom.shape == (size,)
    assert (np.diag(covariance) >= 0).all()
    for numbers in (found.mean, found.residuals, found.dispersion, fit.coefficients, fit.level, covariance, freedom):
        assert np.isfinite(numbers).all()


@FEWEST
@given(histories(), OPTIONS)
def test_weekly_options_fit_or_refuse_by_name_and_are_stored_as_they_are(daily: Daily, options: WeeklyOptions) -> None:
    history = read_history(daily)
    fit = answer_of(lambda: fit_weekly_options(daily, options=options), *UNTRAINABLE, InvalidInput)
    again = answer_of(lambda: fit_weekly_options_history(history, options=options), *UNTRAINABLE, InvalidInput)
    assert (fit is None) == (again is None)
    if fit is None or again is None:
        return
    check_fit(fit, daily)
    assert fit.to_json() == again.to_json()
    assert fit.details["options"] == stored_options(options)


@FEWEST
@given(histories(weeks=(8, 16)))
def test_options_are_chosen_by_finite_errors(daily: Daily) -> None:
    history = read_history(daily)
    if answer_of(lambda: fit_weekly_options_history(history), *UNTRAINABLE) is None:
        return
    options, tried = choose_options(history)
    assert isinstance(options, WeeklyOptions)
    assert all(isinstance(each, Tried) and all_finite(each) for each in tried)
    assert all(each.error >= 0 and each.gain_error >= 0 for each in tried)
    assert all(each.gain > each.gain_error for each in tried if each.kept)


@FEW
@given(histories(), OPTIONS)
def test_weekly_terms_are_finite_and_responses_rise(daily: Daily, options: WeeklyOptions) -> None:
    history = read_history(daily)
    if len(history.complete_weeks) == 0:
        return
    rows = WeeklyRows(history)
    given_terms = rows.given(options)
    assert given_terms.shape == (len(rows.numbers), len(given_names(options)))
    response = Response.of(options.shape, rows.counts)
    stocks = rows.stocks(options, response)
    assert stocks.shape == rows.counts.shape
    assert np.isfinite(given_terms).all()
    assert np.isfinite(stocks).all()
    assert (response(np.zeros_like(rows.counts)) == 0).all()
    assert (response(rows.counts + 1) >= response(rows.counts)).all()
    assert (response.slopes(rows.usual) > 0).all()
    assert (response.off_line(rows.counts, rows.usual) >= 0).all()


@FEW
@given(SEEDS, st.integers(6, 30), st.integers(0, 4))
def test_terms_whose_effect_is_open_are_told_from_those_that_are_not(seed: int, weeks: int, terms: int) -> None:
    rng = np.random.default_rng(seed)
    given_terms, predictors = np.ones((weeks, 1)), rng.poisson(2.0, (weeks, terms)).astype(np.float64)
    determined, fitted = determined_terms(given_terms, predictors)
    assert set(determined) <= set(fitted) <= set(range(terms))
    assert np.linalg.matrix_rank(np.hstack([given_terms, predictors[:, fitted]])) == 1 + len(fitted)
    twice, _ = determined_terms(given_terms, np.hstack([predictors, predictors]))
    assert twice == []


@FEW
@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=4), st.floats(0, 1e6), st.integers(1, 60), st.floats(0.01, 0.99)
)
def test_effects_widen_with_their_error_and_their_level(
    estimates: list[float], error: float, freedom: int, level: float
) -> None:
    size = len(estimates)
    found = Estimate(np.array([0.0, *estimates]), np.eye(size + 1) * error**2, np.ones(9))
    places = list(range(1, size + 1))
    effects = effects_of(CONTENT_TYPES[:size], found, places, freedom=freedom, level=level)
    wider = effects_of(CONTENT_TYPES[:size], found, places, freedom=freedom, level=level + (1 - level) / 2)
    assert [effect.estimate for effect in effects] == estimates
    assert all_finite(effects)
    for one, other in zip(effects, wider, strict=True):
        assert other.low <= one.low <= one.estimate <= one.high <= other.high
        alone = effect_of(one.name, one.estimate, error, multiplier=2.0, level=level)
        assert alone.high - alone.low <= 4 * error * (1 + 1e-9) + 1e-6 * abs(one.estimate)
        assert one_of(one.name) in (one.name.removesuffix("s"), "story")


@FEW
@given(st.sampled_from(CONTENT_TYPES), st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_an_open_effect_is_explained_in_a_sentence(name: str, counts: list[int]) -> None:
    caution = open_caution(name, np.array(counts, dtype=np.float64))
    assert name.removesuffix("s")[:4] in caution.message.lower()
    assert caution.message.endswith(".")
    assert caution.code
