from __future__ import annotations

import io
import json
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.tables import Provenance

TODAY = date(2026, 11, 23)
START = date(2026, 1, 5)
PUBLIC_HEADER = (
    "username,date,followers,growth,follows,unfollows,posts,stories,reels,ads_posted,post_time,"
    "posted_in_optimal_window,hashtags_used,avg_hashtag_count,reach,profile_visits,post_likes,reel_plays,reel_engagement,story_reach,"
    "story_engagement,comments,saves,shares,engagement_rate,ad_engagement,share_posts,share_reels,share_stories,"
    "post_consistency_variance_7d,saturation_flag,comp_posts,comp_reels,comp_stories,minutes_spent,"
    "roi_follows_per_hour,month,quarter,went_viral"
)


def read(data: bytes | str, name: str = "a.csv") -> Reading:
    return read_bytes(data.encode() if isinstance(data, str) else data, file_name=name, today=TODAY)


def days(number: int) -> list[date]:
    return [START + timedelta(days=step) for step in range(number)]


def own_csv(number: int = 70, **changes: str) -> str:
    lines = ["date,followers,posts,reels"]
    lines += [f"{day},{1000 + 3 * step},{step % 2},{int(step % 3 == 0)}" for step, day in enumerate(days(number))]
    text = "\n".join(lines) + "\n"
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def codes(reading: Reading, severity: str = "error") -> list[str]:
    return [found.code for found in reading.findings if found.severity == severity]


def public_csv(number: int = 730) -> str:
    first = date(2023, 1, 1)
    rows = [PUBLIC_HEADER]
    for step in range(number):
        day = first + timedelta(days=step)
        rows.append(
            f"maker,{day:%d-%m-%Y},{5000 + 20 * step},20,25,5,1,3,{step % 2},0,18:30,1,8,7.5,900,40,80,300,30,200,15,9,4,2,"
            f"0.043,0,0.2,0.3,0.5,0.21,0,2,1,4,95,15.8,{day.month},{(day.month - 1) // 3 + 1},0"
        )
    return "\n".join(rows) + "\n"


def test_our_own_csv_is_read_cell_by_cell() -> None:
    reading = read(own_csv())
    assert reading.importable
    assert reading.format == "own"
    (daily,) = reading.creators
    assert daily.columns == ("followers", "posts", "reels")
    assert daily.frame["followers"].tolist() == [1000.0 + 3 * step for step in range(70)]
    assert (daily.provenance == Provenance.OBSERVED).all(axis=None)
    assert reading.to_json()["from"] == "2026-01-05"


def test_the_public_layout_is_read_without_a_question() -> None:
    reading = read(public_csv())
    assert reading.importable
    assert reading.format == "public39"
    (daily,) = reading.creators
    assert daily.creator == "maker"
    assert daily.frame["date"].iloc[40].date() == date(2023, 2, 10)
    assert daily.frame["ads"].sum() == 0
    assert reading.columns["post_likes"] == "likes"
    (outcomes,) = [found for found in reading.findings if found.code == "outcome_columns"]
    assert "roi_follows_per_hour" in outcomes.message
    (rival,) = reading.competitors.values()
    assert rival.frame[["posts", "reels", "stories"]].iloc[0].tolist() == [2.0, 1.0, 4.0]


def test_several_creators_in_one_file_become_one_table_each() -> None:
    rows = ["creator,date,followers"]
    rows += [f"{name},{day},{100 + step}" for name in ("@a", "b") for step, day in enumerate(days(30))]
    reading = read("\n".join(rows))
    assert [daily.creator for daily in reading.creators] == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_do_not_matter(encoding: str, delimiter: str) -> None:
    text = own_csv().replace("followers", "abonnés").replace(",", delimiter)
    reading = read(text.encode(encoding))
    assert reading.importable, reading.findings
    assert reading.creators[0].frame["followers"].iloc[-1] == 1207.0


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234", "999"], [1234.0, 999.0]),
        (["1.234", "999"], [1234.0, 999.0]),
        (["12,5", "1"], [12.5, 1.0]),
        (["63.3K", "1"], [63300.0, 1.0]),
        (["1.234,5", ""], [1234.5, np.nan]),
        (["12 345", "-"], [12345.0, np.nan]),
    ],
)
def test_numbers_are_read_as_people_write_them(cells: list[str], numbers: list[float]) -> None:
    rows = "\n".join(f"{day};{cell}" for day, cell in zip(days(2), cells, strict=True))
    frame = read(f"date;followers\n{rows}\n").creators[0].frame
    np.testing.assert_array_equal(frame["followers"].to_numpy(), numbers)


def test_json_and_excel_hold_the_same_table() -> None:
    records = [{"date": str(day), "followers": 1000 + step} for step, day in enumerate(days(20))]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "followers"])
    for record, day in zip(records, days(20), strict=True):
        sheet.append([day, record["followers"]])
    saved = io.BytesIO()
    book.save(saved)
    from_json, from_excel = read(json.dumps(records)), read(saved.getvalue(), "a.xlsx")
    assert from_json.importable
    assert from_excel.importable
    assert from_json.creators[0].frame.equals(from_excel.creators[0].frame)


def test_month_first_dates_are_told_by_the_whole_column() -> None:
    rows = "\n".join(f"{day:%m/%d/%Y},{1000 + step}" for step, day in enumerate(days(40)))
    assert read(f"date,followers\n{rows}").first_date == START


def test_dates_that_fit_both_ways_are_asked_for() -> None:
    reading = read("date,followers\n01-02-2026,5\n03-04-2026,6\n")
    assert codes(reading) == ["ambiguous_dates"]
    assert "YYYY-MM-DD" in reading.findings[0].message


BAD = {
    "an empty file": (b"", "empty_file", "is empty"),
    "a picture renamed to csv": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "picture", "PNG picture"),
    "duplicate dates": (own_csv().replace("2026-01-06", "2026-01-05").encode(), "duplicate_dates", "rows 2 and 3"),
    "negative counts": (own_csv().replace("1003,1,", "1003,-1,").encode(), "negative_count", "row 3"),
    "text in numbers": (own_csv().replace("1003,", "many,").encode(), "not_a_number", "row 3"),
    "a future date": (own_csv().replace("2026-01-05", "2027-01-05").encode(), "future_date", "row 2"),
    "60 MB": (b"date,followers\n" + b"2026-01-05,1\n" * 4_900_000, "file_too_large", "50 MB"),
    "no growth": (b"date,posts\n2026-01-05,1\n", "no_growth", "followers"),
    "no date": (b"posts,followers\n1,5\n", "no_date", "date"),
    "a broken date": (own_csv().replace("2026-01-06", "2026-13-06").encode(), "unreadable_date", "row 3"),
    "a short row": (own_csv().replace("1003,1,0", "1003").encode(), "ragged_rows", "row 3"),
    "no table": (b"just words\nand more\n", "not_a_table", "no table"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_naming_file_row_and_remedy_and_nothing_is_read(name: str) -> None:
    data, code, words = BAD[name]
    reading = read(data, "growth.csv")
    assert not reading.importable
    assert reading.creators == ()
    (error,) = [found for found in reading.findings if found.severity == "error"]
    assert error.code == code
    assert "growth.csv" in error.message
    assert words in error.message


def test_thirty_rows_can_be_stored_and_the_missing_weeks_are_named() -> None:
    reading = read(own_csv(30))
    assert reading.importable
    (warning,) = [found for found in reading.findings if found.code == "too_few_weeks"]
    assert "training needs at least 8, so 5 more are missing" in warning.message


def test_missing_days_and_disagreeing_growth_are_warnings_with_rows() -> None:
    text = "date,followers,follows,unfollows\n" + "\n".join(
        f"{day},{1000 + 3 * step + (50 if step == 40 else 0)},5,2" for step, day in enumerate(days(90)) if step != 60
    )
    reading = read(text)
    assert reading.importable
    assert set(codes(reading, "warning")) == {"missing_days", "growth_disagrees", "constant_column"}
    assert np.isnan(reading.creators[0].frame["followers"].iloc[60])


def test_days_marked_provisional_stay_provisional() -> None:
    rows = "\n".join(f"{day},{1000 + step},{int(step >= 28)}" for step, day in enumerate(days(30)))
    (daily,) = read(f"date,followers,provisional\n{rows}").creators
    assert daily.provenance["followers"].tolist()[-3:] == [
        Provenance.OBSERVED,
        Provenance.PROVISIONAL,
        Provenance.PROVISIONAL,
    ]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer_in_words(data: bytes) -> None:
    _answered(data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1500), st.binary(min_size=1, max_size=6), st.booleans())
def test_a_mangled_export_gets_an_answer_in_words(place: int, change: bytes, replace: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    whole = own_csv().encode()
    _answered(whole[:place] + change + whole[place + (len(change) if replace else 0) :])


def _answered(data: bytes) -> None:
    reading = read(data)
    assert reading.importable or not reading.creators
    assert reading.importable == (not codes(reading))
    assert all(found.message for found in reading.findings)
    json.dumps(reading.to_json(), allow_nan=False)
