"""Whatever the history, models are validated, ranked, trained and challenged, or refused by name."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from any_histories import FEW, FEWEST, SEEDS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats import scores
from cgn_core.stats.baselines import BASELINES, fit_baseline
from cgn_core.stats.challenge import Challenge, best_challenger, judge_challenger
from cgn_core.stats.comparison import Comparison, compare, validate_all
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.judged_forecasts import Judged, TargetWeeks, judge, midpoints, said_gain
from cgn_core.stats.least_squares_story import why_not_least_squares
from cgn_core.stats.model_choice import Ranked, UnseenWeeks, choose, doubt, mean_error, rank, unseen_weeks, words
from cgn_core.stats.notebook import html_table, number_text, scores_rows
from cgn_core.stats.rolling_validation import validate_linear
from cgn_core.stats.training import TRAINED, Training, train
from cgn_core.stats.validation import (
    MODELS,
    Grammar,
    Validation,
    WeekForecast,
    cross_validate,
    default_initial,
    fit_model,
    no_progress,
    validate_weeks,
)
from cgn_core.stats.validation_scores import Scores, score
from cgn_core.tables import Daily
from datagen.worlds import world

UNTRAINABLE = (TooFewObservations, ConstantSeries)
GRAMMARS = st.builds(
    Grammar,
    initial=st.integers(8, 12),
    horizon=st.integers(1, 3),
    step=st.integers(1, 4),
    gap=st.integers(0, 2),
    window=st.none() | st.integers(9, 12),
    refit=st.none() | st.integers(1, 3),
)
PLAIN = world("plain", seed=1, weeks=8).daily
SHORT = histories(weeks=(4, 18))
NUMBERS = st.floats(-1e9, 1e9).map(lambda number: round(number, 3))
ERRORS = st.builds(
    lambda seed, weeks, ahead, size: made_up(seed, weeks=weeks, ahead=ahead, size=size),
    SEEDS,
    st.integers(1, 30),
    st.integers(1, 4),
    st.sampled_from((0.0, 1.0, 1e6)),
)


def made_up(seed: int, *, weeks: int, ahead: int, size: float) -> UnseenWeeks:
    """Errors of some models and every naive forecast on the same weeks."""
    rng = np.random.default_rng(seed)
    names = [*rng.choice(MODELS, int(rng.integers(0, 4)), replace=False).tolist(), *BASELINES]
    absolute = {name: np.round(size * rng.gamma(1.0, 1.0, weeks)) for name in names}
    return UnseenWeeks(absolute, {name: each**2 for name, each in absolute.items()}, ahead)


def check_validation(found: Validation) -> None:
    assert isinstance(found, Validation)
    assert all_finite(found.to_json())
    stored = json.dumps(found.to_json(), allow_nan=False)
    assert json.dumps(Validation.from_json(json.loads(stored)).to_json()) == stored
    assert "nan" not in found._repr_html_()
    assert found.origins == len(found.forecasts) > 0
    for each in found.forecasts:
        assert isinstance(each, WeekForecast)
        assert each.origin < each.week_start
        assert each.low <= each.median <= each.high
        assert each.expected == pytest.approx(each.repeatable + each.viral)
    assert all(0 <= share <= 1 for share in found.coverage.values())
    assert all(width >= 0 for width in found.widths.values())
    assert list(found.widths.values()) == sorted(found.widths.values()) or len({*found.coverage}) > 1
    assert set(found.baselines) == set(BASELINES)
    for said in (found.scores, *found.baselines.values()):
        assert said["mae"] is not None
        assert said["rmse"] is not None
        assert said["mae"] >= 0
        assert said["rmse"] >= 0


@FEWEST
@given(SHORT, st.sampled_from((*MODELS[:6], *BASELINES)), GRAMMARS, st.sampled_from((0.5, 0.8, 0.9)))
def test_a_validation_scores_unseen_weeks_or_says_why_there_are_none(
    daily: Daily, model: str, grammar: Grammar, level: float
) -> None:
    found = answer_of(lambda: cross_validate(daily, model=model, grammar=grammar, level=level), *UNTRAINABLE)
    weeks = TargetWeeks.of(daily)
    again = answer_of(lambda: validate_weeks(weeks, model=model, grammar=grammar, level=level), *UNTRAINABLE)
    assert (found is None) == (again is None)
    if found is not None and again is not None:
        check_validation(found)
        assert found == again
        assert grammar.ahead == grammar.horizon + grammar.gap


@FEWEST
@given(st.lists(SHORT, min_size=1, max_size=3), st.sampled_from(("single_lever", "ols", "ridge")))
def test_creators_together_are_validated_as_each_alone(creators: list[Daily], model: str) -> None:
    together = validate_linear([TargetWeeks.of(daily) for daily in creators], model=model, level=0.5)
    for daily, found in zip(creators, together, strict=True):
        alone = answer_of(partial(cross_validate, daily, model=model, level=0.5), *UNTRAINABLE)
        if isinstance(found, Validation):
            check_validation(found)
            assert alone is not None
            said, other = (each.scores["mae"] for each in (found, alone))
            assert said == pytest.approx(other, rel=1e-4, abs=1e-3)
        else:
            assert type(found) in UNTRAINABLE
            assert alone is None


@FEWEST
@given(SHORT, st.sampled_from(TRAINED), st.sampled_from((0.5, 0.9)))
def test_forecasts_are_judged_by_what_came(daily: Daily, model: str, level: float) -> None:
    weeks = TargetWeeks.of(daily)
    fit = answer_of(lambda: fit_model(read_history(daily), model=model), *UNTRAINABLE)
    if fit is None:
        return
    places = range(len(weeks) // 2, len(weeks))
    judged = [found for place in places if (found := judge(fit.predictor, weeks, place, level=level)) is not None]
    for each in judged:
        assert isinstance(each, Judged)
        assert all_finite(each)
        assert each.actual == weeks.growth[each.place]
        assert all(low <= high for low, high in each.intervals.values())
        assert len(each.spread) in (0, len(midpoints(level)))
    if judged:
        scored = score(weeks, judged, level=level, ahead=1)
        assert isinstance(scored, Scores)
        assert all_finite(scored)


@FEWEST
@given(SHORT, st.none() | st.sampled_from(MODELS), st.none() | st.sampled_from(("daily", "quantile", "drift")))
def test_a_training_shows_what_it_ranked_and_is_stored_whole(
    daily: Daily, model: str | None, champion: str | None
) -> None:
    told: list[float] = []
    found = answer_of(
        lambda: train(daily, model=model, champion=champion, progress=lambda share, _: told.append(share)), *UNTRAINABLE
    )
    if found is None:
        return
    assert isinstance(found, Training)
    assert all_finite(found.to_json())
    stored = json.dumps(found.to_json(), allow_nan=False)
    assert json.dumps(Training.from_json(json.loads(stored)).to_json()) == stored
    assert "nan" not in found._repr_html_()
    assert found.chosen == found.validation.model == found.fit.model
    assert found.chosen in {each.model for each in found.ranking}
    assert (found.verdict == "beats_naive") <= (found.chosen not in BASELINES)
    assert told == sorted(told)
    assert all(0 <= share <= 1 for share in told)
    assert found.reason.endswith(".")
    check_validation(found.validation)


@FEWEST
@given(SHORT, st.lists(st.sampled_from(MODELS), min_size=1, max_size=3))
def test_a_comparison_ranks_by_error_and_leaves_out_with_a_reason(daily: Daily, models: list[str]) -> None:
    found = answer_of(lambda: compare(daily, models=models, progress=no_progress), *UNTRAINABLE)
    if found is None:
        return
    assert isinstance(found, Comparison)
    assert all_finite(found.to_json())
    assert "nan" not in found._repr_html_()
    errors = [each.mae for each in found.ranking]
    assert errors == sorted(errors)
    assert {each.model for each in found.ranking} == {*models, *BASELINES} - set(found.left_out)
    assert all(reason.endswith(".") for reason in found.left_out.values())
    weeks = TargetWeeks.of(daily)
    grammar = Grammar(initial=default_initial(len(read_history(daily).complete_weeks)))
    validations, left_out = validate_all(weeks, models, grammar=grammar, level=0.5)
    assert set(left_out) == set(found.left_out)
    if validations:
        unseen = unseen_weeks(weeks, validations, grammar)
        assert isinstance(unseen, UnseenWeeks)
        assert unseen.count == found.weeks


@FEW
@given(ERRORS, st.none() | st.sampled_from((*MODELS, "last_value")), st.none() | st.sampled_from(MODELS))
def test_whatever_the_errors_there_is_one_choice_and_a_challenger_needs_a_reason(
    unseen: UnseenWeeks, forced: str | None, usual: str | None
) -> None:
    chosen, verdict, reason = choose(unseen, forced=forced, usual=usual)
    assert chosen in unseen.absolute or chosen == forced
    assert verdict in ("beats_naive", "no_better_than_naive")
    assert reason.endswith(".")
    ranked = rank(unseen)
    assert all(isinstance(each, Ranked) for each in ranked)
    assert all_finite(ranked)
    assert {each.model for each in ranked} == set(unseen.absolute)
    for champion in (*unseen.absolute, "unheard_of"):
        found = best_challenger(unseen, champion=champion)
        if found is None:
            continue
        assert isinstance(found, Challenge)
        assert all_finite(found)
        assert Challenge.from_json(json.loads(json.dumps(found.to_json()))) == found
        assert found.promoted <= (found.challenger_mae < found.champion_mae)
        assert words(found.challenger) in found.sentence
        assert judge_challenger(unseen, champion=champion, challenger=found.challenger).weeks == unseen.count
    with pytest.raises(InvalidInput, match="unheard of model"):
        judge_challenger(unseen, champion="unheard_of", challenger="mean")


@FEW
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30).map(np.array), st.integers(1, 6))
def test_doubt_is_a_probability_that_turns_with_its_sign(gain: np.ndarray, ahead: int) -> None:
    chance, other = doubt(gain, ahead=ahead), doubt(-gain, ahead=ahead)
    assert 0 <= chance <= 1
    assert chance + other == pytest.approx(1 if mean_error(gain, ahead=ahead) > 0 or gain.mean() else 2)
    assert mean_error(gain, ahead=ahead) == pytest.approx(mean_error(-gain, ahead=ahead))


@FEWEST
@given(SHORT)
def test_the_story_of_least_squares_is_none_or_a_sentence(daily: Daily) -> None:
    history = read_history(daily)
    fit: Fit | None = answer_of(lambda: fit_daily_history(history), *UNTRAINABLE)
    if fit is None:
        return
    unseen = made_up(1, weeks=8, ahead=1, size=100.0)
    absolute = {**unseen.absolute, "ols": unseen.absolute["mean"]}
    said = why_not_least_squares(history, fit, UnseenWeeks(absolute, {}, 1), level=0.9)
    assert said == "" or (said.startswith(" ") and said.endswith(".") and "nan" not in said)
    assert why_not_least_squares(history, fit, unseen, level=0.9) == "" or "ols" in unseen.absolute


@FEW
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=20), st.floats(0.01, 0.99), st.integers(0, 3))
def test_scores_are_finite_or_refused_by_name(
    weeks: list[tuple[float, float, float]], level: float, season: int
) -> None:
    actual, forecast, before = np.array(weeks).reshape(-1, 3).T
    asked = {
        "mae": lambda: scores.mean_absolute_error(actual, forecast),
        "rmse": lambda: scores.root_mean_squared_error(actual, forecast),
        "mase": lambda: scores.mean_absolute_scaled_error(actual, forecast, history=before, season=season),
        "smape": lambda: scores.symmetric_percentage_error(actual, forecast),
        "r2": lambda: -scores.out_of_sample_r2_score(actual, forecast, reference=before) + 1,
        "direction": lambda: scores.directional_accuracy_score(actual, forecast, before=before),
        "pinball": lambda: scores.pinball_error(actual, forecast, probability=level),
        "crps": lambda: scores.crps_error(actual, np.sort([forecast, before], axis=0).T, probabilities=midpoints(0.5)),
        "winkler": lambda: scores.winkler_error(actual, forecast - 1, forecast + 1, level=level),
        "coverage": lambda: scores.coverage_share(actual, forecast - 1, forecast + 1),
        "hours": lambda: scores.follows_per_hour_error(actual, forecast, hours=np.abs(before)),
        "regret": lambda: scores.decision_regret_error(actual, forecast, said=before),
        "right": lambda: scores.right_choice_score(actual, forecast, said=before),
    }
    for name, ask in asked.items():
        found = answer_of(ask, TooFewObservations, ConstantSeries, InvalidInput)
        assert (found is None) >= (len(weeks) == 0), name
        assert found is None or found >= -1e-6, name
        assert found is None or np.isfinite(found), name
    for wrong in (0.0, 1.0, 1.5):
        with pytest.raises(UnsupportedLevel):
            scores.winkler_error(actual, forecast, forecast, level=wrong)


@FEW
@given(
    st.sampled_from(("initial", "horizon", "step", "window", "refit", "gap")),
    st.integers(-5, 0),
    st.integers(0, 500),
    st.text(min_size=1).filter(lambda name: name not in BASELINES),
)
def test_a_validation_that_is_none_is_refused(name: str, count: int, weeks: int, model: str) -> None:
    with pytest.raises(InvalidInput, match=name) as refused:
        Grammar(**{"initial": 8, name: count - (name == "gap")})
    assert type(refused.value) is InvalidInput
    assert 6 <= default_initial(weeks) <= 26
    with pytest.raises(InvalidInput) as unknown:
        fit_baseline(PLAIN, model=model)
    assert type(unknown.value) is InvalidInput


@FEW
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4),
    st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    st.floats(0.01, 0.99),
)
def test_what_nothing_moves_brings_nothing_said(effects: list[float], moved: list[int], level: float) -> None:
    steps = np.array(moved[: len(effects)], dtype=np.float64)
    assert said_gain(np.array(effects), np.zeros(len(effects))) == 0
    assert said_gain(np.array(effects), steps) == pytest.approx(-said_gain(np.array(effects), -steps))
    parts = midpoints(level)
    assert ((parts > 0) & (parts < 1)).all()
    np.testing.assert_allclose(parts + parts[::-1], 1.0)


@FEW
@given(st.none() | st.floats(-1e12, 1e12), st.text(max_size=8))
def test_a_notebooks_table_shows_every_number_and_escapes_every_name(value: float | None, name: str) -> None:
    text = number_text(value)
    assert (
        text == "\N{EN DASH}"
        if value is None
        else float(text.replace(",", "")) == pytest.approx(value, rel=0.02, abs=1e-3)
    )
    rows = scores_rows({"one": {name: value}, "other": {}})
    assert rows == [[name, value, None]]
    table = html_table(f"<b>{name}", ("", "one", "other"), rows, notes=["<i>"])
    assert "<b>" not in table.replace("<tbody>", "")
    assert "<i>" not in table
    assert text in table
