"""A fit's weeks one by one, as charts of its health draw them: residuals, normal quantiles, memory, influence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats
from cgn_core.stats.influence import LISTED_DISTANCE, influence, typical_distance
from cgn_core.stats.judged_weeks import JudgedWeeks
from cgn_core.stats.residual_tests import MOST_LAGS

BAND_LEVEL = 0.95
"""Of the bands that chance leaves around normal quantiles and around a memory of zero."""
TO_BAND = 1.959963984540054
"""Standard normal quantile of that level, two-sided."""


@dataclass(frozen=True)
class SeenWeek:
    """One week of a fit."""

    week_start: str
    """ISO Monday."""
    growth: float
    """Followers; without viral days for the daily fit."""
    fitted: float
    """Followers that the fit gives the week."""
    residual: float
    """What is left, in standard deviations of all of them."""
    leverage: float
    """0 to 1, see :class:`cgn_core.stats.influence.InfluentialWeek`."""
    studentised: float | None
    cooks_distance: float | None
    """None where the week alone decides a coefficient."""


@dataclass(frozen=True)
class NormalQuantile:
    """One residual of a normal quantile plot, the smallest first; all in standard deviations."""

    week_start: str
    normal: float
    """Where a normal sample of this size has its median at this rank."""
    residual: float
    low: float
    high: float
    """Between which nineteen of twenty normal samples have this rank."""


@dataclass(frozen=True)
class Memory:
    """How like a week's residual is to the one some weeks before."""

    weeks_back: int
    correlation: float


@dataclass(frozen=True)
class JudgedSeries:
    """Everything that residual and influence charts draw."""

    weeks: tuple[SeenWeek, ...]
    quantiles: tuple[NormalQuantile, ...]
    """Empty where the residuals are all alike."""
    memory: tuple[Memory, ...]
    memory_bound: float
    """Within which a correlation lies in nineteen of twenty histories without a memory."""
    listed_distance: float
    """Cook's distance from which a week is listed: 4 / n."""
    moving_distance: float
    """Cook's distance from which a week alone moves the fit by as much as all its uncertainty."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def judged_series(judged: JudgedWeeks) -> JudgedSeries:
    """The series of a fit's weeks.

    Residuals are those that the tests judge, centred and in units of their own standard deviation, so that all charts
    share a scale. The autocorrelations equal statsmodels' ``acf``; weeks that are missing are passed over as the tests
    pass over them.

    Args:
        judged: n weeks, at least two.

    Source: order statistics of the uniform law, David & Nagaraja (2003), Order Statistics, section 2.1,
        doi:10.1002/0471722162; bound of the autocorrelation, Bartlett (1946), doi:10.2307/2983611.
    """
    found = influence(judged)
    away = judged.residuals - judged.residuals.mean()
    spread = 0.0 if judged.exact else float(np.sqrt((away**2).sum() / max(len(away) - 1, 1)))
    scaled: Floats = away / spread if spread > 0 else np.zeros(len(away))
    weeks = tuple(
        SeenWeek(
            week_start=monday,
            growth=float(judged.growth[place]),
            fitted=float(judged.fitted[place]),
            residual=float(scaled[place]),
            leverage=float(found.leverage[place]),
            studentised=_known(found.studentised[place]),
            cooks_distance=_known(found.cooks_distance[place]),
        )
        for place, monday in enumerate(judged.mondays)
    )
    return JudgedSeries(
        weeks=weeks,
        quantiles=_quantiles(scaled, judged.mondays) if spread > 0 else (),
        memory=_memory(scaled) if spread > 0 else (),
        memory_bound=float(TO_BAND / np.sqrt(len(scaled))),
        listed_distance=LISTED_DISTANCE / len(scaled),
        moving_distance=typical_distance(judged),
    )


def _quantiles(scaled: Floats, mondays: list[str]) -> tuple[NormalQuantile, ...]:
    count = len(scaled)
    rank = np.arange(1, count + 1)
    # The i-th of n uniform numbers follows Beta(i, n + 1 - i).
    low, middle, high = (
        special.ndtri(special.betaincinv(rank, count + 1 - rank, share))
        for share in ((1 - BAND_LEVEL) / 2, 0.5, (1 + BAND_LEVEL) / 2)
    )
    order = np.argsort(scaled, kind="stable")
    return tuple(
        NormalQuantile(
            week_start=mondays[place],
            normal=float(middle[number]),
            residual=float(scaled[place]),
            low=float(low[number]),
            high=float(high[number]),
        )
        for number, place in enumerate(order.tolist())
    )


def _memory(scaled: Floats) -> tuple[Memory, ...]:
    total = float(scaled @ scaled)
    furthest = min(2 * MOST_LAGS, len(scaled) // 3)
    return tuple(Memory(back, float(scaled[back:] @ scaled[:-back]) / total) for back in range(1, furthest + 1))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
