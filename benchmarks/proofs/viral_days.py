"""Viral days are found: planted boosts above five robust standard deviations, nearly all of them and little else.

A boost of just five is found every other time, whatever the method: the day's noise decides. So sizes follow each
generator's own law, and beside the model stands a judge who knows each day's true mean and the noise's deviation: where
noise itself goes beyond five on some days, as the second generator's does, that judge isn't precise either.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.least_squares import TO_NORMAL
from cgn_core.stats.viral import THRESHOLD
from cgn_core.tables import Daily
from datagen.specs import CreatorSpec
from datagen.truths import Creator
from datagen.worlds import KINDS as FIRST_KINDS
from datagen.worlds import STEADY_KINDS
from proofs.effects import FIRST, GENERATORS
from proofs.rows import Row

CLAIM = "viral days are found"
FULL = 300
KINDS = STEADY_KINDS
WEEKS = (26, 52, 104)
RATE = 0.02
LEAST = 0.95
MODEL, KNOWER = "the daily fit", "a judge who knows the true means"


@dataclass(frozen=True)
class Planted:
    """A creator's days with boosts on top of some; the flags have shape (days,)."""

    daily: Daily
    boosted: np.ndarray
    above: np.ndarray
    """Boosted by at least ``THRESHOLD`` robust standard deviations: those that are to be found."""
    knowable: np.ndarray
    """Days above the true mean by more than that, boost and noise together."""


def measure(
    worlds: int,
    *,
    weeks: Sequence[int] = WEEKS,
    kinds: Sequence[str] = KINDS,
    generators: Sequence[str] = tuple(GENERATORS),
) -> list[Row]:
    """Precision and recall over all days of a cell's worlds, and how many days there were to find in a world."""
    return [
        row for name in generators for kind in kinds for length in weeks for row in _cell(name, kind, length, worlds)
    ]


def _cell(generator: str, kind: str, weeks: int, worlds: int) -> list[Row]:
    counts: Counter[str] = Counter()
    for seed in range(worlds):
        calm = GENERATORS[generator](kind, seed=seed, weeks=weeks, viral_rate=0.0)
        favour = FIRST_KINDS[kind].get("viral_reels", 0.0)
        planted = plant(calm, np.random.default_rng([seed, weeks, 5]), favour=favour, generator=generator)
        dates = planted.daily.frame["date"].dt.strftime("%Y-%m-%d")
        viral = {MODEL: dates.isin(fit_daily(planted.daily).viral_days).to_numpy(), KNOWER: planted.knowable}
        counts["planted"] += int(planted.above.sum())
        for who, flags in viral.items():
            counts[f"{who}, found"] += int(flags.sum())
            counts[f"{who}, rightly"] += int((flags & planted.boosted).sum())
            counts[f"{who}, recalled"] += int((flags & planted.above).sum())
    place = f"{kind}, {weeks} weeks, {generator} generator"
    rows = [Row(CLAIM, place, worlds, "days to find in a world", counts["planted"] / worlds, 0.0, math.inf)]
    for who, least in ((MODEL, LEAST), (KNOWER, 0.0)):
        for what, right, of in (
            ("recall", counts[f"{who}, recalled"], counts["planted"]),
            ("precision", counts[f"{who}, rightly"], counts[f"{who}, found"]),
        ):
            rows.append(Row(CLAIM, place, worlds, f"{what} of {who}", right / of if of else 1.0, least, 1.0))
    return rows


def plant(calm: Creator, rng: np.random.Generator, *, favour: float, generator: str) -> Planted:
    """Put boosts of the generator's own sizes on top of some days.

    Args:
        calm: without viral days.
        rng: decides the days and sizes.
        favour: how much likelier a day with a reel is to be chosen, as a share.
        generator: whose law of sizes.
    """
    frame, mean = calm.daily.frame.copy(), np.array(calm.truth.expected)
    days = len(frame)
    noise = (frame["follows"].to_numpy() - mean) / np.sqrt(mean)
    deviation = TO_NORMAL * float(np.median(np.abs(noise))) * np.sqrt(mean)
    boosted = rng.random(days) < RATE * (1 + favour * (frame["reels"].to_numpy() > 0))
    boosts = np.where(boosted, np.round(mean * _sizes(generator, days, rng)), 0.0)
    frame["follows"] += boosts
    frame["followers"] += np.cumsum(boosts)
    return Planted(
        daily=replace(calm.daily, frame=frame),
        boosted=boosted,
        above=boosts > THRESHOLD * deviation,
        knowable=frame["follows"].to_numpy() - mean > THRESHOLD * deviation,
    )


def _sizes(generator: str, days: int, rng: np.random.Generator) -> np.ndarray:
    """As multiples of the day's mean."""
    if generator == FIRST:
        return CreatorSpec.viral_size * np.exp(CreatorSpec.viral_spread * rng.standard_normal(days))
    return 3.0 * (1 + rng.pareto(3.0, days))
