"""Growth relative to size, beside the accounts a creator competes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import TooFewObservations
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.intervals import require_level
from cgn_core.tables import Daily

FEWEST_PEERS = 5
"""Below this a percentile says nothing."""
FEWEST_WEEKS = 8
BLOCK_WEEKS = 4
RESAMPLES = 1_000


@dataclass(frozen=True)
class Growth:
    """An account's mean weekly growth as a share of its followers, with its interval."""

    name: str
    value: float
    low: float
    high: float
    weeks: int


@dataclass(frozen=True)
class Percentile:
    """Where the creator stands among the peers, in per cent of peers that grow more slowly."""

    value: float
    """The creator's growth rate."""
    percentile: float | None
    """None with fewer than five peers."""
    low: float | None
    high: float | None


@dataclass(frozen=True)
class HeadToHead:
    """Share of the shared weeks in which the creator grew faster than one peer."""

    peer: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Benchmark:
    """A creator among its peers over the weeks they share."""

    weeks: int
    level: float
    own: Growth
    peers: tuple[Growth, ...]
    percentiles: dict[str, Percentile]
    head_to_head: tuple[HeadToHead, ...]
    verdict: str
    """ranked | too_few_peers"""
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """What ``cgn benchmark --json`` prints."""
        return asdict(self)


def growth_benchmark(
    own: Daily, peers: Mapping[str, Daily], *, rng: np.random.Generator, level: float = 0.9
) -> Benchmark:
    """Compare weekly growth relative to size over the weeks that all accounts share.

    Intervals come from a moving-block bootstrap of weeks, drawn for all accounts at once, so that a season they share
    cancels (Künsch, 1989, doi:10.1214/aos/1176347265).

    Args:
        own: with followers, so that growth can be set against size.
        peers: by name; those without followers or without enough shared weeks are left out, first those
            that share the fewest.
        rng: draws the blocks.
        level: of the intervals, two-sided.

    Raises:
        TooFewObservations: the creator and no peer share eight weeks.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    mine = _relative_growth(own)
    known = {name: _relative_growth(daily) for name, daily in peers.items()}
    shared = {name: rates for name, rates in known.items() if len(rates.index.intersection(mine.index)) >= FEWEST_WEEKS}
    table = _common_weeks(mine, shared)
    while len(table) < FEWEST_WEEKS and len(shared) > 1:
        # One account of another time must not take away the comparison with all others.
        shared.pop(min(shared, key=lambda name: len(shared[name].index.intersection(mine.index))))
        table = _common_weeks(mine, shared)
    if not shared or len(table) < FEWEST_WEEKS:
        raise TooFewObservations(
            f"The creator and its peers share {len(table) if shared else 0} weeks with growth and followers; "
            f"at least {FEWEST_WEEKS} are needed. Import more weeks of the competitors."
        )
    rates: Matrix = table.to_numpy(dtype="float64")
    draws = rates[_blocks(len(rates), rng)]
    means, drawn = rates.mean(axis=0), draws.mean(axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    growths = [
        Growth(name, float(means[place]), float(low[place]), float(high[place]), len(rates))
        for place, name in enumerate(("", *shared))
    ]
    standing = _percentile(means, drawn, level) if len(shared) >= FEWEST_PEERS else (None, None, None)
    faster = (draws[:, :, :1] > draws[:, :, 1:]).mean(axis=1)
    duel_low, duel_high = np.quantile(faster, [(1 - level) / 2, (1 + level) / 2], axis=0)
    duels = tuple(
        HeadToHead(
            name, float((rates[:, 0] > rates[:, place + 1]).mean()), float(duel_low[place]), float(duel_high[place])
        )
        for place, name in enumerate(shared)
    )
    return Benchmark(
        weeks=len(rates),
        level=level,
        own=growths[0],
        peers=tuple(growths[1:]),
        percentiles={"growth_rate": Percentile(float(means[0]), *standing)},
        head_to_head=duels,
        verdict="ranked" if len(shared) >= FEWEST_PEERS else "too_few_peers",
        sentence=_sentence(len(shared), len(rates), standing[0]),
    )


def _relative_growth(daily: Daily) -> pd.Series[float]:
    """Weekly growth as a share of the followers at the week's start, by week."""
    weekly = daily.weekly()
    if "followers_start" not in weekly:
        return pd.Series(dtype="float64")
    rates = (weekly["net_growth"] / weekly["followers_start"].where(weekly["followers_start"] > 0)).set_axis(
        pd.DatetimeIndex(weekly["week_start"])
    )
    return rates[weekly["is_target"].to_numpy()].dropna()


def _common_weeks(mine: pd.Series[float], shared: Mapping[str, pd.Series[float]]) -> pd.DataFrame:
    """Growth rates over the weeks that all have; shape (weeks, 1 + peers), the creator's first."""
    return pd.DataFrame({"": mine, **{f"peer {name}": rates for name, rates in shared.items()}}).dropna()


def _blocks(weeks: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Week numbers of ``RESAMPLES`` moving-block resamples, shape (resamples, weeks)."""
    length = min(BLOCK_WEEKS, weeks)
    count = -(-weeks // length)
    starts = rng.integers(0, weeks - length + 1, (RESAMPLES, count))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :weeks]
    return drawn.astype(np.int64)


def _percentile(means: Floats, drawn: Matrix, level: float) -> tuple[float, float, float]:
    """Per cent of peers below the creator (ties count half), with the bootstrap interval."""

    def below(values: Matrix) -> Floats:
        standing: Floats = 100 * ((values[:, 1:] < values[:, :1]) + 0.5 * (values[:, 1:] == values[:, :1])).mean(axis=1)
        return standing

    low, high = np.quantile(below(drawn), [(1 - level) / 2, (1 + level) / 2])
    return float(below(means[None, :])[0]), float(low), float(high)


def _sentence(peers: int, weeks: int, percentile: float | None) -> str:
    if percentile is None:
        return (
            f"Too few peers for a percentile: {peers} of at least {FEWEST_PEERS}; each is compared over {weeks} weeks."
        )
    return f"Over {weeks} weeks growth relative to size was faster than that of {percentile:.0f} % of {peers} peers."
