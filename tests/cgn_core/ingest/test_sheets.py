from __future__ import annotations

import io
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.reading import read_bytes
from cgn_core.ingest.sheets import daily_to_xlsx, xlsx_of
from cgn_core.ingest.storage import daily_to_csv
from cgn_core.tables import Daily, Provenance

NAMES = ("followers", "follows", "posts", "minutes_spent")


@st.composite
def dailies(draw: st.DrawFn) -> Daily:
    """Any table a workspace may hold: gaps, empty cells, and cells of every provenance."""
    days = draw(st.integers(2, 25))
    names = [*draw(st.lists(st.sampled_from(NAMES[2:]), unique=True)), "follows"]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = {}
    frame = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=days, unit="s")})
    for name in (each for each in NAMES if each in names):
        code = rng.choice(list(Provenance), days, p=[0.2, 0.5, 0.15, 0.15]).astype(np.int8)
        code[0] = Provenance.OBSERVED
        numbers = rng.random(days) * 100 if name == "minutes_spent" else rng.integers(0, 10**6, days).astype(float)
        frame[name] = np.where(code == Provenance.MISSING, np.nan, numbers)
        codes[name] = code
    creator = draw(st.sampled_from(["", "luna", "=SUM(A1)", "'=x", "a,b", "ünï", "-1", "+x", "@x y"]))
    return Daily(frame=frame, provenance=pd.DataFrame(codes), creator=creator.removeprefix("@"))


@settings(max_examples=60, deadline=None)
@given(dailies())
def test_both_exports_read_back_to_the_identical_table(daily: Daily) -> None:
    for content, name in ((daily_to_csv(daily), "export.csv"), (daily_to_xlsx(daily), "export.xlsx")):
        reading = read_bytes(content, file_name=name, today=date(2026, 11, 23))
        assert reading.importable, reading.findings
        (back,) = reading.creators
        pd.testing.assert_frame_equal(back.frame, daily.frame, check_exact=True)
        pd.testing.assert_frame_equal(back.provenance, daily.provenance)
        assert back.creator == daily.creator


def test_days_and_numbers_are_typed() -> None:
    content = xlsx_of(
        {"date": [date(2026, 1, 5)], "follows": [12], "minutes_spent": [27.4], "ads": [None]}, title="Daily"
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    day, follows, minutes, ads = sheet[2]
    assert day.value == datetime(2026, 1, 5)  # noqa: DTZ001 - Excel's days have no time zone
    assert day.number_format == "yyyy-mm-dd"
    assert (follows.value, minutes.value, ads.value) == (12, 27.4, None)
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "=cmd|' /C calc'!A0", "'=1"])
def test_no_text_is_a_formula(text: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_of({"creator": [text]}, title="Daily"))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == f"'{text}"
