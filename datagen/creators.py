"""Synthetic creators: every number follows from a spec and a random generator; the true effects come with the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy import signal

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, Daily, daily_from_frame
from datagen.profiles import PROFILES, Profile

Floats = np.ndarray[Any, np.dtype[np.float64]]
YEAR_DAYS = 365.25
WEEKDAY_GROWTH = (0.96, 0.98, 1.0, 1.02, 1.04, 1.0, 1.0)
WEEKDAY_POSTING = (1.1, 1.0, 1.2, 1.0, 1.1, 0.7, 0.9)
VARIATION = 0.15
"""Standard deviation of the log by which one creator's numbers differ from the profile's."""


@dataclass(frozen=True)
class CreatorSpec:
    """Everything that decides one creator's history but the random numbers."""

    name: str
    start: date
    days: int = 730
    followers: float = 110_000.0
    base: float = 45.0
    """Followers gained per day without any post, at the start."""
    cadence: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].cadence))
    """Pieces per week."""
    cadence_variation: float = 0.5
    """Standard deviation of the log of a week's cadence: how unevenly weeks are filled."""
    effects: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].effects))
    """Followers per piece, all days together."""
    carry_over: float = 0.0
    """Share of an effect's remainder that is left a day later; 0 works on the day alone."""
    trend: float = 0.1
    """Growth of ``base`` per year, as a share."""
    season: float = 0.12
    """Amplitude of the yearly wave of ``base``, as a share."""
    peak_month: float = 1.0
    weekday: tuple[float, ...] = WEEKDAY_GROWTH
    """Factor of ``base`` from Monday to Sunday."""
    loss: float = 0.0003
    """Share of followers lost per day."""
    spread: float = 3.0
    """Variance of a day's gained followers over its mean."""
    viral_rate: float = 0.02
    """Share of days that go viral."""
    viral_size: float = 5.0
    """Median excess of a viral day, as a multiple of its mean."""
    viral_spread: float = 0.5
    """Standard deviation of the log of that excess."""
    viral_reels: float = 0.0
    """How much likelier a day with a reel is to go viral, as a share."""
    gaps: float = 0.0
    """Share of days whose row is missing."""
    provisional_tail: int = 2
    """Newest days that the platform may still correct."""
    minutes: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].minutes))


@dataclass(frozen=True)
class Truth:
    """What is true of a generated creator; what a model should find."""

    name: str
    effects: dict[str, float]
    carry_over: float
    base: float
    viral_rate: float
    viral_days: tuple[str, ...]
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
    counts = _posting(spec, dates, rng)
    expected = _expected(spec, dates, counts)
    boost, viral = _viral(spec, counts, expected, rng)
    follows = _overdispersed(expected, spec.spread, rng) + boost
    followers, unfollows = _levels(spec, follows, rng)
    frame = pd.DataFrame({"date": dates, "followers": followers, "follows": follows, "unfollows": unfollows, **counts})
    frame = frame.assign(**_reactions(spec, frame, counts, rng))
    kept = rng.random(spec.days) >= spec.gaps
    kept[[0, -1]] = True
    truth = Truth(
        name=spec.name,
        effects={name: float(spec.effects.get(name, 0.0)) for name in CONTENT_TYPES},
        carry_over=spec.carry_over,
        base=spec.base,
        viral_rate=spec.viral_rate,
        viral_days=tuple(day.date().isoformat() for day in dates[viral]),
        expected=tuple(expected.tolist()),
    )
    daily = daily_from_frame(frame[kept], creator=spec.name, provisional_days=spec.provisional_tail)
    return Creator(daily=daily, truth=truth)


def generate_many(
    *,
    creators: int,
    days: int = 730,
    profile: str = "mid",
    seed: int,
    end: date,
    viral_rate: float | None = None,
    effects: Mapping[str, float] | None = None,
) -> list[Creator]:
    """Several creators of one profile, each a little different; one seed decides all.

    Args:
        creators: how many, at least 1.
        days: of each history.
        profile: a name of ``PROFILES``.
        seed: of the random numbers; the first creators stay the same when more are asked for.
        end: the last day.
        viral_rate: share of viral days; None takes the spec's.
        effects: followers per piece, for all creators alike; what is left out is the profile's.

    Raises:
        KeyError: no such profile.
    """
    kind = PROFILES[profile]
    seeds = np.random.SeedSequence(seed).spawn(creators)
    made = []
    for number, child in enumerate(seeds, start=1):
        rng = np.random.default_rng(child)
        spec = varied_spec(kind, name=f"{profile}.{number:02d}", days=days, end=end, rng=rng)
        if viral_rate is not None:
            spec = replace(spec, viral_rate=viral_rate)
        if effects:
            spec = replace(spec, effects={**spec.effects, **effects})
        made.append(generate(spec, rng))
    return made


def varied_spec(profile: Profile, *, name: str, days: int, end: date, rng: np.random.Generator) -> CreatorSpec:
    """A creator like the profile, but not quite."""
    factor = np.exp(VARIATION * rng.standard_normal(2 + 2 * len(CONTENT_TYPES)))
    cadence = {key: profile.cadence[key] * factor[2 + place] for place, key in enumerate(CONTENT_TYPES)}
    effects = {key: profile.effects[key] * factor[6 + place] for place, key in enumerate(CONTENT_TYPES)}
    return CreatorSpec(
        name=name,
        start=end - timedelta(days=days - 1),
        days=days,
        followers=profile.followers * factor[0],
        base=profile.base * factor[1],
        cadence={key: float(value) for key, value in cadence.items()},
        effects={key: round(float(value), 2) for key, value in effects.items()},
        peak_month=float(rng.uniform(0, 12)),
        trend=float(rng.normal(0.1, 0.1)),
        loss=profile.loss,
        spread=profile.spread,
        minutes=dict(profile.minutes),
    )


def _posting(spec: CreatorSpec, dates: pd.DatetimeIndex, rng: np.random.Generator) -> dict[str, Floats]:
    """Pieces per day: a weekly plan that varies, spread over preferred weekdays."""
    weekday = dates.day_of_week.to_numpy()
    week = (np.arange(spec.days) + weekday[0]) // DAYS_PER_WEEK
    preference = np.array(WEEKDAY_POSTING)
    preference = preference / preference.sum()
    counts = {}
    for name in CONTENT_TYPES:
        busy = np.exp(spec.cadence_variation * rng.standard_normal(week[-1] + 1) - spec.cadence_variation**2 / 2)
        counts[name] = rng.poisson(spec.cadence.get(name, 0.0) * busy[week] * preference[weekday]).astype(float)
    return counts


def _expected(spec: CreatorSpec, dates: pd.DatetimeIndex, counts: Mapping[str, Floats]) -> Floats:
    """Mean of the gained followers per day without viral boosts."""
    years = np.arange(spec.days) / YEAR_DAYS
    wave = 2 * np.pi * (dates.day_of_year.to_numpy() / YEAR_DAYS - spec.peak_month / 12)
    level: Floats = spec.base * (1 + spec.trend * years) * (1 + spec.season * np.cos(wave))
    level = level * np.array(spec.weekday)[dates.day_of_week.to_numpy()]
    for name, pieces in counts.items():
        stock = signal.lfilter([1 - spec.carry_over], [1, -spec.carry_over], pieces) if spec.carry_over else pieces
        level = level + spec.effects.get(name, 0.0) * stock
    return np.maximum(level, 0.05)


def _viral(
    spec: CreatorSpec, counts: Mapping[str, Floats], expected: Floats, rng: np.random.Generator
) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    chance = spec.viral_rate * (1 + spec.viral_reels * (counts["reels"] > 0))
    viral = rng.random(spec.days) < chance
    size = spec.viral_size * np.exp(spec.viral_spread * rng.standard_normal(spec.days))
    return np.where(viral, np.round(expected * size), 0.0), viral


def _overdispersed(mean: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Counts with the given mean and a variance of ``spread`` times it (negative binomial; Poisson at 1)."""
    rate = mean if spread <= 1 else rng.gamma(mean / (spread - 1), spread - 1)
    counts: Floats = rng.poisson(rate).astype(np.float64)
    return counts


def _levels(spec: CreatorSpec, follows: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Followers at the end of each day and unfollows during it; followers never fall below zero."""
    kept = 1 - spec.loss
    path = signal.lfilter([1.0], [1.0, -kept], follows, zi=[spec.followers * kept])[0]
    before = np.concatenate([[spec.followers], path[:-1]])
    unfollows = rng.poisson(spec.loss * np.maximum(before, 0.0)).astype(float)
    followers = np.round(spec.followers) + np.cumsum(follows - unfollows)
    return np.maximum(followers, 0.0), unfollows


def _reactions(
    spec: CreatorSpec, frame: pd.DataFrame, counts: Mapping[str, Floats], rng: np.random.Generator
) -> dict[str, Floats]:
    """What the audience does and what the work takes; consistent with one another, and not causes of growth."""
    pieces = counts["posts"] + counts["reels"] + counts["stories"]
    weight = 0.04 + 0.05 * counts["posts"] + 0.11 * counts["reels"] + 0.02 * counts["stories"]
    mood = np.exp(0.15 * rng.standard_normal(spec.days))
    reach = np.round(frame["followers"].to_numpy() * weight * mood + 3 * frame["follows"].to_numpy())
    interactions = rng.binomial(reach.astype(np.int64), 0.06)
    kinds = rng.multinomial(interactions, [0.8, 0.08, 0.07, 0.05]).astype(float)
    visits = np.minimum(reach, np.round(0.03 * reach + 1.4 * frame["follows"].to_numpy()))
    noise = np.exp(0.1 * rng.standard_normal(spec.days))
    minutes = sum(spec.minutes.get(name, 0.0) * counts[name] for name in CONTENT_TYPES) * noise
    return {
        "reach": reach,
        "views": np.round(reach * 1.6 * np.exp(0.05 * rng.standard_normal(spec.days))),
        "profile_visits": visits,
        "likes": kinds[:, 0],
        "comments": kinds[:, 1],
        "saves": kinds[:, 2],
        "shares": kinds[:, 3],
        "interactions": interactions.astype(float),
        "hashtags": rng.poisson(5 * counts["posts"] + 3 * counts["reels"]).astype(float),
        "optimal_window_posts": rng.binomial(pieces.astype(np.int64), 0.55).astype(float),
        "minutes_spent": np.round(minutes, 1),
    }
