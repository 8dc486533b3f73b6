"""``cgn validate --mapping``: questions told and answered."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cgn_core import library
from cgn_core.cli.main import app
from cgn_core.ingest import large
from cgn_core.library import files

OPEN = "date,followers,hearts\n01-02-2026,5,1\n03-04-2026,6,2\n"


def run(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["validate", *map(str, words)])
    return found.exit_code, found.stdout


def test_questions_are_told_and_answered_by_option_or_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(OPEN, encoding="utf-8")
    code, told = run(path, "--json")
    assert code == 1
    by_topic = {each["key"].split("/", 1)[1]: each for each in json.loads(told)["questions"]}
    assert by_topic["date_order"]["proposed"] is None
    assert by_topic["column/hearts"]["proposed"] == "leave_out"
    order = by_topic["date_order"]["key"]
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({by_topic["column/hearts"]["key"]: "likes"}), encoding="utf-8")
    code, told = run(path, "--json", "--mapping", f"{order}=month_first", "--mapping", answers)
    assert code == 0
    report = json.loads(told)
    assert (report["from"], report["to"]) == ("2026-01-02", "2026-03-04")
    assert report["columns"]["hearts"] == "likes"
    assert report["answers"] == {order: "month_first", by_topic["column/hearts"]["key"]: "likes"}


def test_questions_in_words_name_the_option_that_answers_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(OPEN, encoding="utf-8")
    code, told = run(path)
    assert code == 1
    assert "/date_order=day_first: day first" in told


def test_a_mapping_that_is_neither_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(OPEN, encoding="utf-8")
    assert run(path, "--mapping", "nonsense")[0] == 2


def test_several_files_are_joined(tmp_path: Path) -> None:
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("date,followers\n2026-01-05,5\n2026-01-06,6\n", encoding="utf-8")
    two.write_text("date,reels\n2026-01-05,1\n2026-01-06,0\n", encoding="utf-8")
    code, told = run(one, two, "--json")
    report = json.loads(told)
    assert len(report["files"]) == 2
    assert code == (0 if report["importable"] else 1)
    assert isinstance(report["questions"], list)


def test_rows_left_out_of_several_files_are_told_and_written_to_a_file(tmp_path: Path) -> None:
    one, two, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "left.csv"
    one.write_text("date,followers\n2026-01-05,5\nnever,6\n2026-01-07,7\n", encoding="utf-8")
    two.write_text("date,followers\n2026-01-08,8\n2026-01-09,many\n", encoding="utf-8")
    keys = [each["key"] for each in json.loads(run(one, two, "--json")[1])["questions"]]
    assert len(set(keys)) == 2
    answers = [word for key in keys for word in ("--mapping", f"{key}=leave_out")]
    code, told = run(one, two, "--json", *answers, "--rejects", out)
    assert code == 0
    assert json.loads(told)["rejects"]["rows"] == [
        ["a.csv", 3, "unreadable date", "never", "6"],
        ["b.csv", 3, "not a number", "2026-01-09", "many"],
    ]
    assert out.read_text(encoding="utf-8").splitlines()[0] == "file,line,reason,date,followers"
    assert run(one, two, *answers, "--rejects", tmp_path / "no" / "folder.csv")[0] == 2


def test_whose_the_nameless_files_are_is_answered_by_option(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.csv" for name in ("luna", "mara", "nameless")]
    for path, creator in zip(paths, ("luna", "mara", ""), strict=True):
        path.write_text(f"creator,date,followers\n{creator},2026-01-05,5\n{creator},2026-01-06,6\n", encoding="utf-8")
    paths[2].write_text("date,reels\n2026-01-05,1\n2026-01-06,0\n", encoding="utf-8")
    assert run(*paths)[0] == 1
    code, told = run(*paths, "--mapping", "creator=mara", "--json")
    assert code == 0
    assert json.loads(told)["answers"] == {"creator": "mara"}


def test_a_file_beyond_what_is_read_at_once_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "all.csv"
    days = [(date(2026, 1, 5) + timedelta(days=step)).isoformat() for step in range(70)]
    rows = [f"{name},{day},{100 + 3 * step}" for name in ("ana", "ben") for step, day in enumerate(days)]
    path.write_text("\n".join(["creator,date,followers", *rows, "ben,2026-03-20,ninety"]), encoding="utf-8")
    whole = library.validate_together(path)
    monkeypatch.setattr(files, "MAX_BYTES", 1_000)
    monkeypatch.setattr(large, "PART_BYTES", 2_000)
    monkeypatch.setattr(large, "HEAD_BYTES", 200)
    told: list[str] = []
    drop = library.validate_together(path, progress=lambda _share, sentence: told.append(sentence))
    (wrong,) = [each for each in whole.findings if each.severity == "error"]
    assert wrong in drop.findings
    assert any("part 2 of" in sentence for sentence in told)
    assert wrong.message in CliRunner().invoke(app, ["validate", str(path)]).output
    path.write_text("\n".join(["creator,date,followers", *rows]), encoding="utf-8")
    assert list(library.read_many(path)) == ["ana", "ben"]
    (tmp_path / "book.json").write_text("[" + " " * 2_000 + "]", encoding="utf-8")
    code, told_of_json = run(tmp_path / "book.json", "--json")
    assert code == 1
    assert "can't be read in parts" in told_of_json


def test_a_creators_name_holds_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('creator,date,followers\n"lu\x1b[31m\nna",2026-01-05,5\n', encoding="utf-8")
    code, told = run(path)
    assert code == 0
    assert "\x1b" not in told
    assert "na: 1 day, 2026-01-05" in told
