from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.baselines import BASELINES, fit_baseline
from cgn_core.stats.fit import Fit
from cgn_core.stats.predictive import predict
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import world

MONDAY = pd.Timestamp("2026-01-05")
GROWTH = (70.0, 140.0, 210.0, 140.0, 350.0, 280.0, 140.0)


def weekly(growth: Sequence[float]) -> Daily:
    """A history whose weeks grow as given, evenly over their days."""
    days = np.repeat(np.array(growth) / 7, 7)
    dates = pd.date_range(MONDAY, periods=len(days), freq="D")
    posts = np.arange(len(days)) % 3
    return daily_from_frame(pd.DataFrame({"date": dates, "follows": days, "unfollows": 0.0, "posts": posts}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("last_value", 140.0), ("mean", 190.0), ("median", 140.0), ("drift", 140.0 + 70 / 6), ("seasonal_naive", 140.0)],
)
def test_each_naive_forecast_by_hand(name: str, value: float) -> None:
    assert BASELINES[name](np.array(GROWTH)) == pytest.approx(value)
    fit = fit_baseline(weekly(GROWTH), model=name)
    assert (fit.model, fit.target, fit.weeks, fit.effects) == (name, "net_growth", 7, ())
    assert (fit.first_week, fit.last_week, fit.predictor.week_start) == ("2026-01-05", "2026-02-16", "2026-02-23")
    assert predict(fit.predictor, {}, level=0.5).median == pytest.approx(value)


def test_the_seasonal_forecast_is_the_same_week_a_year_before_once_there_is_one() -> None:
    growth = np.arange(60.0)
    assert BASELINES["seasonal_naive"](growth) == 8.0  # week 60 is forecast from week 8
    assert BASELINES["seasonal_naive"](growth[:52]) == 0.0
    assert BASELINES["seasonal_naive"](growth[:51]) == 50.0


def test_one_week_is_enough_for_a_value() -> None:
    assert {rule(np.array([7.0])) for rule in BASELINES.values()} == {7.0}


def test_the_spread_comes_from_forecasts_that_were_made_before_the_week_they_miss() -> None:
    growth = np.array(GROWTH)
    for name, rule in BASELINES.items():
        missed = np.sort([growth[week] - rule(growth[:week]) for week in range(2, 7)])
        residuals = fit_baseline(weekly(GROWTH), model=name).predictor.residuals
        assert residuals == pytest.approx((missed - missed.mean()).tolist())
    by_hand = sorted((70.0, -70.0, 210.0, -70.0, -140.0))
    assert fit_baseline(weekly(GROWTH), model="last_value").predictor.residuals == pytest.approx(by_hand)


def test_a_week_with_an_unknown_day_is_left_out_not_counted_as_less() -> None:
    daily = weekly(GROWTH)
    daily.frame.loc[22, ["follows", "unfollows"]] = np.nan  # in the week of 140
    daily.provenance.loc[22, ["follows", "unfollows"]] = 0
    fit = fit_baseline(daily, model="mean")
    assert fit.weeks == 6
    assert predict(fit.predictor, {}, level=0.5).median == pytest.approx((sum(GROWTH) - 140) / 6)


@pytest.mark.parametrize("name", BASELINES)
def test_too_few_weeks_are_counted_and_growth_that_never_changes_is_refused(name: str) -> None:
    with pytest.raises(TooFewObservations, match=r"holds 5 complete weeks .* at least 6, so 1 more is missing"):
        fit_baseline(weekly(GROWTH[:5]), model=name)
    with pytest.raises(ConstantSeries):
        fit_baseline(weekly([70.0] * 8), model=name)


@pytest.mark.parametrize("name", BASELINES)
def test_a_naive_fit_survives_json(name: str) -> None:
    fit = fit_baseline(world("plain", seed=3, weeks=24).daily, model=name)
    again = Fit.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False)))
    assert again == fit
    assert predict(again.predictor, {"posts": 2.0}) == predict(fit.predictor, {"posts": 2.0})
