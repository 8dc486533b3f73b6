from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from generation import creator_by_day
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cgn_core.tables import CONTENT_TYPES, DAILY_COLUMNS, Provenance, daily_from_frame
from datagen import Break, CreatorSpec, Response, generate, generate_arrays, generate_batches
from datagen.processes import carried
from datagen.reactions import drawn_of
from datagen.specs import PROCESSES

SPEC = CreatorSpec(name="one", start=date(2024, 5, 8), days=120)
END = date(2026, 11, 22)


def streams(number: int, *, seed: int = 1) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, place]) for place in range(number)]


bent = st.builds(
    Response, st.sampled_from(["log1p", "hill", "quadratic"]), scale=st.floats(0.01, 10_000), power=st.floats(0.2, 5.0)
)
specs = st.builds(
    CreatorSpec,
    name=st.just("any"),
    start=st.just(date(2024, 5, 8)),
    days=st.just(60),
    followers=st.floats(0, 1e9),
    base=st.floats(0, 1e6),
    cadence=st.fixed_dictionaries({}, optional={name: st.floats(0, 1_000) for name in CONTENT_TYPES}),
    processes=st.fixed_dictionaries({}, optional={name: st.sampled_from(PROCESSES) for name in CONTENT_TYPES}),
    cadence_variation=st.floats(0, 3),
    effects=st.fixed_dictionaries({}, optional={name: st.floats(-1e6, 1e6) for name in CONTENT_TYPES}),
    responses=st.fixed_dictionaries({}, optional=dict.fromkeys(CONTENT_TYPES, bent)),
    carry_over=st.floats(0, 0.99),
    timing=st.floats(0, 1),
    window=st.floats(0, 1),
    trend=st.floats(-1, 10),
    season=st.floats(0, 1),
    peak_month=st.floats(-12, 24),
    breaks=st.sampled_from([(), (Break(0, 0.0),), (Break(10, 0.15), Break(40, 3.0))]),
    shocks=st.lists(st.floats(0, 100), max_size=12).map(tuple),
    swing=st.floats(0, 2),
    memory=st.floats(-0.99, 0.99),
    loss=st.floats(0, 1),
    spread=st.sampled_from([0.0, 1.0, 3.0, 1_000.0]),
    viral_rate=st.floats(0, 0.2),
    viral_size=st.floats(0, 1_000),
    viral_spread=st.floats(0, 3),
    viral_reels=st.floats(0, 100),
    engagement=st.floats(0, 1),
    gaps=st.floats(0, 0.9),
    provisional_tail=st.integers(0, 60),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(specs, st.integers(0, 2**32))
def test_whatever_a_spec_allows_gives_whole_finite_numbers_that_agree_with_one_another(
    spec: CreatorSpec, seed: int
) -> None:
    creator = generate(spec, np.random.default_rng(seed))
    frame = creator.daily.frame
    assert len(frame) == 60
    known = frame[frame["follows"].notna()]
    assert {0, 59} <= set(known.index)
    numbers = known.drop(columns="date")
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers >= 0).all().all()
    counted = numbers.drop(columns="minutes_spent")
    assert (counted == counted.round()).all().all()
    assert (known["profile_visits"] <= known["reach"]).all()
    assert (known["views"] >= known["reach"]).all()
    assert (known["interactions"] <= known["reach"]).all()
    assert (known["interactions"] == known[["likes", "comments", "saves", "shares"]].sum(axis=1)).all()
    assert (known["optimal_window_posts"] <= known[["posts", "reels", "stories"]].sum(axis=1)).all()
    assert np.isfinite(creator.truth.expected).all()
    assert np.isfinite(list(creator.truth.marginal.values())).all()
    steps = known["followers"].diff() - (known["follows"] - known["unfollows"])
    follows_on = np.diff(known.index, prepend=-2) == 1
    assert np.allclose(steps[follows_on], 0.0, atol=1e-9 * max(known["followers"].max(), 1.0))


@settings(max_examples=15, deadline=None)
@given(st.lists(specs, min_size=2, max_size=4))
def test_a_creator_is_the_same_alone_and_in_any_company(company: list[CreatorSpec]) -> None:
    batch = generate_arrays(company, streams(len(company)))
    for number, (spec, rng) in enumerate(zip(company, streams(len(company)), strict=True)):
        alone, among = generate(spec, rng), batch.creator(number)
        assert_frame_equal(alone.daily.frame, among.daily.frame)
        assert_frame_equal(alone.daily.provenance, among.daily.provenance)
        assert alone.truth == among.truth


def test_the_table_is_the_one_that_the_canonical_reader_makes_of_the_same_numbers() -> None:
    creator = generate(replace(SPEC, gaps=0.2, provisional_tail=30), np.random.default_rng(3))
    frame = creator.daily.frame
    read = daily_from_frame(frame[frame["follows"].notna()], creator="one", provisional_days=30)
    assert_frame_equal(creator.daily.frame, read.frame)
    assert_frame_equal(creator.daily.provenance, read.provenance)
    assert creator.daily.columns == tuple(DAILY_COLUMNS)
    assert set(np.unique(read.provenance)) == {Provenance.MISSING, Provenance.OBSERVED, Provenance.PROVISIONAL}


def test_batches_hold_as_many_as_asked_and_begin_with_the_same_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"days": 30, "seed": 4, "end": END}
    (together,) = generate_batches(creators=7, **asked)
    monkeypatch.setattr("datagen.creators.BATCH", 3)
    parts = list(generate_batches(creators=7, **asked))
    assert [len(part) for part in parts] == [3, 3, 1]
    for name in DAILY_COLUMNS:
        assert np.array_equal(np.concatenate([part.columns[name] for part in parts]), together.columns[name])


@pytest.mark.parametrize(
    ("company", "number", "sentence"),
    [
        ([], 0, "a batch has at least one creator"),
        ([SPEC], 2, "a generator for each, not 1 and 2"),
        ([SPEC, replace(SPEC, days=121)], 2, "start on one day and have equally long histories"),
        ([SPEC, replace(SPEC, start=date(2024, 5, 9))], 2, "start on one day and have equally long histories"),
    ],
)
def test_what_is_no_batch_is_refused(company: list[CreatorSpec], number: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        generate_arrays(company, streams(number))


@given(st.floats(-0.99, 0.99), st.integers(1, 70))
def test_what_is_carried_equals_the_recursion(kept: float, days: int) -> None:
    values = np.random.default_rng(days).normal(size=(2, days))
    expected = values.copy()
    for day in range(1, days):
        expected[:, day] += kept * expected[:, day - 1]
    assert np.allclose(carried(values, np.full((2, 1), kept)), expected, atol=1e-12)


@pytest.mark.parametrize(("number", "share"), [(9, 0.5), (40, 0.06), (5_000, 0.08)])
def test_what_is_drawn_of_a_number_has_the_mean_and_variance_of_the_binomial_law(number: int, share: float) -> None:
    luck = np.random.default_rng(2).standard_normal(200_000)
    drawn = drawn_of(np.full(luck.shape, float(number)), share, luck)
    assert drawn.min() >= 0
    assert drawn.max() <= number
    assert drawn.mean() == pytest.approx(number * share, rel=0.03)
    assert drawn.var() == pytest.approx(number * share * (1 - share), rel=0.06, abs=0.08)


def test_the_loop_over_days_that_we_are_measured_against_does_the_same() -> None:
    spec = CreatorSpec(name="long", start=date(2020, 1, 6), days=2_000, viral_reels=1.0, carry_over=0.4)
    ours = generate(spec, np.random.default_rng(1)).daily.frame
    theirs = creator_by_day(spec, np.random.default_rng(1))
    assert set(theirs) == set(DAILY_COLUMNS)
    for name in set(DAILY_COLUMNS) - {"ads", "followers"}:
        error = np.hypot(ours[name].std(), theirs[name].std()) * np.sqrt(8 / 2_000)  # weeks are alike, days are not new
        assert abs(ours[name].mean() - theirs[name].mean()) < 4 * error, name
        assert ours[name].std() == pytest.approx(theirs[name].std(), rel=0.35), name
