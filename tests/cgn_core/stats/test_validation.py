from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cgn_core.errors import Cancelled, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.comparison import compare
from cgn_core.stats.fit import truncate
from cgn_core.stats.history import read_history
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import train
from cgn_core.stats.validation import (
    MODELS,
    Grammar,
    Validation,
    cross_validate,
    default_initial,
    fit_model,
)
from cgn_core.tables import Daily, Provenance
from datagen.worlds import world

WEEKS = 30
NAMES = (*MODELS, *BASELINES)


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=2, weeks=WEEKS).daily


@pytest.fixture(scope="module")
def usual(daily: Daily) -> Validation:
    return cross_validate(daily, model="daily")


def changed(daily: Daily, days: slice, **factors: float) -> Daily:
    """The same history with other numbers on some of its days."""
    frame = daily.frame.copy()
    for name, factor in factors.items():
        rows = frame.index[days]
        frame.loc[rows, name] = factor * frame.loc[rows, name] + 5
    return replace(daily, frame=frame)


@pytest.mark.parametrize("name", NAMES)
def test_a_forecast_knows_nothing_of_the_days_after_its_origin(daily: Daily, name: str) -> None:
    week = 22
    before = cross_validate(daily, model=name).forecasts
    later = changed(daily, slice(7 * week, None), follows=3.0, unfollows=2.0, followers=1.5)
    after = cross_validate(later, model=name).forecasts
    start = daily.frame["date"][7 * week].date().isoformat()
    earlier = [each for each in before if each.week_start < start]
    assert len(earlier) >= 10
    assert [each for each in after if each.week_start < start] == earlier
    (told,) = (each for each in before if each.week_start == start)
    (again,) = (each for each in after if each.week_start == start)
    assert again.actual != told.actual
    assert replace(again, actual=told.actual) == told
    assert [each.median for each in after[-3:]] != [each.median for each in before[-3:]]


@pytest.mark.parametrize("name", NAMES)
def test_a_forecast_is_what_a_fit_on_the_cut_off_table_predicts_for_what_was_then_posted(
    daily: Daily, name: str
) -> None:
    weekly = daily.weekly()
    for forecast in cross_validate(daily, model=name).forecasts[-2:]:
        past = truncate(daily, forecast.origin)
        assert past.frame["date"].iloc[-1] == pd.Timestamp(forecast.week_start) - pd.Timedelta(days=1)
        (place,) = np.flatnonzero(weekly["week_start"] == pd.Timestamp(forecast.week_start))
        posted = {name: weekly[name].to_numpy()[place] for name in daily.levers}
        answer = predict(fit_model(read_history(past), model=name).predictor, posted, level=0.9, answer_refused=True)
        assert (forecast.low, forecast.median, forecast.high) == (answer.low, answer.median, answer.high)
        assert (forecast.expected, forecast.repeatable, forecast.viral) == (
            answer.expected,
            answer.repeatable,
            answer.viral,
        )
        assert forecast.actual == weekly["net_growth"].to_numpy()[place]


@pytest.mark.parametrize(("horizon", "gap", "ahead"), [(1, 0, 1), (2, 0, 2), (1, 2, 3), (3, 1, 4)])
def test_horizon_and_gap_move_the_origin_back(daily: Daily, horizon: int, gap: int, ahead: int) -> None:
    grammar = Grammar(initial=12, horizon=horizon, gap=gap)
    found = cross_validate(daily, model="last_value", grammar=grammar)
    assert found.origins == len(found.forecasts) == WEEKS - 12 - ahead + 1
    growth = daily.weekly().set_index("week_start")["net_growth"]
    for each in found.forecasts:
        origin, week = pd.Timestamp(each.origin), pd.Timestamp(each.week_start)
        assert (week - origin).days == 7 * ahead - 6
        assert each.median == pytest.approx(growth[origin - pd.Timedelta(days=6)])


def test_a_step_leaves_weeks_out_and_a_window_forgets_what_lies_before_it(daily: Daily) -> None:
    every = cross_validate(daily, model="ols", grammar=Grammar(initial=12)).forecasts
    third = cross_validate(daily, model="ols", grammar=Grammar(initial=12, step=3)).forecasts
    assert third == every[::3]
    rolling = Grammar(initial=24, window=12)
    other = changed(daily, slice(0, 7 * 12), follows=4.0, posts=2.0, followers=1.1)
    assert (
        cross_validate(other, model="ols", grammar=rolling).forecasts
        == cross_validate(daily, model="ols", grammar=rolling).forecasts
    )
    assert (
        cross_validate(other, model="ols", grammar=replace(rolling, window=None)).forecasts
        != cross_validate(daily, model="ols", grammar=replace(rolling, window=None)).forecasts
    )


@pytest.mark.parametrize(
    "change", [{"horizon": 0}, {"horizon": -1}, {"gap": -1}, {"step": 0}, {"initial": 0}, {"window": 0}, {"refit": 0}]
)
def test_a_grammar_that_would_see_the_week_it_forecasts_or_never_move_is_refused(change: dict[str, int]) -> None:
    (name,) = change
    with pytest.raises(InvalidInput, match=f"The {name} must be a number of (weeks|origins) of at least"):
        Grammar(**{"initial": 10, **change})


def test_between_refits_the_last_fit_is_asked_again_and_never_means_the_first_one(daily: Daily) -> None:
    grammar = Grammar(initial=12)
    every = cross_validate(daily, model="ols", grammar=grammar).forecasts
    third = cross_validate(daily, model="ols", grammar=replace(grammar, refit=3)).forecasts
    never = cross_validate(daily, model="ols", grammar=replace(grammar, refit=None)).forecasts
    assert [each.week_start for each in third] == [each.week_start for each in every]
    assert third[::3] == every[::3]
    assert all(one.median != two.median for one, two in zip(third[1::3], every[1::3], strict=True))
    past = read_history(truncate(daily, daily.frame["date"][7 * 12 - 1]))
    first = fit_model(past, model="ols").predictor
    weekly = daily.weekly()
    for each in never:
        (place,) = np.flatnonzero(weekly["week_start"] == pd.Timestamp(each.week_start))
        posted = {name: weekly[name].to_numpy()[place] for name in daily.levers}
        assert each.median == predict(first, posted, level=0.5, answer_refused=True).median


@pytest.mark.parametrize("refit", [2, None])
@pytest.mark.parametrize("name", ["daily", "tukey", "weekly_options", "last_value"])
def test_an_old_fit_knows_nothing_of_what_came_after_it(daily: Daily, name: str, refit: int | None) -> None:
    grammar = Grammar(initial=16, refit=refit)
    before = cross_validate(daily, model=name, grammar=grammar).forecasts
    after = cross_validate(changed(daily, slice(7 * 25, None), follows=3.0, followers=1.5), model=name, grammar=grammar)
    start = daily.frame["date"][7 * 25].date().isoformat()
    told = [each for each in before if each.week_start <= start]
    assert [replace(each, actual=0.0) for each in after.forecasts if each.week_start <= start] == [
        replace(each, actual=0.0) for each in told
    ]


def test_every_horizon_is_scored_on_the_same_weeks(daily: Daily) -> None:
    grammar = Grammar(initial=10, horizon=3)
    found = cross_validate(daily, model="tukey", grammar=grammar, horizons="each")
    assert list(found.by_horizon) == ["1", "2", "3"]
    assert found.by_horizon["3"] == found.scores
    alone = cross_validate(daily, model="tukey", grammar=grammar)
    assert found == replace(alone, by_horizon=found.by_horizon)
    nearest = cross_validate(daily, model="tukey", grammar=Grammar(initial=12))
    assert [each.week_start for each in nearest.forecasts] == [each.week_start for each in found.forecasts]
    assert found.by_horizon["1"] == nearest.scores
    assert alone.by_horizon == {}
    with pytest.raises(InvalidInput, match="Horizons are last or each, not 'all'"):
        cross_validate(daily, model="tukey", horizons="all")


def test_every_interval_has_its_width_and_both_of_its_ends_a_pinball_loss(usual: Validation) -> None:
    assert list(usual.widths) == list(usual.coverage) == ["0.5", "0.8", "0.9"]
    assert list(usual.widths.values()) == sorted(usual.widths.values())
    assert list(usual.pinball) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
    assert usual.scores["mae"] == pytest.approx(2 * usual.pinball["0.5"])
    wide = [each for place, each in enumerate(usual.forecasts) if place >= 19 - 8]
    assert usual.widths["0.9"] == pytest.approx(np.mean([each.high - each.low for each in wide]))
    gaps = np.array([each.actual - each.low for each in wide])
    assert usual.pinball["0.05"] == pytest.approx(np.maximum(0.05 * gaps, -0.95 * gaps).mean())


def test_errors_per_hour_divide_by_the_hours_that_were_worked(daily: Daily, usual: Validation) -> None:
    weekly = daily.weekly().set_index("week_start")
    errors = [
        abs(each.actual - each.median) / (weekly["minutes_spent"][pd.Timestamp(each.week_start)] / 60)
        for each in usual.forecasts
    ]
    assert usual.decisions["follows_per_hour_error"] == pytest.approx(np.mean(errors))
    untimed = Daily(daily.frame.drop(columns="minutes_spent"), daily.provenance.drop(columns="minutes_spent"))
    by_piece = cross_validate(untimed, model="daily", minutes={"posts": 60.0, "reels": 0.0, "stories": 0.0})
    errors = [
        abs(each.actual - each.median) / weekly["posts"][pd.Timestamp(each.week_start)]
        for each in by_piece.forecasts
        if weekly["posts"][pd.Timestamp(each.week_start)] > 0
    ]
    assert by_piece.decisions["follows_per_hour_error"] == pytest.approx(np.mean(errors))
    idle = cross_validate(untimed, model="daily", minutes={})
    assert idle.decisions["follows_per_hour_error"] is None


def test_choosing_by_a_model_of_the_true_form_regrets_less_than_tossing_a_coin() -> None:
    regret, chance, right = [], [], []
    for seed in range(6):
        found = cross_validate(world("plain", seed=seed, weeks=45).daily, model="daily").decisions
        assert found["regret"] is not None
        assert found["regret_of_chance"] is not None
        assert found["right_choices"] is not None
        regret.append(found["regret"])
        chance.append(found["regret_of_chance"])
        right.append(found["right_choices"])
    assert np.mean(regret) < 0.7 * np.mean(chance)
    assert np.mean(right) > 0.65


def test_a_forecast_that_no_plan_moves_tosses_the_coin(daily: Daily) -> None:
    found = cross_validate(daily, model="mean").decisions
    assert found["regret"] == found["regret_of_chance"]
    assert found["right_choices"] == 0.5
    growth = daily.weekly()["net_growth"].to_numpy()
    pairs = range(WEEKS - cross_validate(daily, model="mean").origins, WEEKS - 1)
    assert found["regret"] == pytest.approx(np.mean([abs(growth[week + 1] - growth[week]) / 2 for week in pairs]))


def test_the_first_forecast_comes_after_a_quarter_of_the_weeks_but_six_at_least_and_26_at_most() -> None:
    assert [default_initial(weeks) for weeks in (8, 24, 28, 52, 104, 300)] == [6, 6, 7, 13, 26, 26]


def test_the_scores_are_those_of_the_forecasts(usual: Validation) -> None:
    actual, median, expected, low, high = (
        np.array([getattr(each, name) for each in usual.forecasts])
        for name in ("actual", "median", "expected", "low", "high")
    )
    assert usual.scores["mae"] == pytest.approx(np.abs(actual - median).mean())
    assert usual.scores["rmse"] == pytest.approx(((actual - expected) ** 2).mean() ** 0.5)
    held = (low <= actual) & (actual <= high)
    wide = [place for place in range(len(held)) if place >= 19 - 8]  # the first origin has eight weeks, 90 % needs 19
    assert usual.coverage["0.9"] == pytest.approx(held[wide].mean())
    penalty = 20 * (np.maximum(low - actual, 0) + np.maximum(actual - high, 0))
    assert usual.scores["winkler"] == pytest.approx((high - low + penalty)[wide].mean())
    assert all(each.expected == pytest.approx(each.repeatable + each.viral) for each in usual.forecasts)
    assert usual.refused_levels == (0.95, 0.99)


def test_the_naive_forecasts_are_scored_on_the_very_same_weeks_by_hand(daily: Daily, usual: Validation) -> None:
    growth = daily.weekly()["net_growth"].to_numpy()
    weeks = range(WEEKS - usual.origins, WEEKS)
    by_hand = {
        "last_value": [growth[week - 1] for week in weeks],
        "mean": [growth[:week].mean() for week in weeks],
        "median": [np.median(growth[:week]) for week in weeks],
        "drift": [growth[week - 1] + (growth[week - 1] - growth[0]) / (week - 1) for week in weeks],
    }
    for name, said in by_hand.items():
        errors = growth[list(weeks)] - np.array(said)
        assert usual.baselines[name]["mae"] == pytest.approx(np.abs(errors).mean())
        assert usual.baselines[name]["rmse"] == pytest.approx((errors**2).mean() ** 0.5)
    assert usual.baselines["mean"]["r2_out_of_sample"] == pytest.approx(0.0)
    assert usual.baselines["last_value"]["directional_accuracy"] == 0.0


def test_a_model_of_the_true_form_foretells_better_than_any_naive_forecast(usual: Validation) -> None:
    scores = [each["mae"] for each in usual.baselines.values()]
    assert usual.scores["mae"] is not None
    assert all(score is not None and usual.scores["mae"] < score for score in scores)
    assert usual.scores["r2_out_of_sample"] is not None
    assert usual.scores["r2_out_of_sample"] > 0


def test_weeks_that_are_not_fully_observed_are_neither_forecast_nor_counted(daily: Daily) -> None:
    provenance = daily.provenance.copy()
    provenance.loc[7 * 25 + 3, ["follows", "unfollows"]] = Provenance.IMPUTED
    provenance.loc[7 * WEEKS - 1, ["follows", "unfollows"]] = Provenance.PROVISIONAL
    found = cross_validate(replace(daily, provenance=provenance), model="single_lever")
    skipped = {daily.frame["date"][7 * week].date().isoformat() for week in (25, WEEKS - 1)}
    assert skipped.isdisjoint(each.week_start for each in found.forecasts)
    assert found.origins == cross_validate(daily, model="single_lever").origins - 2


def test_an_early_history_gets_the_widest_interval_it_supports(daily: Daily) -> None:
    whole = cross_validate(daily, model="last_value", level=0.9).forecasts
    narrow = cross_validate(daily, model="last_value", level=0.5).forecasts
    assert whole[0].low == narrow[0].low  # five past errors support half and no more
    assert whole[-1].low < narrow[-1].low


def test_the_asked_level_is_measured_too_even_where_it_is_not_offered(daily: Daily) -> None:
    found = cross_validate(daily, model="last_value", level=0.85)
    assert found.level == 0.85
    assert list(found.coverage) == ["0.5", "0.8", "0.85", "0.9"]


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_a_level_that_is_none_is_refused(daily: Daily, level: float) -> None:
    with pytest.raises(UnsupportedLevel):
        cross_validate(daily, model="last_value", level=level)


def test_too_few_weeks_are_counted_and_an_unknown_model_is_named(daily: Daily) -> None:
    with pytest.raises(TooFewObservations, match=r"holds 8 complete weeks; .* needs at least 9, so 1 more is missing"):
        cross_validate(truncate(daily, daily.frame["date"][7 * 8 - 1]), model="daily")
    short = truncate(daily, daily.frame["date"][7 * 9 - 1])
    assert cross_validate(short, model="single_lever", level=0.5).origins == 1
    with pytest.raises(InvalidInput, match="no model 'prophet'; there are daily, single_lever, ols, huber, tukey"):
        cross_validate(daily, model="prophet")


def test_progress_tells_every_origin_and_what_it_raises_passes_through(daily: Daily) -> None:
    told: list[tuple[float, str]] = []

    def note(fraction: float, sentence: str) -> None:
        told.append((fraction, sentence))
        if len(told) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        cross_validate(daily, model="mean", progress=note)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(set(fractions))
    assert told[0] == (0.0, "Forecasting week 1 of 23 with the mean model")


def test_a_validation_survives_json_and_has_the_keys_of_the_command(usual: Validation) -> None:
    stored = json.loads(json.dumps(usual.to_json(), allow_nan=False))
    assert Validation.from_json(stored) == usual
    assert {"model", "origins", "horizon", "scores", "coverage", "refused_levels", "baselines"} <= set(stored)
    older = {name: stored[name] for name in stored if name not in {"widths", "pinball", "decisions", "by_horizon"}}
    older["grammar"] = {name: value for name, value in stored["grammar"].items() if name != "refit"}
    assert Validation.from_json(older).scores == usual.scores
    assert set(stored["scores"]) == {
        "mae", "rmse", "r2_out_of_sample", "mase", "smape", "directional_accuracy", "crps", "winkler",
    }  # fmt: skip


def test_an_unknown_model_is_refused_even_where_no_week_could_be_forecast() -> None:
    daily = world("plain", seed=1, weeks=8).daily
    for ask in (lambda: compare(daily, models=["oracle"]), lambda: train(daily, model="oracle")):
        with pytest.raises(InvalidInput, match="There is no model 'oracle'"):
            ask()


def test_the_daily_model_is_validated_where_none_is_named() -> None:
    daily = world("plain", seed=1, weeks=12).daily
    assert cross_validate(daily).to_json() == cross_validate(daily, model="daily").to_json()
