"""A CSV that is large enough to be sent in pieces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np


def large_csv(path: Path, handles: list[str], days: int) -> Path:
    """Many creators in one file, most of whose bytes are notes that nobody reads."""
    last = datetime.now(UTC).date() - timedelta(days=2)
    note = "n" * 9_000
    rng, lines = np.random.default_rng(6), ["creator,date,followers,follows,unfollows,reels,notes"]
    for handle in handles:
        reels = rng.binomial(2, 0.4, days)
        follows = rng.poisson(40 + 45 * reels)
        followers = 20_000 + np.cumsum(follows - 9)
        lines += [
            f"{handle},{last - timedelta(days=days - 1 - day)},{followers[day]},{follows[day]},9,{reels[day]},{note}"
            for day in range(days)
        ]
    path.write_text("\n".join(lines), "utf-8")
    return path
