from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from cgn_core.tables import CONTENT_TYPES
from datagen import Creator
from datagen.worlds import END, KINDS, LEVEL_FALLS, SECOND_KINDS, STEADY_KINDS, second_world, world

MAKERS = {"first": world, "second": second_world}
Maker = Callable[..., Creator]


def ordinary(creator: Creator) -> np.ndarray:
    """Days that went not viral."""
    days = creator.daily.frame["date"].dt.strftime("%Y-%m-%d")
    viral: np.ndarray = days.isin(creator.truth.viral_days).to_numpy()
    return ~viral


def noise(creator: Creator) -> np.ndarray:
    """Of each week of its ordinary days, as a share of its mean."""
    mean = np.array(creator.truth.expected)
    follows = np.where(ordinary(creator), creator.daily.frame["follows"].to_numpy(), mean)
    share: np.ndarray = (follows - mean).reshape(-1, 7).sum(axis=1) / mean.reshape(-1, 7).sum(axis=1)
    return share


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_whole_weeks_that_end_on_one_day_and_follows_from_its_seed(make: Maker, kind: str) -> None:
    one, again, other = (make(kind, seed=seed, weeks=20) for seed in (5, 5, 6))
    assert_frame_equal(one.daily.frame, again.daily.frame)
    assert one.truth == again.truth
    assert not one.daily.frame["follows"].equals(other.daily.frame["follows"])
    assert len(one.daily.frame) == 140
    assert one.daily.frame["date"].iloc[-1].date() == END == date(2026, 11, 22)
    assert one.daily.weekly()["is_target"].tolist() == [True] * 20


def test_both_generators_have_the_same_kinds_and_the_steady_ones_are_among_them() -> None:
    assert list(KINDS) == list(SECOND_KINDS)
    assert list(KINDS)[: len(STEADY_KINDS)] == list(STEADY_KINDS)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_two_days_in_a_hundred_go_viral_and_more_with_reels_where_they_are_favoured(make: Maker) -> None:
    plain = [make("plain", seed=seed, weeks=104) for seed in range(12)]
    assert np.mean([1 - ordinary(creator).mean() for creator in plain]) == pytest.approx(0.02, abs=0.006)
    favoured = [make("viral days favour reels", seed=seed, weeks=104) for seed in range(12)]
    rates = []
    for creator in favoured:
        reels = creator.daily.frame["reels"].to_numpy() > 0
        rates.append([(~ordinary(creator))[part].mean() for part in (reels, ~reels)])
    with_reels, without = np.mean(rates, axis=0)
    assert with_reels > 2 * without


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_content_brings_nothing_where_there_is_no_effect(make: Maker) -> None:
    creator = make("no effect at all", seed=1, weeks=104)
    assert set(creator.truth.effects.values()) == {0.0}
    reels = creator.daily.frame["reels"] > 0
    mean = np.array(creator.truth.expected)
    assert mean[reels].mean() == pytest.approx(mean[~reels].mean(), rel=0.03)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_effects_that_spread_work_on_the_days_after_too(make: Maker) -> None:
    def later(kind: str) -> float:
        creator = make(kind, seed=2, weeks=104)
        ads = creator.daily.frame["ads"].to_numpy()
        mean = np.array(creator.truth.expected)
        return float(mean[1:][(ads[:-1] > 0) & (ads[1:] == 0)].mean() / mean[1:][(ads[:-1] + ads[1:]) == 0].mean())

    assert later("plain") < 1.1
    assert later("effects spread over days") > 1.12


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_in_saturated_worlds_one_more_piece_brings_less_than_the_last_ones_and_truth_says_how_much(make: Maker) -> None:
    truth = make("saturated", seed=3, weeks=30).truth
    assert truth.marginal["posts"] < 0.75 * truth.effects["posts"]
    assert truth.marginal["reels"] < 0.75 * truth.effects["reels"]
    usual = truth.cadence["reels"]
    assert truth.per_piece("reels", usual) == pytest.approx(truth.effects["reels"])
    assert truth.per_piece("reels", 2 * usual) < truth.effects["reels"] < truth.per_piece("reels", usual / 2)
    plain = make("plain", seed=3, weeks=30).truth
    assert plain.marginal == plain.effects


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_what_a_saturated_week_brings_is_what_its_truth_says_of_its_pieces(make: Maker) -> None:
    calm: dict[str, Any] = {"season": 0.0}
    if make is world:
        calm |= {"trend": 0.0, "weekday": (1.0,) * 7}
    creator = make("saturated", seed=3, weeks=104, **calm)
    mean = np.array(creator.truth.expected).reshape(-1, 7).sum(axis=1)
    made = np.full(len(mean), 7 * creator.truth.base)
    for name in creator.truth.effects:
        pieces = creator.daily.frame[name].to_numpy().reshape(-1, 7).sum(axis=1)
        made = made + np.array([number * creator.truth.per_piece(name, number) for number in pieces])
    assert mean == pytest.approx(made)


def test_the_level_falls_in_the_week_and_to_the_share_asked_for_with_posting_as_it_was() -> None:
    fallen, plain = world(LEVEL_FALLS, seed=4, weeks=40, week=32, share=0.3), world("plain", seed=4, weeks=40)
    share = np.array(fallen.truth.expected) / np.array(plain.truth.expected)
    assert share[: 7 * 32] == pytest.approx(1.0)
    assert share[7 * 32 :] == pytest.approx(0.3)
    for name in CONTENT_TYPES:
        assert fallen.daily.frame[name].equals(plain.daily.frame[name])


def test_the_second_generator_posts_otherwise_after_a_fall_which_takes_its_share_of_what_that_would_have_brought() -> (
    None
):
    fallen = second_world(LEVEL_FALLS, seed=4, weeks=40, week=32, share=0.3, season=0.0)
    plain = second_world("plain", seed=4, weeks=40, season=0.0)
    assert fallen.truth.expected[: 7 * 32] == plain.truth.expected[: 7 * 32]
    pieces = fallen.daily.frame[list(CONTENT_TYPES)].to_numpy()
    unhurt = fallen.truth.base + pieces @ np.array([fallen.truth.effects[name] for name in CONTENT_TYPES])
    share = np.array(fallen.truth.expected) / unhurt
    assert share[: 7 * 32] == pytest.approx(1.0)
    assert share[7 * 32 :] == pytest.approx(0.3)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_truth_names_the_monday_and_the_share_of_a_fall(make: Maker) -> None:
    fallen = make(LEVEL_FALLS, seed=4, weeks=40, week=32, share=0.3)
    ((day, factor),) = fallen.truth.breaks
    assert date.fromisoformat(day).weekday() == 0
    assert day == fallen.daily.frame["date"].iloc[7 * 32].date().isoformat()
    assert factor == 0.3
    usual = make(LEVEL_FALLS, seed=4, weeks=40)
    assert usual.truth.breaks == ((usual.daily.frame["date"].iloc[7 * 30].date().isoformat(), 0.15),)


def test_weeks_remember_the_week_before_where_that_is_asked_for_and_nowhere_else() -> None:
    def memory(kind: str) -> float:
        weeks = [noise(world(kind, seed=seed, weeks=208)) for seed in range(40)]
        spread = np.mean([each.var() for each in weeks])
        return float(np.mean([(each[1:] * each[:-1]).mean() for each in weeks]) / spread)

    assert memory("seasonal and autocorrelated") == pytest.approx(0.2, abs=0.05)
    assert abs(memory("plain")) < 0.05


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_year_has_a_strong_season_where_that_is_asked_for(make: Maker) -> None:
    def swing(kind: str, **changes: Any) -> float:
        mean = np.array(
            make(
                kind, seed=1, weeks=53, effects=dict.fromkeys(("posts", "reels", "stories", "ads"), 0.0), **changes
            ).truth.expected
        )
        weeks = mean.reshape(-1, 7).sum(axis=1)
        return float(weeks.max() / weeks.min())

    assert swing("seasonal and autocorrelated") > 1.8
    assert swing("plain") < 1.5


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_anything_else_can_be_asked_for_by_name(make: Maker) -> None:
    assert make("plain", seed=1, weeks=20, viral_rate=0.0).truth.viral_days == ()
    with pytest.raises(ValueError, match=r"the viral rate must be between 0 and 0\.2, not 0\.5"):
        make("plain", seed=1, weeks=20, viral_rate=0.5)
    with pytest.raises(KeyError, match="sunny"):
        make("sunny", seed=1, weeks=20)
