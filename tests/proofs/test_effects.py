from __future__ import annotations

import pytest
from proofs import effects
from scipy import stats

WORLDS = 12


@pytest.mark.parametrize("generator", ["first", "second"])
def test_effects_are_covered_as_often_as_their_intervals_say(generator: str) -> None:
    rows = effects.measure(WORLDS, weeks=(13, 52), generators=(generator,))
    coverage = [row.value for row in rows if row.measure.startswith("coverage")]
    assert len(coverage) == 2 * len(effects.KINDS)
    # Four effects a world; at 13 weeks a few are left open, so the band is that of three.
    intervals = 3 * WORLDS * len(coverage)
    mean = sum(coverage) / len(coverage)
    assert stats.binom.ppf(0.001, intervals, 0.92) <= mean * intervals <= stats.binom.ppf(0.999, intervals, 0.98)


def test_the_daily_fit_is_a_fraction_as_wide_as_weekly_least_squares() -> None:
    rows = effects.measure(WORLDS, weeks=(52,), kinds=("plain", "viral days favour reels"), generators=("first",))
    widths = [row.value for row in rows if row.measure == "mean width of the daily fit over least squares'"]
    assert max(widths) <= 1 / 4
    assert max(row.value for row in rows if "bias" in row.measure) <= 0.15
