"""Whatever the history, other pasts and what the calendar brings are finite, in order, or refused by name."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from any_histories import FEW, LEVELS, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core import library
from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.counterfactual import ChangedWeek, Counterfactual, counterfactual
from cgn_core.stats.history import read_history
from cgn_core.stats.seasonality import Pattern, Seasonality, SeasonalPoint, seasonality
from cgn_core.stats.validation import MODELS, fit_model
from cgn_core.tables import Daily

UNTRAINABLE = (TooFewObservations, ConstantSeries)
CHANGES = st.dictionaries(
    st.sampled_from(("posts", "reels", "stories")), st.sampled_from((-3.0, 0.0, 1.0, 2.5, 1e6, math.nan))
)


def storable(value: Any) -> bool:
    return bool(json.dumps(value, allow_nan=False)) and all_finite(value)


@FEW
@given(histories(), st.sampled_from(MODELS), CHANGES, st.sampled_from(("add", "set")), LEVELS, st.integers(1, 6))
def test_another_past_is_in_order_adds_up_and_widens_or_is_refused(
    daily: Daily, model: str, change: dict[str, float], way: str, level: float, number: int
) -> None:
    fit = answer_of(lambda: fit_model(read_history(daily), model=model), *UNTRAINABLE)
    if fit is None:
        return
    weekly = daily.weekly()
    weeks = [day.date().isoformat() for day in weekly["week_start"].iloc[-number:]]
    asked = {name: count for name, count in change.items() if name in daily.levers}

    def ask(chosen: list[str]) -> Counterfactual | None:
        return answer_of(
            lambda: counterfactual(fit, weekly, chosen, asked, way=way, level=level), InvalidInput, UnsupportedLevel
        )

    found = ask(weeks)
    if found is None:
        return
    assert isinstance(found, Counterfactual)
    assert storable(found.to_json())
    assert found == answer_of(lambda: library.counterfactual(fit, daily, weeks, asked, way=way, level=level))
    assert found.difference.low <= found.difference.estimate <= found.difference.high
    assert found.distinguishable == (not found.difference.low <= 0 <= found.difference.high)
    total = sum(each.difference.estimate for each in found.weeks)
    assert found.difference.estimate == pytest.approx(total, rel=1e-9, abs=1e-6)
    for each in found.weeks:
        assert isinstance(each, ChangedWeek)
        assert min(each.changed.values(), default=0.0) >= 0
        # Doubts of several weeks can cancel, never add up to more than their sum.
        assert each.difference.low <= each.difference.estimate <= each.difference.high
    widths = sum(each.difference.high - each.difference.low for each in found.weeks)
    assert found.difference.high - found.difference.low <= widths * (1 + 1e-9) + 1e-6


@FEW
@given(histories(weeks=(4, 80)), LEVELS)
def test_the_calendars_part_is_in_order_and_sums_to_nothing_over_a_week(daily: Daily, level: float) -> None:
    found = answer_of(lambda: seasonality(daily, level=level), *UNTRAINABLE)
    if found is None:
        return
    assert isinstance(found, Seasonality)
    assert storable(found.to_json())
    sizes = [abs(each.estimate) for each in found.weekday.points]
    assert sum(each.estimate for each in found.weekday.points) == pytest.approx(0, abs=1e-9 + 1e-9 * max(sizes))
    for pattern in (found.weekday, found.year):
        if pattern is not None:
            assert isinstance(pattern, Pattern)
            assert 0 <= pattern.p_value <= 1
            assert pattern.identified == (pattern.p_value < 0.05)
            for point in pattern.points:
                assert isinstance(point, SeasonalPoint)
                assert point.low <= point.estimate <= point.high
    with pytest.raises(UnsupportedLevel):
        seasonality(daily, level=float(np.nextafter(1, 2)))
