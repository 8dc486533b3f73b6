from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.daily_estimation import fit_days, parameter_covariance
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.history import read_history
from cgn_core.stats.least_squares import solve
from datagen.worlds import world


def test_the_fit_is_the_weighted_penalised_solution_on_the_days_it_used() -> None:
    history = read_history(world("plain", seed=3, weeks=26).daily)
    fit = fit_levers(history).fit
    used = fit.used
    assert used.sum() + fit.viral.sum() + fit.losses.sum() == history.usable.sum()
    # The weights are those of the round before, so it agrees to what the last round changed.
    again = solve(fit.design[used], (fit.mean + fit.residuals)[used], 1 / fit.level[used], fit.penalty)
    np.testing.assert_allclose(again, fit.coefficients, rtol=2e-2, atol=0.5)
    assert fit.dispersion == pytest.approx(3.0, rel=0.4)
    assert np.flatnonzero(fit.penalty).tolist() == [7, 8, 9]


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(0.01, 1_000), seed=st.integers(0, 50))
def test_followers_in_another_unit_give_the_same_fit_in_that_unit(factor: float, seed: int) -> None:
    history = read_history(world("effects spread over days", seed=seed, weeks=30).daily)
    first = fit_levers(history).fit
    scaled = replace(history, growth=factor * history.growth, unfollows=factor * history.unfollows)
    second = fit_levers(scaled).fit
    assert second.decay == first.decay
    np.testing.assert_array_equal(second.viral, first.viral)
    np.testing.assert_allclose(second.coefficients, factor * first.coefficients, rtol=1e-6, atol=1e-6 * factor)
    assert second.dispersion == pytest.approx(factor * first.dispersion, rel=1e-6)


def test_known_sizes_pull_short_histories_trends_and_leave_long_ones_alone() -> None:
    moved = []
    for weeks in (26, 104):
        history = read_history(world("plain", seed=4, weeks=weeks).daily)
        calendar = Calendar(first=int(history.days[0]), last=int(history.days[-1]), weeks=weeks)
        terms = calendar.terms(history.days)
        free, held = (
            fit_days(terms, history.counts, history.growth, history.usable, lost=history.lost, sizes=sizes)
            for sizes in (None, calendar.sizes)
        )
        assert np.linalg.norm(held.coefficients[7:10]) < np.linalg.norm(free.coefficients[7:10])
        moved.append(np.abs(held.mean - free.mean)[-1] / free.mean.mean())
    assert moved[1] < 0.01
    assert moved[1] < moved[0]


def test_carry_over_is_found_where_it_is_and_its_doubt_widens_the_effects() -> None:
    spread = read_history(world("effects spread over days", seed=5, weeks=52).daily)
    fit = fit_levers(spread).fit
    assert fit.decay == pytest.approx(0.6, abs=0.15)
    covariance, freedom = parameter_covariance(fit, spread.counts, spread.weeks)
    assert covariance.shape == (fit.design.shape[1] + 1,) * 2
    known, _ = parameter_covariance(replace(fit, decay=0.0), spread.counts, spread.weeks)
    levers = slice(-len(spread.levers), None)
    assert (np.diag(covariance)[:-1][levers] > np.diag(known)[levers]).all()
    assert ((freedom >= 1) & (freedom < 52)).all()


def test_carry_over_is_seldom_claimed_where_there_is_none() -> None:
    claimed = [fit_levers(read_history(world("plain", seed=seed, weeks=20).daily)).fit.decay > 0 for seed in range(25)]
    assert sum(claimed) <= 5
    nothing = [
        fit_levers(read_history(world("no effect at all", seed=seed, weeks=20).daily)).fit.decay for seed in range(25)
    ]
    assert sum(decay > 0 for decay in nothing) <= 2
