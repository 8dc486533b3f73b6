from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.stats.arrays import Floats
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.history import History, read_history
from cgn_core.stats.losses import UNRELATED, follow_posting, usual_losses
from cgn_core.stats.predictive import predict
from datagen.worlds import world


def history(*, weeks: int = 40, seed: int = 1, kind: str = "plain") -> History:
    return read_history(world(kind, seed=seed, weeks=weeks).daily)


def with_losses(usual: History, lost: Floats) -> History:
    """The same followers gained, others lost."""
    return replace(usual, growth=usual.growth + usual.unfollows - lost, unfollows=lost)


def test_losses_are_a_share_of_the_followers_there_are() -> None:
    usual = history()
    assert usual.followers is not None
    lost = np.round(0.002 * np.concatenate([usual.followers[:1], usual.followers[:-1]]))
    found = usual_losses(with_losses(usual, lost))
    assert found is not None
    np.testing.assert_allclose(found.usual, lost, rtol=0.02)
    assert found.ahead == pytest.approx(0.002 * usual.followers[-1], rel=0.01)
    assert not found.exceptional.any()


def test_a_purge_is_named_and_moves_neither_the_effects_nor_the_losses_ahead() -> None:
    usual = history()
    lost = usual.unfollows.copy()
    lost[100] += 5_000.0
    purged, calm = fit_daily_history(with_losses(usual, lost)), fit_daily_history(usual)
    assert len(purged.details["exceptional_losses"]) == len(calm.details["exceptional_losses"]) + 1
    assert purged.details["losses_apart"]
    for one, other in zip(purged.effects, calm.effects, strict=True):
        assert one.estimate == pytest.approx(other.estimate)
    assert predict(purged.predictor, {}).median == pytest.approx(predict(calm.predictor, {}).median, rel=0.02)


@pytest.mark.parametrize("change", ["unknown", "one day unknown", "gross"])
def test_losses_that_are_not_always_known_are_not_modelled_apart(change: str) -> None:
    usual = history()
    if change == "gross":
        usual = replace(usual, target="gross_follows")
    else:
        lost = usual.unfollows.copy()
        lost[5 if change == "one day unknown" else slice(None)] = np.nan
        usual = replace(usual, unfollows=lost)
    assert usual_losses(usual) is None
    found = fit_levers(usual)
    assert found.losses is None
    np.testing.assert_array_equal(found.mean, found.fit.mean)


def test_content_that_costs_followers_is_judged_by_what_it_leaves() -> None:
    usual = history(weeks=60)
    reels = usual.counts[:, usual.levers.index("reels")]
    costly = with_losses(usual, usual.unfollows + np.round(15 * reels))
    found = fit_levers(costly)
    assert found.losses is None
    assert found.losses_follow_posting is not None
    assert found.losses_follow_posting < UNRELATED
    before, after = (
        {effect.name: effect.estimate for effect in fit_daily_history(each).effects} for each in (usual, costly)
    )
    assert after["reels"] == pytest.approx(before["reels"] - 15, abs=2.0)
    assert after["posts"] == pytest.approx(before["posts"], abs=3.0)


def test_the_test_of_losses_claims_as_often_as_it_says() -> None:
    chances = []
    for seed in range(60):
        found = fit_levers(history(weeks=16, seed=seed))
        assert found.losses_follow_posting is not None
        chances.append(found.losses_follow_posting)
    assert 2 <= sum(chance < UNRELATED for chance in chances) <= 23
    assert 0.3 < float(np.mean(chances)) < 0.7


def test_gained_and_lost_join_to_net_growth() -> None:
    usual = history(seed=3)
    found = fit_levers(usual)
    assert found.losses is not None
    np.testing.assert_allclose(found.mean, found.fit.mean - found.losses.usual)
    np.testing.assert_allclose((found.mean + found.residuals)[found.counted], usual.growth[found.counted])
    fit = fit_daily_history(usual)
    assert fit.predictor.lost == pytest.approx(7 * found.lost)
    assert fit.details["weeks_ahead"]["base"][0] == pytest.approx(fit.predictor.mean[0])
    ahead = np.array(fit.details["weeks_ahead"]["covariance"])
    assert ahead[0, 0] == pytest.approx(fit.predictor.covariance[0][0])


@settings(max_examples=30, deadline=None)
@given(
    weeks=st.integers(8, 20),
    seed=st.integers(0, 500),
    share=st.sampled_from([0.0, 1e-6, 0.001, 0.3]),
    purge=st.sampled_from([0.0, 1e3, 1e7]),
    followers=st.booleans(),
)
def test_any_losses_get_finite_answers(weeks: int, seed: int, share: float, purge: float, followers: bool) -> None:  # noqa: FBT001 - drawn
    usual = history(weeks=weeks, seed=seed)
    assert usual.followers is not None
    lost = np.round(share * usual.followers)
    lost[len(lost) // 2] += purge
    changed = with_losses(usual, lost)
    if not followers:
        changed = replace(changed, followers=None)
    found = usual_losses(changed)
    assert found is not None
    assert np.isfinite([found.ahead, found.doubt]).all()
    assert found.ahead >= 0
    assert found.doubt >= 0
    assert (found.usual >= 0).all()
    if purge > 1e6:
        assert found.exceptional[len(lost) // 2]
    assert 0 <= follow_posting(found, np.ones((len(lost), 1)), changed.counts, changed.usable) <= 1
