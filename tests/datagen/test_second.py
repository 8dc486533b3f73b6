from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datagen.second
from datagen.second import FIVE_DAYS, SecondSpec, generate_second, varied_second
from datagen.worlds import second_world, world

SPEC = SecondSpec(start=date(2023, 1, 2), days=1_400, viral_rate=0.0)


def test_it_shares_no_process_with_the_first_generator() -> None:
    sources = [
        node.module
        for node in ast.walk(ast.parse(inspect.getsource(datagen.second)))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("datagen")
    ]
    assert sorted(sources) == ["datagen.responses", "datagen.truths"]


def test_its_noise_is_another_law_and_as_strong_as_real_accounts_have_it() -> None:
    def shares(creator: Any) -> np.ndarray:
        frame = creator.daily.frame
        calm = ~frame["date"].dt.strftime("%Y-%m-%d").isin(creator.truth.viral_days).to_numpy()
        share: np.ndarray = frame["follows"].to_numpy()[calm] / np.array(creator.truth.expected)[calm]
        return share

    first, second = (
        np.concatenate([shares(make("plain", seed=seed, weeks=104)) for seed in range(6)])
        for make in (world, second_world)
    )
    assert first.std() == pytest.approx(second.std(), rel=0.5)
    assert second.mean() == pytest.approx(1.0, abs=0.03)
    logs = np.log(second[second > 0])
    tails = ((logs - logs.mean()) ** 4).mean() / logs.var() ** 2
    assert tails > 3.5  # log-normal noise would have 3


def test_a_days_noise_remembers_the_day_before() -> None:
    creator = generate_second(replace(SPEC, memory=0.6), np.random.default_rng(1))
    logs = np.log(creator.daily.frame["follows"].to_numpy() / np.array(creator.truth.expected))
    assert np.corrcoef(logs[1:], logs[:-1])[0, 1] == pytest.approx(0.6, abs=0.06)


def test_least_squares_scatters_around_the_effects_that_truth_states() -> None:
    errors = []
    for seed in range(8):
        creator = generate_second(replace(SPEC, season=0.0), np.random.default_rng(seed))
        columns = [creator.daily.frame[name].to_numpy() for name in creator.truth.effects]
        design = np.column_stack([np.ones(SPEC.days), *columns])
        found = np.linalg.lstsq(design, creator.daily.frame["follows"].to_numpy(), rcond=None)[0][1:]
        errors.append(found - np.array(list(creator.truth.effects.values())))
    mean, error = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1) / np.sqrt(8)
    assert (np.abs(mean) < 5 * error).all()


def test_spread_effects_sum_to_the_whole() -> None:
    quiet = replace(SPEC, season=0.0, kernel=FIVE_DAYS)
    creator = generate_second(quiet, np.random.default_rng(1))
    pieces = sum(creator.daily.frame[name].sum() * effect for name, effect in creator.truth.effects.items())
    assert sum(creator.truth.expected) == pytest.approx(SPEC.days * SPEC.base + pieces, rel=0.005)
    assert sum(FIVE_DAYS) == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(
    st.builds(
        SecondSpec, start=st.just(date(2024, 5, 8)), days=st.just(40), followers=st.floats(0, 1e9),
        base=st.floats(0, 1e6), kernel=st.sampled_from([(1.0,), FIVE_DAYS]), bend=st.floats(0, 1),
        season=st.floats(0, 1), memory=st.floats(-0.99, 0.99), noise=st.floats(0, 1), tails=st.floats(4, 1_000),
        viral_rate=st.floats(0, 0.2), viral_reels=st.floats(0, 100), falls_on=st.none() | st.integers(0, 39),
        falls_to=st.floats(0, 100), loss=st.floats(0, 1),
    ),
    st.integers(0, 2**32),
)  # fmt: skip
def test_whatever_a_spec_allows_gives_finite_numbers_that_agree(spec: SecondSpec, seed: int) -> None:
    creator = generate_second(spec, np.random.default_rng(seed))
    frame = creator.daily.frame
    numbers = frame.drop(columns="date")
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers >= 0).all().all()
    assert np.allclose(frame["followers"].diff()[1:], (frame["follows"] - frame["unfollows"])[1:])
    assert (frame["optimal_window_posts"] <= frame[["posts", "reels", "stories"]].sum(axis=1)).all()
    assert (frame["interactions"] == frame[["likes", "comments", "saves", "shares"]].sum(axis=1)).all()
    assert np.isfinite(creator.truth.expected).all()


def test_creators_differ_a_little_and_what_is_asked_for_is_kept() -> None:
    made = [varied_second(SPEC.start, 70, np.random.default_rng(seed), memory=0.4) for seed in range(5)]
    assert len({spec.effects["reels"] for spec in made}) == 5
    assert {spec.memory for spec in made} == {0.4}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"days": 0}, "the number of days must be between 1 and 36500, not 0"),
        ({"followers": -1.0}, "followers must be between"),
        ({"bend": 1.1}, "the bend must be between 0 and 1, not 1.1"),
        ({"season": -0.1}, "the season must be between"),
        ({"memory": 1.0}, "the memory must be between -0.99 and 0.99, not 1"),
        ({"noise": float("nan")}, "the noise must be between 0 and 1, not nan"),
        ({"tails": 2.0}, "the tails must be between"),
        ({"viral_rate": 0.3}, "the viral rate must be between 0 and 0.2, not 0.3"),
        ({"falls_on": 1_400}, "the day of the fall must be between 0 and 1399, not 1400"),
        ({"kernel": (0.5, 0.4)}, "the sum of the kernel must be between"),
        ({"loss": 2.0}, "the loss must be between 0 and 1, not 2"),
        ({"effects": {"posts": 1.0}}, "the effect is given for posts, reels, stories, ads, each of them"),
        ({"cadence": dict.fromkeys(SPEC.cadence, -1.0)}, "the cadence of posts must be between 0 and 1000, not -1"),
    ],
)
def test_a_creator_that_can_not_be_is_refused_by_name(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(SPEC, **change)
