"""What would have come in weeks that are over, had something else been posted.

The weeks' own luck stays as it was, so only the posting differs: the difference is the changed pieces times what a
piece brings, all its days together, and its doubt is that of the effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.stats.ahead import outlook
from cgn_core.stats.fit import Fit
from cgn_core.stats.intervals import check_level
from cgn_core.stats.predictive import (
    BEYOND_SUPPORT,
    NONE,
    REFUSED,
    Difference,
    difference_margin,
    extrapolation_of,
    viral_lift,
)

MOST_WEEKS = 104
ADD, SET = "add", "set"
WAYS = (ADD, SET)


@dataclass(frozen=True)
class ChangedWeek:
    """A past week as it was and as it is imagined; followers and pieces of that week."""

    week_start: str
    posted: dict[str, float]
    changed: dict[str, float]
    actual: float | None
    """Growth that came; None where it isn't known."""
    difference: Difference
    """What the change of this week alone brings, in that week and after."""


@dataclass(frozen=True)
class Counterfactual:
    """The chosen weeks under another plan."""

    weeks: tuple[ChangedWeek, ...]
    difference: Difference
    """Of all chosen weeks together."""
    actual: float | None
    """Growth that came in them; None where one isn't known."""
    distinguishable: bool
    """Whether the interval leaves out zero."""
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def counterfactual(
    fit: Fit,
    weekly: pd.DataFrame,
    weeks: Sequence[str],
    change: Mapping[str, float],
    *,
    way: str = ADD,
    level: float = 0.9,
) -> Counterfactual:
    """What another plan would have brought in chosen past weeks.

    Args:
        fit: of the creator; its effects are taken to have held in those weeks, as it took them when it was fitted.
        weekly: the weekly table.
        weeks: ISO Mondays of complete weeks, 1 to 104, in any order.
        change: by lever: pieces more (or, below zero, fewer) in each of the weeks, or the number in each. A week can't
            have fewer than none. Levers left out stay as they were.
        way: "add" or "set".
        level: of the intervals, two-sided.

    Raises:
        InvalidInput: no weeks or none of the history's, a lever the fit doesn't have or whose effect is open, a number
            that can't be, a week whose pieces aren't known, or one so far from anything seen that nothing can be said.
        UnsupportedLevel: the history is too short for this level.
    """
    predictor = fit.predictor
    check_level(level, residuals=predictor.n_residuals)
    _check(fit, change, way)
    rows = _chosen(weekly, weeks)
    found = outlook(fit, weeks=1, end_value=1.0)
    changed = [_changed(fit, row, change, way) for row in rows]
    lift, effects = viral_lift(predictor), found.effects
    covariance = found.covariance[1:-1, 1:-1]

    def difference(step: np.ndarray[tuple[int], np.dtype[np.float64]], extrapolation: str) -> Difference:
        estimate = lift * float(step @ effects)
        margin = difference_margin(predictor, float(step @ covariance @ step), level)
        return Difference(estimate, estimate - margin, estimate + margin, level, extrapolation)

    steps = [np.array([after[name] - before[name] for name in predictor.levers]) for before, after, _ in changed]
    told = tuple(
        ChangedWeek(
            week_start=row["week_start"].date().isoformat(),
            posted=before,
            changed=after,
            actual=_number(row["net_growth"]),
            difference=difference(step, extrapolation),
        )
        for row, (before, after, extrapolation), step in zip(rows, changed, steps, strict=True)
    )
    beyond = any(extrapolation != NONE for _, _, extrapolation in changed)
    total = difference(np.sum(steps, axis=0), BEYOND_SUPPORT if beyond else NONE)
    grown = [each.actual for each in told]
    clear = not total.low <= 0 <= total.high
    return Counterfactual(
        weeks=told,
        difference=total,
        actual=None if None in grown else float(sum(each for each in grown if each is not None)),
        distinguishable=clear,
        sentence=_sentence(total, len(told), clear=clear, nothing=not any(step.any() for step in steps)),
    )


def _check(fit: Fit, change: Mapping[str, float], way: str) -> None:
    if way not in WAYS:
        raise InvalidInput(f"A change adds pieces or sets their number; {way!r} is neither.")
    predictor = fit.predictor
    for name, value in change.items():
        if name not in predictor.levers:
            known = ", ".join(predictor.levers) or "none"
            raise InvalidInput(f"The model has no lever {name!r}; it has {known}.")
        if name in predictor.undetermined and value:
            raise InvalidInput(f"What {name} bring is open in this history, so they can't be changed here.")
        if not isfinite(value) or (way == SET and value < 0):
            raise InvalidInput(f"A changed plan needs a number{' of 0 or more' if way == SET else ''} for {name}.")


def _chosen(weekly: pd.DataFrame, weeks: Sequence[str]) -> list[dict[Any, Any]]:
    if not 1 <= len(set(weeks)) <= MOST_WEEKS:
        raise InvalidInput(f"Choose between 1 and {MOST_WEEKS} past weeks.")
    rows = {row["week_start"].date().isoformat(): row for row in weekly.to_dict("records")}
    chosen = []
    for week in sorted(set(weeks)):
        if week not in rows:
            raise InvalidInput(f"The week of {_day(week)} is no complete week of the history.")
        chosen.append(rows[week])
    return chosen


def _changed(
    fit: Fit, row: Mapping[Any, Any], change: Mapping[str, float], way: str
) -> tuple[dict[str, float], dict[str, float], str]:
    """The week's pieces as posted and as imagined, and where the imagined plan stands beside what was tried."""
    before: dict[str, float] = {}
    for name in fit.predictor.levers:
        known = _number(row.get(name))
        if known is None:
            raise InvalidInput(f"How many {name} the week of {row['week_start'].date()} had isn't known; leave it out.")
        before[name] = known
    after = dict(before)
    for name, value in change.items():
        after[name] = value if way == SET else max(before[name] + value, 0.0)
    moved = {name: after[name] if after[name] != before[name] else fit.predictor.usual[name] for name in after}
    # A lever whose effect is open isn't changed: where it was doesn't count against the week.
    asked = {name: moved[name] if name in fit.predictor.undetermined else after[name] for name in after}
    where = extrapolation_of(fit.predictor, asked) if after != before else NONE
    if where == REFUSED:
        plan = ", ".join(f"{value:g} {name}" for name, value in after.items())
        raise InvalidInput(
            f"The week of {row['week_start'].date()} with {plan} is far beyond anything seen; change it by less."
        )
    return before, after, where


def _sentence(total: Difference, weeks: int, *, clear: bool, nothing: bool) -> str:
    which = "that week" if weeks == 1 else f"those {weeks} weeks"
    if nothing:
        return f"The changed plan is the one that was posted in {which}."
    interval = f"({total.level:.0%}: {total.low:,.0f} to {total.high:,.0f})"
    words = f"about {abs(total.estimate):,.0f} followers {'more' if total.estimate >= 0 else 'fewer'} {interval}"
    if total.estimate == 0 == total.low == total.high:
        return f"The forecast in force knows no effect of posting, so {which} would have been as they were."
    if not clear:
        return f"Not distinguishable from what came: {words} in {which}."
    return f"With the changed plan {which} would have brought {words}."


def _day(week: str) -> str:
    try:
        return date.fromisoformat(week).isoformat()
    except ValueError:
        return "that day"


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
