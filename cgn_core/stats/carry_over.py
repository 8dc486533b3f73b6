"""Geometric carry-over in days: a piece keeps working after the day it is posted."""

from __future__ import annotations

import numpy as np

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.history import MONDAY_OFFSET, History
from cgn_core.tables import DAYS_PER_WEEK

WARM_UP_DAYS = 28
"""What was posted before the history began is taken to be as in its first days."""
FAINT = 1e-20
"""Share of a piece's effect that changes no digit any more."""


def stock(counts: Matrix, decay: float) -> Matrix:
    """Counts spread over the days after them, normalised so that one piece adds one in total over all lags.

    Args:
        counts: shape (n, levers), pieces per day, without gaps.
        decay: share of what is left that still is a day later, in [0, 1).
    Source: geometric adstock, Broadbent (1979), Journal of the Market Research Society 21(3).
    """
    if decay == 0 or counts.shape[1] == 0:
        return counts
    spread: Matrix = (1 - decay) * counts
    # Each turn doubles the days back that are counted in: scipy's filter would take a second to import.
    lag = 1
    while lag < len(counts) and decay**lag > FAINT:
        spread[lag:] += decay**lag * spread[:-lag]
        lag *= 2
    left = decay ** np.arange(1, len(counts) + 1)
    spread += left[:, None] * counts[:WARM_UP_DAYS].mean(axis=0)
    return spread


def next_week_stock(history: History, decay: float) -> tuple[Floats, Floats]:
    """What next week holds of each lever's stock.

    Returns: shape (levers,) carried in from the history; and shape (levers,) the share of one piece of next week that
        works within it, pieces falling on weekdays as they did before.
    """
    left = decay ** np.arange(1, DAYS_PER_WEEK + 1)
    last = stock(history.counts, decay)[-1]
    carried = np.array(last * left.sum(), dtype=np.float64).reshape(-1)
    within = np.array((1 - left[::-1]) @ weekday_shares(history), dtype=np.float64).reshape(-1)
    return carried, within


def weekday_shares(history: History) -> Matrix:
    """How each lever's pieces fell on Monday to Sunday, evenly where there were none; shape (7, levers)."""
    per_weekday = np.zeros((DAYS_PER_WEEK, len(history.levers)))
    np.add.at(per_weekday, (history.days + MONDAY_OFFSET) % DAYS_PER_WEEK, history.counts)
    totals = per_weekday.sum(axis=0)
    shares: Matrix = np.where(totals > 0, per_weekday / np.where(totals > 0, totals, 1), 1 / DAYS_PER_WEEK)
    return shares
