from __future__ import annotations

import numpy as np
import pytest

from cgn_core.stats.viral import exceptional_days, size_law, viral_week
from cgn_core.tables import DAYS_PER_WEEK


def test_only_days_far_from_the_rest_are_exceptional_on_either_side() -> None:
    scaled = np.random.default_rng(1).normal(size=300)
    scaled[10], scaled[20], scaled[30] = 9.0, -9.0, 40.0
    usable = np.ones(300, dtype=bool)
    usable[30] = False
    above, below = exceptional_days(scaled, usable, terms=8)
    assert np.flatnonzero(above).tolist() == [10]
    assert np.flatnonzero(below).tolist() == [20]


def test_a_week_without_viral_days_in_the_history_has_none_ahead() -> None:
    assert viral_week(np.array([]), days=180) == ((1.0, 0.0, 0.0),)


def test_the_mixture_has_the_mean_and_variance_of_the_viral_days_it_stands_for() -> None:
    rng = np.random.default_rng(2)
    sizes = np.exp(rng.normal(1.5, 0.4, 40))
    jumps = np.array(viral_week(sizes, days=730))
    assert jumps[:, 0].sum() == pytest.approx(1.0, rel=1e-12)
    centre, spread = size_law(sizes / DAYS_PER_WEEK)
    rates = rng.beta(40.5, 690.5, 400_000)
    counts = rng.binomial(DAYS_PER_WEEK, rates)
    days = np.exp(rng.normal(centre, spread, (3, len(counts))))
    drawn = (days * (np.arange(3)[:, None] < np.minimum(counts, 3))).sum(axis=0)
    mean = float(jumps[:, 0] @ jumps[:, 1])
    assert mean == pytest.approx(drawn.mean(), rel=0.02)
    variance = float(jumps[:, 0] @ (jumps[:, 2] + jumps[:, 1] ** 2)) - mean**2
    assert variance == pytest.approx(drawn.var(), rel=0.05)


def test_one_viral_day_leans_on_the_usual_spread() -> None:
    centre, spread = size_law(np.array([4.0]))
    assert np.exp(centre) < 4.0
    assert 0.4 < spread < 1.2
