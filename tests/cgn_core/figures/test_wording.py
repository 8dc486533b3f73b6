from __future__ import annotations

import pytest

from cgn_core.figures.wording import count, day_month_year, interval, percent, signed


@pytest.mark.parametrize(
    ("value", "words"),
    [(420.4, "+420"), (-1204.0, "−1,204"), (0.3, "0"), (-0.3, "0"), (None, "–"), (float("nan"), "–")],
)
def test_growth_is_written_with_its_sign(value: float | None, words: str) -> None:
    assert signed(value) == words


def test_counts_intervals_shares_and_dates_read_as_words() -> None:
    assert interval(-10.0, 95.4) == "−10 to 95"
    assert interval(None, 3.0) == "– to 3"
    assert count(3.24, decimals=1) == "3.2"
    assert percent(0.912) == "91\N{NO-BREAK SPACE}%"
    assert count(124310) == "124,310"
    assert day_month_year("2026-11-23") == "23 November 2026"
