from __future__ import annotations

import pytest

from cgn_core.figures.wording import between, day_month_year, percent, rate, signed, whole


@pytest.mark.parametrize(
    ("value", "words"),
    [(420.4, "+420"), (-1204.0, "−1,204"), (0.3, "0"), (-0.3, "0"), (None, "–"), (float("nan"), "–")],
)
def test_growth_is_written_with_its_sign(value: float | None, words: str) -> None:
    assert signed(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(18.63, "19"), (3.24, "3.2"), (-0.04, "0.0"), (-3.21, "−3.2"), (1500.0, "1,500")]
)
def test_a_rate_keeps_one_decimal_below_ten(value: float, words: str) -> None:
    assert rate(value) == words


def test_intervals_shares_and_dates_read_as_words() -> None:
    assert between(-10.0, 95.4) == "−10 to 95"
    assert between(None, 3.0) == "no interval"
    assert percent(0.912) == "91 %"
    assert whole(124310) == "124,310"
    assert day_month_year("2026-11-23") == "23 November 2026"
