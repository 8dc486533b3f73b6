"""Synthetic creators: every number follows from a spec and a random generator; the true effects come with the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.tables import CONTENT_TYPES, Daily, daily_from_frame
from datagen.processes import (
    expected_follows,
    follower_levels,
    overdispersed_counts,
    posting,
    reactions,
    viral_boosts,
    viral_chance,
)
from datagen.profiles import PROFILES, Profile
from datagen.specs import CreatorSpec

VARIATION = 0.15
"""Standard deviation of the log by which one creator's numbers differ from the profile's."""


@dataclass(frozen=True)
class Truth:
    """What is true of a generated creator; what a model should find."""

    name: str
    effects: dict[str, float]
    """Followers per piece, all days together."""
    carry_over: float
    base: float
    viral_rate: float
    """Mean chance of a day to go viral, reels' favour included."""
    viral_days: tuple[str, ...]
    """ISO dates, those that fell into a gap included."""
    expected: tuple[float, ...]
    """Shape (days,): mean of the gained followers per day without viral boosts."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Creator:
    """A daily table and the truth behind it."""

    daily: Daily
    truth: Truth


def generate(spec: CreatorSpec, rng: np.random.Generator) -> Creator:
    """One creator's history; the same spec and generator state give the same numbers."""
    dates = pd.date_range(spec.start, periods=spec.days, freq="D", unit="s")
    counts = posting(spec, dates, rng)
    expected = expected_follows(spec, dates, counts)
    chance = viral_chance(spec, counts)
    boost, viral = viral_boosts(spec, chance, expected, rng)
    follows = overdispersed_counts(expected, spec.spread, rng) + boost
    followers, unfollows = follower_levels(spec, follows, rng)
    frame = pd.DataFrame({"date": dates, "followers": followers, "follows": follows, "unfollows": unfollows, **counts})
    frame = frame.assign(**reactions(spec, frame, counts, rng))
    kept = rng.random(spec.days) >= spec.gaps
    kept[[0, -1]] = True
    truth = Truth(
        name=spec.name,
        effects={name: float(spec.effects.get(name, 0.0)) for name in CONTENT_TYPES},
        carry_over=spec.carry_over,
        base=spec.base,
        viral_rate=float(chance.mean()),
        viral_days=tuple(day.date().isoformat() for day in dates[viral]),
        expected=tuple(expected.tolist()),
    )
    daily = daily_from_frame(frame[kept], creator=spec.name, provisional_days=spec.provisional_tail)
    return Creator(daily=daily, truth=truth)


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
    **options: float,
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
        peak_month: of everybody's season, for peers in one market; None gives each creator their own.
        options: other numbers of :class:`CreatorSpec`, for all creators alike, such as ``gaps=0.02``.

    Raises:
        KeyError: no such profile.
        ValueError: a number that no creator can have; the sentence names it and its bounds.
    """
    kinds = [profile] if profile is not None else list(PROFILES)
    changes: dict[str, Any] = dict(options)
    if viral_rate is not None:
        changes["viral_rate"] = viral_rate
    if peak_month is not None:
        changes["peak_month"] = peak_month
    made = []
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(creators)):
        rng = np.random.default_rng(child)
        kind = kinds[number % len(kinds)]
        spec = varied_spec(PROFILES[kind], name=f"{kind}.{number + 1:02d}", days=days, end=end, rng=rng)
        if effects:
            changes["effects"] = {**spec.effects, **effects}
        made.append(generate(replace(spec, **changes), rng))
    return made


def varied_spec(profile: Profile, *, name: str, days: int, end: date, rng: np.random.Generator) -> CreatorSpec:
    """A creator like the profile, but not quite.

    Raises:
        ValueError: the history would start before the calendar does.
    """
    factor = np.exp(VARIATION * rng.standard_normal(2 + 2 * len(CONTENT_TYPES)))
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
        cadence={key: float(value) for key, value in cadence.items()},
        effects={key: round(float(value), 2) for key, value in effects.items()},
        peak_month=float(rng.uniform(0, 12)),
        trend=float(rng.normal(0.1, 0.1)),
        loss=profile.loss,
        spread=profile.spread,
        provisional_tail=min(2, days),
        minutes=dict(profile.minutes),
    )
