"""Insights: sentences that a result's interval supports, each linked to its number; where none does, nothing is said.

Where several things of a kind are compared (pairs of content types, or types with nothing) the intervals of a claim
hold together (Bonferroni), so that a longer list of types finds no more by chance than a short one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from cgn_core.stats.ahead import DAILY
from cgn_core.stats.carry_over_test import CarryOver
from cgn_core.stats.fit import Fit, one_of
from cgn_core.stats.model_choice import NO_BETTER
from cgn_core.stats.predictive import viral_lift
from cgn_core.stats.returns import Estimate, HourlyContrast, effect_estimates, hourly_contrasts
from cgn_core.stats.saturation import Saturation
from cgn_core.stats.training import Training
from cgn_core.stats.week_plan import NO_EFFECT, WeekPlan
from cgn_core.tables import DEFAULT_MINUTES

RETURNS, PLANNER, RESPONSE, VIRAL, MODEL = "returns", "planner", "response", "viral-days", "model-card"
"""Anchors of the sections that show the number."""
FEWEST_VIRAL = 3
"""Viral days below which nothing is said of their share."""


@dataclass(frozen=True)
class Insight:
    """One sentence and the number it rests on."""

    code: str
    sentence: str
    value: float
    unit: str
    low: float | None
    high: float | None
    """None where a one-sided test of stated size decides instead of an interval."""
    level: float
    anchor: str
    """Where to look: returns | planner | response | viral-days | model-card"""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def insights(
    training: Training,
    *,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    plan: WeekPlan | None = None,
    saturation: Saturation | None = None,
    carry_over: CarryOver | None = None,
    level: float = 0.9,
) -> tuple[Insight, ...]:
    """What the results support saying, the decisions first.

    Args:
        training: of the creator.
        minutes: of work per piece and content type, > 0.
        plan: for its gain.
        saturation: for the types that bring less and less.
        carry_over: for what works on into the next week.
        level: of the intervals, two-sided; of those of one kind together.

    Raises:
        InvalidInput: minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    fit = training.fit
    found: list[Insight] = []
    if training.verdict == NO_BETTER:
        found.append(_verdict(training))
    if plan is not None and plan.status != NO_EFFECT:
        found.append(_planned(plan))
    found += _best_types(fit, minutes, level)
    found += _single_types(fit, minutes, level)
    if saturation is not None:
        found += _bends(saturation)
    if carry_over is not None:
        found += _next_week(carry_over)
    found += _days_after(fit, level)
    found += _viral_share(fit, level)
    if training.verdict != NO_BETTER:
        found.append(_verdict(training))
    return tuple(found)


def _verdict(training: Training) -> Insight:
    """Supported by the paired test on unseen weeks that training runs, in either direction."""
    shown = next(each for each in training.ranking if each.model == training.chosen)
    sentence = training.reason
    if training.verdict == NO_BETTER:
        sentence = f"The forecast shown is no better than a naive one. {sentence}"
    unit = "followers a week that the forecast is off by"
    return Insight(training.verdict, sentence, shown.mae, unit, shown.mae_low, shown.mae_high, 0.95, MODEL)


def _planned(plan: WeekPlan) -> Insight:
    gain = plan.gain
    code = "plan_gain" if plan.distinguishable else "plan_not_distinguishable"
    return Insight(code, plan.sentences[0], gain.estimate, "followers", gain.low, gain.high, gain.level, PLANNER)


def _best_types(fit: Fit, minutes: Mapping[str, float], level: float) -> Iterator[Insight]:
    """One type that an hour is best spent on; or else the pairs that can be told apart."""
    clear = [each for each in hourly_contrasts(fit, minutes=minutes, level=level) if each.distinguishable]
    types = {effect.name for effect in fit.effects if effect.name in minutes}
    for name in sorted(types):
        beaten = [each for each in clear if each.better == name]
        if beaten and len(beaten) == len(types) - 1:
            nearest = min(beaten, key=lambda each: each.difference.estimate)
            start = f"An hour on {name} brings the most: {_more(nearest)} than one on {nearest.worse}"
            yield _contrast("best_per_hour", f"{start} {_together(nearest.difference)}.", nearest)
            return
    for each in clear:
        start = f"An hour on {each.better} brings {_more(each)} than one on {each.worse}"
        yield _contrast("better_per_hour", f"{start} {_together(each.difference)}.", each)


def _more(each: HourlyContrast) -> str:
    return f"{each.difference.estimate:,.1f} followers more"


def _together(value: Estimate) -> str:
    return f"({value.level:.0%} for all comparisons together: {value.low:,.1f} to {value.high:,.1f})"


def _contrast(code: str, sentence: str, each: HourlyContrast) -> Insight:
    value = each.difference
    return Insight(code, sentence, value.estimate, "followers per hour", value.low, value.high, value.level, RETURNS)


def _single_types(fit: Fit, minutes: Mapping[str, float], level: float) -> Iterator[Insight]:
    """Types that cost followers, and types of which nothing can be told."""
    alone = effect_estimates(fit, minutes=minutes, level=level)
    together = effect_estimates(fit, minutes=minutes, level=level, together=max(len(alone), 1))
    for (name, single), (_, joint) in zip(alone, together, strict=True):
        if joint.high < 0:
            sentence = (
                f"Each {one_of(name)} costs about {-joint.estimate:,.1f} followers "
                f"({level:.0%} for all types together: {-joint.high:,.1f} to {-joint.low:,.1f})."
            )
            yield _piece("costs_followers", sentence, name, joint)
        elif single.low <= 0 <= single.high:
            sentence = (
                f"Whether {name} bring followers can't be told from this history: {single.estimate:+,.1f} per "
                f"{one_of(name)} ({level:.0%}: {single.low:,.1f} to {single.high:,.1f})."
            )
            yield _piece("not_distinguishable", sentence, name, single)


def _piece(code: str, sentence: str, name: str, value: Estimate) -> Insight:
    unit = f"followers per {one_of(name)}"
    return Insight(code, sentence, value.estimate, unit, value.low, value.high, value.level, RETURNS)


def _bends(saturation: Saturation) -> Iterator[Insight]:
    for each in saturation.types:
        if each.identified and each.curvature is not None:
            unit = "followers per piece and piece"
            level = 1 - saturation.size
            yield Insight("saturation", each.sentence, each.curvature, unit, None, None, level, RESPONSE)


def _next_week(carry_over: CarryOver) -> Iterator[Insight]:
    # A share above all there is says that the effects are unknown, not that they carry over.
    if carry_over.identified and carry_over.estimate is not None and carry_over.estimate <= 1:
        yield Insight(
            "carry_over",
            carry_over.sentence,
            carry_over.estimate,
            "share of a week's effect that comes in the week after",
            carry_over.low,
            carry_over.high,
            carry_over.level,
            RESPONSE,
        )


def _days_after(fit: Fit, level: float) -> Iterator[Insight]:
    """What the daily fit believes only beyond a likelihood ratio of 3.84."""
    decay, stored = fit.details.get("carry_over_decay", 0.0), fit.details.get("weeks_ahead")
    if fit.model != DAILY or decay <= 0 or stored is None:
        return
    error = float(np.sqrt(max(stored["covariance"][-1][-1], 0.0)))
    margin = float(special.stdtrit(max(fit.details["degrees_of_freedom"], 1), (1 + level) / 2)) * error
    low, high = max(decay - margin, 0.0), min(decay + margin, 1.0)
    sentence = (
        f"A piece keeps working after its day: {decay:.0%} of its followers come later ({level:.0%}: {low:.0%} to "
        f"{high:.0%})."
    )
    yield Insight("works_for_days", sentence, decay, "share that comes after the day", low, high, level, RESPONSE)


def _viral_share(fit: Fit, level: float) -> Iterator[Insight]:
    """Share of the followers gained that viral days bring in the long run.

    With k viral days found, the sum of their sizes varies like a compound Poisson sum: its relative variance is
    (1 + squared coefficient of variation of a size) / k; the interval is that of its logarithm.
    """
    days = len(fit.viral_days)
    lift = viral_lift(fit.predictor)
    if days < FEWEST_VIRAL or lift <= 1:
        return
    weights, means, variances = np.array(fit.predictor.jumps)[1:].T
    mean = float(weights @ means / weights.sum())
    spread = float(weights @ (variances + means**2) / weights.sum()) / mean**2 - 1
    margin = float(special.ndtri((1 + level) / 2)) * float(np.sqrt((1 + spread) / days))
    share, low, high = (odds / (1 + odds) for odds in (lift - 1) * np.exp(np.array([0.0, -margin, margin])))
    sentence = (
        f"Viral days bring about {share:.0%} of all followers gained ({level:.0%}: {low:.0%} to {high:.0%}); "
        f"{days} such days were found, and nobody can plan them."
    )
    yield Insight("viral_share", sentence, float(share), "share of followers", float(low), float(high), level, VIRAL)
