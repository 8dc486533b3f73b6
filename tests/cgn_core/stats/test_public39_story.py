"""The widely used 39-column layout, by the second generator (a loop over days, with viral days), through the import."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cgn_core import library
from cgn_core.stats.fit import Effect, one_of
from cgn_core.stats.training import Training, train
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import Daily
from datagen.creators import Creator
from datagen.layouts import public_table, write_table
from datagen.worlds import second_world

WEEKS = 104
SEEDS = range(8)
CONTENT = ("posts", "reels", "stories")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("public39")
    paths = {seed: folder / f"creator{seed}.csv" for seed in SEEDS}
    for seed, path in paths.items():
        write_table(public_table(creator(seed), np.random.default_rng(seed)), path, kind="csv")
    return paths


@cache
def creator(seed: int) -> Creator:
    return second_world("plain", seed=seed, weeks=WEEKS)


@pytest.fixture(scope="module")
def dailies(files: dict[int, Path]) -> dict[int, Daily]:
    return {seed: library.read(path) for seed, path in files.items()}


@pytest.fixture(scope="module")
def training(dailies: dict[int, Daily]) -> Training:
    return train(dailies[1])


def effects(daily: Daily, model: str) -> dict[str, Effect]:
    return {effect.name: effect for effect in fit_weekly(daily, model=model).effects}


def test_the_file_is_read_whole_and_its_viral_days_are_in_it(dailies: dict[int, Daily]) -> None:
    for seed, daily in dailies.items():
        assert len(daily.frame) == 7 * WEEKS
        assert len(creator(seed).truth.viral_days) > 5
        np.testing.assert_array_equal(daily.frame["follows"], creator(seed).daily.frame["follows"])


def test_with_huber_the_three_content_effects_come_out_right(dailies: dict[int, Daily]) -> None:
    hits = 0
    for seed, daily in dailies.items():
        truth = creator(seed).truth.effects
        found = effects(daily, "huber")
        for name in CONTENT:
            assert found[name].estimate > 0, (seed, name)
            hits += found[name].low <= truth[name] <= found[name].high
        assert found["reels"].estimate > found["stories"].estimate
    assert hits >= stats.binom.ppf(0.01, len(SEEDS) * len(CONTENT), 0.9)


def test_the_single_levers_sign_comes_out_right(dailies: dict[int, Daily]) -> None:
    by_median, by_least_squares = [], []
    for daily in dailies.values():
        (robust,) = effects(daily, "theil_sen").values()
        (plain,) = effects(daily, "single_lever").values()
        by_median.append(robust.estimate > 0)
        by_least_squares.append(plain.estimate > 0)
        assert robust.high > 0
        assert plain.high > 0
    assert all(by_median)
    assert sum(by_least_squares) >= len(SEEDS) - 1


def test_least_squares_loses_effects_that_huber_sees(dailies: dict[int, Daily]) -> None:
    def told(model: str) -> int:
        return sum(effects(daily, model)[name].low > 0 for daily in dailies.values() for name in CONTENT)

    assert told("huber") > 1.5 * told("ols")


def test_the_summary_says_why_least_squares_is_not_shown(training: Training, dailies: dict[int, Daily]) -> None:
    assert training.chosen == "daily"
    assert training.verdict == "beats_naive"
    ordinary = effects(dailies[1], "ols")
    shown = {effect.name: effect for effect in training.fit.effects}
    (name,) = (each for each in ordinary if f"one more {one_of(each)} only" in training.reason)
    assert "Least squares on weeks (ols) is not shown" in training.reason
    assert f"{len(training.fit.viral_days)} viral days fall into" in training.reason
    assert f"{ordinary[name].low:,.0f} to {ordinary[name].high:,.0f} followers" in training.reason
    assert f"the daily model says {shown[name].low:,.0f} to {shown[name].high:,.0f}" in training.reason


def test_a_history_without_a_viral_day_has_nothing_to_say_of_least_squares() -> None:
    calm = second_world("plain", seed=1, weeks=40, viral_rate=0.0).daily
    assert "Least squares on weeks" not in train(calm).reason
    viral = second_world("plain", seed=1, weeks=40).daily
    assert "Least squares on weeks" not in train(viral, model="ols").reason
