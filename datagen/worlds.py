"""Worlds with known truth, fixed before the first fit; every claim of the statistics is tested on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.creators import Creator, generate, varied_spec
from datagen.profiles import PROFILES
from datagen.second import FIVE_DAYS, generate_second, varied_second

END = date(2026, 11, 22)
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "viral days favour reels": {"viral_reels": 2.0},
    "effects spread over days": {"carry_over": 0.6},
    "no effect at all": {"effects": {}},
}
SECOND_KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "viral days favour reels": {"viral_reels": 2.0},
    "effects spread over days": {"kernel": FIVE_DAYS},
    "no effect at all": {"effects": dict.fromkeys(CONTENT_TYPES, 0.0)},
    "saturated": {"bend": 0.8},
    "level falls": {"falls_to": 0.15},
    "seasonal and autocorrelated": {"season": 0.35, "memory": 0.5},
}
"""The same kinds by the second generator, on which nothing was tuned."""


def world(kind: str, *, seed: int, weeks: int) -> Creator:
    """One creator of a kind, without a provisional tail so that every week counts."""
    rng = np.random.default_rng([seed, weeks])
    spec = varied_spec(PROFILES["mid"], name="creator", days=weeks * 7, end=END, rng=rng)
    return generate(replace(spec, provisional_tail=0, **KINDS[kind]), rng)


def second_world(kind: str, *, seed: int, weeks: int, **changes: Any) -> Creator:
    """One creator of a kind by the second generator; ``falls_on`` says on which day the level falls."""
    rng = np.random.default_rng([seed, weeks, 2])
    days = weeks * DAYS_PER_WEEK
    start = END - timedelta(days=days - 1)
    return generate_second(varied_second(start, days, rng, **{**SECOND_KINDS[kind], **changes}), rng)
