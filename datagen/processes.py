"""The random processes of a synthetic creator, each over all days at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.specs import CreatorSpec

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
YEAR_DAYS = 365.25
LEAST_GROWTH = 0.05
"""Followers gained per day that even a day of harmful posts brings on average: a mean can't be negative."""


def posting(spec: CreatorSpec, dates: pd.DatetimeIndex, rng: np.random.Generator) -> dict[str, Floats]:
    """Pieces per day: a weekly plan that varies, spread over preferred weekdays."""
    weekday = dates.day_of_week.to_numpy()
    week = (np.arange(spec.days) + weekday[0]) // DAYS_PER_WEEK
    preference = np.array(spec.posting_weekdays)
    preference = preference / preference.sum()
    counts = {}
    for name in CONTENT_TYPES:
        busy = np.exp(spec.cadence_variation * rng.standard_normal(week[-1] + 1) - spec.cadence_variation**2 / 2)
        counts[name] = rng.poisson(spec.cadence.get(name, 0.0) * busy[week] * preference[weekday]).astype(float)
    return counts


def expected_follows(spec: CreatorSpec, dates: pd.DatetimeIndex, counts: Mapping[str, Floats]) -> Floats:
    """Mean of the gained followers per day without viral boosts; shape (days,)."""
    years = np.arange(spec.days) / YEAR_DAYS
    wave = 2 * np.pi * (dates.day_of_year.to_numpy() / YEAR_DAYS - spec.peak_month / 12)
    level: Floats = spec.base * (1 + spec.trend * years) * (1 + spec.season * np.cos(wave))
    level = level * np.array(spec.weekday)[dates.day_of_week.to_numpy()]
    for name, pieces in counts.items():
        level = level + spec.effects.get(name, 0.0) * _smoothed(0.0, pieces, kept=spec.carry_over)
    return np.maximum(level, LEAST_GROWTH)


def viral_chance(spec: CreatorSpec, counts: Mapping[str, Floats]) -> Floats:
    """Probability of each day to go viral; shape (days,)."""
    chance: Floats = np.minimum(spec.viral_rate * (1 + spec.viral_reels * (counts["reels"] > 0)), 1.0)
    return chance


def viral_boosts(spec: CreatorSpec, chance: Floats, expected: Floats, rng: np.random.Generator) -> tuple[Floats, Flags]:
    """Followers that viral days bring on top, and which days those are; each shape (days,)."""
    viral = rng.random(spec.days) < chance
    size = spec.viral_size * np.exp(spec.viral_spread * rng.standard_normal(spec.days))
    return np.where(viral, np.round(expected * size), 0.0), viral


def overdispersed_counts(mean: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Counts with the given mean and a variance of ``spread`` times it (negative binomial; Poisson at 1)."""
    if spread == 0:
        return np.round(mean)
    rate = mean if spread <= 1 else rng.gamma(mean / (spread - 1), spread - 1)
    counts: Floats = rng.poisson(rate).astype(np.float64)
    return counts


def follower_levels(spec: CreatorSpec, follows: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Followers at the end of each day and unfollows during it; nobody leaves who isn't there.

    Followers are always the start plus all follows less all unfollows, so that the columns of a file agree.
    """
    usual = _smoothed(spec.loss * spec.followers, follows, kept=1 - spec.loss)
    unfollows = rng.poisson(np.concatenate([[spec.loss * spec.followers], usual[:-1]])).astype(float)
    free = np.round(spec.followers) + np.cumsum(follows - unfollows)
    # Below zero the path is reflected: the unfollows that had nobody left to leave are taken back.
    taken_back = np.maximum.accumulate(np.maximum(-free, 0.0))
    return free + taken_back, unfollows - np.diff(taken_back, prepend=0.0)


def _smoothed(start: float, values: Floats, *, kept: float) -> Floats:
    """``y[t] = kept * y[t - 1] + (1 - kept) * values[t]`` with ``y[-1] = start``; shape (days,)."""
    if kept == 1:
        return np.full_like(values, start)
    # pandas is loaded anyway; scipy.signal would take longer to import than a hundred creators to make.
    series = pd.Series(np.concatenate([[start], values]))
    return series.ewm(alpha=1 - kept, adjust=False).mean().to_numpy()[1:]


def reactions(
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
    views = np.round(reach * 1.6 * np.exp(0.05 * rng.standard_normal(spec.days)))
    return {
        "reach": reach,
        "views": np.maximum(views, reach),
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
