from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from cgn_core.ingest.reading import read_bytes
from cgn_core.ingest.storage import daily_from_bytes, daily_to_bytes, daily_to_csv
from cgn_core.tables import Daily, daily_from_frame


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


def test_stored_bytes_give_back_the_same_table() -> None:
    daily = some_daily()
    back = daily_from_bytes(daily_to_bytes(daily))
    pd.testing.assert_frame_equal(back.frame, daily.frame)
    pd.testing.assert_frame_equal(back.provenance, daily.provenance)
    assert back.creator == "maker"
    back.frame.loc[0, "posts"] = 9.0


def test_an_exported_csv_reads_back_to_the_same_table() -> None:
    daily = some_daily()
    reading = read_bytes(daily_to_csv(daily), file_name="export.csv", today=date(2026, 11, 23))
    assert reading.importable
    (back,) = reading.creators
    pd.testing.assert_frame_equal(back.frame, daily.frame)
    pd.testing.assert_frame_equal(back.provenance, daily.provenance)


def test_a_creator_named_like_a_formula_is_defused() -> None:
    text = daily_to_csv(some_daily("=HYPERLINK()")).decode()
    assert "\n'=HYPERLINK()," in text
