"""Competitors of a creator: accounts of a similar size in one market, whose season and shocks they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, Daily
from datagen.arrays import generate_arrays
from datagen.processes import carried
from datagen.specs import CreatorSpec
from datagen.truths import Creator

SHOCK, SHOCK_MEMORY = 0.05, 0.4
"""Standard deviation of the log of a market's week, and its correlation with the next week's."""
SIZES, HABITS = 0.35, 0.2
"""Standard deviation of the log by which competitors differ in size, and in cadence and effects."""
VISIBLE = ("posts", "reels", "likes", "comments", "hashtags")
"""What anybody can count on an account whose growth is not known."""
MARKET_KEY, COMPETITORS_KEY = (2**32 - 1,), (2**32 - 2,)
"""Streams of a seed that no creator uses; creators count up from 0."""
MOST_COMPETITORS = 1_000


def market_shocks(seed: int, *, days: int) -> tuple[float, ...]:
    """Factor of each week's growth in the market that belongs to a seed, of mean 1, one for every week.

    Longer histories begin with the same weeks.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=MARKET_KEY))
    news = rng.standard_normal((1, days // DAYS_PER_WEEK + 2))
    news[:, 1:] *= np.sqrt(1 - SHOCK_MEMORY**2)
    shocks = np.exp(SHOCK * carried(news, np.array([[SHOCK_MEMORY]])) - SHOCK**2 / 2)
    return tuple(shocks[0].tolist())


def generate_competitors(spec: CreatorSpec, competitors: int, *, seed: int, posts_only: int = 0) -> list[Creator]:
    """Accounts like a creator, in the same market, over the same days; their truth says that they are competitors.

    Args:
        spec: of the creator; season, peak and shocks are shared, breaks and timing are the creator's own.
        competitors: how many, at most 1,000.
        seed: of the random numbers; the first ones stay the same when more are asked for.
        posts_only: of how many of them, the first ones, growth is not known but only what anybody can count.

    Raises:
        ValueError: too many, or fewer than are to be known by their posts only.
    """
    if not 0 <= competitors <= MOST_COMPETITORS:
        raise ValueError(f"competitors must be between 0 and {MOST_COMPETITORS}, not {competitors}")
    if not 0 <= posts_only <= competitors:
        raise ValueError(f"those known by posts only must be between 0 and {competitors}, not {posts_only}")
    if not competitors:
        return []
    children = np.random.SeedSequence(seed, spawn_key=COMPETITORS_KEY).spawn(competitors)
    rngs = [np.random.default_rng(child) for child in children]
    peers = [
        _similar(spec, name=f"{spec.name}.competitor.{number:02d}", rng=rng) for number, rng in enumerate(rngs, start=1)
    ]
    batch = generate_arrays(peers, rngs)
    made = []
    for number in range(competitors):
        creator = batch.creator(number)
        daily = _visible(creator.daily) if number < posts_only else creator.daily
        made.append(Creator(daily, replace(creator.truth, competitor=True)))
    return made


def _similar(spec: CreatorSpec, *, name: str, rng: np.random.Generator) -> CreatorSpec:
    """A spec near another; what grows with size grows with the square root of it."""
    size = float(np.exp(SIZES * rng.standard_normal()))
    habit = np.exp(HABITS * rng.standard_normal((2, len(CONTENT_TYPES)))).tolist()
    share = size**0.5
    effects = {key: spec.effects.get(key, 0.0) * habit[0][place] * share for place, key in enumerate(CONTENT_TYPES)}
    cadence = {key: spec.cadence.get(key, 0.0) * habit[1][place] for place, key in enumerate(CONTENT_TYPES)}
    return replace(
        spec,
        name=name,
        followers=spec.followers * size,
        base=spec.base * share,
        effects={key: round(value, 2) for key, value in effects.items()},
        cadence=cadence,
        trend=float(np.clip(spec.trend + rng.normal(0, 0.1), -1, 10)),
        breaks=(),
        timing=0.0,
    )


def _visible(daily: Daily) -> Daily:
    """What anybody can count."""
    return Daily(daily.frame[["date", *VISIBLE]], daily.provenance[list(VISIBLE)], daily.creator)
