"""Followers lost, modelled apart from those gained: a share of the followers there are, slowly changing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Flags, Floats, Matrix
from cgn_core.stats.history import NET_GROWTH, QUARTER_DAYS, History
from cgn_core.stats.least_squares import solve
from cgn_core.stats.viral import exceptional_days

ROUNDS = 4
FEWEST_LOST = 0.05
"""Followers lost a day below which their noise shrinks no further."""
UNRELATED = 0.2
"""Probability above which posting is taken to cost no followers. Far above 0.05, because what is missed would count as
growth: content that costs a few followers for every ten it brings is noticed in most histories of half a year."""


@dataclass(frozen=True)
class Losses:
    """What n days lost and the coming ones will."""

    lost: Floats
    """Shape (n,), followers lost per day."""
    usual: Floats
    """Shape (n,), followers that such a day usually loses."""
    ahead: float
    """Followers lost per day in the coming weeks."""
    doubt: float
    """Variance of ``ahead``."""
    exceptional: Flags
    """Shape (n,), days far above the usual, such as a purge of accounts."""

    def residuals(self) -> Floats:
        """Shape (n,), followers lost beyond the usual, 0 on exceptional days."""
        return np.where(self.exceptional, 0.0, self.lost - self.usual)


def usual_losses(history: History) -> Losses | None:
    """The losses of a history, or None where they are not known on every usable day.

    Each day's share is that of the quarter around it, exceptional days left out; the coming weeks lose the last
    quarter's share of the last followers.

    Args:
        history: with one usable day at least.
    """
    usable = history.usable
    lost = np.where(usable, history.unfollows, 0.0)
    if history.target != NET_GROWTH or not np.isfinite(lost).all() or (history.growth + lost < 0)[usable].any():
        return None
    size = _size(history)
    exceptional = np.zeros(len(lost), dtype=bool)
    usual = np.full(len(lost), max(float(np.median(lost[usable])), FEWEST_LOST))
    for _ in range(ROUNDS):
        scaled = (lost - usual) / np.sqrt(np.maximum(usual, FEWEST_LOST))
        found, _ = exceptional_days(scaled, usable, terms=1)
        settled = bool((found == exceptional).all())
        exceptional = found
        kept = usable & ~exceptional
        usual = size[:-1] * _shares(np.where(kept, lost, 0.0), np.where(kept, size[:-1], 0.0))
        if settled:
            break
    recent = kept.copy()
    recent[:-QUARTER_DAYS] = False
    recent = recent if recent.any() else kept
    share = lost[recent].sum() / size[:-1][recent].sum()
    away = (lost - usual)[kept]
    return Losses(
        lost=lost,
        usual=usual,
        ahead=float(share * size[-1]),
        doubt=float((away**2).sum() / max(len(away) - 1, 1)) / int(recent.sum()),
        exceptional=exceptional,
    )


def _size(history: History) -> Floats:
    """Shape (n + 1,), followers on the evening before each day and the next, where always known; else 1 everywhere."""
    level = history.followers
    if level is None or not np.isfinite(level[history.usable]).all() or (level[history.usable] <= 0).any():
        return np.ones(len(history.days) + 1)
    known = np.flatnonzero(np.isfinite(level) & (level > 0))
    filled = np.interp(np.arange(len(level)), known, level[known])
    return np.concatenate([filled[:1], filled])


def _shares(lost: Floats, size: Floats) -> Floats:
    """Shape (n,), sums over the quarter around each day, divided."""
    reach = QUARTER_DAYS // 2
    last = len(lost)
    after = np.minimum(np.arange(last) + reach + 1, last)
    before = np.maximum(np.arange(last) - reach, 0)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (lost, size)]
    total_lost, total_size = (each[after] - each[before] for each in sums)
    whole = float(lost.sum()) / max(float(size.sum()), 1e-300)
    shares: Floats = np.where(total_size > 0, total_lost / np.where(total_size > 0, total_size, 1.0), whole)
    return shares


def follow_posting(losses: Losses, terms: Matrix, stocks: Matrix, days: Flags) -> float:
    """Probability that losses would go with posting as closely as they do if posting cost no followers: an F test.

    Args:
        losses: of n days.
        terms: calendar terms, shape (n, q).
        stocks: of the levers, shape (n, k).
        days: shape (n,), those that count.
    """
    kept = days & ~losses.exceptional
    weights = 1 / np.maximum(losses.usual, FEWEST_LOST)[kept]
    away = (losses.lost - losses.usual)[kept]

    def error(design: Matrix) -> float:
        missed = away - design @ solve(design, away, weights)
        return float(weights @ missed**2)

    k = stocks.shape[1]
    left = len(away) - terms.shape[1] - k
    if k == 0 or left <= 0:
        return 1.0
    without, with_posting = error(terms[kept]), error(np.hstack([terms, stocks])[kept])
    if with_posting <= 0:
        return 1.0 if without <= 0 else 0.0
    return float(special.fdtrc(k, left, max(without / with_posting - 1, 0.0) * left / k))
