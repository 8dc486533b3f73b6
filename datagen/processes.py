"""The random processes of synthetic creators: every array has a row per creator and a column per day.

Each creator has a generator of their own, so that the first ones stay the same when more are asked for: draws go
creator by creator, all other arithmetic over all of them at once. What specs may leave out is drawn aside, from a
second generator, so that it changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import pandas as pd

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.responses import LINEAR
from datagen.specs import CreatorSpec

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Generators = Sequence[np.random.Generator]
YEAR_DAYS = 365.25
LEAST_GROWTH = 0.05
"""Followers gained per day that even a day of harmful posts brings on average: a mean can't be negative."""
LARGEST_GROWTH = 1e10
"""Followers gained per day that no mean and no viral day exceeds: more than there are people."""
CAMPAIGN_WEEKS = 3
CAMPAIGN_SHARE = 1 / 3


@dataclass(frozen=True)
class Calendar:
    """The days that all creators of a batch share; each array has shape (days,)."""

    dates: pd.DatetimeIndex
    weekday: Integers
    """0 is Monday."""
    week: Integers
    """Calendar weeks from 0."""
    year_day: Integers

    @classmethod
    def of(cls, start: date, days: int) -> Self:
        """So many days from ``start`` on."""
        dates = pd.date_range(start, periods=days, freq="D", unit="s", name="date")
        weekday = dates.day_of_week.to_numpy().astype(np.int64)
        week = (np.arange(days) + weekday[0]) // DAYS_PER_WEEK
        return cls(dates, weekday, week, dates.day_of_year.to_numpy().astype(np.int64))

    @property
    def days(self) -> int:
        """How many."""
        return len(self.weekday)

    @property
    def weeks(self) -> int:
        """How many calendar weeks they touch."""
        return int(self.week[-1]) + 1


def stacked(specs: Sequence[CreatorSpec], field: str) -> Floats:
    """One field of every spec; shape (creators, 1), or (creators, 7) for weekdays."""
    return np.array([getattr(spec, field) for spec in specs], dtype=np.float64).reshape(len(specs), -1)


def by_type(specs: Sequence[CreatorSpec], field: str, name: str) -> Floats:
    """What a field says of a content type, 0 where it says nothing; shape (creators, 1)."""
    return np.array([[getattr(spec, field).get(name, 0.0)] for spec in specs], dtype=np.float64)


def carried(values: Floats, kept: Floats) -> Floats:
    """``y[t] = kept * y[t - 1] + values[t]`` along each row, by doubling the days reached back.

    Args:
        values: shape (creators, days).
        kept: shape (creators, 1), between -1 and 1.
    """
    sums, power, step = values.copy(), kept, 1
    while step < values.shape[1] and power.any():
        sums[:, step:] += power * sums[:, :-step]
        power, step = power * power, 2 * step
    return sums


def posting(specs: Sequence[CreatorSpec], calendar: Calendar, rngs: Generators) -> dict[str, Floats]:
    """Pieces per day: a weekly plan that varies, spread over preferred weekdays."""
    preference = stacked(specs, "posting_weekdays")
    preference = np.take(preference / preference.sum(axis=1, keepdims=True), calendar.weekday, axis=1)
    variation = stacked(specs, "cadence_variation")
    counts = {}
    for name in CONTENT_TYPES:
        busy = np.array([rng.standard_normal(calendar.weeks) for rng in rngs])
        busy = np.exp(variation * busy - variation**2 / 2)
        rates = by_type(specs, "cadence", name) * np.take(busy, calendar.week, axis=1)
        rates *= preference
        pieces = np.empty_like(rates)
        for row, spec, rate, rng in zip(pieces, specs, rates, rngs, strict=True):
            row[:] = _spread(spec.processes.get(name, "poisson"), rate, calendar, rng)
        counts[name] = pieces
    return counts


def _spread(process: str, rate: Floats, calendar: Calendar, rng: np.random.Generator) -> Floats | Integers:
    """Whole pieces per day with the given means; shape (days,)."""
    if process == "timetable":
        return np.diff(np.floor(np.cumsum(rate) + rng.random()), prepend=0.0)
    if process == "campaigns":
        runs = rng.random((calendar.weeks - 1) // CAMPAIGN_WEEKS + 1) < CAMPAIGN_SHARE
        rate = rate * runs[calendar.week // CAMPAIGN_WEEKS] / CAMPAIGN_SHARE
    return rng.poisson(rate)


def window_posts(specs: Sequence[CreatorSpec], counts: Mapping[str, Floats], aside: Generators) -> Floats:
    """Posts, reels and stories of each day that were posted in the best window."""
    pieces = (counts["posts"] + counts["reels"] + counts["stories"]).astype(np.int64)
    inside = np.empty(pieces.shape)
    for row, spec, number, rng in zip(inside, specs, pieces, aside, strict=True):
        row[:] = rng.binomial(number, spec.window)
    return inside


def expected_follows(
    specs: Sequence[CreatorSpec], calendar: Calendar, counts: Mapping[str, Floats], inside: Floats
) -> Floats:
    """Mean of the gained followers per day without viral boosts.

    Args:
        specs: one per creator.
        calendar: the days.
        counts: pieces per day by type.
        inside: pieces in the best window.
    """
    years = np.arange(calendar.days) / YEAR_DAYS
    wave = 2 * np.pi * (calendar.year_day / YEAR_DAYS - stacked(specs, "peak_month") / 12)
    level: Floats = stacked(specs, "base") * (1 + stacked(specs, "trend") * years)
    level = level * (1 + stacked(specs, "season") * np.cos(wave))
    level *= np.take(stacked(specs, "weekday"), calendar.weekday, axis=1)
    kept, timing = stacked(specs, "carry_over"), stacked(specs, "timing")
    for name, pieces in counts.items():
        working = _working(specs, calendar, name, pieces)
        if timing.any() and name != "ads":
            total = counts["posts"] + counts["reels"] + counts["stories"]
            share = inside / np.maximum(total, 1.0) - stacked(specs, "window")
            working = working * (1 + timing * share)
        if kept.any():
            working = carried((1 - kept) * working, kept)
        level += by_type(specs, "effects", name) * working
    for place, spec in enumerate(specs):
        if spec.shocks:
            level[place] *= np.concatenate([spec.shocks, np.ones(calendar.weeks)])[calendar.week]
        for number, each in enumerate(spec.breaks, start=1):
            until = spec.breaks[number].day if number < len(spec.breaks) else calendar.days
            level[place, each.day : until] *= each.factor
    return np.clip(level, LEAST_GROWTH, LARGEST_GROWTH)


def _working(specs: Sequence[CreatorSpec], calendar: Calendar, name: str, pieces: Floats) -> Floats:
    """Pieces as far as they work: in a week of many, each may work less."""
    working = pieces
    for place, spec in enumerate(specs):
        response = spec.response(name)
        if response != LINEAR:
            if working is pieces:
                working = pieces.copy()
            week = np.bincount(calendar.week, pieces[place]).astype(np.float64)
            worth = response.worth(week, usual=spec.cadence.get(name, 0.0))
            working[place] *= worth[calendar.week]
    return working


def swings(specs: Sequence[CreatorSpec], calendar: Calendar, aside: Generators) -> Floats | float:
    """Factor of each day's mean, of mean 1, that lasts a week and remembers the week before; 1 where none swings."""
    size, memory = stacked(specs, "swing"), stacked(specs, "memory")
    if not size.any():
        return 1.0
    news = np.array([rng.standard_normal(calendar.weeks) for rng in aside])
    news[:, 1:] *= np.sqrt(1 - memory**2)
    factors: Floats = np.exp(size * carried(news, memory) - size**2 / 2)
    return np.take(factors, calendar.week, axis=1)


def viral_chance(specs: Sequence[CreatorSpec], counts: Mapping[str, Floats]) -> Floats:
    """Probability of each day to go viral."""
    favour = stacked(specs, "viral_reels")
    chance = stacked(specs, "viral_rate") * (1 + favour * (counts["reels"] > 0))
    return np.minimum(chance, 1.0)


def viral_boosts(
    specs: Sequence[CreatorSpec], chance: Floats, expected: Floats, rngs: Generators
) -> tuple[Floats, Flags]:
    """Followers that viral days bring on top, and which days those are."""
    days = chance.shape[1]
    luck, news = np.empty_like(chance), np.empty_like(chance)
    for one, other, rng in zip(luck, news, rngs, strict=True):
        rng.random(days, out=one)
        rng.standard_normal(days, out=other)
    viral = luck < chance
    place = np.nonzero(viral)[0]
    size = stacked(specs, "viral_size")[place, 0]
    spread = stacked(specs, "viral_spread")[place, 0]
    boost = np.zeros_like(expected)
    boost[viral] = np.minimum(np.round(expected[viral] * size * np.exp(spread * news[viral])), LARGEST_GROWTH)
    return boost, viral


def overdispersed_counts(specs: Sequence[CreatorSpec], mean: Floats, rngs: Generators) -> Floats:
    """Counts with the given mean and a variance of ``spread`` times it (negative binomial; Poisson at 1)."""
    counts = np.empty_like(mean)
    for row, spec, means, rng in zip(counts, specs, mean, rngs, strict=True):
        excess = spec.spread - 1
        if spec.spread == 0:
            np.round(means, out=row)
        else:
            row[:] = rng.poisson(rng.gamma(means / excess, excess) if excess > 0 else means)
    return counts


def follower_levels(specs: Sequence[CreatorSpec], follows: Floats, rngs: Generators) -> tuple[Floats, Floats]:
    """Followers at the end of each day and unfollows during it; nobody leaves who isn't there.

    Followers are always the start plus all follows less all unfollows, so that the columns of a file agree.
    """
    loss, start = stacked(specs, "loss"), stacked(specs, "followers")
    # Who leaves on a day was there the evening before: the start, and who came since, less who left on average.
    came = np.concatenate([start, follows[:, :-1]], axis=1)
    rates = carried(loss * came, 1 - loss)
    unfollows = np.empty_like(follows)
    for row, rate, rng in zip(unfollows, rates, rngs, strict=True):
        row[:] = rng.poisson(rate)
    free = np.round(start) + np.cumsum(follows - unfollows, axis=1)
    # Below zero the path is reflected: the unfollows that had nobody left to leave are taken back.
    taken_back = np.maximum.accumulate(np.maximum(-free, 0.0), axis=1)
    return free + taken_back, unfollows - np.diff(taken_back, axis=1, prepend=0.0)
