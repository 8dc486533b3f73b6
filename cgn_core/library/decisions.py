"""Decisions: what an hour returns, what to post, what to be careful about, and how competitors do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cgn_core.stats.benchmarks import Benchmark, growth_benchmark
from cgn_core.stats.counterfactual import ADD, Counterfactual
from cgn_core.stats.counterfactual import counterfactual as imagined
from cgn_core.stats.diagnosis import Diagnosis
from cgn_core.stats.diagnosis import diagnose as diagnose_daily
from cgn_core.stats.fit import Fit
from cgn_core.stats.money import MoneyReturn, money_returns
from cgn_core.stats.planner import Bounds, plan_weeks
from cgn_core.stats.returns import ContentReturn, content_returns
from cgn_core.stats.training import Training
from cgn_core.stats.week_plan import WeekPlan
from cgn_core.tables import DEFAULT_MINUTES, Daily


def roi(
    fitted: Fit | Training, daily: Daily, *, minutes: Mapping[str, float] = DEFAULT_MINUTES, level: float = 0.9
) -> tuple[ContentReturn, ...]:
    """Average and marginal followers per hour of work, by content type."""
    return content_returns(_fit_of(fitted), daily.weekly(), minutes=minutes, level=level)


def roi_in_money(
    fitted: Fit | Training,
    *,
    value_of_follower: float,
    cost_of_hour: float,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    level: float = 0.9,
) -> tuple[MoneyReturn, ...]:
    """Net return and break-even by content type, once a follower has a value and an hour a cost.

    Raises:
        InvalidInput: a price below zero or no number.
    """
    prices = {"value_of_follower": value_of_follower, "cost_of_hour": cost_of_hour}
    return money_returns(_fit_of(fitted), minutes=minutes, level=level, **prices)


def plan(
    fitted: Fit | Training,
    *,
    hours: float,
    weeks: int = 4,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    risk: float = 0.5,
    bounds: Bounds | None = None,
    level: float = 0.9,
    end_value: float = 1.0,
) -> WeekPlan:
    """The weeks that bring the most within the hours; the options are those of ``plan_weeks``.

    Raises:
        InvalidInput: hours, weeks or bounds that allow no plan.
        UnsupportedLevel: the history is too short for this level.
    """
    options: dict[str, Any] = {"risk": risk, "bounds": bounds, "level": level, "end_value": end_value}
    return plan_weeks(_fit_of(fitted), hours=hours, weeks=weeks, minutes=minutes, **options)


def counterfactual(
    fitted: Fit | Training,
    daily: Daily,
    weeks: Sequence[str],
    change: Mapping[str, float],
    *,
    way: str = ADD,
    level: float = 0.9,
) -> Counterfactual:
    """What another plan would have brought in chosen past weeks (ISO Mondays), with the interval of the difference.

    Raises:
        InvalidInput: no such week or lever, or a plan far beyond every week seen.
        UnsupportedLevel: the history is too short for this level.
    """
    return imagined(_fit_of(fitted), daily.weekly(), weeks, change, way=way, level=level)


def diagnose(
    daily: Daily,
    *,
    model: str = "daily",
    false_alarms_per_year: float = 0.5,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    seed: int = 1,
) -> Diagnosis:
    """Drift, saturation, carry-over, viral days and the fit's health; ``seed`` decides the bootstrap's draws.

    Raises:
        TooFewObservations, ConstantSeries: the history can't be learned from.
    """
    return diagnose_daily(
        daily,
        rng=np.random.default_rng(seed),
        model=model,
        false_alarms_per_year=false_alarms_per_year,
        minutes=minutes,
    )


def benchmark(own: Daily, peers: Mapping[str, Daily], *, seed: int = 1, level: float = 0.9) -> Benchmark:
    """Growth, cadence, mix and engagement beside competitors; ``seed`` decides the bootstrap's draws.

    Raises:
        TooFewObservations: no competitor shares eight weeks.
    """
    return growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=level)


def _fit_of(fitted: Fit | Training) -> Fit:
    return fitted.fit if isinstance(fitted, Training) else fitted
