from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import truncate
from cgn_core.stats.predictive import difference, predict
from cgn_core.tables import Daily
from datagen.worlds import STEADY_KINDS, world

WORLDS = 30


def split(daily: Daily) -> tuple[Daily, dict[str, float], float]:
    """All weeks but the last, what was posted in the last, and how it grew; the last must be complete."""
    weekly = daily.weekly()
    last = weekly.iloc[-1]
    history = truncate(daily, last["week_start"] - np.timedelta64(1, "D"))
    return history, {name: float(last[name]) for name in daily.levers}, float(last["net_growth"])


@pytest.mark.parametrize("weeks", [27, 53])
def test_the_next_week_falls_into_its_ninety_percent_interval_as_often_as_that_says(weeks: int) -> None:
    below = above = seen = 0
    errors, naive = [], []
    for number, kind in enumerate(STEADY_KINDS):
        for seed in range(WORLDS // 2):
            history, plan, grown = split(world(kind, seed=100 * number + seed, weeks=weeks).daily)
            if not np.isfinite(grown):
                continue
            answer = predict(fit_daily(history).predictor, plan, level=0.9, answer_refused=True)
            assert answer.low is not None
            assert answer.high is not None
            assert answer.median is not None
            seen, below, above = seen + 1, below + (grown < answer.low), above + (grown > answer.high)
            errors.append(abs(grown - answer.median))
            naive.append(abs(grown - history.weekly()["net_growth"].dropna().iloc[-1]))
    least, most = stats.binom.ppf([0.001, 0.999], seen, 0.9)
    assert least <= seen - below - above <= most
    assert max(below, above) <= stats.binom.ppf(0.999, seen, 0.05)
    # Medians: which forecast a viral week falls to is luck.
    assert np.median(errors) < 0.75 * np.median(naive)


def test_the_difference_of_two_plans_holds_what_the_effects_truly_make() -> None:
    held = seen = 0
    for seed in range(WORLDS):
        creator = world("plain", seed=seed, weeks=40)
        predictor = fit_daily(creator.daily).predictor
        more = {name: count + 2 for name, count in predictor.usual.items() if name != "ads"}
        lift = 1 + sum(weight * mean for weight, mean, _ in predictor.jumps)
        truth = lift * sum(2 * creator.truth.effects[name] for name in more)
        answer = difference(predictor, more, predictor.usual, level=0.9)
        seen, held = seen + 1, held + (answer.low <= truth <= answer.high)
    assert held >= stats.binom.ppf(0.001, seen, 0.88)
