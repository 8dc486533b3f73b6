"""Times two ways of doing the same work side by side, so that a noisy machine treats both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

BATCH_SECONDS = 0.02


@dataclass(frozen=True)
class Comparison:
    """Seconds of one run each, and their ratio, as medians over interleaved rounds."""

    work: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    ratio_low: float
    ratio_high: float


def timed(action: Callable[[], object], repeats: int) -> float:
    """Seconds of one run, from a batch of runs."""
    began = time.perf_counter()
    for _ in range(repeats):
        action()
    return (time.perf_counter() - began) / repeats


def compare(
    work: str, *, ours: Callable[[], object], peer: str, theirs: Callable[[], object], rounds: int = 31
) -> Comparison:
    """Measure both in turns. The range of the ratio is that of the middle half of the rounds."""
    repeats = {action: max(1, int(BATCH_SECONDS / max(timed(action, 2), 1e-9))) for action in (ours, theirs)}
    own, other = [], []
    for number in range(rounds):
        # Whoever runs second finds warmer or hotter ground: they take turns.
        for action, seconds in ((ours, own), (theirs, other))[:: 1 if number % 2 else -1]:
            seconds.append(timed(action, repeats[action]))
    ratios = sorted(b / a for a, b in zip(own, other, strict=True))
    low, _, high = statistics.quantiles(ratios, n=4)
    return Comparison(
        work, peer, statistics.median(own), statistics.median(other), statistics.median(ratios), low, high
    )
