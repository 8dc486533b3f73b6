from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import UnreadableFile
from cgn_core.ingest.reading import read_bytes
from cgn_core.ingest.storage import (
    daily_from_bytes,
    daily_to_bytes,
    daily_to_csv,
    data_hash,
    formula_plain,
    formula_safe,
)
from cgn_core.tables import Daily, Provenance, daily_from_frame

TODAY = date(2026, 11, 23)


def some_daily(creator: str = "maker") -> Daily:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2026-01-01", periods=60),
            "followers": 1000.0 + np.arange(60),
            "posts": rng.integers(0, 4, 60).astype(float),
            "minutes_spent": rng.random(60) * 100,
        }
    )
    frame.loc[5, "posts"] = np.nan
    return daily_from_frame(frame.drop(index=20), creator=creator, provisional_days=2)


def with_code(daily: Daily, row: int, column: str, code: Provenance) -> Daily:
    codes = daily.provenance.copy()
    codes.loc[row, column] = np.int8(code)
    return Daily(frame=daily.frame, provenance=codes, creator=daily.creator)


def assert_same(one: Daily, other: Daily) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.provenance, other.provenance)
    assert one.creator == other.creator


def reread(daily: Daily) -> Daily:
    reading = read_bytes(daily_to_csv(daily), file_name="export.csv", today=TODAY)
    assert reading.importable, reading.findings
    (back,) = reading.creators
    return back


def test_stored_bytes_give_back_the_same_table() -> None:
    daily = with_code(some_daily("Ärger"), 7, "posts", Provenance.IMPUTED)
    back = daily_from_bytes(daily_to_bytes(daily))
    assert_same(back, daily)
    back.frame.loc[0, "posts"] = 9.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_every_bit_of_every_number_is_stored(numbers: list[float]) -> None:
    frame = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=len(numbers), unit="s"), "views": numbers})
    codes = pd.DataFrame({"views": np.ones(len(numbers), dtype=np.int8)})
    back = daily_from_bytes(daily_to_bytes(Daily(frame=frame, provenance=codes)))
    assert back.frame["views"].to_numpy().tobytes() == np.asarray(numbers).tobytes()


@pytest.mark.parametrize("cut", [0, 5, 100, -10])
def test_damaged_bytes_are_a_sentence(cut: int) -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        daily_from_bytes(daily_to_bytes(some_daily())[:cut])


def test_a_pickle_is_never_opened() -> None:
    with pytest.raises(UnreadableFile):
        daily_from_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")


def test_two_years_are_stored_in_less_than_their_numbers_take() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=730)})
    for name in ("followers", "follows", "posts", "reels"):
        frame[name] = rng.integers(0, 50, 730).astype(float)
    assert len(daily_to_bytes(daily_from_frame(frame))) < 730 * 5 * 8


def test_an_exported_csv_reads_back_to_the_same_table() -> None:
    assert_same(reread(some_daily()), some_daily())


def test_provenance_of_single_cells_survives_the_csv() -> None:
    daily = with_code(with_code(some_daily(), 3, "posts", Provenance.IMPUTED), 9, "followers", Provenance.PROVISIONAL)
    assert_same(reread(daily), daily)


def test_missing_days_at_either_end_survive_the_csv() -> None:
    frame = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=9), "follows": [np.nan] + [1.0] * 7 + [np.nan]})
    daily = daily_from_frame(frame)
    assert_same(reread(daily), daily)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.none() | st.integers(0, 10**11), min_size=2, max_size=40).filter(any),
    st.lists(st.none() | st.floats(0, 1e11), min_size=40, max_size=40),
    st.sampled_from(["", "luna", "=SUM(A1)", "'=x", "''", "a,b", 'a"b', "ünï", "-1", "+x", "'-'"]),
)
def test_any_table_survives_the_csv(counts: list[int | None], minutes: list[float | None], creator: str) -> None:
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2026-01-01", periods=len(counts)),
            "follows": [np.nan if count is None else float(count) for count in counts],
            "minutes_spent": [np.nan if value is None else value for value in minutes[: len(counts)]],
        }
    ).dropna(axis=1, how="all")
    daily = daily_from_frame(frame, creator=creator)
    assert_same(reread(daily), daily)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "'=1"])
def test_a_creator_named_like_a_formula_is_defused_and_comes_back(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(daily_to_csv(some_daily(name)).decode(), newline="")))
    assert all(row["creator"] == f"'{name}" for row in rows)
    assert formula_plain(formula_safe(name)) == name


def test_numbers_are_never_escaped() -> None:
    frame = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=2), "follows": [-1204.0, 1.5]})
    assert daily_to_csv(daily_from_frame(frame)) == b"date,follows\r\n2026-01-01,-1204\r\n2026-01-02,1.5\r\n"


def test_the_hash_knows_numbers_days_and_provenance_and_not_the_name() -> None:
    daily = some_daily()
    other = daily.frame.copy()
    other["followers"] = other["followers"] + 1
    assert (
        data_hash(daily) == data_hash(some_daily("someone else")) == data_hash(daily_from_bytes(daily_to_bytes(daily)))
    )
    assert data_hash(daily) != data_hash(Daily(frame=other, provenance=daily.provenance))
    assert data_hash(daily) != data_hash(with_code(daily, 3, "followers", Provenance.IMPUTED))
    later = daily.frame.assign(date=daily.frame["date"] + pd.Timedelta(days=1))
    assert data_hash(daily) != data_hash(Daily(frame=later, provenance=daily.provenance))
    assert len(data_hash(daily)) == 64
