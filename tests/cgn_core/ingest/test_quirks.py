"""Sections 1 and 6 of the formats: raw bytes as the tools write them, one test per quirk, every cell asserted."""

from __future__ import annotations

import io
import json
from datetime import date

import numpy as np
import openpyxl
import pytest

from cgn_core.ingest.reading import Reading, read_bytes

TODAY = date(2026, 11, 23)
nan = float("nan")


def read(data: bytes, name: str = "file.bin", **answers: str) -> Reading:
    """The reading; answers are given by topic with __ for /."""
    first = read_bytes(data, file_name=name, today=TODAY)
    given = {f"{first.signature[:8]}/{topic}": value for topic, value in answers.items()}
    return read_bytes(data, file_name=name, today=TODAY, answers=given) if given else first


def assert_table(reading: Reading, first: str, cells: dict[str, list[float]], creator: str = "") -> None:
    """Every cell of the only table."""
    errors = [found.message for found in reading.findings if found.severity == "error"]
    assert errors == []
    assert reading.importable
    (daily,) = reading.creators
    assert daily.creator == creator
    assert set(daily.columns) == set(cells)
    length = len(next(iter(cells.values())))
    expected = np.datetime64(first) + np.arange(length)
    assert np.array_equal(daily.frame["date"].to_numpy().astype("datetime64[D]"), expected)
    for name, numbers in cells.items():
        assert np.array_equal(daily.frame[name].to_numpy(), np.asarray(numbers, dtype=float), equal_nan=True), name
        missing = np.isnan(np.asarray(numbers, dtype=float))
        assert np.array_equal(daily.provenance[name].to_numpy() == 0, missing), name


def topics(reading: Reading) -> list[str]:
    return [question.key.split("/", 1)[1] for question in reading.questions]


PLAIN = "date,followers,posts\n2026-01-05,1000,1\n2026-01-06,1004,0\n2026-01-07,1010,2\n"
CELLS: dict[str, list[float]] = {"followers": [1000, 1004, 1010], "posts": [1, 0, 2]}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLAIN.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), id="utf-8 with BOM"),
        pytest.param(b"\xff\xfe" + PLAIN.encode("utf-16-le"), id="utf-16le with BOM"),
        pytest.param(b"\xfe\xff" + PLAIN.encode("utf-16-be"), id="utf-16be with BOM"),
        pytest.param(PLAIN.replace(",", ";").encode(), id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t").encode(), id="tabs"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(PLAIN.replace("\n", "\r").encode(), id="CR"),
        pytest.param(("sep=;\n" + PLAIN.replace(",", ";")).encode(), id="sep line"),
        pytest.param(PLAIN.replace("date", "DATE").replace("posts", " Posts ").encode(), id="case and spaces"),
        pytest.param(PLAIN.rstrip("\n").encode(), id="no last line end"),
        pytest.param((PLAIN + "\n\n").encode(), id="blank lines at the end"),
    ],
)
def test_encodings_delimiters_and_line_ends(data: bytes) -> None:
    reading = read(data)
    assert_table(reading, "2026-01-05", CELLS)
    assert reading.questions == ()


def test_latin_1_header_in_portuguese() -> None:
    text = "Data;Seguidores;Publicações;Comentários;Salvamentos\n2026-01-05;1000;1;4;2\n2026-01-06;1004;0;5;3\n"
    reading = read(text.encode("latin-1"))
    assert_table(
        reading, "2026-01-05", {"followers": [1000, 1004], "posts": [1, 0], "comments": [4, 5], "saves": [2, 3]}
    )


def test_header_in_spanish_without_accents_and_in_capitals() -> None:
    text = "FECHA;SEGUIDORES;NUEVOS SEGUIDORES;HISTORIAS;ME GUSTA\n2026-01-05;1000;9;3;44\n2026-01-06;1004;8;2;41\n"
    reading = read(text.encode())
    assert_table(
        reading, "2026-01-05", {"followers": [1000, 1004], "follows": [9, 8], "stories": [3, 2], "likes": [44, 41]}
    )


def test_json_records() -> None:
    records = [{"date": "2026-01-05", "followers": 1000, "posts": 1}, {"date": "2026-01-06", "followers": 1004}]
    assert_table(read(json.dumps(records).encode()), "2026-01-05", {"followers": [1000, 1004], "posts": [1, nan]})


def test_xlsx() -> None:
    book = openpyxl.Workbook()
    for row in (["Date", "Followers", "Posts"], [date(2026, 1, 5), 1000, 1], [date(2026, 1, 6), 1004, 0]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert_table(read(out.getvalue()), "2026-01-05", {"followers": [1000, 1004], "posts": [1, 0]})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("1,234", "1,240"), (1234, 1240)),
        (("1.234", "1.240"), (1234, 1240)),
        (("63.3K", "63.4K"), (63300, 63400)),
        (("1 234", "1 240"), (1234, 1240)),
        (("1.234.567", "1.234.570"), (1234567, 1234570)),
    ],
)
def test_numbers_as_people_write_them(written: tuple[str, str], expected: tuple[float, float]) -> None:
    data = f"date;followers\n2026-01-05;{written[0]}\n2026-01-06;{written[1]}\n".encode()
    assert_table(read(data), "2026-01-05", {"followers": list(expected)})


def test_minutes_with_decimal_commas_and_a_percentage_beside_them() -> None:
    data = b"date;followers;minutes_spent;engagement_rate\n2026-01-05;1000;12,5;12,3 %\n2026-01-06;1004;8;11 %\n"
    assert_table(read(data), "2026-01-05", {"followers": [1000, 1004], "minutes_spent": [12.5, 8]})


def test_dates_with_the_day_first_by_one_cell_that_cannot_be_a_month() -> None:
    data = b"date,followers\n12-01-2026,1000\n13-01-2026,1004\n"
    reading = read(data)
    assert_table(reading, "2026-01-12", {"followers": [1000, 1004]})
    assert reading.questions == ()


def test_dates_by_the_gap_free_order_alone() -> None:
    rows = "".join(f"{day:02d}-02-2026,{1000 + day}\n" for day in range(1, 13))
    reading = read(("date,followers\n" + rows).encode())
    assert_table(reading, "2026-02-01", {"followers": [1000 + day for day in range(1, 13)]})


@pytest.mark.parametrize(
    ("order", "first", "gap"), [("day_first", "2026-02-01", 61), ("month_first", "2026-01-02", 61)]
)
def test_dates_that_fit_both_ways_are_asked_about(order: str, first: str, gap: int) -> None:
    data = b"date,followers\n01-02-2026,5\n03-04-2026,6\n"
    reading = read(data)
    assert topics(reading) == ["date_order"]
    assert reading.questions[0].proposed is None
    assert [found.code for found in reading.findings if found.severity == "error"] == ["question"]
    assert not reading.importable
    answered = read(data, date_order=order)
    assert answered.importable
    assert answered.answers == {reading.questions[0].key: order}
    frame = answered.creators[0].frame
    assert str(frame["date"].iloc[0].date()) == first
    assert frame["followers"].dropna().tolist() == [5, 6]
    assert len(frame) >= gap


def test_an_unknown_column_of_numbers_is_asked_about_and_left_out_until_answered() -> None:
    data = b"date,followers,hearts,mood\n2026-01-05,1000,7,good\n2026-01-06,1004,9,bad\n"
    reading = read(data)
    assert topics(reading) == ["column/hearts"]
    (question,) = reading.questions
    assert question.proposed == "leave_out"
    values = [choice.value for choice in question.choices]
    assert "likes" in values
    assert "followers" not in values
    assert_table(reading, "2026-01-05", {"followers": [1000, 1004]})
    assert_table(read(data, **{"column/hearts": "likes"}), "2026-01-05", {"followers": [1000, 1004], "likes": [7, 9]})


def test_a_column_that_says_its_meaning_in_more_words_is_proposed() -> None:
    data = b"date,total followers,IG likes per day\n2026-01-05,1000,7\n2026-01-06,1004,9\n"
    reading = read(data)
    (question,) = reading.questions
    assert question.proposed == "likes"
    assert_table(reading, "2026-01-05", {"followers": [1000, 1004], "likes": [7, 9]})
    left = read(data, **{"column/IG likes per day": "leave_out"})
    assert_table(left, "2026-01-05", {"followers": [1000, 1004]})


def test_an_answer_that_is_no_choice_is_an_error() -> None:
    data = b"date,followers,hearts\n2026-01-05,1000,7\n"
    reading = read(data, **{"column/hearts": "money"})
    assert [found.code for found in reading.findings if found.severity == "error"] == ["unknown_answer"]


def test_answers_to_other_files_are_ignored() -> None:
    reading = read_bytes(PLAIN.encode(), file_name="a.csv", today=TODAY, answers={"ffffffff/date_order": "day_first"})
    assert reading.importable
    assert reading.answers == {}


def test_needed_columns_that_nobody_knows_are_asked_for() -> None:
    data = b"moment,volgers,mood\n2026-01-05,1000,good\n2026-01-06,1004,bad\n"
    reading = read(data)
    assert set(topics(reading)) >= {"needed/date", "column/volgers"}
    assert not reading.importable
    answered = read(data, **{"needed/date": "moment", "needed/growth": "followers=volgers"})
    assert_table(answered, "2026-01-05", {"followers": [1000, 1004]})
    mapped = read(data, **{"needed/date": "moment", "column/volgers": "followers"})
    assert_table(mapped, "2026-01-05", {"followers": [1000, 1004]})


DOUBLED = b"date,followers,posts\n2026-01-05,1000,1\n2026-01-06,1009,2\n2026-01-06,1004,0\n2026-01-07,1010,2\n"


@pytest.mark.parametrize(
    ("choice", "followers", "posts", "gone"),
    [
        ("first", 1009, 2, [4]),
        ("last", 1004, 0, [3]),
        ("larger", 1009, 2, [4]),
        ("leave_out", nan, nan, [3, 4]),
    ],
)
def test_doubled_days_are_settled_as_chosen(choice: str, followers: float, posts: float, gone: list[int]) -> None:
    reading = read(DOUBLED)
    assert topics(reading) == ["duplicates"]
    assert [found.code for found in reading.findings if found.severity == "error"] == ["duplicate_dates"]
    chosen = read(DOUBLED, duplicates=choice)
    assert_table(chosen, "2026-01-05", {"followers": [1000, followers, 1010], "posts": [1, posts, 2]})
    assert chosen.rejects is not None
    assert [row.line for row in chosen.rejects.rows] == gone
    assert chosen.answers


def test_unreadable_rows_are_left_out_as_chosen_and_kept_as_rejects() -> None:
    data = (
        b"date,followers,username\n2026-01-05,1000,anna\nsoon,1004,anna\n2026-01-07,=many,anna\n2026-01-08,1010,anna\n"
    )
    reading = read(data)
    assert topics(reading) == ["unreadable_rows"]
    assert {found.code for found in reading.findings if found.severity == "error"} == {
        "not_a_number",
        "unreadable_date",
    }
    chosen = read(data, unreadable_rows="leave_out")
    assert_table(chosen, "2026-01-05", {"followers": [1000, nan, nan, 1010]}, creator="anna")
    assert chosen.rejects is not None
    assert chosen.rejects.header == ("date", "followers")
    assert [(row.line, row.cells) for row in chosen.rejects.rows] == [
        (3, ("soon", "1004")),
        (4, ("2026-01-07", "=many")),
    ]
    assert "'=many" in chosen.rejects.to_csv()


def test_rows_with_too_many_cells_are_left_out_as_chosen() -> None:
    data = b"date,followers\n2026-01-05,1000\n2026-01-06,1,004\n2026-01-07,1010\n"
    assert [found.code for found in read(data).findings if found.severity == "error"] == ["ragged_rows"]
    chosen = read(data, unreadable_rows="leave_out")
    assert_table(chosen, "2026-01-05", {"followers": [1000, nan, 1010]})
    assert chosen.rejects is not None
    assert [row.line for row in chosen.rejects.rows] == [3]


def test_negative_counts_become_missing_as_chosen() -> None:
    data = b"date,followers,posts\n2026-01-05,1000,1\n2026-01-06,1004,-2\n2026-01-07,1010,2\n"
    reading = read(data)
    assert topics(reading) == ["negative_count/posts"]
    assert [found.code for found in reading.findings if found.severity == "error"] == ["negative_count"]
    chosen = read(data, **{"negative_count/posts": "missing"})
    assert_table(chosen, "2026-01-05", {"followers": [1000, 1004, 1010], "posts": [1, nan, 2]})


def test_social_blade_in_latin_1_with_american_dates_and_quoted_thousands() -> None:
    data = (
        "Date,Followers,Following,Media,Note\n"
        '1/5/2026,"237,224",512,"1,301",café\n1/6/2026,"237,301",512,"1,302",\n1/7/2026,"237,290",513,"1,302",\n'
    ).encode("latin-1")
    reading = read(data)
    assert reading.format == "social_blade"
    assert reading.questions == ()
    assert_table(reading, "2026-01-05", {"followers": [237224, 237301, 237290]})


def test_social_blade_dates_that_fit_both_ways_have_the_month_first() -> None:
    data = b"date,followers,following,media\n1/5/2026,10,1,2\n3/6/2026,11,1,2\n"
    reading = read(data)
    assert reading.importable
    assert reading.questions == ()
    assert str(reading.first_date) == "2026-01-05"


def test_social_blade_with_deltas() -> None:
    data = (
        b"date,followers,followers_delta,following,following_delta,media,media_delta\n"
        b"1/13/2026,1000,--,50,--,9,--\n1/14/2026,1012,+12,50,0,10,+1\n"
    )
    reading = read(data)
    assert reading.format == "social_blade"
    assert_table(reading, "2026-01-13", {"followers": [1000, 1012]})


@pytest.mark.parametrize("name", ["Followers", "Audience"])
def test_sprout_takes_only_the_rows_of_instagram(name: str) -> None:
    data = (
        f"\ufeffDate,Profile,Network,Published Posts,{name},Net Follower Growth\n"
        '01-05-2026,@anna,Facebook,1,"9,000",1\n01-05-2026,@anna,Instagram,2,"1,000",4\n'
        '01-06-2026,@anna,Facebook,0,"9,001",1\n01-06-2026,@anna,Instagram,0,"1,004",4\n'
    ).encode()
    reading = read(data)
    assert reading.format == "sprout"
    assert reading.questions == ()
    assert_table(reading, "2026-01-05", {"followers": [1000, 1004], "posts": [2, 0]}, creator="anna")
    assert "other_networks" in {found.code for found in reading.findings}


def test_sprout_without_instagram_is_refused() -> None:
    data = b"Date,Profile,Network,Published Posts,Followers,Net Follower Growth\n01-05-2026,a,Facebook,1,9,1\n"
    assert [found.code for found in read(data).findings if found.severity == "error"] == ["no_instagram"]
