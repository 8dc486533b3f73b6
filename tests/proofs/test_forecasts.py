from __future__ import annotations

import pytest
from proofs import forecasts
from scipy import stats

WORLDS = 15
MATTERS = ("plain", "viral days favour reels", "effects spread over days")


@pytest.mark.parametrize("generator", ["first", "second"])
def test_ninety_percent_intervals_hold_and_the_median_beats_the_last_value(generator: str) -> None:
    rows = forecasts.measure(WORLDS, weeks=(26, 52), generators=(generator,))
    coverage = [row.value for row in rows if row.measure.startswith("coverage")]
    weeks = WORLDS * len(coverage)
    held = round(sum(coverage) / len(coverage) * weeks)
    assert stats.binom.ppf(0.001, weeks, 0.87) <= held <= stats.binom.ppf(0.999, weeks, 0.93)
    if generator == "first":  # so few weeks of the heavier tails say nothing about a score that misses dominate
        winkler = [row.value for row in rows if row.measure.startswith("Winkler")]
        assert sum(winkler) / len(winkler) < 0.9
    errors = [row.value for row in rows if row.claim == forecasts.NAIVE_CLAIM and row.world.startswith(MATTERS)]
    # A share of so few weeks is known to 0.03, with heavier tails to 0.05; the full counts are in `make prove`.
    assert sum(errors) / len(errors) < (0.65 if generator == "first" else 0.75)
