"""The lead over other forecasters, and over their intervals, on the same folds; see :mod:`forecaster_proof`."""

from __future__ import annotations

import forecaster_proof

from proofs.rows import Row

FULL = forecaster_proof.FULL


def measure(worlds: int) -> list[Row]:
    """Our error, and our Winkler score, over the best other's; one row that says so where they aren't installed."""
    return forecaster_proof.measure(worlds)
