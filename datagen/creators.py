"""Synthetic creators: every number follows from a spec and a random generator; the true effects come with the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from cgn_core.tables import CONTENT_TYPES
from datagen.arrays import CreatorArrays, generate_arrays
from datagen.competitors import generate_competitors, market_shocks
from datagen.profiles import PROFILES, Profile
from datagen.specs import CreatorSpec
from datagen.truths import Creator, Truth

__all__ = ["Creator", "Truth", "generate", "generate_batches", "generate_many", "varied_spec"]

VARIATION = 0.15
"""Standard deviation of the log by which one creator's numbers differ from the profile's."""
BATCH = 250
"""Creators whose arrays are in memory together."""


def generate(spec: CreatorSpec, rng: np.random.Generator) -> Creator:
    """One creator's history; the same spec and generator state give the same numbers."""
    return generate_arrays([spec], [rng]).creator(0)


def generate_many(
    *,
    creators: int,
    days: int = 730,
    profile: str | None = "mid",
    seed: int,
    end: date,
    viral_rate: float | None = None,
    effects: Mapping[str, float] | None = None,
    peak_month: float | None = None,
    competitors: int = 0,
    posts_only: int = 0,
    **options: Any,
) -> list[Creator]:
    """Several creators, each a little different; one seed decides all.

    Args:
        creators: how many, at least 1.
        days: of each history.
        profile: a name of ``PROFILES``; None takes one after the other, from the smallest.
        seed: of the random numbers; the first creators stay the same when more are asked for.
        end: the last day.
        viral_rate: share of viral days; None takes the spec's.
        effects: followers per piece, for all creators alike; what is left out is the profile's.
        peak_month: of everybody's season; None gives each creator their own.
        competitors: further accounts like the first creator, at the end of the list, with that creator's season; they
            and all creators share the shocks of one market's weeks, unless ``shocks`` says otherwise.
        posts_only: of how many competitors only the posts are known.
        options: other fields of :class:`CreatorSpec`, for all creators alike, such as ``gaps=0.02``.

    Raises:
        KeyError: no such profile.
        ValueError: a number that no creator can have; the sentence names it and its bounds.
    """
    if competitors:
        options = {"shocks": market_shocks(seed, days=days), **options}
    made: list[Creator] = []
    first = None
    for batch in generate_batches(
        creators=creators, days=days, profile=profile, seed=seed, end=end, viral_rate=viral_rate, effects=effects,
        peak_month=peak_month, **options,
    ):  # fmt: skip
        first = first or batch.specs[0]
        made += [batch.creator(number) for number in range(len(batch))]
    if competitors and first is not None:
        made += generate_competitors(first, competitors, seed=seed, posts_only=posts_only)
    return made


def generate_batches(
    *,
    creators: int,
    days: int = 730,
    profile: str | None = "mid",
    seed: int,
    end: date,
    effects: Mapping[str, float] | None = None,
    **options: Any,
) -> Iterator[CreatorArrays]:
    """The creators of :func:`generate_many` as arrays, at most ``BATCH`` at a time; None leaves an option out.

    Raises:
        KeyError: no such profile.
        ValueError: a number that no creator can have; the sentence names it and its bounds.
    """
    kinds = [profile] if profile is not None else list(PROFILES)
    changes = {name: value for name, value in options.items() if value is not None}
    children = np.random.SeedSequence(seed).spawn(creators)
    for begin in range(0, creators, BATCH):
        specs, rngs = [], []
        for number, child in enumerate(children[begin : begin + BATCH], begin):
            rng = np.random.default_rng(child)
            kind = kinds[number % len(kinds)]
            spec = varied_spec(PROFILES[kind], name=f"{kind}.{number + 1:02d}", days=days, end=end, rng=rng)
            if effects:
                changes["effects"] = {**spec.effects, **effects}
            specs.append(replace(spec, **changes) if changes else spec)
            rngs.append(rng)
        yield generate_arrays(specs, rngs)


def varied_spec(profile: Profile, *, name: str, days: int, end: date, rng: np.random.Generator) -> CreatorSpec:
    """A creator like the profile, but not quite.

    Raises:
        ValueError: the history would start before the calendar does.
    """
    factor = np.exp(VARIATION * rng.standard_normal(2 + 2 * len(CONTENT_TYPES))).tolist()
    cadence = {key: profile.cadence[key] * factor[2 + place] for place, key in enumerate(CONTENT_TYPES)}
    effects = {key: profile.effects[key] * factor[6 + place] for place, key in enumerate(CONTENT_TYPES)}
    try:
        start = end - timedelta(days=days - 1)
    except OverflowError:
        raise ValueError(f"{days} days that end on {end} leave the calendar") from None
    return CreatorSpec(
        name=name,
        start=start,
        days=days,
        followers=profile.followers * factor[0],
        base=profile.base * factor[1],
        cadence=cadence,
        effects={key: round(value, 2) for key, value in effects.items()},
        peak_month=float(rng.uniform(0, 12)),
        trend=float(rng.normal(0.1, 0.1)),
        loss=profile.loss,
        spread=profile.spread,
        provisional_tail=min(2, days),
        minutes=dict(profile.minutes),
    )
