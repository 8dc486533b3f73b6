from __future__ import annotations

from proofs import drift
from scipy import stats

WORLDS = 6


def test_a_fall_is_noticed_within_weeks_and_dated_to_the_week() -> None:
    rows = drift.measure(WORLDS, shares=(0.3,), generators=("first",))
    delay, dated, *calm = rows
    assert delay.value <= 3
    assert dated.value * WORLDS >= stats.binom.ppf(0.005, WORLDS, 0.9)
    assert len(calm) == 3
    alarms = sum(row.value for row in calm) * WORLDS * drift.YEARS
    assert alarms <= stats.poisson.ppf(0.999, drift.RATE * drift.YEARS * WORLDS * len(calm))
