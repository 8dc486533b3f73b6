"""Synthetic creators for many at once, beside a loop over days and beside the random draws alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
from measuring import Comparison, compare

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen import CreatorArrays, CreatorSpec, generate_batches, generate_many
from datagen.processes import LEAST_GROWTH, YEAR_DAYS
from datagen.reactions import FOLLOW_REACH, FOLLOW_VISITS, KINDS, LEAST_REACH, NEWS, VIEWS, VISITS
from datagen.worlds import second_world

CREATORS, DAYS, SEED, END = 250, 730, 11, date(2026, 11, 22)
ASKED: dict[str, Any] = {"creators": CREATORS, "days": DAYS, "seed": SEED, "end": END}


def measure() -> list[Comparison]:
    """All comparisons of this module."""
    (drawn,) = generate_batches(**ASKED)
    size = f"{CREATORS} creators of {DAYS} days, per creator"
    loop = partial(creator_by_day, drawn.specs[0], np.random.default_rng(SEED))
    share = {"ours_pieces": CREATORS, "their_pieces": 1}
    arrays, tables = f"synthetic creators as arrays, {size}", f"synthetic creators as tables with truth, {size}"
    return [
        compare(arrays, ours=_arrays, peer="a loop over days, numpy draws", theirs=loop, **share, rounds=11, target=75),
        compare(
            arrays,
            ours=_arrays,
            peer="the same random draws alone",
            theirs=partial(draws_alone, drawn),
            ours_pieces=CREATORS,
            their_pieces=CREATORS,
            rounds=11,
            target=1 / 3,
        ),
        compare(tables, ours=_tables, peer="a loop over days, numpy draws", theirs=loop, **share, rounds=11),
        compare(
            tables,
            ours=_tables,
            peer="the second generator, a loop over days to a table",
            theirs=lambda: second_world("plain", seed=SEED, weeks=DAYS // DAYS_PER_WEEK),
            **share,
            rounds=11,
        ),
    ]


def _arrays() -> list[CreatorArrays]:
    return list(generate_batches(**ASKED))


def _tables() -> object:
    return generate_many(**ASKED)


def creator_by_day(spec: CreatorSpec, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The generator's own process, a day at a time; columns over days."""
    rows = []
    preference = [weight / sum(spec.posting_weekdays) for weight in spec.posting_weekdays]
    followers, staying = float(round(spec.followers)), spec.loss * spec.followers
    working = dict.fromkeys(CONTENT_TYPES, 0.0)
    busy: dict[str, float] = {}
    for number in range(spec.days):
        day = spec.start + timedelta(days=number)
        weekday = day.weekday()
        if number == 0 or weekday == 0:
            variation = spec.cadence_variation
            busy = {name: math.exp(variation * rng.standard_normal() - variation**2 / 2) for name in CONTENT_TYPES}
        counts = {
            name: int(rng.poisson(spec.cadence[name] * busy[name] * preference[weekday])) for name in CONTENT_TYPES
        }
        wave = 2 * math.pi * (day.timetuple().tm_yday / YEAR_DAYS - spec.peak_month / 12)
        mean = spec.base * (1 + spec.trend * number / YEAR_DAYS) * (1 + spec.season * math.cos(wave))
        mean *= spec.weekday[weekday]
        for name in CONTENT_TYPES:
            working[name] = spec.carry_over * working[name] + (1 - spec.carry_over) * counts[name]
            mean += spec.effects[name] * working[name]
        mean = max(mean, LEAST_GROWTH)
        follows = int(rng.poisson(rng.gamma(mean / (spec.spread - 1), spec.spread - 1)))
        if rng.random() < spec.viral_rate * (1 + spec.viral_reels * (counts["reels"] > 0)):
            follows += round(mean * spec.viral_size * math.exp(spec.viral_spread * rng.standard_normal()))
        unfollows = min(int(rng.poisson(staying)), followers + follows)
        staying = (1 - spec.loss) * staying + spec.loss * follows
        followers += follows - unfollows
        row = {"followers": followers, "follows": follows, "unfollows": unfollows, **counts}
        row.update(_reactions_of_day(spec, counts, followers, follows, rng))
        rows.append(row)
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def _reactions_of_day(
    spec: CreatorSpec, counts: dict[str, int], followers: float, follows: int, rng: np.random.Generator
) -> dict[str, float]:
    weight = LEAST_REACH + sum(spec.reach[name] * counts[name] for name in CONTENT_TYPES)
    minutes = sum(spec.minutes[name] * counts[name] for name in CONTENT_TYPES)
    tags = sum(spec.hashtags[name] * counts[name] for name in CONTENT_TYPES)
    reach = round(followers * weight * math.exp(0.15 * rng.standard_normal()) + FOLLOW_REACH * follows)
    interactions = _drawn_of(reach, spec.engagement, rng)
    kinds, rest, left = {}, interactions, 1.0
    for name, share in KINDS.items():
        kinds[name] = _drawn_of(rest, share / left, rng)
        rest, left = rest - kinds[name], left - share
    views = round(reach * VIEWS * math.exp(0.05 * rng.standard_normal()))
    pieces = counts["posts"] + counts["reels"] + counts["stories"]
    return {
        "reach": reach,
        "views": max(views, reach),
        "profile_visits": min(reach, round(VISITS * reach + FOLLOW_VISITS * follows)),
        "likes": rest,
        **kinds,
        "interactions": interactions,
        "hashtags": max(round(tags + math.sqrt(tags) * rng.standard_normal()), 0),
        "optimal_window_posts": int(rng.binomial(pieces, spec.window)),
        "minutes_spent": round(minutes * math.exp(0.1 * rng.standard_normal()), 1),
    }


def _drawn_of(number: int, share: float, rng: np.random.Generator) -> int:
    mean = number * share
    return min(max(round(mean + math.sqrt(mean * (1 - share)) * rng.standard_normal()), 0), number)


def draws_alone(batch: CreatorArrays) -> None:
    """Every random number that the batch took, from the same laws with their parameters at hand; nothing is kept."""
    columns = batch.columns
    pieces = (columns["posts"] + columns["reels"] + columns["stories"]).astype(np.int64)
    children: Sequence[np.random.SeedSequence] = np.random.SeedSequence(SEED).spawn(len(batch))
    for number, (spec, child) in enumerate(zip(batch.specs, children, strict=True)):
        rng = np.random.default_rng(child)
        aside = rng.spawn(1)[0]
        rng.standard_normal(10 + batch.calendar.weeks * len(CONTENT_TYPES))
        for name in CONTENT_TYPES:
            rng.poisson(columns[name][number])
        aside.binomial(pieces[number], spec.window)
        rng.random(spec.days)
        rng.standard_normal(spec.days)
        excess = spec.spread - 1
        rng.poisson(rng.gamma(batch.expected[number] / excess, excess))
        rng.poisson(columns["unfollows"][number])
        rng.standard_normal(NEWS * spec.days)
