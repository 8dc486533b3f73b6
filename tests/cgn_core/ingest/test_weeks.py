from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from cgn_core.ingest.reading import read_bytes
from cgn_core.ingest.weeks import read_weeks


def days_of(*creators: str, days: int = 40, start: date = date(2026, 1, 1), seed: int = 3) -> list[str]:
    rng = np.random.default_rng(seed)
    return [
        f"{creator},{start + timedelta(days=day)},{rng.integers(0, 90)},{rng.integers(0, 9)},{rng.random() * 100:.1f}"
        for creator in creators
        for day in range(days)
    ]


HEADER = "creator,date,follows,unfollows,minutes_spent"


def as_file(rows: list[str]) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


@pytest.mark.parametrize("seed", range(5))
def test_the_weeks_are_those_of_the_daily_tables(seed: int) -> None:
    rows = days_of("luna", "mara", days=60, seed=seed)
    rng = np.random.default_rng(seed)
    rows = [rows[place] for place in rng.permutation(len(rows)) if rng.random() > 0.02]
    data = as_file(rows)
    weeks = read_weeks(data)
    assert weeks is not None
    for daily in read_bytes(data, file_name="days.csv", today=date(2026, 6, 1)).creators:
        weekly = daily.weekly().dropna(subset=["follows"])
        mine = weeks.codes == weeks.creators.index(daily.creator)
        assert weeks.week_starts[mine].astype("datetime64[s]").tolist() == weekly["week_start"].tolist()
        for place, name in enumerate(weeks.columns):
            np.testing.assert_allclose(weeks.sums[place, mine], weekly[name].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("cell", ["-3", "x", "1,5", "63.3K", "5000000000000", "0x1F"])
def test_what_needs_a_closer_look_is_left_to_the_reader(cell: str) -> None:
    rows = days_of("luna")
    parts = rows[9].split(",")
    rows[9] = ",".join([*parts[:2], f'"{cell}"', *parts[3:]])
    assert read_weeks(as_file(days_of("luna"))) is not None
    assert read_weeks(as_file(rows)) is None


def test_a_day_twice_no_creator_and_no_table_are_left_to_the_reader() -> None:
    rows = days_of("luna")
    assert read_weeks(as_file([*rows, rows[4]])) is None
    assert read_weeks(as_file([*rows, ",2026-03-01,1,2,3"])) is None
    assert read_weeks(b"[]") is None
    assert read_weeks(b"\xff\xd8\xff\xe0") is None
    assert read_weeks(b"a,b\n1,2\n") is None
