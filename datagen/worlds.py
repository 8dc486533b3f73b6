"""Worlds with known truth, fixed before the first fit; every claim of the statistics is tested on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from datagen.creators import Creator, generate, varied_spec
from datagen.profiles import PROFILES

END = date(2026, 11, 22)
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "viral days favour reels": {"viral_reels": 2.0},
    "effects spread over days": {"carry_over": 0.6},
    "no effect at all": {"effects": {}},
}


def world(kind: str, *, seed: int, weeks: int) -> Creator:
    """One creator of a kind, without a provisional tail so that every week counts."""
    rng = np.random.default_rng([seed, weeks])
    spec = varied_spec(PROFILES["mid"], name="creator", days=weeks * 7, end=END, rng=rng)
    return generate(replace(spec, provisional_tail=0, **KINDS[kind]), rng)
