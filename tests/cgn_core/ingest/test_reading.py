from __future__ import annotations

import io
import json
from datetime import date, timedelta

import numpy as np
import openpyxl
import pandas as pd
import pytest

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


def own_csv(number: int = 70) -> str:
    lines = ["date,followers,posts,reels"]
    lines += [f"{day},{1000 + 3 * step},{step % 2},{int(step % 3 == 0)}" for step, day in enumerate(days(number))]
    return "\n".join(lines) + "\n"


def codes(reading: Reading, severity: str = "error") -> list[str]:
    return [found.code for found in reading.findings if found.severity == severity]


def public_csv(number: int = 730) -> str:
    first = date(2023, 1, 1)
    rows = [PUBLIC_HEADER]
    for step in range(number):
        day = first + timedelta(days=step)
        rows.append(
            f"maker,{day:%d-%m-%Y},{5000 + 20 * step},20,25,5,1,3,{step % 2},0,18:30,1,8,7.5,900,40,80,300,30,200,15,9,"
            f"4,2,0.043,0,0.2,0.3,0.5,0.21,0,2,1,4,95,15.8,{day.month},{(day.month - 1) // 3 + 1},0"
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


def test_every_canonical_cell_of_the_public_layout_is_where_it_belongs() -> None:
    (daily,) = read(public_csv(40)).creators
    expected = {
        "followers": 5060.0, "follows": 25.0, "unfollows": 5.0, "posts": 1.0, "reels": 1.0, "stories": 3.0, "ads": 0.0,
        "reach": 900.0, "profile_visits": 40.0, "likes": 80.0, "comments": 9.0, "saves": 4.0, "shares": 2.0,
        "hashtags": 8.0, "optimal_window_posts": 1.0, "minutes_spent": 95.0,
    }  # fmt: skip
    assert daily.frame.iloc[3].drop("date").to_dict() == expected
    assert daily.frame["date"].iloc[3] == pd.Timestamp("2023-01-04")
    assert daily.frame["date"].dtype == "datetime64[s]"
    assert (daily.provenance == Provenance.OBSERVED).all(axis=None)


def test_what_the_public_layout_has_beside_our_columns_is_named_and_not_stored() -> None:
    reading = read(public_csv(40))
    (aside,) = [found for found in reading.findings if found.code == "set_aside_columns"]
    for name in ("growth", "engagement_rate", "roi_follows_per_hour", "post_time", "went_viral", "saturation_flag"):
        assert name in aside.message
        assert name not in reading.columns
    assert "ignored_columns" not in {found.code for found in reading.findings}


def test_dates_of_the_public_layout_that_all_lie_below_the_thirteenth_are_still_days_first() -> None:
    assert read(public_csv(12)).last_date == date(2023, 1, 12)


def test_several_creators_in_one_file_become_one_table_each() -> None:
    rows = ["creator,date,followers"]
    rows += [f"{name},{day},{100 + step}" for name in ("@a", "b") for step, day in enumerate(days(30))]
    reading = read("\n".join(rows))
    assert [daily.creator for daily in reading.creators] == ["a", "b"]


def test_rows_of_creators_may_be_mixed_and_their_names_written_differently() -> None:
    text = "account;date;followers\n@Ana;2026-01-06;11\nbo;2026-01-05;1\nana;2026-01-05;10\nBO;2026-01-07;3\n"
    ana, bo = read(text).creators
    assert (ana.creator, bo.creator) == ("Ana", "bo")
    assert ana.frame["followers"].tolist() == [10.0, 11.0]
    np.testing.assert_array_equal(bo.frame["followers"], [1.0, np.nan, 3.0])
    assert bo.provenance["followers"].tolist() == [Provenance.OBSERVED, Provenance.MISSING, Provenance.OBSERVED]


def test_a_column_that_only_one_creator_fills_is_only_theirs() -> None:
    rows = [
        f"{name},{day},{100 + step},{reels}"
        for name, reels in (("a", 1), ("b", ""))
        for step, day in enumerate(days(9))
    ]
    a, b = read("creator,date,followers,reels\n" + "\n".join(rows)).creators
    assert (a.columns, b.columns) == (("followers", "reels"), ("followers",))


def test_header_names_are_matched_whatever_their_case_accents_and_language() -> None:
    reading = read("FECHA;Seguidores;Visualizações;Me gusta;Unfollowers;Ads Posted;Mood\n2026-01-05;1.200;9;8;7;6;x\n")
    assert reading.columns == {
        "FECHA": "date",
        "Seguidores": "followers",
        "Visualizações": "views",
        "Me gusta": "likes",
        "Unfollowers": "unfollows",
        "Ads Posted": "ads",
    }
    assert reading.format == "table"
    assert reading.creators[0].frame["followers"].tolist() == [1200.0]
    (ignored,) = [found for found in reading.findings if found.code == "ignored_columns"]
    assert "“Mood”" in ignored.message


def test_the_canonical_name_wins_over_a_synonym_and_the_other_is_named() -> None:
    reading = read("date,gained,follows\n2026-01-05,1,2\n")
    assert reading.creators[0].frame["follows"].tolist() == [2.0]
    assert "gained is left out" in next(found.message for found in reading.findings if found.code == "doubled_column")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_lines_above_the_header_blank_lines_and_quotes_do_not_move_row_numbers(end: str, quote: str) -> None:
    rows = [["Report"], [], ["date", "followers", "note"], ["2026-01-05", "5", "a"], [], ["2026-01-06", "-6", "b"], []]
    text = end.join(",".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    reading = read(text)
    (error,) = [found for found in reading.findings if found.severity == "error"]
    assert (error.code, error.rows) == ("negative_count", (6,))


def test_a_line_break_inside_quotes_does_not_move_row_numbers() -> None:
    reading = read('date,followers,note\n2026-01-05,5,"two\nlines"\n2026-01-06,x,\n')
    assert next(found.rows for found in reading.findings if found.code == "not_a_number") == (4,)


def test_excels_separator_line_is_honoured() -> None:
    reading = read("sep=;\r\ndate;followers\r\n2026-01-05;5\r\n2026-01-06;-1\r\n")
    assert next(found.rows for found in reading.findings if found.code == "negative_count") == (4,)


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
    assert codes(reading) == ["question"]
    assert "2026-02-01" in reading.findings[0].message


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
    "a date without a day": (own_csv().replace("2026-01-06,", ",").encode(), "missing_dates", "row 3"),
    "an impossible count": (own_csv().replace("1003,", "1e15,").encode(), "impossible_value", "row 3"),
    "an endless count": (own_csv().replace("1003,", "inf,").encode(), "not_a_number", "row 3"),
    "a hexadecimal count": (own_csv().replace("1003,", "0x1F,").encode(), "not_a_number", "row 3"),
    "a wrong century": (own_csv().replace("2026-01-06", "1926-01-06").encode(), "unreadable_date", "row 3"),
    "one day twenty years early": (own_csv().replace("2026-01-06", "2006-01-06").encode(), "too_many_days", "rows 3"),
    "a row of nobody": (b"creator,date,followers\na,2026-01-05,1\n,2026-01-06,2\n", "missing_creator", "row 3"),
    "a name of 61 letters": (b"creator,date,followers\n" + b"a" * 61 + b",2026-01-05,1\n", "creator_too_long", "row 2"),
    "growth without a number": (b"date,followers\n2026-01-05,\n2026-01-06,\n", "no_growth_numbers", "followers"),
    "marks of another kind": (b"date,followers,provisional\n2026-01-05,5,maybe\n", "unreadable_marks", "row 2"),
    "a header alone": (b"date,followers\n", "no_rows", "no rows"),
    "a quotation mark never closed": (b'date,followers\n2026-01-05,"5\n' + b"x" * 200_000, "not_a_table", "row 2,"),
    "one never closed further down": (
        b"sep=;\ndate;followers\n" + b"2026-01-05;5\n" * 40_000 + b'2026-01-05;"5\n' + b"x;\n" * 50_000,
        "not_a_table",
        "row 40003,",
    ),
    "a NUL in a table": (b"date,followers\n2026-01-05,5\n2026-01-06,\x006\n", "binary_file", "row 3 "),
    "broken JSON": (b'[{"date": "2026-01-05"', "broken_json", "line 1"),
    "a damaged workbook": (b"PK\x03\x04" + b"x" * 300, "damaged_file", "damaged"),
    "a web page": (b"<!doctype html><html><body>Sign in</body></html>", "web_page", "web page"),
    "2,001 creators": (
        b"creator,date,followers\n" + b"".join(b"c%d,2026-01-05,1\n" % number for number in range(2001)),
        "too_many_creators",
        "2,001",
    ),
    "three million blank lines": (b"date,followers\n" + b"\n" * 3_000_001, "too_many_rows", "1,500,000"),
    "a row of endless commas": (b"date,followers\n" + b"," * 5_000_001, "too_many_cells", "split it"),
    "only commas": (b"date,followers\n" + b"," * 26_000_001, "too_many_cells", "26,000,000"),
    "600 columns": (b"date,followers," + b",".join([b"x"] * 600) + b"\n", "too_many_columns", "602"),
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
    assert error.message.startswith("growth.csv")
    assert words in error.message
    assert error.message.endswith(".")
    assert len(error.message) < 400


def test_all_errors_of_a_file_are_told_at_once() -> None:
    text = (
        own_csv().replace("1003,1,", "many,-1,").replace("2026-01-20", "2026-01-19").replace("2026-02-02", "2027-02-02")
    )
    assert codes(read(text)) == ["negative_count", "not_a_number", "duplicate_dates", "future_date"]


def test_a_thousand_bad_rows_are_counted_and_five_are_named() -> None:
    rows = "\n".join(f"{date(2020, 1, 1) + timedelta(days=step)},-1" for step in range(1500))
    (error,) = read(f"date,followers\n{rows}").findings
    assert "rows 2, 3, 4, 5, 6 and 1,495 more" in error.message
    assert error.rows == tuple(range(2, 1002))


def test_the_date_of_the_clock_decides_what_is_the_future() -> None:
    data = own_csv().encode()
    assert read_bytes(data, file_name="a.csv", today=date(2026, 3, 15)).importable
    assert not read_bytes(data, file_name="a.csv", today=date(2026, 3, 14)).importable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x/growth.csv", "growth.csv"),
        ("C:\\x\\a.csv", "a.csv"),
        ("\x00\n", "The file"),
        ("a" * 300, "a" * 99 + "…"),
    ],
)
def test_only_the_files_bare_name_is_repeated(name: str, shown: str) -> None:
    assert read(b"", name).file_name == shown


def test_a_workbook_named_csv_is_read_as_the_workbook_it_is() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["date", "followers"])
    sheet.append([START, 12.345])
    sheet.append([START + timedelta(days=1), "1.234"])
    saved = io.BytesIO()
    book.save(saved)
    reading = read(saved.getvalue(), "numbers.csv")
    assert (reading.file_type, reading.importable) == ("xlsx", True)
    assert reading.creators[0].frame["followers"].tolist() == [12.345, 1234.0]
    assert codes(reading, "warning") == ["fractional_count", "too_few_weeks"]


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
