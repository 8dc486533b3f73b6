"""Next week's intervals hold, score better than a jackknife's, and the median beats the last value."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import truncate
from cgn_core.stats.history import QUARTER_DAYS
from cgn_core.stats.predictive import predict
from cgn_core.stats.scores import winkler_error
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import DAYS_PER_WEEK, Daily
from proofs.effects import GENERATORS, KINDS
from proofs.rows import Row

CLAIM = "intervals hold"
NAIVE_CLAIM = "better than naive"
FULL = 1_000
WEEKS = (26, 52, 104)
LEVEL = 0.9
LONG = 52


def measure(
    worlds: int,
    *,
    weeks: Sequence[int] = WEEKS,
    kinds: Sequence[str] = KINDS,
    generators: Sequence[str] = tuple(GENERATORS),
) -> list[Row]:
    """Coverage, Winkler score and error of one-week forecasts in each kind of world."""
    return [
        row for name in generators for kind in kinds for length in weeks for row in _cell(name, kind, length, worlds)
    ]


def split(daily: Daily) -> tuple[Daily, dict[str, float], float]:
    """All weeks but the last, what was posted in the last, and how it grew."""
    weekly = daily.weekly()
    last = weekly.iloc[-1]
    history = truncate(daily, last["week_start"] - np.timedelta64(1, "D"))
    return history, {name: float(last[name]) for name in daily.levers}, float(last["net_growth"])


def _cell(generator: str, kind: str, weeks: int, worlds: int) -> list[Row]:
    grown, bounds, jackknife, errors, naive, least = [], [], [], [], [], []
    for seed in range(worlds):
        creator = GENERATORS[generator](kind, seed=10_000 + seed, weeks=weeks + 1)
        history, plan, growth = split(creator.daily)
        answer = predict(fit_daily(history).predictor, plan, level=LEVEL, answer_refused=True)
        reference = predict(fit_weekly(history, model="ols").predictor, plan, level=LEVEL, answer_refused=True)
        grown.append(growth)
        bounds.append((answer.low, answer.high))
        jackknife.append((reference.low, reference.high))
        errors.append(abs(growth - answer.median))
        naive.append(abs(growth - float(history.weekly()["net_growth"].iloc[-1])))
        lost = float(history.frame["unfollows"].iloc[-QUARTER_DAYS:].mean()) * DAYS_PER_WEEK
        least.append(abs(growth - (sum(creator.truth.expected[-DAYS_PER_WEEK:]) - lost)))
    actual = np.array(grown)
    low, high = np.array(bounds, dtype=np.float64).T
    winkler = winkler_error(actual, low, high, level=LEVEL)
    reference_winkler = winkler_error(actual, *np.array(jackknife, dtype=np.float64).T, level=LEVEL)
    covered = float(((actual >= low) & (actual <= high)).mean())
    place = f"{kind}, {weeks} weeks, {generator} generator"
    return [
        Row(CLAIM, place, worlds, "coverage of 90 % intervals", covered, 0.87, 0.93),
        Row(CLAIM, place, worlds, "Winkler score over the jackknife's", winkler / reference_winkler, 0.0, 0.9),
        Row(
            NAIVE_CLAIM,
            place,
            worlds,
            "error of the median over the last value's",
            float(np.mean(errors) / np.mean(naive)),
            0.0,
            # Where nothing but noise moves growth, the best forecast there is comes to 0.71 of the last value's error.
            1.0 if kind == "no effect at all" else 0.52 if weeks >= LONG else 0.55,
        ),
        Row(
            NAIVE_CLAIM,
            place,
            worlds,
            "the same error of one who knows the week's true mean without viral days",
            float(np.mean(least) / np.mean(naive)),
            0.0,
            math.inf,
        ),
    ]
