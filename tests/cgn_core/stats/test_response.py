from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.repeatable_weeks import repeatable_weeks
from cgn_core.stats.response import (
    ALWAYS_LESS,
    ALWAYS_MORE,
    BENT,
    FOUND,
    NO_BEND,
    NO_HOURS,
    STRAIGHT,
    ResponseCurve,
    response_curve,
    response_curves,
)
from cgn_core.stats.returns import content_returns
from cgn_core.tables import CONTENT_TYPES, DEFAULT_MINUTES, Daily, daily_from_frame
from datagen.worlds import world

SLOPE = 60.0


def bent_table(*, seed: int, weeks: int = 104, left: float = 0.1, noise: float = 25.0) -> pd.DataFrame:
    """Weeks of 0 to 10 reels: the first brings 60 followers, one more after ten brings ``left`` of that."""
    rng = np.random.default_rng(seed)
    posts = rng.poisson(5, weeks).astype(float)
    reels = np.append(rng.integers(0, 11, weeks - 4), [4, 5, 5, 6]).astype(float)
    growth = 300 + 15 * posts + SLOPE * (reels - (1 - left) * reels**2 / 20) + noise * rng.standard_normal(weeks)
    mondays = pd.date_range("2024-01-01", periods=weeks, freq="7D", unit="s")
    return pd.DataFrame({"week_start": mondays, "net_growth": growth, "posts": posts, "reels": reels})


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=3, weeks=60).daily


@pytest.fixture(scope="module")
def bent() -> ResponseCurve:
    return response_curve(bent_table(seed=1), "reels")


def test_a_straight_response_is_the_daily_fit_and_agrees_with_the_returns(daily: Daily) -> None:
    fit = fit_daily(daily, level=0.9)
    returns = {each.content_type: each for each in content_returns(fit, daily.weekly(), minutes=DEFAULT_MINUTES)}
    curves = response_curves(daily)
    assert tuple(curve.name for curve in curves) == CONTENT_TYPES
    for curve, effect in zip(curves, fit.effects, strict=True):
        assert curve.shape == STRAIGHT
        assert (curve.per_piece.estimate, curve.per_piece.low, curve.per_piece.high) == pytest.approx(
            (effect.estimate, effect.low, effect.high)
        )
        for point in (*curve.points, curve.today):
            assert point.estimate == pytest.approx(point.pieces * effect.estimate)
            assert point.low == pytest.approx(point.pieces * effect.low)
        if curve.name in returns:
            expected = returns[curve.name].marginal
            assert curve.per_hour is not None
            assert curve.per_hour.estimate == pytest.approx(expected.estimate)
            assert curve.per_hour.low == pytest.approx(expected.low)
            assert curve.per_hour.high == pytest.approx(expected.high)
        else:
            assert curve.per_hour is None
            assert curve.enough.reason == NO_HOURS


def test_the_curve_spans_the_weeks_seen_and_today_is_the_last_four_weeks(daily: Daily) -> None:
    table = daily.weekly()
    for curve in response_curves(daily):
        seen = table[curve.name]
        assert (curve.quietest, curve.busiest) == (seen.min(), seen.max())
        pieces = [point.pieces for point in curve.points]
        assert (pieces[0], pieces[-1]) == (curve.quietest, curve.busiest)
        assert pieces == sorted(set(pieces))
        assert curve.today.pieces == pytest.approx(seen.tail(4).mean())
        assert f"{curve.today.pieces:.1f} {curve.name}" in curve.sentence


def test_growth_is_that_of_a_week_as_the_last_ones(daily: Daily) -> None:
    curves = response_curves(daily)
    today = {curve.today.growth for curve in curves}
    assert max(today) == pytest.approx(min(today)), "the same week whichever type is looked at"
    weeks = repeatable_weeks(daily)
    usual = weeks.growth[-12:].mean()
    assert curves[0].today.growth == pytest.approx(usual, rel=0.25)
    for curve in curves:
        for point in curve.points:
            assert point.growth_low <= point.growth <= point.growth_high
            assert point.growth - curve.today.growth == pytest.approx(point.estimate - curve.today.estimate)


def test_a_claimed_bend_is_drawn_and_what_one_more_brings_falls_along_it(bent: ResponseCurve) -> None:
    assert bent.shape == BENT
    # At five of ten reels, a piece still brings 55 % of what the first one does.
    assert bent.per_piece.low < 0.55 * SLOPE < bent.per_piece.high
    assert bent.per_hour is not None
    assert bent.per_hour.estimate == pytest.approx(bent.per_piece.estimate / 2)
    truth = [SLOPE * (point.pieces - 0.9 * point.pieces**2 / 20) for point in bent.points]
    inside = [point.low <= value <= point.high for point, value in zip(bent.points, truth, strict=True)]
    assert np.mean(inside) > 0.8
    assert response_curve(bent_table(seed=1), "posts").shape == STRAIGHT


def test_the_cadence_where_another_hour_pays_less_is_found_with_its_interval(bent: ResponseCurve) -> None:
    # Half of the first hour's return: 60 (1 - 0.09 x) = 30.
    assert bent.enough.reason == FOUND
    assert bent.enough.pieces is not None
    assert bent.enough.low is not None
    assert bent.enough.high is not None
    assert bent.enough.low < bent.enough.pieces < bent.enough.high
    assert bent.enough.low < 50 / 9 < bent.enough.high
    assert "another hour pays less than" in bent.enough.sentence
    assert bent.enough.sentence in bent.sentence


def test_a_higher_threshold_is_reached_sooner() -> None:
    table = bent_table(seed=2)
    found = [response_curve(table, "reels", least_per_hour=float(least)).enough for least in range(6, 28, 4)]
    pieces = [each.pieces for each in found if each.pieces is not None]
    assert [each.reason for each in found] == [FOUND] * len(pieces)
    assert pieces == sorted(pieces, reverse=True)
    assert response_curve(table, "reels", least_per_hour=-50.0).enough.reason == ALWAYS_MORE
    assert response_curve(table, "reels", least_per_hour=100.0).enough.reason == ALWAYS_LESS


def test_a_straight_line_has_no_such_cadence_and_says_so(daily: Daily) -> None:
    curve = response_curve(daily, "reels")
    assert curve.enough.reason == NO_BEND
    assert curve.enough.pieces is None
    assert "not identified" in curve.enough.sentence
    assert curve.per_hour is not None
    for least, reason in (
        (curve.per_hour.low - 0.1, ALWAYS_MORE),
        (curve.per_hour.estimate, NO_BEND),
        (curve.per_hour.high + 0.1, ALWAYS_LESS),
    ):
        assert response_curve(daily, "reels", least_per_hour=least).enough.reason == reason


def test_a_bent_curve_never_falls_within_the_weeks_seen() -> None:
    # The parabola turns at seven of ten reels.
    curve = response_curve(bent_table(seed=3, left=-0.4), "reels")
    assert curve.shape == BENT
    for values in (
        [point.estimate for point in curve.points],
        [point.low for point in curve.points],
        [point.high for point in curve.points],
        [point.growth for point in curve.points],
    ):
        assert (np.diff(values) >= 0).all()
    level = [point.estimate for point in curve.points if point.pieces > 8]
    assert max(level) == pytest.approx(min(level))
    busy = bent_table(seed=3, left=-0.4)
    busy.loc[busy.index[-4:], "reels"] = 10.0
    assert response_curve(busy, "reels").per_piece.estimate == 0


def test_short_idle_and_constant_histories_have_a_defined_answer(daily: Daily) -> None:
    assert {curve.shape for curve in response_curves(world("plain", seed=2, weeks=8).daily)} <= {STRAIGHT}
    idle = daily_from_frame(daily.frame.assign(ads=0.0, stories=3.0))
    assert tuple(curve.name for curve in response_curves(idle)) == ("posts", "reels")
    with pytest.raises(InvalidInput, match="stories"):
        response_curve(idle, "stories")
    assert response_curves(daily_from_frame(daily.frame.assign(follows=7.0, unfollows=0.0))) == ()
    assert response_curves(daily_from_frame(daily.frame.assign(**dict.fromkeys(CONTENT_TYPES, 0.0)))) == ()
    with pytest.raises(TooFewObservations):
        response_curves(world("plain", seed=2, weeks=7).daily)


def test_bad_options_are_refused(daily: Daily) -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"minutes": {"posts": -1.0}}, {"size": 0.7}, {"least_per_hour": float("nan")}, {"least_per_hour": float("inf")},
    )  # fmt: skip
    for options in refused:
        with pytest.raises(InvalidInput):
            response_curves(daily, **options)
    with pytest.raises(UnsupportedLevel):
        response_curves(daily, level=1.0)


def test_json_is_plain_and_comes_back(daily: Daily, bent: ResponseCurve) -> None:
    for curve in (*response_curves(daily), bent):
        stored = json.loads(json.dumps(curve.to_json(), allow_nan=False))
        assert ResponseCurve.from_json(stored) == curve


@settings(max_examples=25, deadline=None)
@given(level=st.floats(0.05, 0.95), seed=st.integers(0, 30))
def test_a_higher_level_gives_wider_bands_around_the_same_curve(level: float, seed: int) -> None:
    table = bent_table(seed=seed, weeks=40, noise=60.0)
    for one, other in zip(response_curves(table, level=level), response_curves(table, level=level + 0.04), strict=True):
        assert one.per_piece.estimate == other.per_piece.estimate
        for here, there in zip(one.points, other.points, strict=True):
            assert here.estimate == there.estimate
            assert there.low <= here.low <= here.estimate <= here.high <= there.high


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(8, 60),
    scale=st.sampled_from([0.01, 1.0, 1e6]),
    kept=st.sets(st.sampled_from(CONTENT_TYPES)),
    size=st.sampled_from([0.05, 0.45]),
    least=st.none() | st.floats(-1e3, 1e3),
)
def test_any_weeks_give_finite_curves(
    seed: int, length: int, scale: float, kept: set[str], size: float, least: float | None
) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "week_start": pd.date_range("2024-01-01", periods=length, freq="7D", unit="s"),
            "net_growth": scale * rng.standard_t(2, length),
            **{name: rng.poisson(rng.uniform(0, 4), length).astype(float) for name in sorted(kept)},
        }
    )
    for curve in response_curves(table, size=size, least_per_hour=least):
        json.dumps(curve.to_json(), allow_nan=False)
        assert curve.name in kept
        assert curve.today in curve.points or not curve.quietest <= curve.today.pieces <= curve.busiest
        for point in curve.points:
            assert point.low <= point.estimate <= point.high
            assert point.growth_low <= point.growth <= point.growth_high
