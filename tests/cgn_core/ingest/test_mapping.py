"""Properties of questions and answers: whatever is answered, the reading says so in words and stays whole."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.mapping import guess
from cgn_core.ingest.reading import read_bytes

TODAY = date(2026, 11, 23)
NAMES = st.sampled_from(
    ["date", "fecha", "moment", "followers", "volgers", "hearts", "IG likes per day", "note", "posts"]
)
CELLS = st.sampled_from(["2026-01-05", "2026-01-06", "01-02-2026", "03-04-2026", "5", "7", "-3", "1e15", "many", ""])
TABLES = st.lists(NAMES, min_size=2, max_size=5).flatmap(
    lambda header: st.lists(
        st.lists(CELLS, min_size=len(header), max_size=len(header) + 1), min_size=1, max_size=6
    ).map(lambda rows: "\n".join(map(",".join, [header, *rows])).encode())
)


@settings(max_examples=150, deadline=None)
@given(TABLES, st.data())
def test_any_choice_of_any_question_is_taken_and_recorded(data: bytes, draws: st.DataObject) -> None:
    answers: dict[str, str] = {}
    # An answer may open another question, never without end.
    for _ in range(6):
        reading = read_bytes(data, file_name="a.csv", today=TODAY, answers=answers)
        assert reading.importable == all(found.severity != "error" for found in reading.findings)
        assert reading.importable == bool(reading.creators)
        assert len({question.key for question in reading.questions}) == len(reading.questions)
        assert set(reading.answers) <= set(answers)
        for question in reading.questions:
            values = [choice.value for choice in question.choices]
            assert len(set(values)) == len(values) > 0
            assert question.proposed is None or question.proposed in values
            assert question.sentence.startswith("a.csv: ")
            assert question.sentence.endswith("?")
        unanswered = [question for question in reading.questions if question.key not in answers]
        if not unanswered:
            break
        question = unanswered[0]
        answers[question.key] = draws.draw(st.sampled_from([choice.value for choice in question.choices]))


def test_a_column_with_two_kinds_of_impossible_numbers_is_asked_about_twice() -> None:
    reading = read_bytes(b"date,followers\n2026-01-05,-3\n2026-01-06,1e15", file_name="a.csv", today=TODAY)
    keys = [question.key.split("/", 1)[1] for question in reading.questions]
    assert keys == ["impossible_value/followers", "negative_count/followers"]


@settings(max_examples=50, deadline=None)
@given(TABLES, st.text(max_size=20))
def test_an_answer_that_nobody_offers_is_an_error_in_words(data: bytes, text: str) -> None:
    first = read_bytes(data, file_name="a.csv", today=TODAY)
    for question in first.questions:
        if text in [choice.value for choice in question.choices]:
            continue
        reading = read_bytes(data, file_name="a.csv", today=TODAY, answers={question.key: text})
        assert "unknown_answer" in {found.code for found in reading.findings}
        assert not reading.importable


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_the_signature_is_the_headers_and_layouts_alone(data: bytes) -> None:
    header, *rows = data.split(b"\n")
    other = b"\n".join([header, *rows, rows[-1]])
    both = [read_bytes(each, file_name=name, today=TODAY) for each, name in ((data, "a.csv"), (other, "b.csv"))]
    if all(reading.signature for reading in both):
        assert both[0].signature == both[1].signature


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10_000)), min_size=2, max_size=12),
    st.sampled_from(["first", "last", "larger", "leave_out"]),
)
def test_doubled_days_are_settled_row_by_row(rows: list[tuple[int, int]], choice: str) -> None:
    data = ("date,followers\n" + "".join(f"2026-01-{day:02d},{count}\n" for day, count in rows)).encode()
    first = read_bytes(data, file_name="a.csv", today=TODAY)
    key = f"{first.signature[:8]}/duplicates"
    reading = read_bytes(data, file_name="a.csv", today=TODAY, answers={key: choice})
    expected: dict[int, float] = {}
    for day in {day for day, _ in rows}:
        counts = [count for other, count in rows if other == day]
        doubled = len(counts) > 1
        picked = {"first": counts[0], "last": counts[-1], "larger": max(counts), "leave_out": np.nan}[choice]
        expected[day] = picked if doubled else counts[0]
    if not reading.importable:
        assert choice == "leave_out"
        return
    (daily,) = reading.creators
    told = {
        day.day: count
        for day, count in zip(daily.frame["date"], daily.frame["followers"], strict=True)
        if not np.isnan(count)
    }
    assert told == {day: count for day, count in expected.items() if not np.isnan(count)}
    left = sum(1 for _ in reading.rejects.rows) if reading.rejects else 0
    assert left == len(rows) - len(told)


def test_words_that_say_nothing_are_left_out_of_a_guess() -> None:
    assert guess("IG likes per day") == "likes"
    assert guess("Total number of saves") == "saves"
    assert guess("hearts") is None
    assert guess("date") is None
