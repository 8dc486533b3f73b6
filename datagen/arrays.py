"""Many synthetic creators at once, as arrays; tables are made of those that somebody asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cgn_core.tables import CONTENT_TYPES, DAILY_COLUMNS, Daily, Provenance
from datagen.processes import (
    Calendar,
    Flags,
    Floats,
    Generators,
    expected_follows,
    follower_levels,
    overdispersed_counts,
    posting,
    swings,
    viral_boosts,
    viral_chance,
    window_posts,
)
from datagen.reactions import reactions
from datagen.responses import LINEAR
from datagen.specs import CreatorSpec
from datagen.truths import Creator, Truth

_NAMES = pd.Index(list(DAILY_COLUMNS))
"""Made once: pandas takes longer to make it than the numbers below it."""


@dataclass(frozen=True)
class CreatorArrays:
    """Creators over the same days; every array has shape (creators, days)."""

    specs: tuple[CreatorSpec, ...]
    calendar: Calendar
    columns: Mapping[str, Floats]
    """Every canonical daily column, gaps not yet taken out."""
    kept: Flags
    """Days that have a row."""
    viral: Flags
    chance: Floats
    """Of each day to go viral."""
    expected: Floats
    """Mean of the gained followers without viral boosts."""

    def __len__(self) -> int:
        """How many creators."""
        return len(self.specs)

    def creator(self, number: int) -> Creator:
        """The daily table and the truth of one creator.

        Args:
            number: from 0.

        Raises:
            IndexError: there are fewer.
        """
        spec, dates = self.specs[number], self.calendar.dates
        kept = self.kept[number]
        block = np.stack([self.columns[name][number] for name in DAILY_COLUMNS], axis=1)
        codes = np.full(block.shape, Provenance.OBSERVED, dtype=np.int8)
        codes[spec.days - spec.provisional_tail :] = Provenance.PROVISIONAL
        if not kept.all():
            block[~kept], codes[~kept] = np.nan, Provenance.MISSING
        frame = pd.DataFrame(block, columns=_NAMES)
        frame.insert(0, "date", dates)
        provenance = pd.DataFrame(codes, columns=_NAMES)
        truth = Truth(
            name=spec.name,
            effects={name: float(spec.effects.get(name, 0.0)) for name in CONTENT_TYPES},
            carry_over=spec.carry_over,
            base=spec.base,
            viral_rate=float(self.chance[number].mean()),
            viral_days=tuple(np.datetime_as_string(dates.to_numpy()[self.viral[number]], unit="D").tolist()),
            expected=tuple(self.expected[number].tolist()),
            cadence={name: float(spec.cadence.get(name, 0.0)) for name in CONTENT_TYPES},
            responses={name: spec.response(name) for name in CONTENT_TYPES if spec.response(name) != LINEAR},
            breaks=tuple((dates[each.day].date().isoformat(), each.factor) for each in spec.breaks),
            timing=spec.timing,
        )
        return Creator(daily=Daily(frame=frame, provenance=provenance, creator=spec.name), truth=truth)


def generate_arrays(specs: Sequence[CreatorSpec], rngs: Generators) -> CreatorArrays:
    """The histories of several creators over the same days.

    Args:
        specs: at least one; all start on one day and are equally long.
        rngs: one for each, used by nobody else; the same spec and generator state give the same numbers, whoever
            else is in the batch.

    Raises:
        ValueError: no specs, not as many generators, or specs of other days.
    """
    if not specs or len(specs) != len(rngs):
        raise ValueError(f"a batch has at least one creator and a generator for each, not {len(specs)} and {len(rngs)}")
    if len({(spec.start, spec.days) for spec in specs}) > 1:
        raise ValueError("the creators of a batch start on one day and have equally long histories")
    calendar = Calendar.of(specs[0].start, specs[0].days)
    aside = [rng.spawn(1)[0] for rng in rngs]
    counts = posting(specs, calendar, rngs)
    inside = window_posts(specs, counts, aside)
    expected = expected_follows(specs, calendar, counts, inside)
    chance = viral_chance(specs, counts)
    boost, viral = viral_boosts(specs, chance, expected, rngs)
    mean = expected * swings(specs, calendar, aside)
    follows = overdispersed_counts(specs, mean, rngs) + boost
    followers, unfollows = follower_levels(specs, follows, rngs)
    others = reactions(specs, counts, followers, follows, inside, rngs)
    kept = np.ones(follows.shape, dtype=np.bool_)
    for number, (spec, rng) in enumerate(zip(specs, rngs, strict=True)):
        if spec.gaps:
            kept[number] = rng.random(calendar.days) >= spec.gaps
    kept[:, [0, -1]] = True
    columns = {"followers": followers, "follows": follows, "unfollows": unfollows, **counts, **others}
    return CreatorArrays(tuple(specs), calendar, columns, kept, viral, chance, expected)
