"""Every bad file of the first issue, given to the real command: one sentence, exit 1, nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CGN = Path(sys.executable).with_name("cgn")


def cgn(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(CGN), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A good file of 80 days; its header is line 1."""
    path = tmp_path_factory.mktemp("good") / "good.csv"
    assert cgn("generate", path, "--days", "80").returncode == 0
    return path.read_text("utf-8").splitlines()


def with_cell(lines: list[str], row: int, column: str, value: str) -> bytes:
    """The file with one cell changed; ``row`` is its line number."""
    cells = lines[row - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    return "\n".join([*lines[: row - 1], ",".join(cells), *lines[row:]]).encode()


LATER = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
BAD: dict[str, tuple[Callable[[list[str]], bytes], str, list[int], tuple[str, ...]]] = {
    "empty": (lambda _: b"", "empty_file", [], ("is empty", "one row a day")),
    "picture": (
        lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        "picture",
        [],
        ("is a PNG picture", "export the numbers as CSV"),
    ),
    "duplicate dates": (
        lambda good: "\n".join([*good, good[9]]).encode(),
        "duplicate_dates",
        [10, 82],
        ("rows 10 and 82", "keep one row a day"),
    ),
    "negative counts": (
        lambda good: with_cell(good, 7, "posts", "-2"),
        "negative_count",
        [7],
        ("posts is negative in row 7 (-2)", "correct these cells"),
    ),
    "text in numbers": (
        lambda good: with_cell(good, 9, "follows", "many"),
        "not_a_number",
        [9],
        ("row 9", "many", "write a number or leave the cell empty"),
    ),
    "a future date": (
        lambda good: with_cell(good, 81, "date", LATER),
        "future_date",
        [81],
        ("row 81", LATER, "correct the date or remove the rows"),
    ),
    "60 MB": (
        lambda good: "\n".join([*good, *good[1:2] * (60 * 1024**2 // (len(good[1]) + 1))]).encode(),
        "file_too_large",
        [],
        ("is 60 MB", "at most 50 MB", "split it by creator or by year"),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_sentence_that_names_the_place_and_the_remedy(
    tmp_path: Path, lines: list[str], name: str
) -> None:
    make, code, rows, words = BAD[name]
    path, model = tmp_path / "creator.csv", tmp_path / "model.json"
    path.write_bytes(make(lines))
    checked = cgn("validate", path, "--json")
    report = json.loads(checked.stdout)
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    assert checked.returncode == 1
    assert report["importable"] is False
    assert [(error["code"], error["rows"]) for error in errors] == [(code, rows)]
    trained = cgn("train", path, "--save", model)
    assert (trained.returncode, trained.stdout) == (1, "")
    assert trained.stderr == checked.stderr == f"{errors[0]['message']}\n"
    assert trained.stderr.startswith("creator.csv")
    for word in words:
        assert word in trained.stderr
    assert not model.exists()


def test_people_read_the_errors_on_stderr_and_the_verdict_on_stdout(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "creator.csv"
    path.write_bytes(BAD["negative counts"][0](lines))
    told = cgn("validate", path)
    assert told.returncode == 1
    assert told.stderr.startswith("  error: creator.csv: posts is negative in row 7")
    assert told.stdout.endswith("  can't be imported; nothing would be stored\n")


def test_one_bad_file_among_several_fails_the_check_and_the_others_are_told_of(
    tmp_path: Path, lines: list[str]
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("\n".join(lines), encoding="utf-8")
    bad.write_bytes(b"")
    checked = cgn("validate", good, bad, "--json")
    assert checked.returncode == 1
    assert [report["importable"] for report in json.loads(checked.stdout)["files"]] == [True, False]


@pytest.mark.parametrize("command", ["train", "cv", "predict"])
def test_thirty_days_can_be_imported_and_training_names_the_weeks_that_are_missing(
    tmp_path: Path, lines: list[str], command: str
) -> None:
    path = tmp_path / "creator.csv"
    # 30 days hold 3 or 4 complete weeks, depending on the weekday of today; here always 3.
    monday = next(
        place
        for place, line in enumerate(lines[1:], start=1)
        if datetime.fromisoformat(line.split(",")[1]).weekday() == 1  # a Tuesday leaves a partial week at both ends
    )
    path.write_text("\n".join([lines[0], *lines[monday : monday + 30]]), encoding="utf-8")
    checked = cgn("validate", path, "--json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["importable"] is True
    refused = cgn(command, path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "3 complete weeks" in refused.stderr
    assert "missing" in refused.stderr


def test_a_file_that_is_not_there_or_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        refused = cgn("train", path)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"{path} can't be read: ")
        assert refused.stderr.count("\n") == 1
