from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.challenge import Challenge, best_challenger, judge_challenger
from cgn_core.stats.model_choice import UnseenWeeks
from cgn_core.stats.training import Training, train
from datagen.worlds import world


def errors(rng: np.random.Generator, *, weeks: int = 40, **means: float) -> UnseenWeeks:
    """Absolute errors with the given means, alike in how they spread; naive forecasts around 200."""
    wanted = {**means, **dict.fromkeys(BASELINES, 200.0)}
    absolute = {name: np.abs(rng.standard_normal(weeks)) * mean for name, mean in wanted.items()}
    return UnseenWeeks(absolute, {name: each**2 for name, each in absolute.items()}, 1)


def test_a_clearly_better_challenger_takes_the_champions_place_and_a_worse_one_never_does() -> None:
    unseen = errors(np.random.default_rng(0), weeks=60, daily=100.0, tukey=30.0, ols=160.0)
    better = judge_challenger(unseen, champion="daily", challenger="tukey")
    assert better.promoted
    assert "better beyond chance" in better.sentence
    worse = judge_challenger(unseen, champion="daily", challenger="ols")
    assert not worse.promoted
    assert worse.sentence.endswith("no better, so the champion stays.")
    best = best_challenger(unseen, champion="daily")
    assert best is not None
    assert (best.challenger, best.promoted) == ("tukey", True)
    assert best_challenger(errors(np.random.default_rng(0), daily=1.0), champion="daily") is None


def test_equal_challengers_are_promoted_as_seldom_as_stated() -> None:
    rng = np.random.default_rng(1)
    worlds = 400
    promoted = 0
    for _ in range(worlds):
        found = best_challenger(errors(rng, daily=100.0, tukey=100.0, huber=100.0, ols=100.0), champion="daily")
        promoted += found is not None and found.promoted
    assert promoted <= stats.binom.ppf(0.999, worlds, 0.05)


def test_three_weeks_promote_nothing() -> None:
    found = judge_challenger(
        errors(np.random.default_rng(2), weeks=3, daily=100.0, tukey=0.001), champion="daily", challenger="tukey"
    )
    assert not found.promoted
    assert found.p_value is None
    assert "fewer than 4 weeks" in found.sentence


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9)), min_size=1, max_size=30),
    st.integers(1, 6),
    st.floats(1e-3, 1e3),
)
def test_the_verdict_is_the_same_in_any_unit_and_survives_storage(
    pairs: list[tuple[float, float]], tried: int, unit: float
) -> None:
    before, after = np.array(pairs).T
    judged = [
        judge_challenger(
            UnseenWeeks({"daily": before * scale, "ols": after * scale}, {}, 1),
            champion="daily",
            challenger="ols",
            tried=tried,
        )
        for scale in (1.0, unit)
    ]
    first, second = judged
    assert Challenge.from_json(first.to_json()) == first
    assert not (first.promoted and after.mean() >= before.mean())
    if first.p_value is not None:
        assert 0 <= first.p_value <= 1
        assert second.p_value == pytest.approx(first.p_value, abs=1e-6)


def test_a_training_keeps_the_champion_unless_another_form_is_better_beyond_chance() -> None:
    daily = world("plain", seed=1, weeks=104).daily
    kept = train(daily, champion="tukey")
    assert kept.challenge is not None
    assert (kept.verdict, kept.challenge.champion) == ("beats_naive", "tukey")
    assert kept.chosen == (kept.challenge.challenger if kept.challenge.promoted else "tukey")
    assert Training.from_json(kept.to_json()) == kept
    assert train(daily).challenge is None
    tried = train(daily, model="ols", champion="daily")
    assert tried.chosen == "ols"
    assert tried.challenge is not None
    assert (tried.challenge.champion, tried.challenge.challenger) == ("daily", "ols")
    assert not tried.challenge.promoted


@pytest.mark.parametrize("kind", ["plain", "viral days favour reels", "effects spread over days"])
def test_on_worlds_of_known_truth_the_worse_form_never_takes_over_and_the_better_one_does(kind: str) -> None:
    """The daily fit knows the truth of these worlds; the single lever counts all content as one."""
    daily = world(kind, seed=3, weeks=104).daily
    worse = train(daily, model="single_lever", champion="daily").challenge
    better = train(daily, champion="single_lever")
    assert worse is not None
    assert worse.champion_mae < worse.challenger_mae
    assert not worse.promoted
    assert better.challenge is not None
    assert (better.challenge.champion, better.challenge.promoted) == ("single_lever", True)
    assert better.chosen == better.challenge.challenger
    assert better.challenge.challenger_mae < better.challenge.champion_mae
