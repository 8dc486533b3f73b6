"""A second generator of creators, for proof alone: other laws than :mod:`datagen.creators`, and nothing tuned on them.

A plain loop over days. Posting follows a weekly timetable that is kept or skipped; growth is a mean times log-normal
noise that remembers the day before and has Student's tails; what a piece brings is spread by a fixed kernel rather than
geometrically; viral sizes are Pareto. It doubles as the loop that the vectorised generator is measured against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, daily_from_frame
from datagen.responses import LEAST_SCALE, MOST_SCALE, Response, require
from datagen.truths import Creator, Truth

YEAR_DAYS = 365.25
FIVE_DAYS = (0.45, 0.25, 0.15, 0.1, 0.05)
AT_ONCE = (1.0,)


@dataclass(frozen=True)
class SecondSpec:
    """What decides one creator of the second generator but the random numbers."""

    start: date
    days: int
    followers: float = 60_000.0
    base: float = 40.0
    effects: dict[str, float] = field(
        default_factory=lambda: {"posts": 10.0, "reels": 24.0, "stories": 3.0, "ads": 80.0}
    )
    cadence: dict[str, float] = field(default_factory=lambda: {"posts": 4.0, "reels": 3.0, "stories": 12.0, "ads": 0.7})
    """Pieces per week."""
    kernel: tuple[float, ...] = AT_ONCE
    """Shares of an effect by day after posting; they sum to 1."""
    bend: float = 0.0
    """Share of a piece's effect that is lost in a week of twice the usual number, in proportion with fewer or more."""
    season: float = 0.1
    memory: float = 0.1
    """Correlation of one day's noise with the next."""
    noise: float = 0.16
    """Standard deviation of the log of a day's growth."""
    tails: float = 8.0
    """Degrees of freedom of Student's t behind it."""
    viral_rate: float = 0.02
    viral_reels: float = 0.0
    """How much likelier a day with a reel is to go viral, as a share."""
    falls_on: int | None = None
    """Day from which growth stands at ``falls_to`` of what it was."""
    falls_to: float = 1.0
    loss: float = 0.0003

    def __post_init__(self) -> None:
        """Refuse what no creator can have, by name."""
        for what, value, least, most in (
            ("the number of days", self.days, 1, 36_500),
            ("followers", self.followers, 0, 1e9),
            ("base", self.base, 0, 1e6),
            ("the bend", self.bend, 0, 1),
            ("the season", self.season, 0, 1),
            ("the memory", self.memory, -0.99, 0.99),
            ("the noise", self.noise, 0, 1),
            ("the tails", self.tails, 2.5, 1_000),
            ("the viral rate", self.viral_rate, 0, 0.2),
            ("the viral favour of reels", self.viral_reels, 0, 100),
            ("the day of the fall", self.falls_on or 0, 0, self.days - 1),
            ("the share after the fall", self.falls_to, 0, 100),
            ("the sum of the kernel", sum(self.kernel), 1 - 1e-9, 1 + 1e-9),
            ("the loss", self.loss, 0, 1),
        ):
            require(what, value, least, most)
        for what, values, most in (("effect", self.effects, 1e6), ("cadence", self.cadence, 1_000)):
            if set(values) != set(CONTENT_TYPES):
                raise ValueError(f"the {what} is given for {', '.join(CONTENT_TYPES)}, each of them")
            for name, value in values.items():
                require(f"the {what} of {name}", value, 0, most)


def generate_second(spec: SecondSpec, rng: np.random.Generator) -> Creator:
    """One creator of the second generator, with its truth."""
    rows: list[dict[str, Any]] = []
    recent: list[dict[str, float]] = []
    viral_days, chances, expected = [], [], []
    followers, memory = round(spec.followers), 0.0
    week_plan: dict[str, list[int]] = {}
    spread = math.sqrt(spec.tails / (spec.tails - 2))
    for number in range(spec.days):
        day = spec.start + timedelta(days=number)
        if number == 0 or day.weekday() == 0:
            week_plan = {name: _timetable(spec.cadence[name], rng) for name in CONTENT_TYPES}
            week = {name: sum(counts) for name, counts in week_plan.items()}
        pieces = {name: float(week_plan[name][day.weekday()]) for name in CONTENT_TYPES}
        worth = {
            name: pieces[name] * spec.effects[name] * _kept(spec.bend, week[name], spec.cadence[name])
            for name in CONTENT_TYPES
        }
        recent = [worth, *recent[: len(spec.kernel) - 1]]
        mean = spec.base * (1 + spec.season * math.sin(2 * math.pi * day.timetuple().tm_yday / YEAR_DAYS))
        mean += sum(share * sum(past.values()) for share, past in zip(spec.kernel, recent, strict=False))
        if spec.falls_on is not None and number >= spec.falls_on:
            mean *= spec.falls_to
        shock = float(rng.standard_t(spec.tails)) / spread
        memory = spec.memory * memory + math.sqrt(1 - spec.memory**2) * shock
        follows = round(mean * math.exp(spec.noise * memory - spec.noise**2 / 2))
        chance = spec.viral_rate * (1 + spec.viral_reels * (pieces["reels"] > 0))
        if rng.random() < chance:
            viral_days.append(day.isoformat())
            follows += round(mean * 3.0 * (1 + float(rng.pareto(3.0))))
        unfollows = min(int(rng.binomial(followers, spec.loss)), followers)
        followers += follows - unfollows
        chances.append(chance)
        expected.append(mean)
        rows.append({"date": day, "followers": followers, "follows": follows, "unfollows": unfollows, **pieces})
        rows[-1].update(_reactions(followers, follows, pieces, rng))
    truth = Truth(
        name="second",
        effects={name: float(spec.effects[name]) * (1 - spec.bend / 2) for name in CONTENT_TYPES},
        carry_over=0.0,
        base=spec.base,
        viral_rate=sum(chances) / len(chances),
        viral_days=tuple(viral_days),
        expected=tuple(expected),
        cadence=dict(spec.cadence),
        responses={
            # What a piece loses in proportion to the week's number is a parabola with its top at usual / bend.
            name: Response("quadratic", scale=min(max(usual / spec.bend, LEAST_SCALE), MOST_SCALE))
            for name, usual in spec.cadence.items()
            if spec.bend > 0 and usual > 0
        },
        breaks=()
        if spec.falls_on is None
        else (((spec.start + timedelta(days=spec.falls_on)).isoformat(), spec.falls_to),),
    )
    return Creator(daily=daily_from_frame(pd.DataFrame(rows), creator="second"), truth=truth)


def varied_second(start: date, days: int, rng: np.random.Generator, **changes: Any) -> SecondSpec:
    """A creator like the usual one of this generator, each number a tenth or two off."""
    usual = SecondSpec(start=start, days=days)
    effects = {name: round(value * float(rng.uniform(0.75, 1.25)), 2) for name, value in usual.effects.items()}
    cadence = {name: value * float(rng.uniform(0.8, 1.25)) for name, value in usual.cadence.items()}
    spec = replace(usual, effects=effects, cadence=cadence, base=usual.base * float(rng.uniform(0.8, 1.25)))
    return replace(spec, **changes)


def _timetable(pieces: float, rng: np.random.Generator) -> list[int]:
    """Pieces on each weekday: a whole number for the week, each on a day of its own while there are days."""
    busy = pieces * float(rng.uniform(0.4, 1.6))
    total = int(busy) + int(rng.random() < busy - int(busy))
    counts = [total // DAYS_PER_WEEK] * DAYS_PER_WEEK
    for day in rng.permutation(DAYS_PER_WEEK)[: total % DAYS_PER_WEEK]:
        counts[int(day)] += 1
    return counts


def _kept(bend: float, pieces: float, usual: float) -> float:
    """Share of its effect that a piece of a week with so many pieces keeps; beyond the top, more bring nothing more."""
    if pieces <= 0 or usual <= 0 or bend <= 0:
        return 1.0
    top = usual / bend
    counted = min(pieces, top)
    return counted * (1 - counted / (2 * top)) / pieces


def _reactions(followers: int, follows: int, pieces: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Outcomes of the day that follow growth and posting."""
    total = pieces["posts"] + pieces["reels"] + pieces["stories"]
    reach = round(followers * (0.03 + 0.06 * total / (1 + total)) * float(rng.uniform(0.8, 1.2)) + 2 * follows)
    interactions = int(rng.binomial(reach, 0.05))
    likes, comments, saves, shares = rng.multinomial(interactions, [0.8, 0.08, 0.07, 0.05]).tolist()
    return {
        "reach": reach,
        "views": reach * 2,
        "profile_visits": round(0.02 * reach + follows),
        "likes": likes,
        "comments": comments,
        "saves": saves,
        "shares": shares,
        "interactions": interactions,
        "hashtags": 5 * pieces["posts"] + 3 * pieces["reels"],
        "optimal_window_posts": float(rng.binomial(int(total), 0.5)),
        "minutes_spent": round((45 * pieces["posts"] + 120 * pieces["reels"] + 8 * pieces["stories"]) * 1.05, 1),
    }
