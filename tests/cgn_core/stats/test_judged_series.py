from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.tsa.stattools import acf

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.influence import influence
from cgn_core.stats.judged_series import judged_series
from cgn_core.stats.judged_weeks import JudgedWeeks, judged_weeks
from cgn_core.stats.weekly_models import fit_weekly
from datagen.worlds import world


@pytest.fixture(scope="module", params=["daily", "ols", "tukey"])
def judged(request: pytest.FixtureRequest) -> JudgedWeeks:
    daily = world("plain", seed=3, weeks=60).daily
    fit = fit_daily(daily) if request.param == "daily" else fit_weekly(daily, model=request.param)
    return judged_weeks(daily, fit)


def test_the_series_are_the_residuals_and_influences_that_the_tests_judge(judged: JudgedWeeks) -> None:
    found, measured = judged_series(judged), influence(judged)
    assert [each.week_start for each in found.weeks] == judged.mondays
    drawn = np.array([each.residual for each in found.weeks])
    assert drawn.mean() == pytest.approx(0, abs=1e-12)
    assert drawn.std(ddof=1) == pytest.approx(1)
    assert np.corrcoef(drawn, judged.residuals)[0, 1] == pytest.approx(1)
    assert [each.fitted for each in found.weeks] == judged.fitted.tolist()
    assert [each.leverage for each in found.weeks] == measured.leverage.tolist()
    assert [each.cooks_distance for each in found.weeks] == measured.cooks_distance.tolist()
    assert found.listed_distance == pytest.approx(4 / len(judged.weeks))


def test_the_memory_is_statsmodels_own_autocorrelation(judged: JudgedWeeks) -> None:
    found = judged_series(judged)
    expected = acf(judged.residuals, nlags=len(found.memory), fft=False)
    assert [each.correlation for each in found.memory] == pytest.approx(expected[1:].tolist())
    assert [each.weeks_back for each in found.memory] == list(range(1, len(found.memory) + 1))


def test_normal_quantiles_are_in_order_and_their_bands_those_of_beta(judged: JudgedWeeks) -> None:
    points = judged_series(judged).quantiles
    assert [each.residual for each in points] == sorted(each.residual for each in points)
    count = len(points)
    for rank in (1, count // 2, count):
        law = stats.beta(rank, count + 1 - rank)
        each = points[rank - 1]
        expected = stats.norm.ppf(law.ppf([0.025, 0.5, 0.975]))
        assert (each.low, each.normal, each.high) == pytest.approx(tuple(expected))


def test_nineteen_of_twenty_normal_samples_lie_within_the_band_at_a_rank(judged: JudgedWeeks) -> None:
    points = judged_series(judged).quantiles
    drawn = np.sort(np.random.default_rng(1).standard_normal((4_000, len(points))), axis=1)
    low, high = np.array([each.low for each in points]), np.array([each.high for each in points])
    inside = ((drawn >= low) & (drawn <= high)).mean(axis=0)
    assert inside == pytest.approx(0.95, abs=0.015)


def test_a_fit_without_a_miss_has_neither_quantiles_nor_a_memory(judged: JudgedWeeks) -> None:
    found = judged_series(replace(judged, fitted=judged.growth))
    assert found.quantiles == ()
    assert found.memory == ()
    assert {each.residual for each in found.weeks} == {0.0}
    assert {each.cooks_distance for each in found.weeks} == {None}
