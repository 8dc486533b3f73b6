"""Medians of many rows at once, of which no number is missing."""

from __future__ import annotations

import numpy as np

from cgn_core.ingest.grid import Floats


def medians(rows: Floats) -> Floats:
    """As ``np.median`` of each row: without its look for NaN, and parting at one place, which numpy does far faster.

    Args:
        rows: shape (m, n), n from 1.

    Returns: shape (m,).
    """
    half = rows.shape[1] // 2
    parted = np.partition(rows, half, axis=1)
    upper = parted[:, half]
    # Of an even number there are two middles; the lower one is the largest of those before the upper one.
    return np.asarray(upper if rows.shape[1] % 2 else (parted[:, :half].max(axis=1) + upper) / 2)
