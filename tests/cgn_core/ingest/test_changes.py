"""Faults that only show between columns: each found where it is, and none told of worlds without it."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cgn_core.ingest.reading import Reading, read_bytes
from datagen.worlds import KINDS, world

TODAY = date(2026, 11, 23)
CODES = {"changed_definition", "shifted_days", "zeros_at_the_end", "followers_slip"}


def read(frame: pd.DataFrame) -> Reading:
    return read_bytes(frame.to_csv(index=False).encode(), file_name="a.csv", today=TODAY)


def told(frame: pd.DataFrame) -> dict[str, str]:
    return {found.code: found.message for found in read(frame).findings if found.code in CODES}


def plain(seed: int = 3) -> pd.DataFrame:
    frame: pd.DataFrame = world("plain", seed=seed, weeks=52).daily.frame.copy()
    return frame


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("weeks", [26, 104])
def test_nothing_is_told_of_a_world_without_such_a_fault(kind: str, weeks: int) -> None:
    for seed in range(1000, 1003):
        assert told(world(kind, seed=seed, weeks=weeks).daily.frame) == {}


def test_a_metric_that_is_counted_anew_is_told_with_its_day() -> None:
    frame = plain()
    assert told(frame) == {}
    frame["views"] = frame["reach"] * 2
    frame.loc[182:, "views"] *= 3
    found = told(frame)
    assert set(found) == {"changed_definition"}
    assert "views stands at 3" in found["changed_definition"]
    assert str(frame["date"].iloc[182].date())[:7] in found["changed_definition"]


def test_a_column_whose_days_are_one_late_is_told() -> None:
    frame = plain()
    frame["reach"] = frame["reach"].shift(1).bfill()
    found = told(frame)
    assert set(found) == {"shifted_days"}
    assert "reach runs a day behind" in found["shifted_days"]


def test_zeros_on_the_newest_days_are_told() -> None:
    frame = plain()
    frame.loc[len(frame) - 3 :, "reach"] = 0
    assert set(told(frame)) == {"zeros_at_the_end"}


def test_zeros_at_the_end_of_a_metric_that_often_is_zero_are_not_told() -> None:
    frame = plain()
    frame["saves"] = (frame.index % 3 == 0).astype(int) * 9
    frame.loc[len(frame) - 2 :, "saves"] = 0
    assert "zeros_at_the_end" not in told(frame)


@pytest.mark.parametrize("share", [0.0, 0.1, 10.0])
def test_a_follower_count_that_slips_for_a_day_is_told(share: float) -> None:
    frame = plain()
    frame.loc[100, "followers"] = round(float(frame["followers"].iloc[100]) * share)
    assert "followers_slip" in told(frame)


def test_a_level_that_falls_for_good_is_no_slip_of_a_metric() -> None:
    for seed in (5, 19, 96):
        assert told(world("level falls", seed=seed, weeks=[26, 52, 104][seed % 3]).daily.frame) == {}
