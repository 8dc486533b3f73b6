"""The planner is right: as good as brute force, and within a few per cent of the plan that the true effects ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product

import numpy as np
from scipy import stats

from cgn_core.stats.ahead import Outlook, outlook
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import Fit
from cgn_core.stats.planner import plan_weeks
from cgn_core.stats.predictive import viral_lift
from cgn_core.stats.week_plan import WeekPlan
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import DEFAULT_MINUTES
from datagen.creators import Creator
from datagen.worlds import second_world, world
from proofs.rows import Row

FULL = 300
WEEKS = (52, 104)
CLAIM = "the planner is right"
TYPES = ("posts", "reels", "stories")
EFFECTIVE = ("plain", "viral days favour reels", "effects spread over days")
"""Kinds in which the true effects decide which plan is best."""
WITHOUT = "no effect at all"
LARGEST_REGRET = 0.05
LEVEL = 0.9
SECONDS = 2.0

Make = Callable[..., Creator]
MINUTES = np.array([DEFAULT_MINUTES[name] for name in TYPES])


def measure(worlds: int, *, weeks: tuple[int, ...] = WEEKS) -> list[Row]:
    """Regret, false gains, and brute force.

    Args:
        worlds: per kind and length.
        weeks: lengths of history.
    """
    rows = [_brute_force(max(worlds, 200)), _slowest(max(worlds // 10, 1))]
    for make, suffix in ((world, ""), (second_world, ", second generator")):
        for length in weeks:
            for kind in EFFECTIVE:
                rows += _regrets(make, kind, length, worlds, suffix)
            rows.append(_false_gains(make, length, worlds, suffix))
    return rows


def _regrets(make: Make, kind: str, length: int, worlds: int, suffix: str) -> list[Row]:
    """What the plan brings less than the best plan under the true effects, as a share of that."""
    found: dict[str, list[float]] = {
        "daily fit": [],
        "careful, daily fit": [],
        "weekly OLS": [],
        "posting as usual": [],
    }
    covered = 0
    for seed in range(worlds):
        creator = make(kind, seed=seed, weeks=length)
        effects = np.array([creator.truth.effects[name] for name in TYPES])
        fit = fit_daily(creator.daily)
        usual = np.array([fit.predictor.usual[name] for name in TYPES])
        hours = float(usual @ MINUTES) / 60
        best = _best(effects, np.array([fit.predictor.support[name] for name in TYPES]), hours)
        plan = plan_weeks(fit, hours=hours, level=LEVEL)
        true_gain = viral_lift(fit.predictor) * float((_counts(plan) - usual) @ effects)
        covered += plan.gain.low <= true_gain <= plan.gain.high
        plans = {
            "daily fit": _counts(plan),
            "careful, daily fit": _counts(plan_weeks(fit, hours=hours, risk=0.1)),
            "weekly OLS": _counts(plan_weeks(fit_weekly(creator.daily, model="ols"), hours=hours)),
            "posting as usual": usual,
        }
        for name, counts in plans.items():
            found[name].append((best - float(counts @ effects)) / best)
    where = f"{kind}, {length} weeks{suffix}"
    return [
        *(
            Row(CLAIM, where, worlds, f"mean regret, {name}", float(np.mean(regrets)), -np.inf, _target(name))
            for name, regrets in found.items()
        ),
        Row(CLAIM, where, worlds, "90 % interval of the gain holds it", covered / worlds, -np.inf, np.inf),
    ]


def _target(name: str) -> float:
    return LARGEST_REGRET if name == "daily fit" else np.inf


def _best(effects: Floats, most: Floats, hours: float) -> float:
    """What the best week within the largest seen brings under the true effects."""
    weeks = np.array(list(product(*(range(int(top) + 1) for top in most))))
    allowed = weeks[weeks @ MINUTES <= 60 * hours * (1 + 1e-9)]
    return float((allowed @ effects).max())


def _counts(plan: WeekPlan) -> Floats:
    return np.array([float(plan.weeks[0].counts[name]) for name in TYPES])


def _false_gains(make: Make, length: int, worlds: int, suffix: str) -> Row:
    """How often a gain is called distinguishable where nothing that is posted brings anything."""
    claimed = 0
    for seed in range(worlds):
        fit = fit_daily(make(WITHOUT, seed=seed, weeks=length).daily)
        usual = np.array([fit.predictor.usual[name] for name in TYPES])
        claimed += plan_weeks(fit, hours=float(usual @ MINUTES) / 60, level=LEVEL).distinguishable
    where = f"{WITHOUT}, {length} weeks{suffix}"
    return Row(CLAIM, where, worlds, "gains claimed where there are none", claimed / worlds, -np.inf, 1 - LEVEL)


def _brute_force(cases: int) -> Row:
    """Small questions of all kinds, each answered by valuing every plan there is."""
    beaten = 0
    for seed in range(cases):
        rng = np.random.default_rng([seed, 7])
        kind = str(rng.choice([*EFFECTIVE, WITHOUT]))
        fit = fit_daily(world(kind, seed=seed, weeks=26).daily)
        weeks = int(rng.integers(1, 4))
        most = [int(rng.integers(0, 3 if weeks < 3 else 2)) for _ in TYPES]
        bounds = {
            name: (0, top) for name, top in zip(TYPES, most, strict=True) if name not in fit.predictor.undetermined
        }
        hours, end_value = float(rng.uniform(0.5, 8)), float(rng.uniform(0, 1))
        risk = float(rng.choice([0.5, 0.25, 0.1, 0.02]))
        plan = plan_weeks(fit, hours=hours, weeks=weeks, risk=risk, bounds=bounds, end_value=end_value)
        found = outlook(fit, weeks=weeks, end_value=end_value)
        chosen = np.array([[float(week.counts[name]) for name in TYPES] for week in plan.weeks])
        best = max(
            _value(fit, found, np.array(counts, dtype=float), risk)
            for counts in product(_allowed(most, hours), repeat=weeks)
        )
        beaten += best > _value(fit, found, chosen, risk) + 1e-6
    return Row(CLAIM, "small cases", cases, "plans that brute force beats", float(beaten), 0, 0)


def _allowed(most: list[int], hours: float) -> list[tuple[int, ...]]:
    return [each for each in product(*(range(top + 1) for top in most)) if np.dot(each, MINUTES) <= 60 * hours]


def _value(fit: Fit, found: Outlook, counts: Matrix, risk: float) -> float:
    """The total's expectation or quantile, by its definition."""
    usual = np.array([fit.predictor.usual[name] for name in found.levers])
    places = [found.levers.index(name) for name in TYPES]
    plan = np.tile(usual, (len(counts), 1))
    plan[:, places] = counts
    exposure = found.exposure(plan)
    mean = found.base + float(exposure[1:-1] @ found.effects)
    noise = found.dispersion * max(mean + found.lost, found.floor) + found.noise
    return mean + float(stats.norm.ppf(risk)) * float(np.sqrt(exposure @ found.covariance @ exposure + noise))


def _slowest(cases: int) -> Row:
    """Seconds that twelve weeks take at most, careful and with an end of the horizon that counts."""
    slowest = 0.0
    for seed in range(cases):
        fit = fit_daily(world(EFFECTIVE[seed % len(EFFECTIVE)], seed=seed, weeks=52).daily)
        for risk, end_value in product((0.5, 0.1), (1.0, 0.3)):
            began = time.perf_counter()
            plan_weeks(fit, hours=12, weeks=12, risk=risk, end_value=end_value)
            slowest = max(slowest, time.perf_counter() - began)
    return Row(CLAIM, "52 weeks of history", cases, "seconds for twelve weeks, the slowest", slowest, -np.inf, SECONDS)
