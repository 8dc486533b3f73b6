"""Worlds with known truth, fixed before the first fit; every claim of the statistics is tested on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.creators import generate, varied_spec
from datagen.profiles import PROFILES
from datagen.responses import Response
from datagen.second import FIVE_DAYS, generate_second, varied_second
from datagen.specs import Break
from datagen.truths import Creator

END = date(2026, 11, 22)
"""A Sunday: every week of a world is a whole one."""
LEVEL_FALLS = "level falls"
FALL_SHARE = 0.15
FALL_AT = 0.75
"""Share of the weeks before the level falls, unless a week is given."""
HALF = {"posts": 4.0, "reels": 3.0}
"""Pieces a week at which half of the most that a saturated type can bring is reached: the middle profile's cadence."""
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "viral days favour reels": {"viral_reels": 2.0},
    "effects spread over days": {"carry_over": 0.6},
    "no effect at all": {"effects": {}},
    "saturated": {"responses": {name: Response("hill", scale=half) for name, half in HALF.items()}},
    LEVEL_FALLS: {},
    "seasonal and autocorrelated": {"season": 0.35, "swing": 0.08, "memory": 0.4},
}
SECOND_KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "viral days favour reels": {"viral_reels": 2.0},
    "effects spread over days": {"kernel": FIVE_DAYS},
    "no effect at all": {"effects": dict.fromkeys(CONTENT_TYPES, 0.0)},
    "saturated": {"bend": 0.8},
    LEVEL_FALLS: {},
    "seasonal and autocorrelated": {"season": 0.35, "memory": 0.5},
}
"""The same kinds by the second generator, on which nothing was tuned."""
STEADY_KINDS = ("plain", "viral days favour reels", "effects spread over days", "no effect at all")
"""Where effects are the same all along and in any week: on these they are recovered, and intervals hold."""


def world(
    kind: str, *, seed: int, weeks: int, week: int | None = None, share: float = FALL_SHARE, **changes: Any
) -> Creator:
    """One creator of a kind, without a provisional tail so that every week counts.

    Args:
        kind: one of ``KINDS``.
        seed: of the random numbers; together with ``weeks`` it decides everything.
        weeks: of history, at least 1.
        week: from which on the level stands at ``share``, where it falls; from 0, three quarters in if not given.
        share: of the level before.
        changes: fields of :class:`datagen.specs.CreatorSpec` that differ from the kind's.

    Raises:
        KeyError: no such kind.
        ValueError: a number that no creator can have, by name.
    """
    options: Mapping[str, Any] = KINDS[kind]
    if kind == LEVEL_FALLS:
        options = {"breaks": (Break(_fall_day(weeks, week), share),)}
    rng = np.random.default_rng([seed, weeks])
    spec = varied_spec(PROFILES["mid"], name="creator", days=weeks * DAYS_PER_WEEK, end=END, rng=rng)
    return generate(replace(spec, **{"provisional_tail": 0, **options, **changes}), rng)


def second_world(
    kind: str, *, seed: int, weeks: int, week: int | None = None, share: float = FALL_SHARE, **changes: Any
) -> Creator:
    """One creator of a kind by the second generator; see :func:`world`.

    Args:
        kind: one of ``SECOND_KINDS``.
        seed: of the random numbers.
        weeks: of history.
        week: from which on the level stands at ``share``, where it falls.
        share: of the level before.
        changes: fields of :class:`datagen.second.SecondSpec` that differ from the kind's.

    Raises:
        KeyError: no such kind.
        ValueError: a number that no creator can have, by name.
    """
    options: Mapping[str, Any] = SECOND_KINDS[kind]
    if kind == LEVEL_FALLS:
        options = {"falls_on": _fall_day(weeks, week), "falls_to": share}
    rng = np.random.default_rng([seed, weeks, 2])
    days = weeks * DAYS_PER_WEEK
    start = END - timedelta(days=days - 1)
    return generate_second(varied_second(start, days, rng, **{**options, **changes}), rng)


def _fall_day(weeks: int, week: int | None) -> int:
    return DAYS_PER_WEEK * (int(FALL_AT * weeks) if week is None else week)
