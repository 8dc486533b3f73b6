from __future__ import annotations

from proofs import what_if
from scipy import stats

WORLDS = 20


def test_differences_between_plans_are_covered_as_often_as_their_intervals_say() -> None:
    rows = what_if.measure(WORLDS, weeks=(26,))
    assert len(rows) == 6
    answers = WORLDS * len(rows)
    held = round(sum(row.value for row in rows) * WORLDS)
    assert stats.binom.ppf(0.001, answers, 0.87) <= held <= stats.binom.ppf(0.999, answers, 0.95)
