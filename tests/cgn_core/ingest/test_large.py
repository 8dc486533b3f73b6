from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from tempfile import TemporaryFile

import pytest

from cgn_core.ingest import large
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.findings import Finding
from cgn_core.ingest.large import read_large
from cgn_core.ingest.reading import read_bytes
from cgn_core.services.data_versions import hash_daily

TODAY = date(2026, 7, 1)
FIRST = date(2026, 1, 5)
NAMES = ("ana.runs", "@Ben", "chris, the cook", "dora", "eli")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("PART_BYTES", 4_000), ("BLOCK_BYTES", 700), ("HEAD_BYTES", 900)):
        monkeypatch.setattr(large, name, size)


def table(*, days: int = 60, shuffled: bool = False, note: str = "") -> list[str]:
    """Rows of five creators, followers and follows that agree."""
    chance = random.Random(3)
    rows = []
    for creator in NAMES:
        followers = 10_000
        for day in range(days):
            follows = chance.randrange(20, 60)
            followers += follows - 12
            name = f'"{creator}"' if "," in creator else creator
            rows.append(f"{FIRST + timedelta(days=day)},{name},{followers},{follows},12,{chance.randrange(3)}{note}")
    if shuffled:
        chance.shuffle(rows)
    return ["date,creator,followers,follows,unfollows,posts" + (",notes" if note else ""), *rows]


def read(data: bytes, progress: Callable[[float, str], None] = lambda *_: None) -> Drop:
    return read_large(
        io.BytesIO(data), size=len(data), file_name="all.csv", today=TODAY, new_file=TemporaryFile, progress=progress
    )


def held(drop: Drop) -> dict[str, str]:
    return {daily.creator: hash_daily(daily) for daily in drop.creators}


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "sep=,\n"])
def test_a_file_read_in_parts_is_the_file_read_at_once(*, shuffled: bool, end: str, start: str) -> None:
    data = (start + end.join(table(shuffled=shuffled)) + end).encode()
    told: list[float] = []
    drop = read(data, lambda share, _: told.append(share))
    whole = read_bytes(data, file_name="all.csv", today=TODAY)
    assert whole.importable
    assert len(whole.creators) == len(NAMES)
    assert held(drop) == {daily.creator: hash_daily(daily) for daily in whole.creators}
    (reading,) = drop.readings
    assert (reading.rows, reading.file_hash, reading.first_date, reading.last_date, reading.columns) == (
        whole.rows, whole.file_hash, whole.first_date, whole.last_date, whole.columns,
    )  # fmt: skip
    assert told == sorted(told)
    assert len(told) > 5, "nobody could follow it"


def test_findings_name_the_lines_of_the_whole_file_and_stand_once() -> None:
    lines = table(shuffled=True)
    for at in (40, 150, 222):
        lines[at] = lines[at].replace("2026", "20 26", 1)
    data = "\n".join(lines).encode()
    drop, whole = read(data), read_bytes(data, file_name="all.csv", today=TODAY)
    assert not drop.importable
    assert drop.creators == ()

    def wrong(findings: Sequence[Finding]) -> list[int]:
        return sorted(row for one in findings if one.code == "unreadable_date" for row in one.rows)

    assert wrong(drop.findings) == wrong(whole.findings) == [41, 151, 223]
    for finding in drop.findings:
        if finding.code == "unreadable_date":
            assert all(f" {row}" in finding.message for row in finding.rows), "the sentence names other rows"
    assert len({finding.message for finding in drop.findings}) == len(drop.findings)


def test_a_line_that_is_no_row_is_named_by_its_line_of_the_whole_file() -> None:
    rows = table()
    rows[100] = "torn"
    drop = read("\n".join(rows).encode())
    (error,) = [finding for finding in drop.findings if finding.severity == "error"]
    assert error.code == "ragged_rows"
    assert error.rows == (101,)


@pytest.mark.parametrize("nobody", ["", " ", "n/a", '""', "null"])
def test_rows_of_nobody_are_an_error_and_no_creator_without_a_name(nobody: str) -> None:
    rows = [row for row in table(note="," + "x" * 60) if not row.startswith("2") or "ana.runs" in row]
    rows[20] = rows[20].replace("ana.runs", nobody)
    drop = read("\n".join(rows).encode())
    (error,) = [finding for finding in drop.findings if finding.severity == "error"]
    assert (error.code, error.rows) == ("missing_creator", (21,))


def test_blank_lines_are_no_rows_of_anybody() -> None:
    rows = [row for row in table(note="," + "x" * 60) if not row.startswith("2") or "ana.runs" in row]
    whole = "\n".join([*rows[:20], "", *rows[20:], "", ""]).encode()
    drop = read(whole)
    assert drop.importable
    assert held(drop) == held(read("\n".join(rows).encode())) != {}


def test_what_is_said_of_every_part_is_said_a_few_times_with_all_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "PART_BYTES", 500)
    lines = table()
    at = [15 + 60 * creator for creator in range(len(NAMES))]
    for one in at:
        lines[one] = lines[one].replace("2026", "20 26", 1)
    found = [one for one in read("\n".join(lines).encode()).findings if one.code == "unreadable_date"]
    assert len(found) == 3
    assert sorted(row for one in found for row in one.rows) == [line + 1 for line in at]
    assert "The same is found in 2 more parts of the file" in found[-1].message


def test_rows_left_out_by_choice_keep_their_lines() -> None:
    lines = table(shuffled=True)
    lines[77] = lines[77].replace("2026", "20 26", 1)
    data = "\n".join(lines).encode()
    (question,) = (one for one in read(data).questions if any(each.value == "leave_out" for each in one.choices))
    drop = read_large(
        io.BytesIO(data), size=len(data), file_name="all.csv", today=TODAY, new_file=TemporaryFile,
        answers={question.key: "leave_out"}, progress=lambda *_: None,
    )  # fmt: skip
    assert drop.importable
    assert drop.rejects is not None
    assert [row.line for row in drop.rejects.rows] == [78]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"date,followers\n" + b"2026-01-05,100\n" * 900, "has no column that names the creators"),
        ("\n".join(table()).encode("utf-16"), "is no CSV in UTF-8"),
        (b'[{"date": "2026-01-05"},\n' * 90, "is no CSV in UTF-8 with a row a line"),
        (b"x" * 5_000, "is no CSV in UTF-8 with a row a line"),
        (b"%PDF-1.4\n" * 900, "is a PDF document"),
        ("\n".join([*table(), '2026-06-01,"eli\nsmith",9,9,9,9']).encode(), "has a cell of several lines in line 302"),
        (
            b"\n".join([*"\n".join(table()).encode().splitlines(), b'2026-06-01,"' + b"e" * 200_000 + b'",9,9,9,9']),
            "has a cell of more than 131,072 characters in row 302",
        ),
        ("\n".join([*table()[:1], "2026-01-05,,9,9,9,9", *table()[1:]]).encode(), "names no creator in row 2"),
        (("\n".join([*table(), "2026-06-01,el\x00i,9,9,9,9"])).encode(), "holds a character in row 302"),
        (("\n".join(table()) + "\n" + "9" * 3_000_000).encode(), "has a line of more than a million characters"),
    ],
)
def test_what_cannot_be_read_in_parts_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    drop = read(data)
    assert not drop.importable
    (finding,) = drop.findings
    assert finding.severity == "error"
    assert finding.message.startswith(f"all.csv {words}"), finding.message
    assert finding.message.endswith((".", "!"))


def test_whoever_follows_the_progress_may_end_it() -> None:
    class Enough(Exception):
        pass

    def stop(share: float, _sentence: str) -> None:
        if share > 0.5:
            raise Enough

    with pytest.raises(Enough):
        read("\n".join(table()).encode(), stop)
