from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.stats.calendar_terms import SEASON_SIZE, WEEKDAY_TERMS, YEAR_DAYS, Calendar

MONDAY = 20_600 + (-(20_600 + 3)) % 7


@pytest.mark.parametrize(("weeks", "columns"), [(8, 7), (12, 7), (13, 8), (25, 8), (26, 10), (104, 10)])
def test_longer_histories_carry_a_trend_and_then_a_season(weeks: int, columns: int) -> None:
    calendar = Calendar(first=MONDAY, last=MONDAY + 7 * weeks - 1, weeks=weeks)
    assert calendar.terms(np.arange(MONDAY, MONDAY + 7 * weeks)).shape == (7 * weeks, columns)
    assert calendar.sizes.shape == (columns,)
    assert np.isinf(calendar.sizes[: 1 + WEEKDAY_TERMS]).all()
    assert np.isfinite(calendar.sizes[1 + WEEKDAY_TERMS :]).all()


@given(weeks=st.integers(8, 200), ahead=st.integers(0, 12))
def test_weekdays_cancel_within_a_week_and_the_year_comes_round(weeks: int, ahead: int) -> None:
    calendar = Calendar(first=MONDAY, last=MONDAY + 7 * weeks - 1, weeks=weeks)
    start = MONDAY + 7 * (weeks + ahead)
    rows = calendar.terms(np.arange(start, start + 7))
    np.testing.assert_allclose(rows[:, 1 : 1 + WEEKDAY_TERMS].sum(axis=0), 0, atol=1e-12)
    np.testing.assert_array_equal(rows[:, 0], 1)
    if rows.shape[1] == 10:
        np.testing.assert_allclose((rows[:, 8:] ** 2).sum(axis=1), 1)


def test_a_trend_is_known_as_well_per_year_whatever_the_history_is_long() -> None:
    short, long = (Calendar(first=MONDAY, last=MONDAY + 7 * weeks - 1, weeks=weeks) for weeks in (26, 104))
    years = [(calendar.last - calendar.first) / YEAR_DAYS for calendar in (short, long)]
    assert short.sizes[7] / years[0] == pytest.approx(long.sizes[7] / years[1])
    assert short.sizes[8:].tolist() == [SEASON_SIZE] * 2
