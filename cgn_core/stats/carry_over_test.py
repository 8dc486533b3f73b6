"""Does last week's content still bring followers this week? One question, one test of stated size.

Last week's pieces enter as one index, each type weighted by its fitted effect and, where days are known, each piece by
how late in the week it was posted. One coefficient is tested, where a lag of every type would spend a history's power
on four.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import ConstantSeries
from cgn_core.stats.arrays import Flags
from cgn_core.stats.repeatable_weeks import (
    BY_DAY,
    BY_WEEK,
    LASTING_DECAY,
    LASTING_SHARE,
    RepeatableWeeks,
    complete_weeks,
    repeatable_weeks,
)
from cgn_core.stats.saturation import EXACT, FEWEST_FREE, SIZE, power_of, require_size
from cgn_core.tables import Daily


@dataclass(frozen=True)
class CarryOver:
    """Whether content of one week works on in the next."""

    identified: bool
    size: float
    """Chance of a claim where nothing carries over."""
    weeks: int
    """Weeks whose week before is known."""
    p_value: float | None
    """One-sided; None where it couldn't be tested."""
    statistic: float | None
    power: float | None
    """Chance that this history would have shown an effect that lasts for days as ``stated`` says."""
    stated: str
    estimate: float | None
    """Of what a week's content brings, the share that comes in the week after."""
    low: float | None
    high: float | None
    level: float
    """Of the interval, two-sided: it lies above zero exactly where carry-over is identified."""
    basis: str
    """days | weeks: what viral excess was found on."""
    reason: str
    """claimed | not_significant | too_few_weeks | no_content | exact_fit | constant_growth"""
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CarryOver:
        """The inverse of :meth:`to_json`."""
        return cls(**stored)


def weekly_carry_over(history: Daily | pd.DataFrame, *, size: float = SIZE) -> CarryOver:
    """Test whether last week's content still brings followers.

    Args:
        history: a daily table; or a weekly one where only weeks are known.
        size: chance of a false claim.

    Raises:
        TooFewObservations: fewer than eight complete weeks.
        InvalidInput: a size out of range; an unusable weekly table.
    """
    require_size(size)
    try:
        weeks = repeatable_weeks(history)
    except ConstantSeries as error:
        basis = BY_WEEK if isinstance(history, pd.DataFrame) else BY_DAY
        return _open(complete_weeks(history), basis, "constant_growth", error.message, size=size)
    return carry_over_of(weeks, size=size)


def carry_over_of(weeks: RepeatableWeeks, *, size: float = SIZE) -> CarryOver:
    """:func:`weekly_carry_over` on weeks that were made ready before."""
    chosen: Flags = np.array(np.isfinite(weeks.arriving).all(axis=1)).reshape(-1)
    count = int(chosen.sum())
    if len(weeks.levers) == 0:
        sentence = "What content brings isn't known from this history, so neither is whether it works on."
        return _open(count, weeks.basis, "no_content", sentence, size=size)
    # Same-week counts, not the daily stock: what is carried over is the question here. What leaves the week is allowed
    # for where the days are known, or it would be noise; the claim rests on what arrives alone.
    same_week = np.hstack([weeks.calendar, weeks.counts])
    leaving = np.column_stack([same_week, weeks.leaving @ weeks.effects])
    if weeks.determines(leaving, weeks=chosen):
        same_week = leaving
    design = np.column_stack([same_week, weeks.arriving @ weeks.effects])
    freedom = count - design.shape[1]
    if freedom < FEWEST_FREE:
        sentence = f"{count} weeks with a known week before are too few to see whether content works on into the next."
        return _open(count, weeks.basis, "too_few_weeks", sentence, size=size)
    if not weeks.determines(design, weeks=chosen):
        sentence = "Last week's content can't be told from this week's or the calendar here."
        return _open(count, weeks.basis, "no_content", sentence, size=size)
    found = weeks.estimate(design, weeks=chosen)
    away = (weeks.growth - design @ found.coefficients)[chosen]
    if np.abs(away).max() <= EXACT * max(float(np.abs(weeks.growth).mean()), EXACT):
        sentence = "Growth follows the content without any noise, so there is nothing to test."
        return _open(count, weeks.basis, "exact_fit", sentence, size=size)
    ratio, error = weeks.last_term(design, weeks=chosen)
    critical = -float(special.stdtrit(freedom, size))
    statistic = ratio / error
    identified = statistic > critical
    power = power_of(1 / error, freedom, critical)
    # The index is what would arrive at LASTING_DECAY, so that its coefficient would be 1.
    estimate, low, high = (
        LASTING_SHARE * value for value in (ratio, ratio - critical * error, ratio + critical * error)
    )
    return CarryOver(
        identified=identified,
        size=size,
        weeks=count,
        p_value=float(special.stdtr(freedom, -statistic)),
        statistic=statistic,
        power=power,
        stated=_STATED,
        estimate=estimate,
        low=low,
        high=high,
        level=1 - 2 * size,
        basis=weeks.basis,
        reason="claimed" if identified else "not_significant",
        sentence=_sentence(identified, count, estimate, low, high, power, 1 - 2 * size),
    )


_STATED = (
    f"an effect of which {LASTING_DECAY:.0%} is left a day later, so that about {LASTING_SHARE:.0%} of it comes in the "
    "week after"
)


def _sentence(
    identified: bool,  # noqa: FBT001 - a private function's first fact
    weeks: int,
    estimate: float,
    low: float,
    high: float,
    power: float,
    level: float,
) -> str:
    if identified:
        return (
            f"What is posted in one week still brings followers in the next: about {estimate:.0%} of its effect "
            f"({level:.0%}: {low:.0%} to {high:.0%})."
        )
    return (
        f"Not identified: these {weeks} weeks do not show that what is posted in one week still brings followers in "
        f"the next. They would have shown {_STATED}, with a chance of {power:.0%}."
    )


def _open(weeks: int, basis: str, reason: str, sentence: str, *, size: float) -> CarryOver:
    return CarryOver(
        identified=False,
        size=size,
        weeks=weeks,
        p_value=None,
        statistic=None,
        power=None,
        stated=_STATED,
        estimate=None,
        low=None,
        high=None,
        level=1 - 2 * size,
        basis=basis,
        reason=reason,
        sentence=sentence,
    )
