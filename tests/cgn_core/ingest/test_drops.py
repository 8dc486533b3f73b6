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
