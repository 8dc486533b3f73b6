from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cgn_core.errors import InvalidInput
from cgn_core.stats.weekly_models import fit_weekly
from datagen.worlds import world

LEVERS = ["posts", "reels", "stories", "ads"]


def weekly_design(seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    weekly = world("plain", seed=seed, weeks=60).daily.weekly()
    return sm.add_constant(weekly[LEVERS].to_numpy()), weekly["net_growth"].to_numpy()


def test_least_squares_equals_statsmodels_with_hc3() -> None:
    design, growth = weekly_design()
    reference = sm.OLS(growth, design).fit(cov_type="HC3", use_t=True)
    effects = fit_weekly(world("plain", seed=7, weeks=60).daily, model="ols").effects
    np.testing.assert_allclose([e.estimate for e in effects], reference.params[1:], rtol=1e-9)
    np.testing.assert_allclose([e.std_error for e in effects], reference.bse[1:], rtol=1e-8)
    np.testing.assert_allclose([e.low for e in effects], reference.conf_int()[1:, 0], rtol=1e-7)


def test_huber_equals_statsmodels_with_its_first_covariance() -> None:
    design, growth = weekly_design()
    reference = sm.RLM(growth, design, M=sm.robust.norms.HuberT(1.345)).fit(cov="H1", tol=1e-10, maxiter=200)
    effects = fit_weekly(world("plain", seed=7, weeks=60).daily, model="huber").effects
    np.testing.assert_allclose([e.estimate for e in effects], reference.params[1:], rtol=0.02, atol=0.3)
    np.testing.assert_allclose([e.std_error for e in effects], reference.bse[1:], rtol=0.15)


def test_tukey_is_not_moved_by_a_week_that_went_viral() -> None:
    creator = world("no effect at all", seed=8, weeks=60)
    frame = creator.daily.frame.copy()
    calm = {e.name: e.estimate for e in fit_weekly(creator.daily, model="tukey").effects}
    frame.loc[100, "follows"] += 50_000.0
    shaken_daily = type(creator.daily)(frame, creator.daily.provenance, "")
    shaken = {e.name: e.estimate for e in fit_weekly(shaken_daily, model="tukey").effects}
    ordinary = {e.name: e.estimate for e in fit_weekly(shaken_daily, model="ols").effects}
    assert max(abs(shaken[name] - calm[name]) for name in LEVERS) < 20
    assert max(abs(ordinary[name] - calm[name]) for name in LEVERS) > 100


def test_the_single_lever_counts_every_posted_piece_alike_and_no_ad() -> None:
    fit = fit_weekly(world("plain", seed=9, weeks=60).daily, model="single_lever")
    (effect,) = fit.effects
    assert effect.name == "posting_frequency"
    assert fit.predictor.mean[1:] == (*(effect.estimate,) * 3, 0.0)


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="no weekly model 'magic'"):
        fit_weekly(world("plain", seed=9, weeks=20).daily, model="magic")
