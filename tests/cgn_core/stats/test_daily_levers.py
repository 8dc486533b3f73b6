from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.stats.arrays import Floats
from cgn_core.stats.daily_levers import FEWEST_DAYS, fit_levers
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.history import History, read_history
from cgn_core.stats.predictive import predict, quantiles
from datagen.worlds import world


def history(*, weeks: int, seed: int = 1) -> History:
    return read_history(world("plain", seed=seed, weeks=weeks).daily)


def with_ads(usual: History, ads: Floats, *, bring: float) -> History:
    """Ads as given instead of those posted, each day of them with so many followers more."""
    place = usual.levers.index("ads")
    recorded = usual.recorded.copy()
    recorded[:, place] = ads
    return replace(usual, recorded=recorded, growth=usual.growth + bring * ads)


def test_a_type_whose_days_went_viral_may_have_no_effect_of_its_own_left() -> None:
    usual = history(weeks=20)
    days = np.zeros(len(usual.days))
    days[[10, 45, 90]] = 1.0
    judged = with_ads(usual, days, bring=50.0)
    assert fit_levers(judged).undetermined == ()
    growth = judged.growth.copy()
    growth[45] += 20_000.0
    found = fit_levers(replace(judged, growth=growth))
    assert found.fit.viral[45]
    assert found.undetermined == ("ads",)
    fit = fit_daily_history(replace(judged, growth=growth))
    assert "ads" not in {effect.name for effect in fit.effects}
    assert "undetermined_effect" in {caution.code for caution in fit.cautions}
    assert predict(fit.predictor, {"ads": 20.0}, level=0.8).extrapolation == "refused"


@pytest.mark.parametrize("used", [0, 1, FEWEST_DAYS - 1, FEWEST_DAYS])
def test_a_type_needs_a_few_days_of_use_to_be_judged(used: int) -> None:
    days = np.zeros(20 * 7)
    days[[10, 45, 90][:used]] = 1.0
    found = fit_levers(with_ads(history(weeks=20), days, bring=5.0))
    assert found.undetermined == (() if used >= FEWEST_DAYS else ("ads",))


def test_of_two_types_that_always_go_together_one_carries_their_joint_effect() -> None:
    usual = history(weeks=30)
    place = {name: usual.levers.index(name) for name in ("reels", "ads")}
    recorded = usual.recorded.copy()
    recorded[:, place["ads"]] = recorded[:, place["reels"]]
    found = fit_levers(replace(usual, recorded=recorded))
    assert set(found.undetermined) == {"reels", "ads"}
    assert len(found.fitted) == 3
    assert len(found.determined) == 2
    assert found.counts(usual).shape == (30 * 7, 3)


@settings(max_examples=30, deadline=None)
@given(
    weeks=st.integers(8, 30),
    seed=st.integers(0, 1_000),
    dropped=st.sets(st.sampled_from(["posts", "reels", "stories", "ads"])),
    constant=st.sampled_from([None, "posts", "stories"]),
    level=st.sampled_from([0.01, 1.0, 1_000.0]),
)
def test_any_history_that_varies_gets_finite_answers(
    weeks: int, seed: int, dropped: set[str], constant: str | None, level: float
) -> None:
    usual = history(weeks=weeks, seed=seed)
    recorded = usual.recorded.copy()
    for name in dropped:
        recorded[:, usual.levers.index(name)] = 0.0
    if constant is not None:
        recorded[:, usual.levers.index(constant)] = 2.0
    fit = fit_daily_history(replace(usual, recorded=recorded, growth=level * usual.growth))
    open_levers = set(fit.predictor.undetermined)
    assert open_levers >= dropped - {constant}
    assert constant is None or constant in open_levers
    assert {effect.name for effect in fit.effects} | open_levers == set(usual.levers)
    numbers = [value for effect in fit.effects for value in (effect.low, effect.estimate, effect.high)]
    low, median, high = quantiles(fit.predictor, {}, (0.25, 0.5, 0.75))
    assert np.isfinite([*numbers, low, median, high]).all()
    assert low < median < high


def test_the_thirteen_weeks_of_seed_38_are_fitted() -> None:
    """Once viral days were out, a type had no day left that could judge it, and the fit ended in an error."""
    fit = fit_daily_history(history(weeks=13, seed=38))
    assert fit.effects
    assert all(np.isfinite([each.estimate, each.low, each.high]).all() for each in fit.effects)
