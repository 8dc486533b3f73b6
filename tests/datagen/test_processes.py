from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cgn_core.tables import CONTENT_TYPES
from datagen import Break, Creator, CreatorSpec, Response, generate

LONG = CreatorSpec(name="long", start=date(2015, 1, 5), days=7 * 1_000, trend=0.0, season=0.0, viral_rate=0.0)
"""A thousand whole weeks."""
STILL: dict[str, Any] = {"effects": {}, "weekday": (1.0,) * 7}


def made(*, seed: int = 1, **changes: Any) -> Creator:
    return generate(replace(LONG, **changes), np.random.default_rng(seed))


def by_week(creator: Creator, name: str) -> np.ndarray:
    sums: np.ndarray = creator.daily.frame[name].to_numpy().reshape(-1, 7).sum(axis=1)
    return sums


def test_a_bent_type_brings_what_its_curve_says_in_weeks_of_few_and_of_many() -> None:
    curve = Response("hill", scale=4.0)
    creator = made(
        **STILL | {"effects": {"reels": 20.0}}, cadence={"reels": 4.0}, responses={"reels": curve}, base=30.0
    )
    pieces = by_week(creator, "reels")
    gained = np.array(creator.truth.expected).reshape(-1, 7).sum(axis=1) - 7 * 30.0
    for number in (1, 4, 9):
        assert gained[pieces == number] == pytest.approx(number * creator.truth.per_piece("reels", number))
    assert creator.truth.per_piece("reels", 4) == pytest.approx(20.0)
    assert creator.truth.per_piece("reels", 12) == pytest.approx(10.0)
    assert creator.truth.marginal["reels"] == pytest.approx(10.0)
    assert creator.truth.effects == {"posts": 0.0, "reels": 20.0, "stories": 0.0, "ads": 0.0}


def test_the_level_stands_at_each_breaks_share_until_the_next_and_truth_dates_them() -> None:
    broken, whole = (made(breaks=breaks) for breaks in ((Break(70, 0.15), Break(700, 2.0)), ()))
    share = np.array(broken.truth.expected) / np.array(whole.truth.expected)
    assert share[:70] == pytest.approx(1.0)
    assert share[70:700] == pytest.approx(0.15)
    assert share[700:] == pytest.approx(2.0)
    assert broken.truth.breaks == (("2015-03-16", 0.15), ("2016-12-05", 2.0))
    for name in CONTENT_TYPES:
        assert broken.daily.frame[name].equals(whole.daily.frame[name])
    assert whole.truth.breaks == ()


def test_a_markets_shocks_are_factors_of_its_weeks_and_one_where_none_is_given() -> None:
    shaken = made(**STILL, shocks=(1.5, 0.5), start=date(2015, 1, 8), days=30)  # a Thursday
    assert shaken.truth.expected == pytest.approx([67.5] * 4 + [22.5] * 7 + [45.0] * 19)


@pytest.mark.parametrize(("swing", "memory"), [(0.3, 0.0), (0.3, 0.6), (0.3, -0.4)])
def test_weeks_swing_around_the_mean_as_far_and_as_long_as_asked(swing: float, memory: float) -> None:
    creator = made(**STILL, base=3_000.0, spread=1.0, swing=swing, memory=memory)
    level = np.log(by_week(creator, "follows") / (7 * 3_000.0))
    assert level.std() == pytest.approx(swing, rel=0.1)
    assert np.corrcoef(level[1:], level[:-1])[0, 1] == pytest.approx(memory, abs=0.1)
    assert np.exp(level).mean() == pytest.approx(1.0, abs=0.05)
    assert np.ptp(creator.truth.expected) == pytest.approx(0.0, abs=1e-6)


def test_swings_breaks_and_bends_leave_every_number_of_posting_as_it_was() -> None:
    usual = made(days=700).daily.frame
    other = made(days=700, swing=0.2, memory=0.5, breaks=(Break(9, 0.5),), responses={"posts": Response("log1p")})
    for name in (*CONTENT_TYPES, "optimal_window_posts"):
        assert other.daily.frame[name].equals(usual[name])
    assert not other.daily.frame["follows"].equals(usual["follows"])


def test_a_piece_in_the_best_window_brings_more_by_the_share_asked_for_and_the_mean_is_the_effect() -> None:
    quiet: dict[str, Any] = {**STILL, "base": 10.0, "effects": {"posts": 100.0}, "cadence": {"posts": 3.0}}
    creator = made(**quiet, timing=0.5, window=0.4)
    frame, gained = creator.daily.frame, np.array(creator.truth.expected) - 10.0
    one = frame["posts"] == 1
    inside, outside = (gained[one & (frame["optimal_window_posts"] == place)] for place in (1, 0))
    assert inside == pytest.approx(130.0)
    assert outside == pytest.approx(80.0)
    assert gained[frame["posts"] > 0].sum() / frame["posts"].sum() == pytest.approx(100.0, rel=0.01)
    assert frame["optimal_window_posts"].sum() / frame["posts"].sum() == pytest.approx(0.4, abs=0.03)
    assert creator.truth.timing == 0.5


def test_a_timetable_is_as_even_as_whole_pieces_allow() -> None:
    even: dict[str, Any] = {"cadence": {"reels": 3.0}, "cadence_variation": 0.0}
    steady, scattered = (made(**even, processes={"reels": process}) for process in ("timetable", "poisson"))
    assert set(by_week(steady, "reels")) == {3.0}
    assert by_week(scattered, "reels").var() == pytest.approx(3.0, rel=0.2)


def test_campaigns_are_runs_of_weeks_with_nothing_between_and_the_cadence_on_average() -> None:
    creator = made(cadence={"ads": 2.0}, cadence_variation=0.0, processes={"ads": "campaigns"})
    weeks = by_week(creator, "ads")
    assert weeks.mean() == pytest.approx(2.0, rel=0.25)
    blocks = weeks[: 3 * (len(weeks) // 3)].reshape(-1, 3)
    silent = (blocks == 0).all(axis=1)
    assert silent.mean() == pytest.approx(2 / 3, abs=0.08)
    assert blocks[~silent].mean() == pytest.approx(6.0, rel=0.1)


def test_reach_engagement_and_hashtags_are_as_asked() -> None:
    creator = made(
        followers=1e6, base=5.0, effects={}, loss=0.0, engagement=0.1, hashtags={"posts": 20.0},
        reach={"reels": 0.5}, cadence={"posts": 7.0, "reels": 3.0}, days=2_000,
    )  # fmt: skip
    frame = creator.daily.frame
    assert frame["interactions"].sum() / frame["reach"].sum() == pytest.approx(0.1, rel=0.01)
    assert frame["hashtags"].sum() / frame["posts"].sum() == pytest.approx(20.0, rel=0.02)
    share = (frame["reach"] / frame["followers"]).groupby(frame["reels"]).mean()
    assert share[1] - share[0] == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"followers": -1.0}, "followers must be between 0 and 1e\\+09, not -1"),
        ({"base": -1.0}, "base must be between"),
        ({"cadence_variation": 4.0}, "the cadence's variation must be between 0 and 3, not 4"),
        ({"timing": 1.5}, "the timing must be between 0 and 1, not 1.5"),
        ({"window": -0.1}, "the share in the best window must be between 0 and 1"),
        ({"trend": 11.0}, "the trend must be between -1 and 10, not 11"),
        ({"season": 2.0}, "the season must be between 0 and 1, not 2"),
        ({"peak_month": 25.0}, "the peak month must be between -12 and 24, not 25"),
        ({"swing": -0.1}, "the swing must be between 0 and 2"),
        ({"memory": 1.0}, "the memory must be between -0.99 and 0.99, not 1"),
        ({"loss": 1.1}, "the loss must be between 0 and 1"),
        ({"viral_size": -1.0}, "the viral size must be between"),
        ({"viral_spread": 4.0}, "the viral spread must be between"),
        ({"viral_reels": -1.0}, "the viral favour of reels must be between"),
        ({"engagement": float("nan")}, "the engagement must be between 0 and 1, not nan"),
        ({"provisional_tail": 8_000}, "the provisional tail must be between 0 and 7000, not 8000"),
        ({"shocks": (1.0, -1.0)}, "a shock of the market must be between 0 and 100, not -1"),
        ({"reach": {"posts": 11.0}}, "the reach of posts must be between 0 and 10, not 11"),
        ({"hashtags": {"reels": -1.0}}, "the hashtags of reels must be between"),
        ({"minutes": {"ads": -1.0}}, "the minutes of ads must be between"),
        ({"responses": {"tiktoks": Response()}}, "'tiktoks' is no content type"),
        ({"processes": {"posts": "daily"}}, "'daily' is no way of posting posts; there are poisson, timetable"),
        ({"processes": {"tiktoks": "poisson"}}, "'tiktoks' is no content type"),
        ({"breaks": (Break(5, 0.5), Break(5, 0.6))}, "breaks are at days of the history, 0 to 6999, in order"),
        ({"breaks": (Break(7_000, 0.5),)}, "breaks are at days of the history"),
    ],
)  # fmt: skip
def test_every_number_out_of_its_bounds_is_refused_by_name(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(LONG, **change)


@pytest.mark.parametrize(
    ("day", "factor", "sentence"),
    [
        (-1, 0.5, "the day of a break must be between 0 and 36500, not -1"),
        (3, -0.5, "the factor of a break must be between 0 and 100, not -0.5"),
        (3, float("nan"), "the factor of a break must be between 0 and 100, not nan"),
    ],
)
def test_what_is_no_break_is_refused_by_name(day: int, factor: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Break(day, factor)


def test_a_week_that_starts_within_it_bends_by_the_calendar() -> None:
    creator = made(start=date(2015, 1, 8), days=11, responses={"stories": Response("log1p")})  # Thursday to Sunday week
    weeks = pd.Series(creator.daily.frame["stories"]).groupby(creator.daily.frame["date"].dt.isocalendar().week).sum()
    assert len(weeks) == 2
    assert np.isfinite(creator.truth.expected).all()
