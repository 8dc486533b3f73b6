from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import InvalidInput, UnsupportedLevel
from cgn_core.stats.fit import Effect, Fit
from cgn_core.stats.money import LOSES, PAYS, UNCLEAR, MoneyReturn, money_returns
from cgn_core.stats.weekly_models import fit_weekly
from datagen.worlds import world

MINUTES = {"posts": 45.0, "reels": 120.0, "stories": 8.0}


@pytest.fixture(scope="module")
def fit() -> Fit:
    """9 ± 9 followers per post, 20 ± 2 per reel, none per story; 16 degrees of freedom."""
    made = fit_weekly(world("plain", seed=1, weeks=20).daily, model="ols")
    effects = tuple(
        Effect(name, estimate, estimate - 2, estimate + 2, 0.95, error, f"followers per {name}", "planned")
        for name, estimate, error in (("posts", 9.0, 9.0), ("reels", 20.0, 2.0), ("stories", 0.0, 0.1))
    )
    return replace(made, effects=effects, details={"degrees_of_freedom": 16})


def test_net_return_and_break_even_by_hand(fit: Fit) -> None:
    posts, reels, stories = money_returns(fit, minutes=MINUTES, value_of_follower=3.0, cost_of_hour=20.0)
    margin = 2 * stats.t.ppf(0.95, 16)
    assert reels.cost_per_piece == 40.0
    assert reels.net_per_piece.estimate == pytest.approx(3 * 20 - 40)
    assert reels.net_per_piece.low == pytest.approx(3 * (20 - margin) - 40)
    assert reels.net_per_hour.estimate == pytest.approx(10.0)
    assert reels.break_even_value.estimate == pytest.approx(2.0)
    assert (reels.break_even_value.low, reels.break_even_value.high) == pytest.approx(
        (40 / (20 + margin), 40 / (20 - margin))
    )
    assert reels.break_even_hours.estimate == pytest.approx(3.0)  # 60 of value at 20 an hour
    assert (posts.verdict, reels.verdict, stories.verdict) == (UNCLEAR, PAYS, LOSES)
    assert posts.break_even_value.high is None  # its interval holds zero: no value is surely high enough
    assert stories.break_even_value.estimate is None
    assert posts.sentence.startswith("Whether a post pays is not distinguishable: net 12.00 (90%:")
    assert reels.sentence.startswith("A reel pays: net 20.00 (90%:")
    assert stories.sentence.startswith("A story doesn't pay: net -2.67 (90%:")


def test_at_its_break_even_value_or_hours_a_piece_neither_pays_nor_loses(fit: Fit) -> None:
    reels = money_returns(fit, minutes=MINUTES, value_of_follower=3.0, cost_of_hour=20.0)[1]
    value, hours = reels.break_even_value.estimate, reels.break_even_hours.estimate
    assert value is not None
    assert hours is not None
    even = money_returns(fit, minutes=MINUTES, value_of_follower=value, cost_of_hour=20.0)[1]
    longer = money_returns(fit, minutes={**MINUTES, "reels": 60 * hours}, value_of_follower=3.0, cost_of_hour=20.0)[1]
    assert even.net_per_piece.estimate == pytest.approx(0.0)
    assert longer.net_per_piece.estimate == pytest.approx(0.0)
    assert (even.verdict, longer.verdict) == (UNCLEAR, UNCLEAR)


def test_hours_that_cost_nothing_break_even_at_any_length(fit: Fit) -> None:
    reels = money_returns(fit, minutes=MINUTES, value_of_follower=1.0, cost_of_hour=0.0)[1]
    assert reels.break_even_hours.estimate is None
    assert reels.break_even_value.estimate == 0.0
    assert reels.verdict == PAYS


def test_ads_cost_no_hours_and_have_no_return_here(fit: Fit) -> None:
    ads = replace(fit, effects=(*fit.effects, replace(fit.effects[0], name="ads")))
    named = [each.content_type for each in money_returns(ads, minutes=MINUTES, value_of_follower=1, cost_of_hour=1)]
    assert named == ["posts", "reels", "stories"]


def test_a_money_return_survives_json(fit: Fit) -> None:
    for each in money_returns(fit, minutes=MINUTES, value_of_follower=3.0, cost_of_hour=20.0):
        assert MoneyReturn.from_json(json.loads(json.dumps(each.to_json()))) == each


@settings(max_examples=60, deadline=None)
@given(value=st.floats(0, 1e4), more=st.floats(0, 1e3), hourly=st.floats(0, 1e4), level=st.floats(0.5, 0.99))
def test_a_dearer_follower_never_makes_a_piece_that_brings_some_pay_less(
    fit: Fit, value: float, more: float, hourly: float, level: float
) -> None:
    low, high = (
        money_returns(fit, minutes=MINUTES, value_of_follower=each, cost_of_hour=hourly, level=level)
        for each in (value, value + more)
    )
    for cheap, dear in zip(low, high, strict=True):
        assert dear.net_per_piece.estimate >= cheap.net_per_piece.estimate
        assert cheap.net_per_piece.low <= cheap.net_per_piece.estimate <= cheap.net_per_piece.high
        assert np.isfinite([cheap.net_per_hour.low, cheap.net_per_hour.high]).all()
        assert (cheap.verdict == PAYS) == (cheap.net_per_piece.low > 0)
        even = cheap.break_even_value
        if even.high is not None:
            assert even.low is not None
            assert even.estimate is not None
            assert 0 <= even.low <= even.estimate <= even.high


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_prices_must_be_numbers_of_zero_or_more(fit: Fit, price: float) -> None:
    with pytest.raises(InvalidInput, match="A follower's value must be"):
        money_returns(fit, minutes=MINUTES, value_of_follower=price, cost_of_hour=1.0)
    with pytest.raises(InvalidInput, match="An hour's cost must be"):
        money_returns(fit, minutes=MINUTES, value_of_follower=1.0, cost_of_hour=price)


def test_minutes_and_levels_are_checked_too(fit: Fit) -> None:
    with pytest.raises(InvalidInput, match="Minutes for reels"):
        money_returns(fit, minutes={"reels": 0.0}, value_of_follower=1.0, cost_of_hour=1.0)
    with pytest.raises(UnsupportedLevel):
        money_returns(fit, minutes=MINUTES, value_of_follower=1.0, cost_of_hour=1.0, level=1.0)
