from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import TooFewObservations
from cgn_core.stats.batch_training import RANKED_TOGETHER, Trainee, train_many
from cgn_core.stats.batched import huber_together, weighted_leverages
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.orthonormal import orthonormal
from cgn_core.stats.training import Training, conclude_training
from cgn_core.stats.validation import Grammar, cross_validate
from cgn_core.stats.weekly_estimators import huber, leave_one_out
from datagen.worlds import world


def test_a_training_among_many_is_the_one_of_the_same_models_alone() -> None:
    creators = [world("plain", seed=seed, weeks=40).daily for seed in (1, 2)]
    grammar = Grammar(initial=10)
    for daily, training in zip(creators, train_many([Trainee(each) for each in creators]), strict=True):
        assert isinstance(training, Training)
        alone = {name: cross_validate(daily, model=name, grammar=grammar, level=0.9) for name in RANKED_TOGETHER}
        expected = conclude_training(daily, TargetWeeks.of(daily), alone, grammar)
        assert (training.chosen, training.verdict) == (expected.chosen, expected.verdict)
        for ours, theirs in zip(training.ranking, expected.ranking, strict=True):
            assert ours.model == theirs.model
            assert ours.mae == pytest.approx(theirs.mae, rel=1e-4)
        assert training.fit.to_json() == expected.fit.to_json()
        assert training.drift == expected.drift


def test_a_champion_that_has_no_shortcut_is_validated_on_the_same_weeks() -> None:
    daily = world("plain", seed=3, weeks=30).daily
    (training,) = train_many([Trainee(daily, champion="tukey")])
    assert isinstance(training, Training)
    assert "tukey" in {ranked.model for ranked in training.ranking}
    assert training.challenge is not None


def test_a_short_history_stops_no_other_and_progress_only_grows() -> None:
    said: list[float] = []
    creators = [world("plain", seed=seed, weeks=weeks).daily for seed, weeks in ((1, 30), (2, 5), (3, 30))]
    found = list(train_many([Trainee(each) for each in creators], progress=lambda done, _: said.append(done)))
    assert [type(each) for each in found] == [Training, TooFewObservations, Training]
    assert said == sorted(said)
    assert 0 <= said[0] <= said[-1] <= 1
    assert list(train_many([])) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), weeks=st.integers(6, 60), terms=st.integers(1, 4), creators=st.integers(1, 4))
def test_hubers_estimates_and_leverages_together_are_those_alone(
    seed: int, weeks: int, terms: int, creators: int
) -> None:
    rng = np.random.default_rng(seed)
    design = np.concatenate(
        [
            np.ones((creators, weeks, 1)),
            rng.poisson(3, (creators, weeks, terms)) + rng.random((creators, weeks, terms)),
        ],
        axis=2,
    )
    growth = 50 + 9 * design.sum(axis=2) + 20 * rng.standard_t(2, (creators, weeks))
    if weeks < terms + 5:
        return
    basis = orthonormal(design)
    coefficients, weights = huber_together(basis, growth)
    leverages = weighted_leverages(basis, weights)
    assert np.isfinite(coefficients).all()
    assert ((weights > 0) & (weights <= 1)).all()
    assert ((leverages >= 0) & (leverages <= 1 + 1e-9)).all()
    np.testing.assert_allclose(leverages.sum(axis=1), terms + 1, rtol=1e-6)
    for place in range(creators):
        alone = huber(design[place], growth[place])
        np.testing.assert_allclose(coefficients[place], alone.coefficients, rtol=0.02, atol=0.5)
        missed = (growth[place] - design[place] @ coefficients[place]) / (1 - leverages[place])
        assert np.abs(missed - leave_one_out(design[place], growth[place], alone)).max() <= 0.05 * np.abs(missed).max()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), weeks=st.integers(8, 16), champion=st.sampled_from((None, "huber", "nobody")))
def test_any_history_is_trained_or_refused(seed: int, weeks: int, champion: str | None) -> None:
    daily = world("plain", seed=seed, weeks=weeks).daily
    (found,) = train_many([Trainee(daily, champion)])
    if isinstance(found, Training):
        ready = TargetWeeks.of(daily)
        again = conclude_training(daily, ready, {}, Grammar(initial=6), champion=champion)
        assert again.fit.weeks == found.fit.weeks == found.weeks
    else:
        assert str(found).endswith(".")
