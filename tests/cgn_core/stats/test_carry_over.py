from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from cgn_core.stats.arrays import Floats
from cgn_core.stats.carry_over import WARM_UP_DAYS, next_week_stock, stock
from cgn_core.stats.history import read_history
from datagen.worlds import world


def filtered(counts: Floats, decay: float) -> Floats:
    """The recursion that a stock is, by scipy's filter, started where the first weeks' mean would have brought it."""
    start = decay * counts[:WARM_UP_DAYS].mean(axis=0)
    spread, _ = lfilter([1 - decay], [1.0, -decay], counts, axis=0, zi=start[None, :])
    return np.array(spread, dtype=np.float64)


@pytest.mark.parametrize("days", [1, 2, 8, 56, 730])
@pytest.mark.parametrize("decay", [0.025, 0.2, 0.6, 0.9, 0.95, 0.999])
def test_a_stock_is_the_recursive_filter(days: int, decay: float) -> None:
    counts = np.random.default_rng(days).poisson(0.7, size=(days, 3)).astype(float)
    np.testing.assert_allclose(stock(counts, decay), filtered(counts, decay), rtol=1e-12, atol=1e-12)


@given(st.floats(0, 0.95), st.integers(0, 20))
def test_one_piece_adds_one_in_total_and_less_every_day(decay: float, day: int) -> None:
    counts = np.zeros((WARM_UP_DAYS + 700, 1))
    counts[WARM_UP_DAYS + day] = 1.0
    spread = stock(counts, decay)[WARM_UP_DAYS + day :, 0]
    assert spread.sum() == pytest.approx(1, abs=1e-9)
    assert (np.diff(spread) <= 1e-15).all()
    assert not stock(counts, decay)[: WARM_UP_DAYS + day].any()


def test_without_carry_over_or_levers_a_stock_is_the_counts() -> None:
    counts = np.ones((10, 2))
    assert stock(counts, 0.0) is counts
    assert stock(np.empty((10, 0)), 0.5).shape == (10, 0)


@given(st.floats(0, 0.95))
def test_next_week_holds_what_the_history_left_and_what_its_own_pieces_do_within_it(decay: float) -> None:
    history = read_history(world("plain", seed=1, weeks=12).daily)
    carried, within = next_week_stock(history, decay)
    silent = np.vstack([history.counts, np.zeros((7, len(history.levers)))])
    np.testing.assert_allclose(carried, stock(silent, decay)[-7:].sum(axis=0), rtol=1e-9, atol=1e-12)
    assert ((within > 0) & (within <= 1)).all()
