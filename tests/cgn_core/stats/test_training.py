from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cgn_core.errors import Cancelled, ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import truncate
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import TRAINED, Training, train
from cgn_core.stats.validation import Grammar, cross_validate
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import second_world, world

WEEKS = 26
KEYS = {"model", "weeks", "target", "effects", "scores", "regime_start", "verdict", "warnings"}


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=0, weeks=WEEKS).daily


@pytest.fixture(scope="module")
def winner(daily: Daily) -> Training:
    """Where effects are strong."""
    return train(daily)


@pytest.fixture(scope="module")
def nothing() -> Training:
    """Where nothing that is posted has an effect."""
    return train(world("no effect at all", seed=0, weeks=WEEKS).daily)


def first_weeks(daily: Daily, weeks: int) -> Daily:
    return truncate(daily, daily.frame["date"][7 * weeks - 1])


def codes(training: Training) -> Mapping[str, str]:
    return {caution.code: caution.message for caution in training.cautions}


def test_where_effects_are_strong_a_model_beats_the_naive_forecast_and_is_shown(winner: Training) -> None:
    assert winner.verdict == "beats_naive"
    assert winner.chosen == winner.fit.model == winner.validation.model == "daily"
    assert winner.weeks == WEEKS
    best = next(each for each in winner.ranking if each.model == "daily")
    naive = next(each for each in winner.ranking if each.baseline)
    assert f"{best.mae:,.0f} followers a week" in winner.reason
    assert f"by {naive.mae:,.0f}" in winner.reason
    assert "no_better_than_naive" not in codes(winner)


def test_where_nothing_has_an_effect_the_naive_forecast_is_shown_and_no_plan_moves_it(nothing: Training) -> None:
    assert nothing.verdict == "no_better_than_naive"
    assert nothing.chosen in BASELINES
    assert nothing.fit.model == nothing.validation.model == nothing.chosen
    assert "so that is what is shown" in codes(nothing)["no_better_than_naive"]
    usual, other = predict(nothing.fit.predictor, {}), predict(nothing.fit.predictor, {"reels": 0.0})
    assert (usual.low, usual.median, usual.high) == (other.low, other.median, other.high)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_naive_forecast_that_is_shown_is_the_one_that_was_ranked_and_no_viral_days_are_claimed(seed: int) -> None:
    daily = world("no effect at all", seed=seed, weeks=26).daily
    training = train(daily)
    assert training.chosen in BASELINES
    growth = daily.weekly()["net_growth"].to_numpy()
    shown = predict(training.fit.predictor, {}, level=0.8)
    assert shown.median == pytest.approx(BASELINES[training.chosen](growth, 1))
    assert shown.viral == pytest.approx(0.0, abs=1e-9)
    (ranked,) = [each for each in training.ranking if each.model == training.chosen]
    assert training.validation.scores["mae"] == pytest.approx(ranked.mae)


def test_beside_a_naive_forecast_the_daily_fits_effects_are_still_told(nothing: Training) -> None:
    effects = fit_daily(world("no effect at all", seed=0, weeks=WEEKS).daily).effects
    assert nothing.fit.effects == effects
    assert len(effects) >= 3
    assert [each.content_type for each in nothing.returns] == [each.name for each in effects if each.name != "ads"]


def test_beside_a_naive_forecast_it_is_told_why_an_effect_is_missing() -> None:
    frame = world("no effect at all", seed=0, weeks=WEEKS).daily.frame.copy()
    frame["reels"] = 1.0
    nothing = train(daily_from_frame(frame))
    assert nothing.chosen in BASELINES
    assert "Reels never vary" in codes(nothing)["constant_lever"]


def test_a_model_that_was_asked_for_and_cannot_be_judged_is_named_with_what_it_lacks(daily: Daily) -> None:
    short = train(first_weeks(daily, 8), model="huber")
    assert short.chosen in BASELINES
    assert "The huber model that was asked for can't be judged, so it isn't shown." in short.reason
    assert "needs at least 9, so 1 more is missing" in codes(short)["no_better_than_naive"]


def test_verdicts_are_hardly_ever_wrong_where_there_is_no_effect_and_mostly_right_where_there_is() -> None:
    worlds = 8
    wrong = sum(
        train(world("no effect at all", seed=50 + seed, weeks=20).daily, model="daily").verdict == "beats_naive"
        for seed in range(worlds)
    )
    right = sum(
        train(world("plain", seed=50 + seed, weeks=40).daily, model="daily").verdict == "beats_naive"
        for seed in range(worlds)
    )
    assert wrong <= stats.binom.ppf(0.999, worlds, 0.05)
    assert right >= worlds / 2


def test_the_verdict_is_a_paired_test_on_the_same_unseen_weeks(daily: Daily, winner: Training) -> None:
    naive = next(each.model for each in winner.ranking if each.baseline)
    model, rival = (
        {each.week_start: each for each in cross_validate(daily, model=name, grammar=Grammar(initial=6)).forecasts}
        for name in (winner.chosen, naive)
    )
    weeks = sorted(set(model) & set(rival))
    errors = np.array([abs(model[week].actual - model[week].median) for week in weeks])
    naive_errors = np.array([abs(rival[week].actual - rival[week].median) for week in weeks])
    shown = next(each for each in winner.ranking if each.model == winner.chosen)
    assert shown.mae == pytest.approx(errors.mean())
    assert stats.ttest_rel(naive_errors, errors, alternative="greater").pvalue <= 0.05
    interval = stats.t.interval(0.95, len(weeks) - 1, errors.mean(), stats.sem(errors))
    assert (shown.mae_low, shown.mae_high) == pytest.approx(interval)
    lead = stats.ttest_rel(naive_errors, errors).confidence_interval(0.95)
    assert (shown.gain, shown.gain_low, shown.gain_high) == pytest.approx(((naive_errors - errors).mean(), *lead))


def test_every_model_and_every_naive_forecast_is_ranked_by_its_error(winner: Training) -> None:
    assert {each.model for each in winner.ranking} == {*TRAINED, *BASELINES}
    assert {each.model for each in winner.ranking if each.baseline} == set(BASELINES)
    errors = [each.mae for each in winner.ranking]
    assert errors == sorted(errors)
    assert all(each.mae_low <= each.mae <= each.mae_high for each in winner.ranking)


def test_an_asked_model_is_shown_even_where_it_is_no_better_and_that_is_said() -> None:
    training = train(world("no effect at all", seed=0, weeks=WEEKS).daily, model="single_lever")
    assert (training.fit.model, training.verdict) == ("single_lever", "no_better_than_naive")
    assert {each.model for each in training.ranking} == {"single_lever", *BASELINES}
    assert "no_better_than_naive" in codes(training)


def test_a_naive_forecast_can_be_asked_for_and_beats_nothing(daily: Daily) -> None:
    training = train(daily, model="mean")
    assert (training.fit.model, training.validation.model, training.verdict) == ("mean", "mean", "no_better_than_naive")
    assert training.reason == "The mean forecast was asked for, and it is a naive one itself."
    assert len(training.fit.effects) >= 3


def test_weeks_with_a_viral_day_are_marked_among_the_forecasts(daily: Daily) -> None:
    frame = daily.frame.copy()
    frame["followers"] += 4_000.0 * (frame.index >= 7 * 20 + 2)
    frame["follows"] += 4_000.0 * (frame.index == 7 * 20 + 2)
    training = train(Daily(frame, daily.provenance), model="daily")
    assert frame["date"][7 * 20 + 2].date().isoformat() in training.fit.viral_days
    marked = {each.week_start for each in training.validation.forecasts if each.is_viral_week}
    assert frame["date"][7 * 20].date().isoformat() in marked
    assert len(marked) < len(training.validation.forecasts)


def test_a_short_history_gets_the_widest_interval_it_supports_and_a_word_about_it(daily: Daily) -> None:
    training = train(first_weeks(daily, 14), model="daily")
    assert training.validation.level == 0.8
    assert codes(training)["narrower_level"] == "14 weeks don't support an interval of 90 %; one of 80 % is shown."
    assert "narrower_level" not in codes(train(daily, model="single_lever"))


def test_eight_weeks_are_trained_on_but_judge_nothing_and_seven_are_refused(daily: Daily) -> None:
    training = train(first_weeks(daily, 8))
    assert training.verdict == "no_better_than_naive"
    assert training.chosen in BASELINES
    assert "4 are needed to tell a model from chance" in training.reason
    with pytest.raises(TooFewObservations, match=r"holds 7 complete weeks .* at least 8, so 1 more is missing"):
        train(first_weeks(daily, 7))


def test_a_level_that_fell_and_stayed_down_dates_the_regime_and_is_warned_of(daily: Daily) -> None:
    fell = second_world("level falls", seed=4, weeks=40, falls_on=7 * 32).daily
    training = train(fell, model="tukey")
    began = fell.frame["date"][7 * 32]
    assert training.regime_start is not None
    assert abs((pd.Timestamp(training.regime_start) - began).days) <= 7
    assert "older weeks belong to another regime" in codes(training)["another_regime"]
    assert training.drift["direction"] == "down"
    assert training.drift["seed"] == 0
    calm = train(daily, model="tukey")
    assert (calm.regime_start, calm.drift["alarm"]) == (None, False)
    assert "another_regime" not in codes(calm)


def test_growth_that_never_changes_an_unknown_model_and_a_level_that_is_none_are_refused(daily: Daily) -> None:
    with pytest.raises(ConstantSeries):
        train(daily_from_frame(daily.frame.assign(follows=7.0, unfollows=0.0)))
    with pytest.raises(InvalidInput, match="no model 'prophet'"):
        train(daily, model="prophet")
    for wrong in (0.0, 1.0, float("nan")):
        with pytest.raises(UnsupportedLevel):
            train(daily, level=wrong)
        with pytest.raises(UnsupportedLevel):
            train(daily, interval_level=wrong)


def test_a_lower_level_gives_narrower_effects_around_the_same_estimates(daily: Daily) -> None:
    wide, narrow = (train(daily, model="daily", level=level).fit.effects for level in (0.95, 0.5))
    for one, two in zip(wide, narrow, strict=True):
        assert one.estimate == two.estimate
        assert one.low < two.low < two.high < one.high
        assert (one.level, two.level) == (0.95, 0.5)


def test_training_twice_gives_the_same_and_it_survives_json(daily: Daily, winner: Training) -> None:
    assert train(daily) == winner
    stored = json.loads(json.dumps(winner.to_json(), allow_nan=False))
    assert set(stored) >= KEYS
    again = Training.from_json(stored)
    assert again.to_json() == winner.to_json()
    assert again.ranking == winner.ranking
    older = {name: value for name, value in stored.items() if name != "drift"}
    older["ranking"] = [{k: v for k, v in each.items() if not k.startswith("gain")} for each in stored["ranking"]]
    assert Training.from_json(older).ranking[0].gain is None
    assert predict(again.fit.predictor, {"posts": 2.0}) == predict(winner.fit.predictor, {"posts": 2.0})


def test_progress_grows_and_what_it_raises_passes_through(daily: Daily) -> None:
    told: list[float] = []
    train(daily, model="single_lever", progress=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert 0.9 < told[-1] <= 1.0

    def stop(fraction: float, _: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(daily, model="single_lever", progress=stop)
