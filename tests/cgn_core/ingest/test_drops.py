"""Several files of one account, dropped at once, are the one table that they were before somebody split it."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.drops import Drop, read_drop

TODAY = date(2026, 11, 23)
NAMES = ["followers", "follows", "posts", "reels", "reach"]
COUNTS = np.random.default_rng(3).integers(0, 90, (30, len(NAMES)))


def table(first: int, last: int, columns: list[str]) -> bytes:
    """Days ``first`` to ``last`` of the columns as somebody would save them."""
    lines = [",".join(["date", *columns])]
    for day in range(first, last):
        cells = [str(COUNTS[day, NAMES.index(name)]) for name in columns]
        lines.append(",".join([str(date(2026, 1, 5) + timedelta(days=day)), *cells]))
    return "\n".join(lines).encode()


def dropped(files: list[bytes]) -> Drop:
    return read_drop([(f"{number}.csv", data) for number, data in enumerate(files)], today=TODAY)


@settings(max_examples=60, deadline=None)
@given(
    columns=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True),
    cut=st.integers(0, 5),
    day=st.integers(1, 29),
    order=st.randoms(use_true_random=False),
)
def test_a_table_split_by_columns_and_days_comes_together_in_any_order(
    columns: list[str], cut: int, day: int, order: Random
) -> None:
    if not {"followers", "follows"} & set(columns):
        columns = [*columns, "followers"]
    groups = [group for group in (columns[:cut], columns[cut:]) if group]
    files = [table(0, day, groups[0]), table(day, 30, groups[0]), *(table(0, 30, group) for group in groups[1:])]
    order.shuffle(files)
    together, whole = dropped(files), dropped([table(0, 30, columns)])
    assert together.importable
    (one,), (other,) = together.creators, whole.creators
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(one.provenance, other.provenance)


def test_a_file_without_growth_is_refused_alone_and_taken_beside_one_that_has_it() -> None:
    posts = table(0, 30, ["posts"])
    assert {finding.code for finding in dropped([posts]).findings if finding.severity == "error"} == {"no_growth"}
    assert dropped([posts, table(0, 30, ["followers"])]).importable
    neither = dropped([posts, table(0, 30, ["reels"])])
    assert [finding.code for finding in neither.findings if finding.severity == "error"] == ["no_growth"]


def test_what_is_to_be_said_of_the_history_is_said_once_of_the_whole() -> None:
    drop = dropped([table(0, 30, ["followers"]), table(0, 30, ["reels"])])
    about = [finding.message for finding in drop.findings if "complete weeks" in finding.message]
    assert len(about) == 1
    assert about[0].startswith("2 files: ")


def test_the_same_file_twice_is_read_once() -> None:
    drop = dropped([table(0, 30, ["followers"]), table(0, 30, ["followers"]), table(0, 30, ["reels"])])
    assert drop.importable
    assert "1.csv is there twice; read once." in " ".join(finding.message for finding in drop.findings)


def test_files_that_disagree_are_named_and_the_one_that_ends_later_counts() -> None:
    older = b"date,followers\n2026-01-05,10\n2026-01-06,11\n"
    newer = b"date,followers\n2026-01-06,12\n2026-01-07,13\n"
    drop = dropped([newer, older])
    assert drop.creators[0].frame["followers"].tolist() == [10, 12, 13]
    (said,) = [finding.message for finding in drop.findings if finding.code == "files_disagree"]
    assert "0.csv" in said
    assert "1.csv" in said


def test_each_cell_says_which_file_it_comes_from() -> None:
    (account,) = dropped([table(0, 10, ["followers"]), table(5, 30, ["followers"]), table(0, 30, ["reels"])]).accounts
    assert [account.sources[place] for place in account.places["followers"].tolist()] == ["0.csv"] * 5 + ["1.csv"] * 25
    assert {account.sources[place] for place in account.places["reels"].tolist()} == {"2.csv"}


BROKEN = (
    b"date,followers,notes\n2026-01-05,10,x\nnever,11,=private\n2026-01-07,12,z\n",
    b"date,followers,notes\n2026-01-08,13,x\n2026-01-09,many,y\n2026-01-10,15,z\n",
)


def test_files_of_one_layout_are_mended_one_by_one_and_asked_about_their_columns_together() -> None:
    open_ = dropped([*BROKEN])
    topics = [question.key.split("/")[1] for question in open_.questions]
    assert sorted(topics) == ["unreadable_rows", "unreadable_rows"]
    keys = [question.key for question in open_.questions]
    assert len(set(keys)) == 2
    assert not open_.importable
    one = read_drop([("0.csv", BROKEN[0]), ("1.csv", BROKEN[1])], today=TODAY, answers={keys[0]: "leave_out"})
    assert [each.importable for each in one.readings] == [True, False]
    assert one.rejects is not None
    assert [(row.file, row.line, row.reason) for row in one.rejects.rows] == [("0.csv", 3, "unreadable date")]


def test_one_answer_about_a_column_holds_for_every_file_of_the_layout() -> None:
    files = [
        b"date,followers,curtidas da semana\n2026-01-05,10,1\n2026-01-06,11,2\n",
        b"date,followers,curtidas da semana\n2026-01-07,12,3\n2026-01-08,13,4\n",
    ]
    (question,) = [each for each in dropped(files).questions if "/column/" in each.key]
    assert question.sentence.startswith("0.csv and 1.csv: ")
    named = [(f"{number}.csv", data) for number, data in enumerate(files)]
    drop = read_drop(named, today=TODAY, answers={question.key: "likes"})
    assert drop.answers == {question.key: "likes"}
    assert drop.creators[0].frame["likes"].tolist() == [1, 2, 3, 4]


def test_rows_left_out_of_several_files_are_one_table_with_their_file_line_and_reason() -> None:
    keys = [question.key for question in dropped([*BROKEN]).questions]
    files = [("0.csv", BROKEN[0]), ("=1.csv", BROKEN[1]), ("2.csv", table(0, 6, ["reels"]))]
    drop = read_drop(files, today=TODAY, answers=dict.fromkeys(keys, "leave_out"))
    assert drop.importable, drop.findings
    assert drop.rejects is not None
    assert drop.rejects.to_json() == {
        "header": ["file", "line", "reason", "date", "followers"],
        "rows": [["0.csv", 3, "unreadable date", "never", "11"], ["=1.csv", 3, "not a number", "2026-01-09", "many"]],
    }
    assert drop.rejects.to_csv() == (
        "file,line,reason,date,followers\n0.csv,3,unreadable date,never,11\n'=1.csv,3,not a number,2026-01-09,many\n"
    )
    assert drop.to_json()["rejects"] == drop.rejects.to_json()
    assert drop.creators[0].frame["followers"].isna().sum() == 2
