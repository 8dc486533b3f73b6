"""The week plan: how many posts, reels and stories of the coming weeks bring the most within the hours there are.

The total over the horizon is linear in the pieces: each brings its effect, the share that works after the horizon
weighed by ``end_value``; what was posted before is a constant. ``risk=0.5`` maximises its expectation. A smaller risk
maximises that quantile of it by a normal approximation, ``c'x - z sqrt(x'Qx + d'x + v)``: ``Q`` is what isn't known of
the effects and of the carry-over, shared by all weeks; ``d`` the noise, which grows with the followers gained. Viral
days are left out of the quantile, for nobody can plan on them; in the expectation they lift every plan alike. Levers
that take no hours, such as ads, and levers whose effect the history leaves open stay as usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from scipy import special

from cgn_core.errors import InvalidInput
from cgn_core.stats.ahead import MOST_WEEKS, Outlook, outlook
from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.fit import Fit
from cgn_core.stats.intervals import check_level
from cgn_core.stats.planner_search import best_plan
from cgn_core.stats.planner_task import Task
from cgn_core.stats.predictive import (
    BEYOND_SUPPORT,
    EDGE,
    FAR,
    NONE,
    Difference,
    WeekPredictor,
    difference_margin,
    extrapolation_of,
    viral_lift,
)
from cgn_core.stats.returns import MINUTES_PER_HOUR, require_minutes
from cgn_core.stats.week_plan import (
    BALANCED,
    NEAR_OPTIMAL,
    NO_EFFECT,
    OPTIMAL,
    PlannedWeek,
    WeekPlan,
    plan_sentences,
    spread_over_days,
)
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, DEFAULT_MINUTES

HOURS_A_WEEK = 168.0

Bounds = Mapping[str, tuple[int, int]]


def plan_weeks(
    fit: Fit,
    *,
    hours: float,
    weeks: int = 1,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    risk: float = BALANCED,
    bounds: Bounds | None = None,
    level: float = 0.9,
    end_value: float = 1.0,
) -> WeekPlan:
    """The plan that brings the most followers within the hours.

    Args:
        fit: of any model, restored from JSON or not; a naive one is answered with the usual week.
        hours: of work a week, at most.
        weeks: to plan, 1 to 12.
        minutes: of work per piece, > 0; only levers named here are planned.
        risk: 0.5 for the expected growth; lower, down to 0.01, for that quantile of the total: careful.
        bounds: fewest and most pieces a week; by default 0 to the largest week seen.
        level: of the gain's interval, two-sided.
        end_value: what a follower gained after the horizon counts, 0 to 1.

    Raises:
        InvalidInput: a number that makes no sense, bounds far beyond every week seen, or bounds that the hours don't
            allow; the sentence says which.
        UnsupportedLevel: the history is too short for this level.
    """
    predictor = fit.predictor
    _check(hours, weeks, minutes, risk, end_value)
    check_level(level, residuals=predictor.n_residuals)
    levers = predictor.levers
    free = np.array([name in minutes and name not in predictor.undetermined for name in levers], dtype=bool)
    usual = np.array([predictor.usual[name] for name in levers])
    work = np.array([minutes.get(name, 0.0) for name in levers])
    lows, highs = _bounds(predictor, free, usual, bounds or {})
    _check_room(levers, lows, work, hours)
    found = outlook(fit, weeks=weeks, end_value=end_value)
    task = _task(found, free, usual, lows=lows, highs=highs, work=work, cap=MINUTES_PER_HOUR * hours, risk=risk)
    moved, gap = bool(found.effects[free].any()), 0.0
    if moved:
        counts, gap = best_plan(task)
    else:
        counts = np.tile(task.patterns[[np.lexsort((task.effort, task.oddness))[0]]], (weeks, 1))
    # What isn't planned goes on as usual, fractions of a piece included: rounding it is no change of mix.
    meant = np.where(free, counts, usual)
    beyond = any(extrapolation_of(predictor, dict(zip(levers, row, strict=True))) != NONE for row in meant.tolist())
    gain, clear = _gain(fit, found, meant - usual, level, chosen_among=int(free.sum()))
    plan = WeekPlan(
        hours=float(hours),
        weeks=tuple(_week(fit, place, row, work) for place, row in enumerate(counts.tolist())),
        gain=replace(gain, extrapolation=BEYOND_SUPPORT if beyond else NONE),
        distinguishable=clear,
        status=NO_EFFECT if not moved else NEAR_OPTIMAL if gap > 0 else OPTIMAL,
        risk=risk,
        end_value=end_value,
        extrapolation=BEYOND_SUPPORT if beyond else NONE,
        sentences=(),
        held={name: float(count) for name, count, its in zip(levers, usual, free, strict=True) if not its},
    )
    idle = tuple(name for name in levers if name not in minutes and name in CONTENT_TYPES)
    still = tuple(name for name in levers if name in minutes and name in predictor.undetermined)
    works_on = end_value > 0 and float(fit.details.get("carry_over_decay", 0.0)) > 0
    sentences = plan_sentences(plan, idle=idle, undetermined=still, gap=gap, works_on=works_on)
    return replace(plan, sentences=sentences)


def _check(hours: float, weeks: int, minutes: Mapping[str, float], risk: float, end_value: float) -> None:
    if not 0 <= hours <= HOURS_A_WEEK:  # also refuses NaN
        raise InvalidInput(f"A week has between 0 and 168 hours for work, not {hours:g}.")
    if not 1 <= weeks <= MOST_WEEKS or weeks != int(weeks):  # no number has no int
        raise InvalidInput(f"Between 1 and {MOST_WEEKS} whole weeks can be planned, not {weeks:g}.")
    if not 0 < risk <= BALANCED:
        raise InvalidInput(f"The risk lies above 0 and is at most 0.5, the expected growth; {risk:g} does not.")
    if not 0 <= end_value <= 1:
        raise InvalidInput(f"The value of what works after the last week lies between 0 and 1; {end_value:g} does not.")
    require_minutes(minutes)


def _bounds(predictor: WeekPredictor, free: Flags, usual: Floats, bounds: Bounds) -> tuple[Integers, Integers]:
    """Fewest and most pieces a week of each lever; what isn't free is held at the usual count."""
    held = np.floor(usual + 0.5)
    lows = np.where(free, 0, held).astype(np.int64)
    seen = np.floor(np.array([predictor.support[name] for name in predictor.levers]) + EDGE)
    highs = np.where(free, seen, held).astype(np.int64)
    for name, (low, high) in bounds.items():
        if name not in predictor.levers or not free[predictor.levers.index(name)]:
            planned = ", ".join(np.array(predictor.levers)[free]) or "none"
            raise InvalidInput(f"{name.capitalize()} can't be planned, so they take no bounds; planned are: {planned}.")
        if not 0 <= low <= high < np.inf or low != int(low) or high != int(high):
            raise InvalidInput(f"Bounds for {name} are two whole numbers, fewest and most, not {low:g} and {high:g}.")
        largest = FAR * predictor.support[name] + 1
        if high > largest:
            raise InvalidInput(
                f"Up to {high:g} {name} are far beyond every week seen; above {int(largest)} nothing can be forecast."
            )
        place = predictor.levers.index(name)
        lows[place], highs[place] = int(low), int(high)
    return lows, highs


def _check_room(levers: tuple[str, ...], lows: Integers, work: Floats, hours: float) -> None:
    needed = float(lows @ work) / MINUTES_PER_HOUR
    if needed > hours * (1 + EDGE):
        parts = [f"{low} {name}" for name, low, each in zip(levers, lows, work, strict=True) if low and each]
        raise InvalidInput(
            f"No plan fits: {' and '.join(parts)} take {needed:.3g} hours a week, but there are {hours:g}."
        )


def _task(
    found: Outlook,
    free: Flags,
    usual: Floats,
    *,
    lows: Integers,
    highs: Integers,
    work: Floats,
    cap: float,
    risk: float,
) -> Task:
    """The search's numbers: what is planned adds to the exposures, what isn't is part of a plan without a piece."""
    weeks, levers = found.counted.shape
    kept = found.exposure(np.where(free, 0.0, np.tile(usual, (weeks, 1))))
    loads = np.zeros((weeks, levers, len(kept)))
    places = np.arange(levers)
    loads[:, places, 1 + places] = found.counted * free
    loads[:, :, -1] = found.tilt * found.effects * free
    return Task(
        lows=lows,
        highs=highs,
        minutes=work,
        cap=cap,
        usual=usual,
        means=found.counted * found.effects * free,
        loads=loads,
        exposed=kept,
        covariance=found.covariance,
        dispersion=found.dispersion,
        gained=found.base + float(kept[1:-1] @ found.effects) + found.lost,
        floor=found.floor,
        noise=found.noise,
        caution=0.0 if risk == BALANCED else -float(special.ndtri(risk)),
    )


def _gain(fit: Fit, found: Outlook, more: Matrix, level: float, *, chosen_among: int) -> tuple[Difference, bool]:
    """What more pieces than usual bring, and whether that is clear of chance for the best-looking of all plans.

    The interval is that of one difference. The plan was chosen because its estimate is high, so it is called clear only
    where the band that holds for all plans at once leaves out zero: no effect at all was taken for a gain in up to a
    quarter of simulated worlds without it.

    Args:
        fit: of which the predictor is asked.
        found: the horizon.
        more: shape (weeks, levers), pieces.
        level: two-sided.
        chosen_among: levers that the plan was free to set.
    Source: Scheffé (1953), doi:10.1093/biomet/40.1-2.87.
    """
    step = found.exposure(more)
    step[0] = 0.0
    lift = viral_lift(fit.predictor)
    estimate = lift * float(step[1:-1] @ found.effects)
    variance = float(step @ found.covariance @ step)
    margin = difference_margin(fit.predictor, variance, level)
    freedom = max(float(fit.details.get("degrees_of_freedom", fit.weeks)), 1.0)
    band = lift * float(
        np.sqrt(max(variance, 0.0) * chosen_among * special.fdtri(max(chosen_among, 1), freedom, level))
    )
    clear = abs(estimate) > max(band, margin)
    return Difference(estimate, estimate - margin, estimate + margin, level), clear


def _week(fit: Fit, place: int, counts: list[int], work: Floats) -> PlannedWeek:
    monday = date.fromisoformat(fit.predictor.week_start) + timedelta(days=DAYS_PER_WEEK * place)
    week = monday.isoformat()
    pieces = {
        name: int(count) for name, count in zip(fit.predictor.levers, counts, strict=True) if name in CONTENT_TYPES
    }
    shares = {name: np.array(each) for name, each in fit.details.get("weekday_shares", {}).items()}
    return PlannedWeek(week, pieces, float(work @ counts) / MINUTES_PER_HOUR, spread_over_days(week, pieces, shares))
