from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cgn_core.errors import InvalidInput, LeakageError
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import predict
from cgn_core.stats.weekly_models import WEEKLY_MODELS, fit_weekly
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import world


def with_columns(daily: Daily, **columns: object) -> Daily:
    frame: pd.DataFrame = daily.frame.assign(**columns)  # type: ignore[arg-type]  # constants and arrays alike
    return daily_from_frame(frame)


def follows_per_hour(daily: Daily) -> pd.DataFrame:
    hours = daily.frame["posts"] * 0.75 + daily.frame["reels"] * 2 + 0.5
    return pd.DataFrame({"date": daily.frame["date"], "follows per hour": daily.frame["follows"] / hours})


def test_no_fit_takes_follows_per_hour_of_the_same_week() -> None:
    daily = world("plain", seed=1, weeks=30).daily
    with pytest.raises(LeakageError, match="follows per hour"):
        fit_daily(daily, extra=follows_per_hour(daily))
    for model in WEEKLY_MODELS:
        with pytest.raises(LeakageError, match="follows per hour"):
            fit_weekly(daily, model=model, extra=follows_per_hour(daily))


def test_growth_under_another_name_is_refused_even_when_declared_planned() -> None:
    daily = world("plain", seed=1, weeks=30).daily
    disguised = follows_per_hour(daily).rename(columns={"follows per hour": "mood"})
    disguised["mood"] = daily.net_growth() * 2 + 7
    with pytest.raises(LeakageError, match="mood"):
        fit_daily(daily, extra=disguised, declared_planned=frozenset({"mood"}))


def test_a_predictor_that_was_planned_gets_an_effect_and_a_lever_of_its_own() -> None:
    creator = world("plain", seed=2, weeks=60)
    giveaways = np.random.default_rng(1).poisson(0.3, len(creator.daily.frame)).astype(float)
    boosted = with_columns(creator.daily, follows=creator.daily.frame["follows"] + np.round(40 * giveaways))
    extra = pd.DataFrame({"date": boosted.frame["date"], "giveaways": giveaways})
    for fit in (
        fit_daily(boosted, extra=extra, declared_planned=frozenset({"giveaways"})),
        fit_weekly(boosted, model="tukey", extra=extra, declared_planned=frozenset({"giveaways"})),
    ):
        effect = next(effect for effect in fit.effects if effect.name == "giveaways")
        assert effect.low < 40 < effect.high
        assert effect.low > 0
        assert "giveaways" in fit.predictor.levers


def test_extra_predictors_without_dates_are_refused() -> None:
    daily = world("plain", seed=2, weeks=12).daily
    with pytest.raises(InvalidInput, match="date"):
        fit_daily(daily, extra=pd.DataFrame({"giveaways": [1.0]}))


def test_a_lever_that_was_never_used_is_answered_at_nought_and_refused_beyond() -> None:
    fit = fit_daily(with_columns(world("plain", seed=3, weeks=30).daily, ads=0.0))
    assert fit.predictor.undetermined == ("ads",)
    assert predict(fit.predictor, {"ads": 0}, level=0.8).expected is not None
    refused = predict(fit.predictor, {"ads": 1}, level=0.8)
    assert refused.extrapolation == "refused"
    assert refused.expected is None
    assert predict(fit.predictor, {"ads": 1}, level=0.8, answer_refused=True).expected is not None


def test_types_that_always_go_together_keep_their_joint_effect_in_the_forecast() -> None:
    creator = world("plain", seed=4, weeks=60)
    twins = with_columns(creator.daily, stories=creator.daily.frame["reels"].to_numpy())
    fit, apart = fit_daily(twins), fit_daily(creator.daily)
    assert {effect.name for effect in fit.effects} == {"posts", "ads"}
    assert sum(fit.predictor.mean[2:4]) == pytest.approx(apart.predictor.mean[2], rel=0.5)
    assert predict(fit.predictor, {}).extrapolation == "none"


def test_a_type_tried_in_a_single_week_has_no_effect_of_its_own() -> None:
    daily = world("plain", seed=5, weeks=30).daily
    once = np.zeros(len(daily.frame))
    once[70:75] = 1.0
    fit = fit_daily(with_columns(daily, ads=once))
    assert "ads" in fit.predictor.undetermined
    assert all(np.isfinite([e.estimate, e.low, e.high]).all() for e in fit.effects)


def test_a_purge_of_followers_is_left_out_and_said_so() -> None:
    creator = world("plain", seed=6, weeks=40)
    unfollows = creator.daily.frame["unfollows"].to_numpy().copy()
    unfollows[100] += 20_000.0
    purged, calm = fit_daily(with_columns(creator.daily, unfollows=unfollows)), fit_daily(creator.daily)
    assert "exceptional_losses" in [caution.code for caution in purged.cautions]
    for one, other in zip(purged.effects, calm.effects, strict=True):
        assert one.estimate == pytest.approx(other.estimate, abs=(other.high - other.low) / 2)


@pytest.mark.parametrize("columns", [{"posts": 0.0, "reels": 0.0, "stories": 0.0, "ads": 0.0}, {"stories": 3.0}])
def test_no_number_of_a_poor_history_is_missing(columns: dict[str, float]) -> None:
    daily = with_columns(world("plain", seed=7, weeks=8).daily, **columns)
    for fit in (fit_daily(daily), *(fit_weekly(daily, model=model) for model in WEEKLY_MODELS)):
        answer = predict(fit.predictor, {}, level=0.5)
        numbers = [answer.expected, answer.low, answer.median, answer.high, *fit.predictor.mean]
        assert np.isfinite(np.array(numbers, dtype=float)).all()
        assert all(np.isfinite([effect.estimate, effect.low, effect.high]).all() for effect in fit.effects)
