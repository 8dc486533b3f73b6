from __future__ import annotations

import numpy as np
import pytest
from proofs import viral_days
from proofs.rows import Row
from scipy import stats

from datagen.worlds import world

WORLDS = 12
SURELY = 0.001
"""Chance of a band to be missed by luck."""


@pytest.fixture(scope="module", params=["first", "second"])
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return viral_days.measure(WORLDS, generators=(request.param,))


def by_place(rows: list[Row]) -> dict[str, dict[str, float]]:
    places: dict[str, dict[str, float]] = {}
    for row in rows:
        places.setdefault(row.world, {})[row.measure] = row.value
    return places


def test_nearly_all_planted_days_are_found(rows: list[Row]) -> None:
    places = by_place(rows)
    assert len(places) == len(viral_days.WEEKS) * len(viral_days.KINDS)
    for figures in places.values():
        planted = round(figures["days to find in a world"] * WORLDS)
        assert planted > WORLDS
        found = round(figures[f"recall of {viral_days.MODEL}"] * planted)
        assert found >= stats.binom.ppf(SURELY, planted, viral_days.LEAST)


def test_little_else_is_found_than_by_who_knows_the_true_means(rows: list[Row]) -> None:
    for figures in by_place(rows).values():
        said = round(figures["days to find in a world"] * WORLDS)
        # The second generator's noise has Student's tails: days beyond five deviations that nobody planted.
        promised = min(viral_days.LEAST, figures[f"precision of {viral_days.KNOWER}"])
        assert figures[f"precision of {viral_days.MODEL}"] * said >= stats.binom.ppf(SURELY, said, promised)


def test_boosts_are_planted_where_they_are_said_to_be_and_followers_keep_them() -> None:
    calm = world("viral days favour reels", seed=3, weeks=104, viral_rate=0.0)
    planted = viral_days.plant(calm, np.random.default_rng(1), favour=2.0, generator="first")
    added = planted.daily.frame["follows"] - calm.daily.frame["follows"]
    assert ((added > 0) == planted.boosted).all()
    assert not (planted.above & ~planted.boosted).any()
    level = planted.daily.frame["followers"] - calm.daily.frame["followers"]
    assert level.tolist() == added.cumsum().tolist()
    reels = calm.daily.frame["reels"].to_numpy() > 0
    assert planted.boosted[reels].mean() > planted.boosted[~reels].mean()
