"""Strategies that several property tests share: any history a creator could have, any design, what holds of results.

A history is drawn as a recipe for each column and a seed, not cell by cell: Hypothesis then tries a hundred in the time
that one drawn by cells would take, and shrinks to the plainest recipe that still fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cgn_core.errors import CgnError
from cgn_core.tables import CONTENT_TYPES, Daily, daily_from_frame

T = TypeVar("T")
SUNDAY = date(2026, 11, 22)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For what takes tens of milliseconds a time."""
FEWEST = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For whole trainings and diagnoses."""

SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.floats(0.01, 0.99)
LEVELS = st.sampled_from((0.5, 0.8, 0.9, 0.95))
COUNTS = ("poisson", "poisson", "none", "always one", "campaign", "one day", "millions", "clockwork")
"""How a content type is posted; what is usual stands twice."""
GROWTHS = ("noise", "noise", "driven", "viral", "falling level", "huge", "mostly none", "losing")


class AnyDaily(Daily):
    """A table that a failing example names in a line instead of printing every cell."""

    def __repr__(self) -> str:
        means = {name: round(float(self.frame[name].mean()), 2) for name in self.columns}
        return f"<{len(self.frame)} days to {self.frame['date'].iloc[-1]:%A}, means {means}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - the protocol's signature
        """Hypothesis prints dataclasses by their fields unless they say how."""
        printer.text(repr(self))


def _counts(kind: str, days: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    counts = rng.poisson(0.7, days).astype(np.float64)
    if kind == "none":
        counts[:] = 0.0
    elif kind == "always one":
        counts[:] = 1.0
    elif kind == "campaign":
        counts[: days // 2] = 0.0
    elif kind == "one day":
        counts[:] = 0.0
        counts[int(rng.integers(days))] = 1.0
    elif kind == "millions":
        counts = np.round(rng.uniform(0, 1e6, days))
    elif kind == "clockwork":
        counts = (np.arange(days) % 7 == 2).astype(np.float64)
    return counts


def _follows(
    kind: str, levers: Mapping[str, Any], days: int, rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.float64]]:
    follows = np.round(rng.gamma(5.0, 20.0, days))
    if kind == "driven":
        follows += 30.0 * sum(np.minimum(counts, 10.0) for counts in levers.values())
    elif kind == "viral":
        follows[rng.random(days) < 0.05] *= 50.0
    elif kind == "falling level":
        follows[2 * days // 3 :] = np.round(follows[2 * days // 3 :] * 0.15)
    elif kind == "huge":
        follows = np.round(rng.uniform(0, 1e8, days))
    elif kind == "mostly none":
        follows[rng.random(days) < 0.9] = 0.0
    return follows


@st.composite
def histories(draw: st.DrawFn, *, weeks: tuple[int, int] = (8, 30), gaps: bool = True) -> Daily:
    """A daily table of any creator: dull, viral, dormant, huge, with types that never vary, twins and gaps."""
    rng = np.random.default_rng(draw(SEEDS))
    days = 7 * draw(st.integers(*weeks)) + draw(st.sampled_from((0, 0, 0, 3)))
    names = draw(st.sampled_from((CONTENT_TYPES, CONTENT_TYPES[:3], CONTENT_TYPES[:1], ("reels", "stories"))))
    levers = {name: _counts(draw(st.sampled_from(COUNTS)), days, rng) for name in names}
    if len(names) > 1 and draw(st.integers(0, 5)) == 0:
        levers[names[1]] = levers[names[0]].copy()
    growth = draw(st.sampled_from(GROWTHS))
    follows = _follows(growth, levers, days, rng)
    columns: dict[str, Any] = {**levers, "follows": follows}
    told = draw(st.sampled_from(("all", "all", "follows", "no levels")))
    unfollows = np.round(rng.gamma(5.0, 30.0 if growth == "losing" else 3.0, days))
    if told != "follows":
        columns["unfollows"] = unfollows
    if told == "all":
        start = draw(st.sampled_from((0.0, 110_000.0, 1e9)))
        columns["followers"] = np.maximum(start + np.cumsum(follows - unfollows), 0.0)
    if draw(st.booleans()):
        columns["reach"] = np.round(rng.uniform(0, 1e5, days))
        columns["likes"] = np.round(rng.uniform(0, 1e4, days))
        columns["minutes_spent"] = np.round(rng.uniform(0, 300, days))
    start_day = SUNDAY - timedelta(days=days - 1)
    frame = pd.DataFrame({"date": pd.date_range(start_day, periods=days), **columns})
    if gaps and draw(st.integers(0, 3)) == 0:
        frame = frame[(rng.random(days) > 0.01) | (np.arange(days) % (days - 1) == 0)]
    drawn = daily_from_frame(frame)
    return AnyDaily(drawn.frame, drawn.provenance)


@st.composite
def designs(
    draw: st.DrawFn, *, terms: tuple[int, int] = (1, 4), spare: tuple[int, int] = (4, 30), whole: bool = True
) -> tuple[Any, Any]:
    """A design of full column rank, its first column the intercept, and growth of any size; shapes (n, k) and (n,).

    ``whole`` takes the further terms from whole numbers of pieces, as weeks hold them.
    """
    rng = np.random.default_rng(draw(SEEDS))
    columns = draw(st.integers(*terms))
    weeks = columns + draw(st.integers(*spare))
    shape = (weeks, columns - 1)
    others = rng.poisson(4.0, shape).astype(np.float64) if whole else rng.normal(size=shape)
    # No column constant or the others' sum: each stands out in a week of its own.
    for place in range(columns - 1):
        others[place, place] += 10.0
    design = np.column_stack([np.ones(weeks), others])
    growth = design @ rng.normal(0, 50, columns) + rng.standard_t(3, weeks) * draw(st.sampled_from((1.0, 30.0, 1e6)))
    if draw(st.booleans()):
        growth = np.round(growth)
    return design, growth


def numbers_in(value: Any) -> Iterator[float]:
    """Every number anywhere in a result: dataclasses, mappings, sequences and arrays."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "fiu":
            yield from (float(each) for each in value.ravel())
    elif isinstance(value, (bool, np.bool_, str)) or value is None:
        return
    elif isinstance(value, (int, float, np.number)):
        yield float(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from numbers_in(asdict(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from numbers_in(each)
    elif isinstance(value, (Sequence, set, frozenset)):
        for each in value:
            yield from numbers_in(each)


def all_finite(value: Any) -> bool:
    """Whether no number anywhere in a result is NaN or infinite; what isn't known is None."""
    return all(math.isfinite(each) for each in numbers_in(value))


def answer_of(ask: Callable[[], T], *refusals: type[CgnError]) -> T | None:
    """What was asked, or None where one of these errors refused it with a sentence; any other error is the test's."""
    try:
        return ask()
    except refusals as refused:
        if type(refused) not in refusals or not refused.message.endswith("."):
            raise
        return None
