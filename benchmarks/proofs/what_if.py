"""Intervals of the difference between two plans hold what the effects truly make."""

from __future__ import annotations

from collections.abc import Sequence

from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import difference, viral_lift
from proofs.effects import GENERATORS
from proofs.rows import Row

CLAIM = "what-if intervals hold"
FULL = 1_000
KINDS = ("plain", "viral days favour reels", "no effect at all")
"""Worlds in which a piece works on its own day, so that the truth within a week is its whole effect."""
WEEKS = (26, 52)
LEVEL = 0.9


def measure(
    worlds: int,
    *,
    weeks: Sequence[int] = WEEKS,
    kinds: Sequence[str] = KINDS,
    generators: Sequence[str] = ("first", "second"),
) -> list[Row]:
    """Coverage of 90 % intervals of "two more of each kind", the viral days' share left out on both sides."""
    rows = []
    for name in generators:
        for kind in kinds:
            for length in weeks:
                held = [_holds(name, kind, seed, length) for seed in range(worlds)]
                place = f"{kind}, {length} weeks, {name} generator"
                rows.append(Row(CLAIM, place, worlds, "coverage of 90 % intervals", sum(held) / worlds, 0.87, 0.93))
    return rows


def _holds(generator: str, kind: str, seed: int, weeks: int) -> bool:
    creator = GENERATORS[generator](kind, seed=20_000 + seed, weeks=weeks)
    predictor = fit_daily(creator.daily).predictor
    more = {
        name: predictor.usual[name] + 2 for name in predictor.levers if name not in ("ads", *predictor.undetermined)
    }
    truth = viral_lift(predictor) * sum(2 * creator.truth.effects[name] for name in more)
    answer = difference(predictor, more, predictor.usual, level=LEVEL)
    return answer.low <= truth <= answer.high
