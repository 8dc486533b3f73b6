"""The answer "not identified" works: bends and carry-over are claimed where they are, and hardly ever elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from cgn_core.stats.carry_over_test import carry_over_of
from cgn_core.stats.repeatable_weeks import repeatable_weeks
from cgn_core.stats.saturation import SIZE, weekly_saturation
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, Daily, daily_from_frame
from datagen.creators import Creator
from proofs.effects import GENERATORS
from proofs.rows import Row

CLAIM = '"not identified" works'
FULL = 300
WEEKS = (26, 52, 104)
STRAIGHT = {
    "first": ("plain", "viral days favour reels", "no effect at all", "effects spread over days"),
    "second": (
        "plain",
        "viral days favour reels",
        "no effect at all",
        "effects spread over days",
        "seasonal and autocorrelated",
    ),
}
LASTING = "effects spread over days"
NO_BEND, SOME_BEND = "saturation claimed where there is none", "saturation claimed where there is some"
NO_CARRY_OVER, SOME_CARRY_OVER = "carry-over claimed where there is none", "carry-over claimed where there is some"
BENT_POWER = {26: 0.25, 52: 0.45, 104: 0.75}
"""About so often a bend should be claimed after which one more piece in the busiest week brings nothing."""
LASTING_POWER = {26: 0.6, 52: 0.9, 104: 1.0}
ABOUT = 0.1
"""How far from "about" a share may be, besides the luck of the worlds drawn."""
LEFT = (0.0, 1 / 3)
"""Shares of the first piece's effect that are left at the busiest week, in bent worlds."""
UNLIKELY = 0.001
FIRST_SEED = 40_000


@dataclass
class Tally:
    """Answers over worlds."""

    claims: list[bool] = field(default_factory=list)
    powers: list[float] = field(default_factory=list)

    def add(self, *, identified: bool, power: float | None) -> None:
        """One answer; a history in which no content brings anything has no power to tell."""
        self.claims.append(identified)
        if power is not None:
            self.powers.append(power)

    @property
    def share(self) -> float:
        """Of claims."""
        return float(np.mean(self.claims))

    @property
    def power(self) -> float:
        """Mean power that came with the answers."""
        return float(np.mean(self.powers)) if self.powers else 0.0


def measure(
    worlds: int, *, weeks: Sequence[int] = WEEKS, generators: Sequence[str] = tuple(STRAIGHT), weekly: bool = True
) -> list[Row]:
    """False claims and power.

    Args:
        worlds: per kind and length.
        weeks: lengths of history.
        generators: first, second.
        weekly: whether the first generator's worlds are also judged by their weekly tables alone.
    """
    rows = []
    for generator in generators:
        for kind in STRAIGHT[generator]:
            for length in weeks:
                rows += _straight(generator, kind, length, worlds, by_week=False)
                if weekly and generator == "first":
                    rows += _straight(generator, kind, length, worlds, by_week=True)
        for length in weeks:
            rows += _bent(generator, length, worlds)
    return rows


def most_by_chance(worlds: int) -> float:
    """The largest share of claims that a true size of 5 % gives but once in a thousand such batches."""
    return float(stats.binom.ppf(1 - UNLIKELY, worlds, SIZE)) / worlds


def fewest_by_chance(worlds: int, share: float) -> float:
    """The smallest share that a chance of about ``share`` gives but once in a thousand such batches."""
    return float(stats.binom.ppf(UNLIKELY, worlds, max(share - ABOUT, 0.0))) / worlds


def bent(creator: Creator, *, left: float) -> Daily:
    """The history as it would be if each type's pieces lost effect in proportion to the week's number of them.

    One more piece in the busiest week brings ``left`` of what the first one does.
    """
    frame = creator.daily.frame.drop(columns="followers")
    week = (np.arange(len(frame)) + frame["date"].iloc[0].day_of_week) // DAYS_PER_WEEK
    follows = frame["follows"].to_numpy()
    for name in CONTENT_TYPES:
        pieces = frame[name].to_numpy()
        of_week = np.bincount(week, pieces)
        if of_week.max() > 0:
            lost = (1 - left) * of_week / (2 * of_week.max())
            follows = follows - creator.truth.effects[name] * pieces * lost[week]
    return daily_from_frame(frame.assign(follows=np.maximum(np.round(follows), 0.0)))


def _straight(generator: str, kind: str, length: int, worlds: int, *, by_week: bool) -> list[Row]:
    saturation, carry_over = Tally(), Tally()
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        daily = GENERATORS[generator](kind, seed=seed, weeks=length).daily
        ready = repeatable_weeks(daily.weekly() if by_week else daily)
        bend, lasting = weekly_saturation(ready), carry_over_of(ready)
        saturation.add(identified=bend.identified, power=bend.power)
        carry_over.add(identified=lasting.identified, power=lasting.power)
    place = f"{kind}, {length} weeks, {generator} generator{', weekly table alone' if by_week else ''}"
    most = most_by_chance(worlds)
    rows = [Row(CLAIM, place, worlds, NO_BEND, saturation.share, 0.0, most)]
    if kind == LASTING:
        # The second generator spreads effects over five days only, and weeks alone tell less: printed, not promised.
        promised = generator == "first" and not by_week
        fewest = fewest_by_chance(worlds, LASTING_POWER[length]) if promised else 0.0
        rows.append(Row(CLAIM, place, worlds, SOME_CARRY_OVER, carry_over.share, fewest, 1.0))
    else:
        rows.append(Row(CLAIM, place, worlds, NO_CARRY_OVER, carry_over.share, 0.0, most))
    if kind == "plain":
        rows.append(Row(CLAIM, place, worlds, "power told for a bend to a third", saturation.power, 0.0, 1.0))
    if kind in {"plain", LASTING}:
        rows.append(Row(CLAIM, place, worlds, "power told for effects that last for days", carry_over.power, 0.0, 1.0))
    return rows


def _bent(generator: str, length: int, worlds: int) -> list[Row]:
    rows = []
    for left in LEFT:
        found = Tally()
        for seed in range(FIRST_SEED, FIRST_SEED + worlds):
            daily = bent(GENERATORS[generator]("plain", seed=seed, weeks=length), left=left)
            answer = weekly_saturation(repeatable_weeks(daily), left=left)
            found.add(identified=answer.identified, power=answer.power)
        place = f"bent to {left:.0%} at the busiest week, {length} weeks, {generator} generator"
        fewest = fewest_by_chance(worlds, BENT_POWER[length]) if left == 0 and generator == "first" else 0.0
        rows += [
            Row(CLAIM, place, worlds, SOME_BEND, found.share, fewest, 1.0),
            Row(CLAIM, place, worlds, "power told for that bend", found.power, 0.0, 1.0),
        ]
    return rows
