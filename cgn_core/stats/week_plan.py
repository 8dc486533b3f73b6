"""What the planner answers: weeks, days, the gain, and sentences about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from cgn_core.stats.arrays import Floats
from cgn_core.stats.notebook import Cell, html_table
from cgn_core.stats.predictive import NONE, Difference
from cgn_core.tables import DAYS_PER_WEEK

OPTIMAL, NEAR_OPTIMAL, NO_EFFECT = "optimal", "near_optimal", "no_effect"
BALANCED = 0.5
"""The risk that plans for the expected growth."""
PIECES = ("posts", "reels", "stories")
"""What every planned week names."""


@dataclass(frozen=True)
class PlannedDay:
    """What to post on one day."""

    day: str
    """ISO date."""
    counts: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"day": self.day, **self.counts}


@dataclass(frozen=True)
class PlannedWeek:
    """What to post in one week."""

    week: str
    """ISO Monday."""
    counts: dict[str, int]
    """Pieces by content type; what isn't planned is the usual count, rounded."""
    hours: float
    days: tuple[PlannedDay, ...]
    """Monday to Sunday."""

    def to_json(self) -> dict[str, Any]:
        """Plain values: the counts stand beside the week."""
        missing = dict.fromkeys(PIECES, 0)
        return {
            "week": self.week,
            **missing,
            **self.counts,
            "hours": self.hours,
            "days": [day.to_json() for day in self.days],
        }


@dataclass(frozen=True)
class WeekPlan:
    """The best weeks, and what they bring beyond posting as usual."""

    hours: float
    """At most, a week."""
    weeks: tuple[PlannedWeek, ...]
    gain: Difference
    """Followers more than with the mean of the last four weeks in each, over the horizon; shared noise cancels."""
    distinguishable: bool
    """Whether the gain is clear of chance, the choice of the best-looking plan included."""
    status: str
    """optimal | near_optimal | no_effect"""
    risk: float
    end_value: float
    extrapolation: str
    """none | beyond_support, of the boldest week."""
    sentences: tuple[str, ...]
    held: Mapping[str, float]
    """Pieces a week of what isn't planned, as in the last four weeks; ``weeks`` show them rounded."""

    def to_json(self) -> dict[str, Any]:
        """What ``cgn plan --json`` prints."""
        return {
            "hours": self.hours,
            "weeks": [week.to_json() for week in self.weeks],
            "gain": self.gain.to_json(),
            "status": self.status,
            "risk": self.risk,
            "end_value": self.end_value,
            "extrapolation": self.extrapolation,
            "distinguishable": self.distinguishable,
            "sentences": list(self.sentences),
            "held": dict(self.held),
        }

    def _repr_html_(self) -> str:
        names = list(self.weeks[0].counts)
        rows: list[list[Cell]] = [
            [week.week, *(float(week.counts[name]) for name in names), week.hours] for week in self.weeks
        ]
        title = f"At most {self.hours:g} hours a week"
        return html_table(title, ("week of", *names, "hours"), rows, notes=self.sentences)


def spread_over_days(week: str, counts: Mapping[str, int], shares: Mapping[str, Floats]) -> tuple[PlannedDay, ...]:
    """The days of a week: each lever's pieces spaced evenly along the weekdays it was posted on before.

    Piece ``i`` of ``n`` goes to the day on which ``(i + 1/2) / n`` of a usual week's pieces are out.

    Args:
        week: ISO Monday.
        counts: pieces by lever.
        shares: shape (7,) by lever, of its pieces from Monday to Sunday; evenly where a lever is missing.
    """
    days = {}
    for name, number in counts.items():
        even = np.full(DAYS_PER_WEEK, 1 / DAYS_PER_WEEK)
        out = np.cumsum(shares.get(name, even))
        places = np.searchsorted(out, (np.arange(number) + 0.5) / max(number, 1) * out[-1])
        days[name] = np.bincount(places, minlength=DAYS_PER_WEEK)
    monday = date.fromisoformat(week)
    return tuple(
        PlannedDay((monday + timedelta(days=day)).isoformat(), {name: int(days[name][day]) for name in counts})
        for day in range(DAYS_PER_WEEK)
    )


def plan_sentences(
    plan: WeekPlan, *, idle: tuple[str, ...], undetermined: tuple[str, ...], gap: float, works_on: bool
) -> tuple[str, ...]:
    """What to know about a plan, the gain first.

    Args:
        plan: without sentences.
        idle: levers that stay as usual because they take no hours.
        undetermined: levers that stay as usual because their effect is open.
        gap: by how many followers another plan could be better at most.
        works_on: whether a piece still works after its week, so that the gain reaches beyond the last one.
    """
    found = [_gain_sentence(plan)]
    if plan.status != NO_EFFECT and plan.risk < BALANCED:
        found.append(
            f"Careful: of all plans, this one reaches the most in {1 - plan.risk:.0%} of cases, viral days left out."
        )
    if plan.status == NEAR_OPTIMAL:
        found.append(
            f"The search was cut short: another plan could be better by at most {max(gap, 0.1):,.1f} followers."
        )
    if plan.status != NO_EFFECT and works_on:
        found.append("Counted is also what works on after the last week.")
    if plan.extrapolation != NONE:
        found.append("A week like this was never posted: its forecast leans on effects that were seen in other weeks.")
    if idle:
        found.append(f"{_listed(idle)} stay as usual{_parts(plan, idle)}: they take no hours.")
    if undetermined:
        parts = _parts(plan, undetermined)
        found.append(f"{_listed(undetermined)} stay as usual{parts}: this history leaves their own effect open.")
    return tuple(found)


def _parts(plan: WeekPlan, names: tuple[str, ...]) -> str:
    """The usual counts that a week shows rounded, which the gain holds as they are."""
    parts = [f"{plan.held[name]:.3g} {name}" for name in names if plan.held[name] != plan.weeks[0].counts.get(name)]
    return f" ({', '.join(parts)} a week)" if parts else ""


def _gain_sentence(plan: WeekPlan) -> str:
    if plan.status == NO_EFFECT:
        return (
            "Nothing that can be planned moves this forecast, so no plan is better than another; this one keeps to the "
            "usual week as far as hours and bounds allow."
        )
    gain, number = plan.gain, len(plan.weeks)
    interval = f"({gain.level:.0%}: {_count(gain.low)} to {_count(gain.high)})"
    if gain.low <= 0 <= gain.high or not plan.distinguishable:
        sentence = f"Not distinguishable from as before: {_more(gain.estimate)} {interval}"
        return (
            f"{sentence}." if gain.low <= 0 <= gain.high else f"{sentence}, for the best of many plans looks too good."
        )
    begin = "The week brings" if number == 1 else f"Over the {number} weeks this brings"
    return f"{begin} {_more(gain.estimate)} than the last four weeks' posting {interval}."


def _more(value: float) -> str:
    return f"{_count(abs(value))} followers {'more' if value >= 0 else 'fewer'}"


def _count(value: float) -> str:
    """With a decimal where a whole number would hide most of it."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:,.1f}"  # noqa: PLR2004 - two digits


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(", ".join(names).rsplit(", ", 1)).capitalize()
