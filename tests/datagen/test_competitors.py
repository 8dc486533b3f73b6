from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from datagen import Break, Creator, CreatorSpec, generate_competitors, generate_many
from datagen.competitors import SHOCK, SHOCK_MEMORY, VISIBLE, market_shocks

END = date(2026, 11, 22)
SPEC = CreatorSpec(name="own", start=date(2024, 11, 25), days=728, breaks=(Break(300, 0.2),), timing=0.5)


def weekly(creator: Creator) -> np.ndarray:
    sums: np.ndarray = np.array(creator.truth.expected).reshape(-1, 7).sum(axis=1)
    return sums


def test_competitors_are_of_a_similar_size_have_habits_of_their_own_and_say_what_they_are() -> None:
    peers = generate_competitors(SPEC, 40, seed=3)
    sizes = np.log([peer.daily.frame["followers"].iloc[0] / SPEC.followers for peer in peers])
    assert abs(sizes.mean()) < 0.2
    assert 0.2 < sizes.std() < 0.5
    assert len({peer.truth.effects["reels"] for peer in peers}) > 30
    assert all(peer.truth.competitor for peer in peers)
    assert all(peer.truth.breaks == () and peer.truth.timing == 0 for peer in peers)
    assert len({peer.truth.name for peer in peers}) == 40
    assert peers[0].daily.frame["date"].iloc[[0, -1]].dt.date.tolist() == [SPEC.start, END]


def test_the_first_competitors_stay_the_same_when_more_are_asked_for() -> None:
    for one, two in zip(generate_competitors(SPEC, 2, seed=3), generate_competitors(SPEC, 5, seed=3), strict=False):
        assert_frame_equal(one.daily.frame, two.daily.frame)
    other = generate_competitors(SPEC, 1, seed=4)[0]
    assert not other.daily.frame.equals(generate_competitors(SPEC, 1, seed=3)[0].daily.frame)


def test_accounts_of_one_market_share_its_shocks_and_its_season() -> None:
    options: dict[str, Any] = {"effects": dict.fromkeys(("posts", "reels", "stories", "ads"), 0.0), "season": 0.5}
    market = generate_many(creators=2, competitors=3, days=728, seed=5, end=END, peak_month=6.0, **options)
    assert [one.truth.competitor for one in market] == [False, False, True, True, True]
    # Season, peak and shocks are all that moves the mean of accounts whose content brings nothing.
    moves = np.array([np.log(weekly(one) / np.linspace(1, 1 + 1e-9, 104)) for one in market])
    moves -= np.array([np.polyval(np.polyfit(np.arange(104), row, 1), np.arange(104)) for row in moves])
    assert np.corrcoef(moves).min() > 0.97
    apart = generate_many(creators=1, competitors=1, days=728, seed=5, end=END, peak_month=6.0, shocks=(), **options)
    calm, shaken = (np.diff(np.log(weekly(one)), n=2) for one in (apart[0], market[0]))
    assert calm.std() < shaken.std() / 5


def test_without_shocks_a_creator_is_the_same_with_competitors_and_without() -> None:
    alone = generate_many(creators=2, days=60, seed=5, end=END)
    among = generate_many(creators=2, competitors=3, days=60, seed=5, end=END, shocks=())
    assert len(among) == 5
    for one, two in zip(alone, among, strict=False):
        assert_frame_equal(one.daily.frame, two.daily.frame)


def test_of_some_only_what_anybody_can_count_is_known_and_their_truth_all_the_same() -> None:
    seen = generate_competitors(SPEC, 4, seed=3)
    partly = generate_competitors(SPEC, 4, seed=3, posts_only=2)
    for whole, other, place in zip(seen, partly, range(4), strict=True):
        columns = set(VISIBLE) if place < 2 else set(whole.daily.columns)
        assert set(other.daily.columns) == columns
        assert set(other.daily.provenance.columns) == columns
        assert other.truth == whole.truth
        for name in columns:
            assert other.daily.frame[name].equals(whole.daily.frame[name])
        assert other.daily.weekly()["net_growth"].isna().all() == (place < 2)


def test_a_markets_weeks_scatter_around_one_and_longer_histories_begin_with_the_same() -> None:
    shocks = np.log(market_shocks(1, days=7 * 4_000))
    assert shocks.std() == pytest.approx(SHOCK, rel=0.1)
    assert np.corrcoef(shocks[1:], shocks[:-1])[0, 1] == pytest.approx(SHOCK_MEMORY, abs=0.06)
    assert market_shocks(1, days=700)[:50] == market_shocks(1, days=350)[:50]
    assert market_shocks(1, days=70) != market_shocks(2, days=70)


def test_no_competitors_are_none() -> None:
    assert generate_competitors(SPEC, 0, seed=1) == []


@pytest.mark.parametrize(
    ("number", "posts_only", "sentence"),
    [
        (-1, 0, "competitors must be between 0 and 1000, not -1"),
        (1_001, 0, "competitors must be between 0 and 1000, not 1001"),
        (3, 4, "those known by posts only must be between 0 and 3, not 4"),
        (3, -1, "those known by posts only must be between 0 and 3, not -1"),
    ],
)
def test_numbers_that_can_not_be_are_refused_by_name(number: int, posts_only: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        generate_competitors(SPEC, number, seed=1, posts_only=posts_only)
