from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import LeakageError
from cgn_core.stats.features import check_predictors
from cgn_core.stats.leakage import near_determined, nearness, suspects_of

DECLARED = frozenset({"secret"})


def table(seed: int = 1, weeks: int = 60) -> tuple[pd.DataFrame, pd.Series[float], pd.DataFrame]:
    """Content, growth and its parts of one creator."""
    rng = np.random.default_rng(seed)
    content = pd.DataFrame({name: rng.poisson(mean, weeks) for name, mean in (("posts", 4), ("reels", 3))}).astype(
        float
    )
    follows = (200 + 13 * content["posts"] + 20 * content["reels"] + rng.normal(0, 60, weeks)).round()
    unfollows = pd.Series(rng.poisson(90, weeks)).astype(float)
    growth = follows - unfollows
    parts = pd.DataFrame({"follows": follows, "unfollows": unfollows, "followers": 50_000 + growth.cumsum()})
    return content, growth, parts


def is_refused(column: pd.Series[float], seed: int = 1, weeks: int = 60, *, with_parts: bool = True) -> bool:
    content, growth, parts = table(seed, weeks)
    known = parts if with_parts else None
    try:
        check_predictors(content.assign(secret=column), growth, declared_planned=DECLARED, parts=known)
    except LeakageError:
        return True
    return False


def disguises(seed: int, weeks: int) -> dict[str, pd.Series[float]]:
    content, growth, parts = table(seed, weeks)
    hours = (45 * content["posts"] + 120 * content["reels"]) / 60
    pieces = content["posts"] + content["reels"]
    return {
        "scaled": -2.5 * growth + 7,
        "logged": np.sign(growth) * np.log1p(growth.abs()),
        "per hour without an hours column": growth / hours.where(hours > 0),
        "per piece": growth / pieces.where(pieces > 0),
        "led": growth.shift(-1),
        "led by two": growth.shift(-2),
        "gained": parts["follows"] / 10,
        "lost": parts["unfollows"],
        "lost, led": parts["unfollows"].shift(-1),
        "followers at the end": parts["followers"],
        "followers at the end, logged": np.log(parts["followers"]),
        "followers at the end, led and scaled": parts["followers"].shift(-1) / 1e6,
        "growth less what the content explains": growth - 13 * content["posts"],
    }


@pytest.mark.parametrize("name", disguises(0, 13))
@pytest.mark.parametrize("weeks", [13, 60])
def test_growth_and_its_parts_are_refused_in_disguise(name: str, weeks: int) -> None:
    assert is_refused(disguises(3, weeks)[name], 3, weeks)


def test_without_the_parts_followers_at_the_weeks_end_still_give_growth_away() -> None:
    assert is_refused(table()[2]["followers"], with_parts=False)
    assert not is_refused(table()[2]["unfollows"], with_parts=False)


def test_followers_give_net_growth_away_where_gross_follows_are_the_target() -> None:
    content, growth, parts = table(5)
    net = content.assign(secret=growth * 0.1)
    parts["followers"] += np.random.default_rng(2).normal(0, 400, len(growth)).cumsum()
    change = content.assign(secret=parts["followers"].diff() / 7)
    check_predictors(change, parts["follows"], declared_planned=DECLARED, parts=parts[["follows"]])
    with pytest.raises(LeakageError):
        check_predictors(change, parts["follows"], declared_planned=DECLARED, parts=parts[["follows", "followers"]])
    with pytest.raises(LeakageError):
        check_predictors(net, growth, declared_planned=DECLARED, parts=parts)


def test_what_was_known_before_the_week_passes_even_when_it_trends_with_growth() -> None:
    content, growth, parts = table()
    weeks = len(growth)
    assert not is_refused(parts["followers"].shift(1))
    assert not is_refused(growth.shift(1))
    assert not is_refused(pd.Series(np.arange(weeks) * 3.0))
    assert not is_refused(pd.Series((np.arange(weeks) > 30) * 1.0))
    assert not is_refused(2 * content["posts"] + content["reels"])
    smooth = 500 + 300 * np.sin(np.arange(weeks) / 9)
    lagged = content.assign(lag_growth=pd.Series(smooth).shift(1))
    check_predictors(lagged, pd.Series(smooth + np.random.default_rng(1).normal(0, 1, weeks)))


def test_a_lagged_name_does_not_hide_the_same_week() -> None:
    content, growth, _ = table()
    with pytest.raises(LeakageError, match="lag_growth follows from the growth"):
        check_predictors(content.assign(lag_growth=growth), growth)


@pytest.mark.parametrize("name", ["hours", "hashtags_per_post", "optimal_window_share"])
def test_a_planned_name_does_not_hide_growth(name: str) -> None:
    content, growth, _ = table()
    with pytest.raises(LeakageError, match=f"{name} follows from the growth"):
        check_predictors(content.assign(**{name: growth * 0.01}), growth)


def test_hours_that_follow_the_content_pass() -> None:
    content, growth, parts = table()
    for seed in range(40):
        noise = np.exp(np.random.default_rng(seed).normal(0, 0.1, len(growth)))
        hours = (45 * content["posts"] + 120 * content["reels"]) / 60 * noise
        parts["minutes_spent"] = 60 * hours
        check_predictors(content.assign(hours=hours), growth, parts=parts)


def test_a_correlation_must_be_rarer_than_chance_where_rows_are_few() -> None:
    assert nearness(1_000) == 0.95
    assert 0.95 < nearness(8) < nearness(4) < nearness(2) < 1
    refused = 0
    for seed in range(60):
        content, growth, parts = table(seed, 9)
        column = pd.Series(np.random.default_rng(seed + 900).normal(0, 1, 9))
        try:
            check_predictors(content.assign(secret=column), growth, declared_planned=DECLARED, parts=parts)
        except LeakageError:
            refused += 1
    assert refused <= 1


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    weeks=st.integers(1, 40),
    factor=st.floats(0.001, 1e6),
    offset=st.floats(-1e4, 1e4),
    holes=st.integers(0, 6),
)
def test_a_scaled_copy_is_refused_wherever_anything_can_be_and_nothing_else_breaks(
    seed: int, weeks: int, factor: float, offset: float, holes: int
) -> None:
    content, growth, parts = table(seed, weeks)
    rng = np.random.default_rng(seed)
    column = factor * (growth + offset)
    column.iloc[rng.integers(0, weeks, min(holes, weeks // 4))] = np.nan
    suspects = suspects_of(content, growth, parts, {"posts": 45.0, "reels": 120.0})
    found = near_determined(np.array(column, dtype=np.float64).reshape(-1), suspects, content.to_numpy())
    assert found or weeks < 14
    constant = np.full(weeks, offset, dtype=np.float64)
    assert not near_determined(constant, suspects, content.to_numpy())
    assert not near_determined(constant * np.nan, suspects, content.to_numpy())
