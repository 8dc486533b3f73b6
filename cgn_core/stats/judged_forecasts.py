"""A forecast beside the week that then came: what validation asks at every origin, and what it keeps of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.history import History, iso_day, read_history
from cgn_core.stats.intervals import LEVELS, residuals_needed
from cgn_core.stats.predictive import WeekPredictor, full_plan, predict, quantiles
from cgn_core.tables import DAYS_PER_WEEK, DEFAULT_MINUTES, Daily

MOST_PARTS = 20
"""Quantiles that stand for the whole distribution in the CRPS; a narrower level affords fewer."""
MINUTES_PER_HOUR = 60.0
EVEN = 1e-9
"""Share of what is moved back and forth below which two plans are as good: a reel less and a post more, each alike."""


@dataclass(frozen=True)
class TargetWeeks:
    """The n weeks of a history that can be forecast and judged: growth is observed on every day of them.

    Attributes:
        history: all of its days.
        mondays: shape (n,), days since 1970-01-01, ascending.
        growth: shape (n,), followers.
        levers: names of the columns of ``counts``.
        counts: shape (n, levers), pieces posted, NaN where unknown.
        hours: shape (n,), of work: as noted, else by the minutes a piece takes.
    """

    history: History
    mondays: Integers
    growth: Floats
    levers: tuple[str, ...]
    counts: Matrix
    hours: Floats

    @classmethod
    def of(cls, daily: Daily, *, minutes: Mapping[str, float] = DEFAULT_MINUTES) -> TargetWeeks:
        """The weeks of a daily table; ``minutes`` of work per piece, where hours aren't noted."""
        weekly = daily.weekly()
        targets = weekly[weekly["is_target"]]
        counts = targets[list(daily.levers)].to_numpy(dtype="float64")
        each = np.array([minutes.get(name, 0.0) for name in daily.levers])
        worked = np.nan_to_num(counts) @ each
        if "minutes_spent" in targets:
            noted = targets["minutes_spent"].to_numpy(dtype="float64")
            worked = np.where(np.isfinite(noted), noted, worked)
        return cls(
            history=read_history(daily),
            mondays=targets["week_start"].to_numpy().astype("datetime64[D]").astype(np.int64),
            growth=targets["net_growth"].to_numpy(dtype="float64"),
            levers=daily.levers,
            counts=counts,
            hours=worked / MINUTES_PER_HOUR,
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self.mondays)

    def monday(self, place: int) -> int:
        """The day a week starts on, since 1970-01-01."""
        return int(self.mondays[place])

    def sunday(self, place: int) -> int:
        """The day a week ends on, since 1970-01-01."""
        return self.monday(place) + DAYS_PER_WEEK - 1

    def iso_monday(self, place: int) -> str:
        """ISO date of :meth:`monday`."""
        return iso_day(self.monday(place))

    def iso_sunday(self, place: int) -> str:
        """ISO date of :meth:`sunday`."""
        return iso_day(self.sunday(place))

    def plan(self, place: int) -> dict[str, float]:
        """What was posted in a week, as far as it is known."""
        return {
            name: float(count)
            for name, count in zip(self.levers, self.counts[place], strict=True)
            if np.isfinite(count)
        }


@dataclass(frozen=True)
class Judged:
    """What one origin's forecast said of a week, and what came; followers."""

    place: int
    """Of the week among the targets."""
    actual: float
    expected: float
    median: float
    low: float
    high: float
    repeatable: float
    viral: float
    intervals: dict[float, tuple[float, float]]
    """By level, those that the history supports."""
    spread: tuple[float, ...]
    """Quantiles at :func:`midpoints` of the asked level; none where the history doesn't support it."""
    next_better: float | None
    """By how much the plan of the week after was said to bring more than this week's; None where none follows."""


def judge(predictor: WeekPredictor, weeks: TargetWeeks, place: int, *, level: float) -> Judged | None:
    """The forecast of a week for what was posted in it; None where the history supports no level up to this one."""
    wanted = sorted({each for each in (*LEVELS, level) if residuals_needed(each) <= predictor.n_residuals})
    shown = max((each for each in wanted if each <= level), default=None)
    if shown is None:
        return None
    plan = weeks.plan(place)
    answer = predict(predictor, plan, level=shown, answer_refused=True)
    assert answer.expected is not None
    assert answer.median is not None
    assert answer.low is not None
    assert answer.high is not None
    assert answer.repeatable is not None
    assert answer.viral is not None
    others = [each for each in wanted if each != shown]
    parts = midpoints(level).tolist() if level in wanted else []
    ends = [end for each in others for end in ((1 - each) / 2, (1 + each) / 2)]
    said = quantiles(predictor, plan, [*ends, *parts])
    intervals = {each: (said[2 * number], said[2 * number + 1]) for number, each in enumerate(others)}
    return Judged(
        place=place,
        actual=float(weeks.growth[place]),
        expected=answer.expected,
        median=answer.median,
        low=answer.low,
        high=answer.high,
        repeatable=answer.repeatable,
        viral=answer.viral,
        intervals=dict(sorted({**intervals, shown: (answer.low, answer.high)}.items())),
        spread=said[len(ends) :],
        next_better=_next_better(predictor, weeks, place),
    )


def _next_better(predictor: WeekPredictor, weeks: TargetWeeks, place: int) -> float | None:
    """What the next week's plan is said to bring beyond this week's, in this week.

    In repeatable followers: viral growth rises with them, so the order of two plans is theirs.
    """
    if place + 1 >= len(weeks) or weeks.monday(place + 1) != weeks.monday(place) + DAYS_PER_WEEK:
        return None
    this, after = (full_plan(predictor, weeks.plan(each)) for each in (place, place + 1))
    moved = [after[name] - this[name] for name in predictor.levers]
    return said_gain(np.array(predictor.mean[1:]), np.array(moved))


def said_gain(effects: Floats, moved: Floats) -> float:
    """What moving levers, both of shape (levers,), is said to bring; exactly 0 where only rounding tells it from 0."""
    parts = effects * moved
    gain = float(parts.sum())
    return gain if abs(gain) > EVEN * float(np.abs(parts).sum()) else 0.0


def midpoints(level: float) -> Floats:
    """Midpoints of as many equal parts of (0, 1) as a history that supports the level affords; shape (q,)."""
    parts = min((residuals_needed(level) + 1) // 2, MOST_PARTS)
    return (np.arange(parts) + 0.5) / parts
