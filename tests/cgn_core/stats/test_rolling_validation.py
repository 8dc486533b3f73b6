from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, StatisticsError, TooFewObservations, UnsupportedLevel
from cgn_core.stats import rolling_validation
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.penalised_estimators import ridge
from cgn_core.stats.rolling_validation import LINEAR_MODELS, ridge_together, validate_linear
from cgn_core.stats.validation import Grammar, Validation, cross_validate
from cgn_core.tables import Daily, daily_from_frame
from datagen.worlds import world


def creator(*, weeks: int = 30, seed: int = 1, **columns: Any) -> Daily:
    """Days of posts, reels and ads; ``columns`` replace some."""
    rng = np.random.default_rng(seed)
    days = 7 * weeks
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=days),
            "posts": rng.poisson(0.8, days),
            "reels": rng.poisson(0.5, days),
            "ads": rng.poisson(0.2, days),
        }
    ).astype({"posts": float, "reels": float, "ads": float})
    for name, values in columns.items():
        frame[name] = values
    growth = 20 + 9 * frame["posts"].fillna(0) + 15 * frame["reels"].fillna(0) + rng.normal(scale=12, size=days)
    frame["follows"], frame["unfollows"] = growth.clip(lower=0).round() + 3, 3.0
    return daily_from_frame(frame)


def numbers(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from numbers(each, f"{path}/{name}")
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from numbers(each, f"{path}/{place}")
    else:
        yield path, value


def assert_cross_validated(creators: list[Daily], *, model: str, **options: Any) -> None:
    found = validate_linear([TargetWeeks.of(daily) for daily in creators], model=model, **options)
    assert len(found) == len(creators)
    for daily, validation in zip(creators, found, strict=True):
        expected = validated(daily, model=model, **options)
        assert type(validation) is type(expected)
        ours, theirs = (dict(numbers(plain(each))) for each in (validation, expected))
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            if isinstance(value, float):
                # One creator's reweighting ends after 60 steps, a batch's after 100.
                close, within = (1e-3, 1e-2) if model == "huber" else (1e-8, 1e-8)
                assert math.isclose(ours[name], value, rel_tol=close, abs_tol=within), name
            else:
                assert ours[name] == value, name


def validated(daily: Daily, **options: Any) -> Validation | StatisticsError:
    try:
        return cross_validate(daily, **options)
    except (TooFewObservations, ConstantSeries) as refusal:
        return refusal


def plain(found: Validation | StatisticsError) -> Any:
    return found.to_json() if isinstance(found, Validation) else str(found)


def solved_alone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the fits that single creators needed."""
    counted: list[int] = []
    fit = rolling_validation.validate_weeks

    def counting(*arguments: Any, **options: Any) -> Any:
        found = fit(*arguments, **options)
        counted.append(found.origins - len(options["ready"]))
        return found

    monkeypatch.setattr(rolling_validation, "validate_weeks", counting)
    return counted


@pytest.mark.parametrize("model", LINEAR_MODELS)
def test_answers_are_cross_validates(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = solved_alone(monkeypatch)
    chosen = (("plain", 1, 40), ("viral days favour reels", 2, 40), ("plain", 3, 60))
    creators = [world(kind, seed=seed, weeks=weeks).daily for kind, seed, weeks in chosen]
    assert_cross_validated(creators, model=model)
    assert sum(counted) == 0


@pytest.mark.parametrize("model", LINEAR_MODELS)
@pytest.mark.parametrize(
    "grammar",
    [
        Grammar(initial=12, horizon=2, gap=1, step=3),
        Grammar(initial=9, window=14),
        Grammar(initial=10, window=7),
        Grammar(initial=12, refit=5, step=2),
    ],
)
def test_every_rule_of_the_grammar_holds(model: str, grammar: Grammar) -> None:
    assert_cross_validated([creator(seed=seed) for seed in range(2)], model=model, grammar=grammar, level=0.8)


def test_an_effect_that_weeks_leave_open_is_the_single_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = solved_alone(monkeypatch)
    days = 7 * 30
    late = np.where(np.arange(days) >= 7 * 18, np.arange(days) % 3 == 0, 0.0).astype(float)
    once = (np.arange(days) == 45).astype(float)
    posts = creator().frame["posts"].to_numpy()
    creators = [
        creator(ads=0.0),
        creator(reels=late),
        creator(ads=once),
        creator(reels=2 * posts),
        creator(posts=1.0, reels=0.0, ads=0.0),
    ]
    assert_cross_validated(creators, model="ols")
    # Never used, or always alike: that much is solved together. Used once, or together: each creator alone.
    assert counted[0] == counted[4] == 0
    assert 0 < counted[1] < 5
    assert counted[2] == counted[3] == 22


def test_gaps_blanks_and_followers_alone_are_cross_validates() -> None:
    gappy = creator(seed=3)
    frame = gappy.frame.copy()
    frame.loc[60:63, ["follows", "unfollows"]] = np.nan
    blank = gappy.frame.copy()
    blank.loc[100:104, "posts"] = np.nan
    sums = gappy.frame.drop(columns=["follows", "unfollows"]).assign(followers=5_000 + gappy.net_growth().cumsum())
    midweek = gappy.frame.iloc[3:-2]
    creators = [daily_from_frame(each) for each in (frame, blank, sums, midweek)]
    for grammar in (None, Grammar(initial=10, window=12)):
        assert_cross_validated(creators, model="ols", grammar=grammar)


def test_a_history_that_cannot_be_validated_stops_no_other() -> None:
    flat = creator().frame.assign(follows=9.0)
    creators = [creator(weeks=9), creator(weeks=8), daily_from_frame(flat), creator(weeks=3)]
    assert_cross_validated(creators, model="ols", grammar=Grammar(initial=8))
    found = validate_linear([TargetWeeks.of(each) for each in creators], model="ols", grammar=Grammar(initial=8))
    assert [type(each).__name__ for each in found] == [
        "Validation", "TooFewObservations", "ConstantSeries", "TooFewObservations",
    ]  # fmt: skip


def test_many_blocks_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling_validation, "BLOCK", 2)
    assert_cross_validated([creator(seed=seed, weeks=14) for seed in range(5)], model="ridge")


def test_progress_counts_creators() -> None:
    said: list[tuple[float, str]] = []
    creators = [TargetWeeks.of(creator(weeks=14, seed=seed)) for seed in range(3)]
    validate_linear(creators, model="ols", progress=lambda fraction, sentence: said.append((fraction, sentence)))
    assert [sentence for _, sentence in said] == [f"Validating creator {number} of 3" for number in (1, 2, 3)]
    assert [fraction for fraction, _ in said] == sorted(fraction for fraction, _ in said)


def test_nobody_gets_nothing() -> None:
    assert validate_linear([], model="ols") == ()


def test_what_makes_no_sense_is_refused() -> None:
    weeks = [TargetWeeks.of(creator(weeks=14))]
    with pytest.raises(InvalidInput, match="tukey"):
        validate_linear(weeks, model="tukey")
    with pytest.raises(UnsupportedLevel):
        validate_linear(weeks, model="ols", level=1.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), weeks=st.integers(6, 40), terms=st.integers(1, 4))
def test_ridge_together_is_ridge_alone(seed: int, weeks: int, terms: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.concatenate([np.ones((3, weeks, 1)), rng.normal(3, 2, (3, weeks, terms - 1))], axis=2)
    growth = rng.normal(50, 20, (3, weeks))
    together = ridge_together(design, growth)
    for number in range(3):
        alone = ridge(design[number], growth[number]).coefficients
        np.testing.assert_allclose(together[number], alone, rtol=1e-8, atol=1e-8)
