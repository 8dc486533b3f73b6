from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cgn_core.errors import InvalidInput, LeakageError
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.feature_table import as_extra, weekly_features
from cgn_core.stats.predictive import predict
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import Daily
from datagen.worlds import world


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=3, weeks=60).daily


def by_day(daily: Daily, column: object, name: str = "campaign") -> pd.DataFrame:
    return pd.DataFrame({"date": daily.frame["date"], name: column})


@pytest.mark.parametrize("column", ["followers", "unfollows"])
def test_a_part_of_growth_by_another_name_is_refused_by_both_kinds_of_fit(daily: Daily, column: str) -> None:
    extra, declared = by_day(daily, daily.frame[column]), frozenset({"campaign"})
    with pytest.raises(LeakageError, match="campaign follows from the growth"):
        fit_daily(daily, extra=extra, declared_planned=declared)
    with pytest.raises(LeakageError, match="campaign follows from the growth"):
        fit_weekly(daily, model="ols", extra=extra, declared_planned=declared)


def test_a_weekly_disguise_is_seen_through_in_the_daily_fit(daily: Daily) -> None:
    features = weekly_features(daily)
    features["campaign"] = features["net_growth"].shift(-1) * 0.01
    with pytest.raises(LeakageError, match="campaign follows from the growth"):
        fit_daily(daily, extra=as_extra(features, ["campaign"]), declared_planned=frozenset({"campaign"}))


@pytest.mark.parametrize("ahead", [1, 2, 7, 14])
def test_growth_of_later_days_is_seen_through_by_the_day(daily: Daily, ahead: int) -> None:
    growth = daily.net_growth().shift(-ahead)
    # Every fourth day alone: no week's sum gives it away.
    extra = by_day(daily, growth.where(growth.index % 4 == 0))
    with pytest.raises(LeakageError, match="campaign follows from the growth"):
        fit_daily(daily, extra=extra, declared_planned=frozenset({"campaign"}))


def test_a_name_that_the_history_has_already_is_refused(daily: Daily) -> None:
    with pytest.raises(InvalidInput, match="has posts already"):
        fit_daily(daily, extra=by_day(daily, daily.frame["posts"], "posts"))


def test_planned_calendar_and_lagged_features_enter_both_kinds_of_fit(daily: Daily) -> None:
    names = ["hashtags_per_post", "hours", "lag_growth", "stock_reels", "shannon_diversity", "year_sine"]
    extra = as_extra(weekly_features(daily), names)
    for fit in (fit_daily(daily, extra=extra), fit_weekly(daily, model="tukey", extra=extra)):
        effects = {effect.name: effect for effect in fit.effects}
        assert effects["hours"].availability == "planned"
        assert effects["lag_growth"].availability == "lagged"
        assert effects["hashtags_per_post"].unit == "followers per unit of hashtags per post"
        assert all(np.isfinite([effect.estimate, effect.low, effect.high]).all() for effect in fit.effects)
    assert {"posts", "reels", "stories", *names} <= set(effects)


def test_the_coming_week_supplies_what_is_known_of_it_to_a_plan(daily: Daily) -> None:
    names = ["lag_growth", "year_sine", "year_cosine"]
    features = weekly_features(daily, coming_week=True)
    fit = fit_weekly(daily, model="ols", extra=as_extra(features.iloc[:-1], names))
    known = {name: float(features[name].iloc[-1]) for name in names}
    assert known["year_sine"] < 0
    found = predict(fit.predictor, {"posts": 5.0, **known})
    slope = {effect.name: effect.estimate for effect in fit.effects}
    more = predict(fit.predictor, {"posts": 5.0, **known, "lag_growth": known["lag_growth"] - 100})
    assert found.expected is not None
    assert more.expected == pytest.approx(found.expected - 100 * slope["lag_growth"])
    with pytest.raises(InvalidInput, match="count of 0 or more for posts"):
        predict(fit.predictor, {"posts": -1.0, **known})
    with pytest.raises(InvalidInput, match="a number for lag_growth"):
        predict(fit.predictor, {"lag_growth": float("nan")})


def test_further_predictors_that_are_text_or_name_a_day_twice_are_refused_in_a_sentence(daily: Daily) -> None:
    with pytest.raises(InvalidInput, match="numbers; campaign holds something else"):
        fit_daily(daily, extra=by_day(daily, "spring"), declared_planned=frozenset({"campaign"}))
    twice = pd.concat([by_day(daily, 1.0)] * 2)
    with pytest.raises(InvalidInput, match="a date stands there more than once"):
        fit_daily(daily, extra=twice, declared_planned=frozenset({"campaign"}))
