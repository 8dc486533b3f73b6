from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from cgn_core.stats.arrays import Floats
from cgn_core.stats.mixture import mixture_quantiles

PROBABILITIES = (0.001, 0.05, 0.5, 0.95, 0.999)


def test_quantiles_of_one_normal_are_its_own() -> None:
    found = mixture_quantiles(np.array([1.0]), np.array([50.0]), np.array([7.0]), PROBABILITIES)
    assert found == pytest.approx(np.asarray(stats.norm.ppf(PROBABILITIES, 50, 7)), rel=1e-12)


def test_quantiles_of_a_mixture_give_back_their_probability() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        weights = rng.dirichlet(np.ones(6))
        means, spreads = rng.normal(100, 300, 6), rng.uniform(0.5, 80, 6)
        for found, probability in zip(
            mixture_quantiles(weights, means, spreads, PROBABILITIES), PROBABILITIES, strict=True
        ):
            assert float(weights @ stats.norm.cdf(found, means, spreads)) == pytest.approx(probability, abs=1e-12)


def test_modes_far_apart_with_nothing_between_them_are_told_apart() -> None:
    weights, means, spreads = np.array([0.3, 0.7]), np.array([5e4, 0.0]), np.array([1e-3, 1.0])
    low, high = mixture_quantiles(weights, means, spreads, [0.35, 0.85])
    assert low == pytest.approx(0.0, abs=1e-9)
    assert high == pytest.approx(5e4, abs=1e-6)


@given(
    normals=st.lists(
        st.tuples(st.floats(0.01, 1), st.floats(-1e5, 1e5), st.floats(-4, 4).map(lambda power: 10**power)),
        min_size=1,
        max_size=8,
    ),
    probability=st.floats(1e-4, 1 - 1e-4),
)
def test_the_probability_is_reached_at_the_quantile_and_not_before(
    normals: list[tuple[float, float, float]], probability: float
) -> None:
    weights, means, spreads = np.array(normals).T
    check(weights / weights.sum(), means, spreads, probability)


def test_searches_end_at_the_quantile_where_spreads_differ_a_millionfold() -> None:
    rng = np.random.default_rng(0)
    for _ in range(400):
        k = int(rng.integers(2, 8))
        means, spreads = rng.normal(100, 10 ** rng.uniform(-2, 5), k), 10 ** rng.uniform(-4, 4, k)
        check(rng.dirichlet(np.full(k, 0.5)), means, spreads, float(rng.choice([1e-4, 0.005, 0.05, 0.5, 0.95, 0.995])))


def check(weights: Floats, means: Floats, spreads: Floats, probability: float) -> None:
    (found,) = mixture_quantiles(weights, means, spreads, [probability])
    room = 1e-11 * (abs(found) + spreads.min())
    before, after = (float(weights @ special.ndtr((at - means) / spreads)) for at in (found - room, found + room))
    assert before <= probability + 1e-14
    assert after >= probability - 1e-14
