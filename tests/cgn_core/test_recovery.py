"""The promise of the README, through the public API and a real file: the effects that made the data are found in it."""

from __future__ import annotations

import statistics
from datetime import date
from pathlib import Path

import cgn_core as cgn
from datagen import generate_many
from datagen.layouts import own_table, write_table


def test_forty_creators_from_a_file_the_default_fit_covers_and_is_a_third_as_wide_as_weekly_least_squares(
    tmp_path: Path,
) -> None:
    creators = generate_many(creators=40, days=730, profile="mid", seed=12, end=date(2026, 6, 28), viral_rate=0.02)
    path = tmp_path / "creators.csv"
    write_table(own_table(creators), path, kind="csv")
    tables = cgn.read_many(path)
    assert list(tables) == [creator.truth.name for creator in creators]
    covered, ratios = [], []
    for creator in creators:
        daily = tables[creator.truth.name]
        weekly = {effect.name: effect for effect in cgn.fit(daily, model="ols").effects}
        effects = cgn.fit(daily).effects
        assert {effect.name for effect in effects} == set(creator.truth.effects)
        for effect in effects:
            assert effect.level == 0.95
            covered.append(effect.low <= creator.truth.effects[effect.name] <= effect.high)
            ratios.append((weekly[effect.name].high - weekly[effect.name].low) / (effect.high - effect.low))
    assert len(covered) == 160
    assert statistics.mean(covered) >= 0.90
    assert statistics.median(ratios) >= 3.0
