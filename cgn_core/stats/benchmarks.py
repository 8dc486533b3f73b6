"""The creator beside the accounts it competes with: growth, cadence, mix, engagement, share of voice, and changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import TooFewObservations
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.intervals import require_level
from cgn_core.stats.notebook import html_table
from cgn_core.stats.peer_changes import Change, changes
from cgn_core.stats.peer_metrics import (
    FEWEST_PEERS,
    FEWEST_WEEKS,
    METRICS,
    Compared,
    Metric,
    at_own_size,
    compare,
    draws,
    percentile_of,
    size_matters,
    weekly_quantities,
)
from cgn_core.tables import Daily

RANKED, TOO_FEW_PEERS = "ranked", "too_few_peers"
GROWTH_RATE, SHARE_OF_VOICE = "growth_rate", "share_of_voice"


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
    """Where the creator stands among the peers by one metric, in per cent of peers below it."""

    value: float
    """The creator's own, not adjusted."""
    percentile: float | None
    """None with fewer than five peers."""
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PeerMetric:
    """One metric of every account over the weeks that those with it share."""

    unit: str
    weeks: int
    own: float
    own_low: float
    own_high: float
    peers: dict[str, float]
    adjusted_for_size: bool
    """Whether the metric goes with the peers' size beyond chance, so that they were set to the creator's size."""
    verdict: str
    """ranked | too_few_peers"""
    sentence: str


@dataclass(frozen=True)
class Voice:
    """An account's share of everything the compared accounts posted in the shared weeks."""

    name: str
    """"" is the creator."""
    share: float
    low: float
    high: float


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
    """By metric: growth_rate always; the others where the creator and a peer have them."""
    head_to_head: tuple[HeadToHead, ...]
    verdict: str
    """ranked | too_few_peers, by growth"""
    sentence: str
    metrics: dict[str, PeerMetric]
    share_of_voice: tuple[Voice, ...]
    """The creator first; empty where nobody's posts are known."""
    changes: tuple[Change, ...]
    """Whose cadence changed in the last four weeks, the creator's among them."""
    left_out: tuple[str, ...]
    """Competitors without followers or without enough shared weeks, whose growth isn't compared."""

    def to_json(self) -> dict[str, Any]:
        """What ``cgn benchmark --json`` prints."""
        return asdict(self)

    def _repr_html_(self) -> str:
        rows = [(name, each.value, each.percentile, each.low, each.high) for name, each in self.percentiles.items()]
        columns = ("", "own", "percentile", "low", "high")
        return html_table(f"Among peers, over {self.weeks} weeks", columns, rows, notes=[self.sentence])


def growth_benchmark(
    own: Daily, peers: Mapping[str, Daily], *, rng: np.random.Generator, level: float = 0.9
) -> Benchmark:
    """Compare a creator with its peers over the weeks that they share, metric by metric.

    Intervals come from a moving-block bootstrap of weeks, drawn for all accounts at once, so that a season they share
    cancels (Künsch, 1989, doi:10.1214/aos/1176347265). Growth and engagement are relative to size; where they still go
    up or down with size among the peers beyond chance, the peers are set to the creator's size before it is ranked.

    Args:
        own: with followers, so that growth can be set against size.
        peers: by name; from each metric those without it or without enough shared weeks are left out, first those
            that share the fewest.
        rng: draws the blocks.
        level: of the intervals, two-sided.

    Raises:
        TooFewObservations: the creator and no peer share eight weeks of growth and followers.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    mine = weekly_quantities(own)
    others = {name: weekly_quantities(daily) for name, daily in peers.items()}
    growth = compare(mine, others, METRICS[GROWTH_RATE])
    if GROWTH_RATE not in mine or mine[GROWTH_RATE].notna().sum() == 0:
        raise TooFewObservations(
            "The creator has no week with growth and followers, so its growth can't be set against its size. Import "
            "the daily follower count."
        )
    if growth is None:
        raise TooFewObservations(
            f"The creator and its peers share {_most_shared(mine, others)} weeks with growth and followers; "
            f"at least {FEWEST_WEEKS} are needed. Import more weeks of the competitors."
        )
    percentiles, metrics = {}, {}
    drawn = growth.drawn(rng)
    for name, metric in METRICS.items():
        compared = growth if name == GROWTH_RATE else compare(mine, others, metric)
        if compared is not None:
            resampled = drawn if name == GROWTH_RATE else compared.drawn(rng)
            percentiles[name], metrics[name] = _standing(
                metric, compared, resampled, _sizes(mine, others, compared), level
            )
    voices = _voices(mine, others, rng, level)
    if voices is not None:
        percentiles[SHARE_OF_VOICE] = voices[0]
    low, high = _interval(drawn, level)
    values = growth.values
    left_out = tuple(name for name in others if name not in growth.names)
    growths = [
        Growth(name, float(values[place]), float(low[place]), float(high[place]), growth.weeks)
        for place, name in enumerate(("", *growth.names))
    ]
    return Benchmark(
        weeks=growth.weeks,
        level=level,
        own=growths[0],
        peers=tuple(growths[1:]),
        percentiles=percentiles,
        head_to_head=_duels(growth, rng, level),
        verdict=metrics[GROWTH_RATE].verdict,
        sentence=_headline(growth, percentiles[GROWTH_RATE], adjusted=metrics[GROWTH_RATE].adjusted_for_size)
        + _without(left_out),
        metrics=metrics,
        share_of_voice=voices[1] if voices is not None else (),
        changes=changes({"": mine, **others}),
        left_out=left_out,
    )


def _interval(drawn: Matrix, level: float) -> Matrix:
    """Shape (2, accounts)."""
    bounds: Matrix = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return bounds


def _most_shared(mine: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> int:
    """The most weeks of growth that any peer shares with the creator."""
    if GROWTH_RATE not in mine:
        return 0
    weeks = mine.index[mine[GROWTH_RATE].notna()]
    return max(
        (
            len(weeks.intersection(each.index[each[GROWTH_RATE].notna()]))
            for each in others.values()
            if GROWTH_RATE in each
        ),
        default=0,
    )


def _sizes(mine: pd.DataFrame, others: Mapping[str, pd.DataFrame], compared: Compared) -> Floats:
    """Log followers of the creator and the compared peers when the shared weeks began; shape (1 + peers,).

    NaN where unknown. Later followers would make whoever grew fast look large.
    """

    def size(quantities: pd.DataFrame) -> float:
        if "followers" not in quantities:
            return float("nan")
        known = quantities["followers"].loc[compared.first_week :].dropna()
        return float(np.log(known.iloc[0])) if len(known) else float("nan")

    return np.array([size(mine), *(size(others[name]) for name in compared.names)], dtype=np.float64)


def _standing(
    metric: Metric, compared: Compared, drawn: Matrix, logs: Floats, level: float
) -> tuple[Percentile, PeerMetric]:
    values = compared.values
    low, high = _interval(drawn[:, :1], level)[:, 0]
    ranked = len(compared.names) >= FEWEST_PEERS
    adjusted = ranked and metric.sized and bool(np.isfinite(logs[0])) and size_matters(values[1:], logs[1:])
    standing = Percentile(float(values[0]), None, None, None)
    if ranked:
        standing = _rank(values, drawn, logs if adjusted else None, level)
    return standing, PeerMetric(
        unit=metric.unit,
        weeks=compared.weeks,
        own=float(values[0]),
        own_low=float(low),
        own_high=float(high),
        peers={name: float(value) for name, value in zip(compared.names, values[1:], strict=True)},
        adjusted_for_size=adjusted,
        verdict=RANKED if ranked else TOO_FEW_PEERS,
        sentence=_sentence(metric.words, len(compared.names), compared.weeks, standing, adjusted=adjusted),
    )


def _rank(values: Floats, drawn: Matrix, logs: Floats | None, level: float) -> Percentile:
    alone = values[None, :]
    if logs is not None:
        alone, drawn = at_own_size(alone, logs), at_own_size(drawn, logs)
    low, high = np.quantile(percentile_of(drawn), [(1 - level) / 2, (1 + level) / 2])
    return Percentile(float(values[0]), float(percentile_of(alone)[0]), float(low), float(high))


def _voices(
    mine: pd.DataFrame, others: Mapping[str, pd.DataFrame], rng: np.random.Generator, level: float
) -> tuple[Percentile, tuple[Voice, ...]] | None:
    """Shares of everything posted; None where the posts of the creator or of every peer are unknown."""
    compared = compare(mine, others, METRICS["cadence"])
    if compared is None or not compared.above.any():
        return None
    times = draws(compared.weeks, rng)
    pieces = times @ compared.above
    total = pieces.sum(axis=1, keepdims=True)
    shares = compared.above.sum(axis=0) / compared.above.sum()
    drawn = np.where(total > 0, pieces / np.where(total > 0, total, 1.0), shares)
    low, high = _interval(drawn, level)
    voices = tuple(
        Voice(name, float(shares[place]), float(low[place]), float(high[place]))
        for place, name in enumerate(("", *compared.names))
    )
    if len(compared.names) < FEWEST_PEERS:
        return Percentile(float(shares[0]), None, None, None), voices
    return _rank(shares, drawn, None, level), voices


def _duels(growth: Compared, rng: np.random.Generator, level: float) -> tuple[HeadToHead, ...]:
    faster = (growth.above[:, :1] > growth.above[:, 1:]).astype(float)
    low, high = _interval(draws(growth.weeks, rng) @ faster / growth.weeks, level)
    return tuple(
        HeadToHead(name, float(faster[:, place].mean()), float(low[place]), float(high[place]))
        for place, name in enumerate(growth.names)
    )


def _headline(growth: Compared, standing: Percentile, *, adjusted: bool) -> str:
    peers = len(growth.names)
    if standing.percentile is None:
        return (
            f"Too few peers for a percentile: {peers} of at least {FEWEST_PEERS}; each is compared over {growth.weeks} "
            "weeks."
        )
    size = " of its size" if adjusted else ""
    return (
        f"Over {growth.weeks} weeks growth relative to size was faster than that of {standing.percentile:.0f} % of "
        f"{peers} peers{size}."
    )


def _without(left_out: tuple[str, ...]) -> str:
    return f" Not compared, for want of followers or of shared weeks: {', '.join(left_out)}." if left_out else ""


def _sentence(words: str, peers: int, weeks: int, standing: Percentile, *, adjusted: bool) -> str:
    if standing.percentile is None:
        return f"{words}: too few peers for a percentile, {peers} of at least {FEWEST_PEERS}, over {weeks} weeks."
    size = " of its size" if adjusted else ""
    return f"{words}: higher than {standing.percentile:.0f} % of {peers} peers{size} over {weeks} weeks."
