"""Drift is noticed: soon after a fall, dated to the week, and at no more than the stated rate without any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgn_core.stats.drift import Drift, detect_drift
from cgn_core.tables import Daily
from datagen.creators import Creator
from proofs.effects import GENERATORS
from proofs.rows import Row

CLAIM = "drift is noticed"
FULL = 150
BEFORE, AFTER = 70, 20
"""Weeks before and after the fall."""
YEARS = 2
RATE = 0.5
DELAYS = {0.3: 3.0, 0.5: 4.0, 0.7: 8.0}
CALM = {
    "first": ("plain", "viral days favour reels", "effects spread over days"),
    "second": ("plain", "seasonal and autocorrelated"),
}
NEVER = 99.0
EARLIEST = np.timedelta64(56, "D")


def measure(
    worlds: int, *, shares: Sequence[float] = tuple(DELAYS), generators: Sequence[str] = tuple(CALM)
) -> list[Row]:
    """Delays and dates after falls, and false alarms without any, by each generator."""
    rows = []
    for generator in generators:
        for share in shares:
            rows += _falls(generator, share, worlds)
        for kind in CALM[generator]:
            alarms = sum(
                _raised(GENERATORS[generator](kind, seed=seed, weeks=52 * YEARS).daily) for seed in range(worlds)
            )
            place = f"{kind}, {generator} generator"
            # As many as a Poisson count of the stated rate reaches in 999 of 1,000 such batches of worlds.
            most = RATE + 3.1 * float(np.sqrt(RATE / (worlds * YEARS)))
            rows.append(Row(CLAIM, place, worlds, "false alarms a year", alarms / worlds / YEARS, 0.0, most))
    return rows


def fallen(creator: Creator, *, week: int, share: float) -> Daily:
    """The history with the gained followers at ``share`` of what they were from the start of a week on."""
    frame = creator.daily.frame.drop(columns="followers")
    follows = frame["follows"].to_numpy().copy()
    follows[7 * week :] = np.round(share * follows[7 * week :])
    return Daily(
        frame.assign(follows=follows), creator.daily.provenance.drop(columns="followers"), creator.daily.creator
    )


def until(daily: Daily, weeks: int) -> Daily:
    """The first so many weeks."""
    return Daily(daily.frame.iloc[: 7 * weeks], daily.provenance.iloc[: 7 * weeks], daily.creator)


def found(daily: Daily) -> Drift:
    """The answer at the stated rate."""
    return detect_drift(daily, rng=np.random.default_rng(1), false_alarms_per_year=RATE)


def _falls(generator: str, share: float, worlds: int) -> list[Row]:
    delays, dated = [], []
    for seed in range(worlds):
        creator = GENERATORS[generator]("plain", seed=30_000 + seed, weeks=BEFORE + AFTER)
        daily = fallen(creator, week=BEFORE, share=share)
        truth = daily.frame["date"].iloc[7 * BEFORE].to_datetime64().astype("datetime64[D]")
        delay, is_dated = NEVER, False
        for weeks in range(1, AFTER + 1):
            drift = found(until(daily, BEFORE + weeks))
            # An alarm that stood before the fall is a false one, and counted as such below.
            if drift.alarm and drift.direction == "down" and np.datetime64(drift.start_week) > truth - EARLIEST:
                off = abs((np.datetime64(drift.start_week) - truth).astype(int)) // 7
                delay, is_dated = float(weeks), bool(off <= 1)
                break
        delays.append(delay)
        dated.append(is_dated)
    place = f"fall to {share:.0%}, {generator} generator"
    rows = [Row(CLAIM, place, worlds, "median delay, weeks", float(np.median(delays)), 0.0, DELAYS[share])]
    if share == min(DELAYS):
        rows.append(Row(CLAIM, place, worlds, "start within a week", float(np.mean(dated)), 0.9, 1.0))
    return rows


def _raised(daily: Daily) -> int:
    """Alarms that a user would have seen, looking every eighth week; each new level once."""
    seen = {drift.start_week for weeks in range(16, 52 * YEARS + 1, 8) if (drift := found(until(daily, weeks))).alarm}
    return len(seen)
