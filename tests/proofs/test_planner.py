from __future__ import annotations

import pytest
from proofs.planner import EFFECTIVE, measure
from proofs.rows import Row
from scipy import stats

WORLDS = 25


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return measure(WORLDS, weeks=(52,))


def test_brute_force_beats_no_plan(rows: list[Row]) -> None:
    (brute,) = (row for row in rows if row.measure == "plans that brute force beats")
    assert brute.worlds >= 200
    assert brute.holds


def test_plans_bring_nearly_what_the_best_plan_brings(rows: list[Row]) -> None:
    regrets = [row for row in rows if row.measure == "mean regret, daily fit"]
    assert len(regrets) == 2 * len(EFFECTIVE)
    assert all(row.holds for row in regrets), regrets


def test_weekly_least_squares_would_plan_far_worse(rows: list[Row]) -> None:
    by_day = {row.world: row.value for row in rows if row.measure == "mean regret, daily fit"}
    by_week = {row.world: row.value for row in rows if row.measure == "mean regret, weekly OLS"}
    assert all(by_week[where] > 2 * regret for where, regret in by_day.items())


def test_no_gain_is_claimed_where_nothing_works(rows: list[Row]) -> None:
    claims = [row for row in rows if row.measure.startswith("gains claimed")]
    assert len(claims) == 2
    for row in claims:
        assert row.value * row.worlds <= stats.binom.isf(1e-4, row.worlds, row.high)
