from __future__ import annotations

import numpy as np
import pytest

from cgn_core.errors import UnsupportedLevel
from cgn_core.stats.intervals import (
    check_level,
    check_probability,
    offered_levels,
    refused_levels,
    residuals_needed,
    supported_level,
    weibull_quantile,
)


@pytest.mark.parametrize(("level", "needed"), [(0.5, 3), (0.8, 9), (0.9, 19), (0.95, 39), (0.99, 199)])
def test_a_level_needs_two_over_what_it_leaves_out_less_one(level: float, needed: int) -> None:
    assert residuals_needed(level) == needed
    assert level in offered_levels(needed)
    assert level in refused_levels(needed - 1)


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5, -0.9, float("nan")])
def test_a_level_outside_of_0_and_1_is_refused_everywhere(level: float) -> None:
    with pytest.raises(UnsupportedLevel, match="between 0 and 1"):
        residuals_needed(level)
    with pytest.raises(UnsupportedLevel, match="between 0 and 1"):
        supported_level(500, wanted=level)


def test_the_widest_supported_level_is_offered_instead() -> None:
    assert supported_level(30, wanted=0.9) == 0.9
    assert supported_level(18, wanted=0.9) == 0.8
    with pytest.raises(UnsupportedLevel):
        supported_level(2, wanted=0.9)


def test_a_refusal_names_the_level_that_would_do() -> None:
    with pytest.raises(UnsupportedLevel, match="80%"):
        check_level(0.95, residuals=12)
    with pytest.raises(UnsupportedLevel, match="between 0 and 1"):
        check_level(1.0, residuals=500)


def test_quantiles_beyond_the_outermost_plotting_position_are_refused() -> None:
    check_probability(0.05, residuals=19)
    with pytest.raises(UnsupportedLevel):
        check_probability(0.05, residuals=18)
    with pytest.raises(UnsupportedLevel):
        check_probability(0.0, residuals=100)


def test_weibull_quantiles_are_numpys() -> None:
    ordered = np.sort(np.random.default_rng(1).normal(size=37))
    for probability in (0.01, 0.05, 0.26, 0.5, 0.95, 0.99):
        expected = np.quantile(ordered, probability, method="weibull")
        assert weibull_quantile(ordered, probability) == pytest.approx(expected, rel=1e-13)
