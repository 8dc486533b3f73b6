from __future__ import annotations

import pytest
from proofs import not_identified
from proofs.not_identified import NO_BEND, NO_CARRY_OVER, SOME_BEND, SOME_CARRY_OVER
from proofs.rows import Row
from scipy import stats

from datagen.worlds import world

WORLDS = 24


@pytest.fixture(scope="module")
def first() -> list[Row]:
    return not_identified.measure(WORLDS, weeks=(26, 104), generators=("first",))


@pytest.fixture(scope="module")
def second() -> list[Row]:
    return not_identified.measure(WORLDS, weeks=(52,), generators=("second",))


def chosen(rows: list[Row], measured: str) -> list[Row]:
    return [row for row in rows if row.measure == measured]


@pytest.mark.parametrize("measured", [NO_BEND, NO_CARRY_OVER])
@pytest.mark.parametrize("generator", ["first", "second"])
def test_no_more_than_five_in_a_hundred_false_claims(
    measured: str, generator: str, first: list[Row], second: list[Row]
) -> None:
    rows = chosen(first if generator == "first" else second, measured)
    assert len(rows) >= 4
    claims = round(sum(row.value * row.worlds for row in rows))
    assert claims <= stats.binom.ppf(0.999, WORLDS * len(rows), 0.05)
    assert all(row.holds for row in rows)


def test_bends_and_effects_that_last_are_claimed_about_as_often_as_promised(first: list[Row]) -> None:
    for measured in (SOME_BEND, SOME_CARRY_OVER):
        rows = chosen(first, measured)
        assert all(row.holds for row in rows)
        short, long = (
            max(row.value for row in rows if f"{weeks} weeks" in row.world and "alone" not in row.world)
            for weeks in (26, 104)
        )
        assert short < long >= 0.5


def test_the_power_that_is_told_is_the_share_of_claims(first: list[Row]) -> None:
    for place in {row.world for row in chosen(first, SOME_BEND)}:
        (claimed,) = (row.value for row in chosen(first, SOME_BEND) if row.world == place)
        (told,) = (row.value for row in chosen(first, "power told for that bend") if row.world == place)
        assert stats.binom.ppf(0.001, WORLDS, max(told - 0.1, 0)) <= claimed * WORLDS + 1e-9
        assert claimed * WORLDS <= stats.binom.ppf(0.999, WORLDS, told + 0.1) + 1e-9


def test_a_bent_history_loses_what_the_busiest_week_loses() -> None:
    creator = world("plain", seed=1, weeks=52)
    straight = not_identified.bent(creator, left=1.0)
    lower = not_identified.bent(creator, left=0.0)
    assert (straight.frame["follows"] == creator.daily.frame["follows"]).all()
    lost = (straight.frame["follows"] - lower.frame["follows"]).groupby(straight.frame.index // 7).sum()
    reels = creator.daily.frame["reels"].groupby(straight.frame.index // 7).sum()
    assert lost.corr(reels) > 0.1
    assert 0 < lost.sum() < straight.frame["follows"].sum()
