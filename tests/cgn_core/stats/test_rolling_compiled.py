from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.stats import rolling
from cgn_core.stats.rolling import RollingFit, rolling_origin
from cgn_core.stats.rolling_compiled import WIDE


def assert_same(first: RollingFit, second: RollingFit) -> None:
    for name in ("coefficients", "predictions", "leverages", "variances", "low", "high"):
        one, other = getattr(first, name), getattr(second, name)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10 * np.abs(other).max(), err_msg=name)
    np.testing.assert_array_equal(first.undetermined, second.undetermined)
    np.testing.assert_array_equal(first.freedom, second.freedom)


def problem(*, weeks: int, terms: int, creators: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.ones((weeks, terms, creators))
    design[:, 1:] = rng.poisson(4.0, (weeks, terms - 1, creators))
    return design, design.sum(axis=1) * 20 + rng.normal(scale=9, size=(weeks, creators))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    weeks=st.integers(16, 30),
    terms=st.integers(2, 6),
    creators=st.sampled_from([1, WIDE - 1, WIDE, WIDE + 3]),
    window=st.none() | st.integers(8, 40),
    step=st.integers(1, 4),
    ahead=st.integers(1, 3),
    penalty=st.sampled_from([0.0, 3.0]),
    first_half=st.sampled_from(["varied", "unused", "together"]),
)
def test_numbers_are_those_of_the_plain_path(
    seed: int,
    weeks: int,
    terms: int,
    creators: int,
    window: int | None,
    step: int,
    ahead: int,
    penalty: float,
    first_half: str,
) -> None:
    design, target = problem(weeks=weeks, terms=terms, creators=creators, seed=seed)
    if first_half == "unused":
        design[: weeks // 2, -1, 0] = 0.0
    if first_half == "together":
        design[: weeks // 2, -1, 0] = 3.7 * design[: weeks // 2, -2, 0] + 0.3
    options = {"initial": 12, "window": window, "step": step, "ahead": ahead, "penalty": penalty}
    plain, compiled = (rolling_origin(design, target, compiled=each, **options) for each in (False, True))
    assert_same(compiled, plain)


def test_arrays_in_any_order_will_do() -> None:
    design, target = problem(weeks=20, terms=3, creators=5, seed=1)
    turned = np.asfortranarray(design)[:, :, ::-1]
    assert_same(
        rolling_origin(turned, target[:, ::-1], initial=8, compiled=True),
        rolling_origin(design[:, :, ::-1].copy(), target[:, ::-1].copy(), initial=8),
    )


def test_without_numba_the_plain_path_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    design, target = problem(weeks=20, terms=3, creators=5, seed=1)
    plain = rolling_origin(design, target, initial=8)
    monkeypatch.setattr(rolling, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "cgn_core.stats.rolling_compiled", None)
    np.testing.assert_array_equal(rolling_origin(design, target, initial=8, compiled=True).low, plain.low)
