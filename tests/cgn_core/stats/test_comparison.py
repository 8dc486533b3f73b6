from __future__ import annotations

import json

import pytest

from cgn_core.errors import InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.comparison import Comparison, compare
from cgn_core.stats.fit import truncate
from cgn_core.stats.validation import MODELS, Grammar, cross_validate
from datagen.worlds import world

WEEKS = 30


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(world("plain", seed=0, weeks=WEEKS).daily)


def test_every_model_is_ranked_beside_every_naive_forecast_on_the_same_weeks(found: Comparison) -> None:
    assert {each.model for each in found.ranking} == {*MODELS, *BASELINES}
    assert [each.model for each in found.validations] == list(MODELS)
    assert len({each.origins for each in found.validations}) == 1
    assert found.weeks == found.validations[0].origins
    assert found.left_out == {}
    assert (found.chosen, found.verdict) == ("daily", "beats_naive")


def test_a_validation_is_that_of_the_model_alone(found: Comparison) -> None:
    daily = world("plain", seed=0, weeks=WEEKS).daily
    alone = cross_validate(daily, model="huber", grammar=found.validations[0].grammar)
    assert next(each for each in found.validations if each.model == "huber") == alone
    ranked = next(each for each in found.ranking if each.model == "huber")
    assert (ranked.mae, ranked.rmse) == pytest.approx((alone.scores["mae"], alone.scores["rmse"]))


def test_the_json_has_the_commands_keys(found: Comparison) -> None:
    stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert set(stored) >= {"ranking", "chosen", "reason"}
    for each in stored["ranking"]:
        assert set(each) >= {"model", "mae", "mae_low", "mae_high"}
        assert (each["scores"] is None) == each["baseline"]


def test_nothing_beats_the_naive_forecast_where_nothing_works() -> None:
    found = compare(world("no effect at all", seed=0, weeks=WEEKS).daily, models=("daily", "tukey", "ols"))
    assert found.verdict == "no_better_than_naive"
    assert found.chosen in BASELINES
    assert found.reason.endswith("chance alone could do that.")


def test_models_are_named_once_and_naive_forecasts_are_there_anyway() -> None:
    daily = world("plain", seed=1, weeks=20).daily
    found = compare(daily, models=("tukey", "mean", "tukey"), grammar=Grammar(initial=12, horizon=2))
    assert [each.model for each in found.ranking if not each.baseline] == ["tukey"]
    assert found.weeks == 20 - 12 - 2 + 1


def test_a_history_too_short_for_the_models_still_ranks_the_naive_forecasts_and_says_why() -> None:
    daily = world("plain", seed=1, weeks=20).daily
    found = compare(truncate(daily, daily.frame["date"][7 * 8 - 1]), models=("tukey",))
    assert {each.model for each in found.ranking} == set(BASELINES)
    assert "needs at least 9" in found.left_out["tukey"]
    assert found.verdict == "no_better_than_naive"
    with pytest.raises(TooFewObservations, match="holds 7 complete weeks"):
        compare(truncate(daily, daily.frame["date"][7 * 7 - 1]))


def test_what_is_no_model_or_no_level_is_refused() -> None:
    daily = world("plain", seed=1, weeks=12).daily
    with pytest.raises(InvalidInput, match="no model 'prophet'"):
        compare(daily, models=("prophet",))
    with pytest.raises(UnsupportedLevel):
        compare(daily, models=("ols",), level=1.0)


def test_progress_grows_from_zero_over_all_models() -> None:
    told: list[float] = []
    compare(
        world("plain", seed=1, weeks=14).daily,
        models=("single_lever", "ols"),
        progress=lambda fraction, _: told.append(fraction),
    )
    assert told == sorted(told)
    assert told[0] == 0.0
    assert 0.5 <= told[-1] < 1
