"""What accounts are compared by, week by week, and the bootstrap that says how sure a comparison is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.stats.arrays import Flags, Floats, Matrix
from cgn_core.stats.feature_table import PIECES, interactions_of
from cgn_core.tables import Daily, to_weekly

FEWEST_PEERS = 5
"""Below this a percentile says nothing."""
FEWEST_WEEKS = 8
BLOCK_WEEKS = 4
RESAMPLES = 1_000
SIZE_DOUBT = 0.05
"""How unlikely the peers' ordering by size must be before a metric is adjusted for size (Kendall's test)."""

SHIFT, POISSON_VARIANCE = 3 / 8, 1 / 4
"""Of Anscombe's square root: the variance of the root of a Poisson count plus three eighths is nearly a quarter."""


@dataclass(frozen=True)
class Metric:
    """A weekly quantity that accounts are compared by: the sum of one column over the sum of another."""

    name: str
    above: str
    below: str
    unit: str
    sized: bool
    """Whether it may depend on an account's size, so that the percentile is adjusted where the peers show that."""
    words: str


METRICS: Mapping[str, Metric] = MappingProxyType({
    metric.name: metric
    for metric in (
        Metric("growth_rate", "growth_rate", "weeks", "share of followers per week", True, "Growth relative to size"),
        Metric("cadence", "pieces", "weeks", "pieces per week", False, "Posts, reels and stories a week"),
        Metric("share_posts", "posts", "pieces", "share of pieces", False, "Share of posts"),
        Metric("share_reels", "reels", "pieces", "share of pieces", False, "Share of reels"),
        Metric("share_stories", "stories", "pieces", "share of pieces", False, "Share of stories"),
        Metric("engagement_rate", "interactions", "reach", "interactions per account reached", True,
               "Interactions per account reached"),
        Metric("engagement_by_followers", "interactions", "followers", "interactions per follower and week", True,
               "Interactions per follower"),
    )
})  # fmt: skip


def weekly_quantities(daily: Daily) -> pd.DataFrame:
    """What the metrics are made of, one row per Monday; NaN where a day of the week is missing.

    Columns as far as they are known: ``growth_rate`` (growth over the followers at the week's start, where every day's
    growth is observed), ``followers`` (at its start), ``posts``, ``reels``, ``stories``, ``pieces``, ``interactions``,
    ``reach``; ``weeks`` is 1.
    """
    weekly = to_weekly(daily)
    found = pd.DataFrame({"weeks": 1.0}, index=pd.DatetimeIndex(weekly["week_start"]))
    weekly = weekly.set_axis(found.index)
    present = [name for name in PIECES if name in weekly]
    for name in present:
        found[name] = weekly[name]
    if present:
        found["pieces"] = weekly[present].sum(axis=1, min_count=len(present))
    if "followers_start" in weekly:
        followers = weekly["followers_start"].where(weekly["followers_start"] > 0)
        found["followers"] = followers
        found["growth_rate"] = (weekly["net_growth"] / followers).where(weekly["is_target"])
    interactions = interactions_of(weekly)
    if interactions is not None:
        found["interactions"] = interactions
    if "reach" in weekly:
        found["reach"] = weekly["reach"]
    return found


@dataclass(frozen=True)
class Compared:
    """One metric over the weeks that the creator (first) and its peers share.

    Attributes:
        names: the peers'.
        first_week: Monday of the first shared week.
        above: shape (weeks, 1 + peers).
        below: shape (weeks, 1 + peers).
    """

    names: tuple[str, ...]
    first_week: pd.Timestamp
    above: Matrix
    below: Matrix

    @property
    def weeks(self) -> int:
        """How many are shared."""
        return len(self.above)

    @property
    def values(self) -> Floats:
        """Shape (1 + peers,), over all shared weeks."""
        ratios: Floats = self.above.sum(axis=0) / self.below.sum(axis=0)
        return ratios

    def drawn(self, rng: np.random.Generator) -> Matrix:
        """Shape (resamples, 1 + peers), over resampled weeks; the same weeks for all accounts, so that what they share
        cancels.
        """
        times = draws(self.weeks, rng)
        above, below = times @ self.above, times @ self.below
        ratios: Matrix = np.where(below > 0, above / np.where(below > 0, below, 1.0), self.values)
        return ratios


def compare(mine: pd.DataFrame, peers: Mapping[str, pd.DataFrame], metric: Metric) -> Compared | None:
    """The weeks that all accounts with this metric share; None without eight weeks or without any peer.

    Accounts that share too few weeks with the creator are left out, and then, while the rest share too few, the one
    that shares the fewest: one account of another time must not take away the comparison with all others.
    """
    own = _known(mine, metric)
    known = {name: _known(quantities, metric) for name, quantities in peers.items()}
    known = {name: table for name, table in known.items() if len(table.index.intersection(own.index)) >= FEWEST_WEEKS}
    while known:
        weeks = own.index
        for table in known.values():
            weeks = weeks.intersection(table.index)
        if len(weeks) >= FEWEST_WEEKS:
            tables = [own, *known.values()]
            above = np.column_stack([table.loc[weeks, "above"].to_numpy(dtype="float64") for table in tables])
            below = np.column_stack([table.loc[weeks, "below"].to_numpy(dtype="float64") for table in tables])
            some = below.sum(axis=0) > 0
            if not some[0] or not some[1:].any():
                return None
            names = tuple(name for name, kept in zip(known, some[1:], strict=True) if kept)
            return Compared(names, pd.Timestamp(weeks[0]), above[:, some], below[:, some])
        known.pop(min(known, key=lambda name: len(known[name].index.intersection(own.index))))
    return None


def _known(quantities: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    if metric.above not in quantities or metric.below not in quantities:
        return pd.DataFrame({"above": [], "below": []}, index=pd.DatetimeIndex([]), dtype="float64")
    return pd.DataFrame({"above": quantities[metric.above], "below": quantities[metric.below]}).dropna()


def draws(weeks: int, rng: np.random.Generator) -> Matrix:
    """How often each week comes in a moving-block resample; shape (resamples, weeks).

    Source: Künsch (1989), doi:10.1214/aos/1176347265.
    """
    length = min(BLOCK_WEEKS, weeks)
    starts = rng.integers(0, weeks - length + 1, (RESAMPLES, -(-weeks // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :weeks]
    flat = drawn + np.arange(RESAMPLES)[:, None] * weeks
    counts: Matrix = np.bincount(flat.ravel(), minlength=RESAMPLES * weeks).reshape(RESAMPLES, weeks).astype(np.float64)
    return counts


def size_matters(values: Floats, sizes: Floats) -> bool:
    """Whether the peers' values go up or down with size beyond chance: Kendall's test at 5 %.

    Args:
        values: shape (peers,).
        sizes: shape (peers,), followers, NaN where unknown.
    Source: Kendall (1938), doi:10.1093/biomet/30.1-2.81.
    """
    known = np.isfinite(sizes)
    if len(np.unique(sizes[known])) < FEWEST_PEERS:
        return False
    from scipy import stats

    found = stats.kendalltau(sizes[known], values[known])
    return bool(np.isfinite(found.pvalue) and found.pvalue <= SIZE_DOUBT)


def at_own_size(values: Matrix, logs: Floats) -> Matrix:
    """Peers' values moved along their own slope by size to where the creator's size is.

    Args:
        values: shape (draws, 1 + peers), the creator's first.
        logs: shape (1 + peers,), log followers; NaN where unknown, and then not moved.
    Returns: the same shape; the creator's own are untouched.
    Source: the slope is the median of pairwise slopes, Theil (1950) and Sen (1968), doi:10.2307/2285891.
    """
    known: Flags = np.isfinite(logs)
    if not known[0]:
        return values
    peers = np.flatnonzero(known[1:]) + 1
    first, second = np.triu_indices(len(peers), k=1)
    steps = logs[peers[second]] - logs[peers[first]]
    apart = np.abs(steps) > 0
    if not apart.any():
        return values
    rises = values[:, peers[second][apart]] - values[:, peers[first][apart]]
    slopes = np.median(rises / steps[apart], axis=1)
    moved = values.copy()
    moved[:, peers] -= slopes[:, None] * (logs[peers] - logs[0])
    return moved


def percentile_of(values: Matrix) -> Floats:
    """Per cent of peers below the creator, ties counting half.

    Args:
        values: shape (draws, 1 + peers), the creator's first.
    Returns: shape (draws,).
    """
    below, equal = values[:, 1:] < values[:, :1], values[:, 1:] == values[:, :1]
    standing: Floats = 100 * (below + 0.5 * equal).mean(axis=1)
    return standing


def change_p_value(before: Floats, recent: Floats) -> float:
    """Two-sided p-value of the recent weeks' mean against the weeks before.

    Student's t on square roots, which even out the spread of counts, with the earlier weeks' variance but at least that
    of Poisson counts, so that an account that posted like clockwork is not reported for one piece more. On the counts
    themselves 15 % of unchanged peer sets were reported for a change instead of 5 %.

    Args:
        before: shape (n,), n >= 2, pieces per week, >= 0.
        recent: shape (m,), m >= 1.
    Source: Anscombe (1948), doi:10.1093/biomet/35.3-4.246.
    """
    early, late = np.sqrt(before + SHIFT), np.sqrt(recent + SHIFT)
    variance = max(float(early.var(ddof=1)), POISSON_VARIANCE)
    scaled = abs(float(late.mean() - early.mean())) / np.sqrt(variance * (1 / len(early) + 1 / len(late)))
    return float(2 * special.stdtr(len(early) - 1, -scaled))
