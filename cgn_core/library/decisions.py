"""Decisions: what an hour returns, and how a creator stands among competitors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cgn_core.stats.benchmarks import Benchmark, growth_benchmark
from cgn_core.stats.fit import Fit
from cgn_core.stats.returns import ContentReturn, content_returns
from cgn_core.tables import DEFAULT_MINUTES, Daily


def roi(
    fitted: Fit, daily: Daily, *, minutes: Mapping[str, float] = DEFAULT_MINUTES, level: float = 0.9
) -> tuple[ContentReturn, ...]:
    """Average and marginal followers per hour of work, by content type."""
    return content_returns(fitted, daily.weekly(), minutes=minutes, level=level)


def benchmark(own: Daily, peers: Mapping[str, Daily], *, seed: int = 1, level: float = 0.9) -> Benchmark:
    """Growth relative to size beside competitors; ``seed`` decides the bootstrap's draws.

    Raises:
        TooFewObservations: no competitor shares eight weeks.
    """
    return growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=level)
