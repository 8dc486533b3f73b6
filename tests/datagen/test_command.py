"""``python -m datagen`` in a process of its own, and what its files hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from cgn_core.ingest.reading import read_bytes
from datagen import generate_many
from datagen.__main__ import main

END = "2026-06-28"
PUBLIC_HEADER = (
    "username,date,followers,growth,follows,unfollows,posts,stories,reels,ads_posted,post_time,"
    "posted_in_optimal_window,hashtags_used,avg_hashtag_count,reach,profile_visits,post_likes,reel_plays,"
    "reel_engagement,story_reach,story_engagement,comments,saves,shares,engagement_rate,ad_engagement,"
    "share_posts,share_reels,share_stories,post_consistency_variance_7d,saturation_flag,comp_posts,comp_reels,"
    "comp_stories,minutes_spent,roi_follows_per_hour,month,quarter,went_viral"
)
"""Of the public set that the layout imitates, in its order."""


def datagen(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datagen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def made(out: Path, *arguments: str) -> Path:
    assert main([str(out), "--days", "60", "--end", END, *arguments]) == 0
    return out


def test_the_file_and_the_truth_hold_what_the_python_function_makes(tmp_path: Path) -> None:
    out, truth = tmp_path / "two.csv", tmp_path / "truth.json"
    done = datagen(out, "--creators", "2", "--days", "60", "--seed", "9", "--end", END, "--truth", truth)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}: 2 x 60 days, mid, seed 9\n"
    table = pd.read_csv(out)
    creators = generate_many(creators=2, days=60, profile="mid", seed=9, end=date.fromisoformat(END))
    assert table["creator"].unique().tolist() == ["mid.01", "mid.02"]
    for creator, (_, rows) in zip(creators, table.groupby("creator"), strict=True):
        assert rows["follows"].tolist() == creator.daily.frame["follows"].tolist()
        assert rows["provisional"].tolist() == [0] * 58 + [1] * 2
    told = json.loads(truth.read_text("utf-8"))
    assert [one["name"] for one in told] == ["mid.01", "mid.02"]
    assert [one["effects"] for one in told] == [creator.truth.effects for creator in creators]
    assert [tuple(one["viral_days"]) for one in told] == [creator.truth.viral_days for creator in creators]


def test_a_history_ends_yesterday_unless_another_day_is_asked_for(tmp_path: Path) -> None:
    assert main([str(tmp_path / "c.csv"), "--days", "10"]) == 0
    days = pd.read_csv(tmp_path / "c.csv")["date"]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert days.iloc[-1] in {yesterday.isoformat(), (yesterday - timedelta(days=1)).isoformat()}  # midnight may pass
    assert pd.read_csv(made(tmp_path / "d.csv"))["date"].iloc[-1] == END


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_every_format_reads_back_as_the_same_table(tmp_path: Path, kind: str) -> None:
    written = made(tmp_path / f"c.{kind}")
    assert made(tmp_path / "c.bin", "--format", kind).read_bytes()[:4] == written.read_bytes()[:4]
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        "csv": pd.read_csv, "json": pd.read_json, "xlsx": pd.read_excel,
    }  # fmt: skip
    read = readers[kind](written)
    expected = pd.read_csv(made(tmp_path / "reference.csv"))
    assert read.columns.tolist() == expected.columns.tolist()
    assert read["follows"].tolist() == expected["follows"].tolist()
    assert pd.to_datetime(read["date"]).tolist() == pd.to_datetime(expected["date"]).tolist()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seed", "8"),
        ("--profile", "mega"),
        ("--viral-rate", "0.2"),
        ("--effects", '{"stories": 50}'),
        ("--gaps", "0.3"),
        ("--carry-over", "0.7"),
        ("--creators", "3"),
        ("--days", "61"),
        ("--end", "2026-06-27"),
    ],
)
def test_every_option_changes_the_file(tmp_path: Path, option: str, value: str) -> None:
    usual, other = made(tmp_path / "usual.csv"), made(tmp_path / "other.csv", option, value)
    assert usual.read_bytes() != other.read_bytes()
    assert made(tmp_path / "again.csv", option, value).read_bytes() == other.read_bytes()


def test_gaps_are_rows_that_are_not_there(tmp_path: Path) -> None:
    for layout in ("own", "public39"):
        table = pd.read_csv(made(tmp_path / f"{layout}.csv", "--gaps", "0.3", "--layout", layout))
        assert 30 < len(table) < 58
        assert table["follows"].notna().all()


def test_the_public_layout_imports_without_a_question_and_holds_the_same_numbers(tmp_path: Path) -> None:
    public = made(tmp_path / "public.csv", "--layout", "public39")
    table = pd.read_csv(public)
    assert table.shape == (60, 39)
    assert public.read_text("utf-8").splitlines()[0] == PUBLIC_HEADER
    assert table["date"].iloc[-1] == "28-06-2026"
    assert table["post_time"].str.fullmatch(r"([01]\d|2[0-3]):[0-5]\d").all()
    reading = read_bytes(public.read_bytes(), file_name=public.name, today=date(2026, 7, 1))
    assert reading.importable
    assert reading.format == "public39"
    (daily,) = reading.creators
    (own,) = read_bytes(made(tmp_path / "own.csv").read_bytes(), file_name="own.csv", today=date(2026, 7, 1)).creators
    for name in ("followers", "follows", "unfollows", "posts", "reels", "stories", "ads", "reach", "minutes_spent"):
        assert daily.frame[name].tolist() == own.frame[name].tolist()


@pytest.mark.parametrize("layout", ["own", "public39"])
def test_a_generated_file_gives_no_error_and_no_warning(tmp_path: Path, layout: str) -> None:
    path = made(tmp_path / "c.csv", "--layout", layout, "--days", "90")
    reading = read_bytes(path.read_bytes(), file_name=path.name, today=date(2026, 7, 1))
    assert [finding.message for finding in reading.findings if finding.severity != "info"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--days", "3"], "argument --days: must be a whole number between 7 and 3650, not 3."),
        (["--days", "many"], "argument --days: must be a whole number between 7 and 3650, not many."),
        (["--creators", "0"], "argument --creators: must be a whole number between 1 and 10000, not 0."),
        (["--profile", "huge"], "argument --profile: invalid choice: 'huge'"),
        (["--viral-rate", "5"], "the viral rate must be between 0 and 0.2, not 5."),
        (["--gaps", "nan"], "the share of gaps must be between 0 and 0.9, not nan."),
        (["--effects", "[]"], 'argument --effects: must be JSON such as {"reels": 20}'),
        (["--effects", '{"tiktoks": 1}'], "'tiktoks' is no content type; there are posts, reels, stories, ads."),
        (["--end", "28.06.2026"], "argument --end: must be a day such as 2026-06-28, not 28.06.2026."),
        (["--end", "0001-01-05"], "730 days that end on 0001-01-05 leave the calendar."),
        (["--layout", "public39", "--creators", "2"], "the public39 layout holds one creator"),
        (["--format", "xlsx", "--creators", "2000"], "an Excel sheet holds 1,048,575 rows, not 1,460,000"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "c.csv"), *arguments])
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_ending_of_no_format_that_is_written_is_refused_and_none_is_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "c.foo")])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said == "c.foo ends like no format that is written; use .csv, .json or .xlsx, or --format.\n"
    assert list(tmp_path.iterdir()) == []
    assert made(tmp_path / "c", "--days", "30").read_bytes().startswith(b"creator,date,")


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_a_file_that_can_not_be_written_is_one_sentence_and_exit_1(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "missing" / f"c.{kind}"
    done = datagen(out, "--days", "30")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{out} can't be written: No such file or directory.\n"


def test_a_truth_that_can_not_be_written_is_one_sentence_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "c.csv"), "--days", "30", "--truth", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} can't be written: Is a directory.\n"


def test_the_columns_that_the_public_layout_computes_follow_from_the_others(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    table = pd.read_csv(made(tmp_path / "c.csv", "--layout", "public39", "--viral-rate", "0.1", "--truth", str(truth)))
    days = pd.to_datetime(table["date"], format="%d-%m-%Y")
    assert (table["growth"] == table["follows"] - table["unfollows"]).all()
    assert (table["month"] == days.dt.month).all()
    assert (table["quarter"] == days.dt.quarter).all()
    worked = table["minutes_spent"] > 0
    returned = table["growth"] / table["minutes_spent"] * 60
    assert table["roi_follows_per_hour"][worked].tolist() == pytest.approx(returned[worked].tolist(), abs=0.006)
    viral = days[table["went_viral"] == 1].dt.strftime("%Y-%m-%d").tolist()
    assert viral == json.loads(truth.read_text("utf-8"))[0]["viral_days"]
    assert viral
