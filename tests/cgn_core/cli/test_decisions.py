"""``cgn compare, plan, diagnose, benchmark`` as a person would: real processes, real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

CGN = Path(sys.executable).with_name("cgn")
FALL = "2026-05-04"


def cgn(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CGN), *map(str, arguments)], capture_output=True, text=True, encoding="utf-8", check=False
    )


def answer(*arguments: str | Path) -> dict[str, Any]:
    done = cgn(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``own.csv`` with a year of one creator, ``peers.csv`` with six of the same time."""
    folder = tmp_path_factory.mktemp("files")
    for name, seed, number in (("own", "1", "1"), ("peers", "8", "6")):
        done = cgn(
            "generate",
            folder / f"{name}.csv",
            "--days",
            "366",
            "--end",
            "2026-06-28",
            "--seed",
            seed,
            "--creators",
            number,
        )
        assert done.returncode == 0
    return folder


@pytest.fixture(scope="module")
def own(folder: Path) -> Path:
    return folder / "own.csv"


@pytest.fixture(scope="module")
def model(own: Path) -> Path:
    path = own.with_name("model.json")
    assert answer("train", own, "--model", "daily", "--save", path)["model"] == "daily"
    return path


def test_models_are_ranked_beside_the_naive_forecasts_with_a_reason(own: Path) -> None:
    result = answer("compare", own, "--models", "daily,single_lever")
    names = [ranked["model"] for ranked in result["ranking"]]
    assert {"daily", "single_lever", "last_value", "mean", "median", "drift"} <= set(names)
    errors = [ranked["mae"] for ranked in result["ranking"]]
    assert errors == sorted(errors)
    assert all(ranked["mae_low"] <= ranked["mae"] <= ranked["mae_high"] for ranked in result["ranking"])
    assert result["chosen"] in names
    assert result["reason"]
    told = cgn("compare", own, "--models", "daily")
    assert "Chosen: " in told.stdout


def test_the_plan_keeps_to_the_hours_and_names_its_gain(model: Path) -> None:
    result = answer("plan", model, "--hours", "10", "--weeks", "3")
    assert result["hours"] == 10
    assert [week["week"] for week in result["weeks"]] == ["2026-06-29", "2026-07-06", "2026-07-13"]
    for week in result["weeks"]:
        worked = (45 * week["posts"] + 120 * week["reels"] + 8 * week["stories"]) / 60
        assert week["hours"] == pytest.approx(worked)
        assert worked <= 10
    assert result["gain"]["low"] <= result["gain"]["estimate"] <= result["gain"]["high"]
    assert result["status"] == "optimal"
    more = answer("plan", model, "--hours", "12", "--weeks", "3")
    assert more["gain"]["estimate"] >= result["gain"]["estimate"]
    told = cgn("plan", model, "--hours", "10", "--weeks", "1", "--risk", "0.1")
    assert "At most 10 hours a week" in told.stdout
    assert "Careful: " in told.stdout


def test_the_diagnosis_of_a_calm_history_has_every_key_and_no_alarm(own: Path) -> None:
    result = answer("diagnose", own)
    drift = result["drift"]
    assert {"alarm", "direction", "start_week", "false_alarms_per_year"} <= set(drift)
    assert (drift["alarm"], drift["direction"], drift["start_week"]) == (False, None, None)
    assert result["saturation"]["identified"] is False
    assert result["carry_over"]["identified"] is False
    assert result["viral_days"]
    assert all({"statistic", "p_value", "verdict"} <= set(test) for test in result["residuals"].values())
    assert isinstance(result["influence"], list)
    assert isinstance(result["collinearity"], dict)
    assert isinstance(result["warnings"], list)
    told = cgn("diagnose", own)
    assert told.returncode == 0
    assert "Growth is on the path" in told.stdout


def test_a_level_that_falls_by_85_percent_is_noticed_within_three_weeks_and_training_names_the_regime(
    own: Path,
) -> None:
    table = pd.read_csv(own)
    after = (table["date"] >= FALL).to_numpy()
    for name in ("follows", "unfollows"):
        table[name] = np.where(after, (0.15 * table[name]).round(), table[name]).astype("int64")
    growth = (table["follows"] - table["unfollows"]).to_numpy()
    table["followers"] = table["followers"].iloc[0] - growth[0] + np.cumsum(growth)
    early, late = own.with_name("early.csv"), own.with_name("late.csv")
    table[table["date"] < "2026-05-25"].assign(provisional=0).to_csv(early, index=False)
    table.assign(provisional=0).to_csv(late, index=False)
    drift = answer("diagnose", early)["drift"]
    assert (drift["alarm"], drift["direction"]) == (True, "down")
    assert abs(np.datetime64(drift["start_week"]) - np.datetime64(FALL)) <= np.timedelta64(7, "D")
    trained = answer("train", late, "--model", "daily")
    assert abs(np.datetime64(trained["regime_start"]) - np.datetime64(FALL)) <= np.timedelta64(7, "D")
    (warning,) = [each for each in trained["warnings"] if each["code"] == "another_regime"]
    assert "older weeks belong to another regime" in warning["message"]


def test_competitors_are_ranked_from_five_on(folder: Path) -> None:
    table = pd.read_csv(folder / "peers.csv")
    arguments: list[str] = []
    for name, rows in table.groupby("creator"):
        rows.to_csv(folder / f"{name}.csv", index=False)
        arguments += ["--competitor", f"{name}={folder / f'{name}.csv'}"]
    result = answer("benchmark", folder / "own.csv", *arguments)
    assert result["verdict"] == "ranked"
    assert len(result["peers"]) == 6
    assert {"value", "percentile", "low", "high"} <= set(result["percentiles"]["growth_rate"])
    few = answer("benchmark", folder / "own.csv", *arguments[:4])
    assert few["verdict"] == "too_few_peers"
    assert few["percentiles"]["growth_rate"]["percentile"] is None
    assert "Too few peers" in cgn("benchmark", folder / "own.csv", *arguments[:2]).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("compare", "FILE", "--models", "prophet"), 2, "there is no model prophet"),
        (("compare", "FILE", "--models", ","), 2, "name at least one model"),
        (("plan", "FILE"), 2, "Missing option '--hours'"),
        (("plan", "MODEL", "--hours", "-3"), 1, "A week has between 0 and 168 hours for work, not -3."),
        (("plan", "MODEL", "--hours", "5", "--weeks", "13"), 2, "--weeks"),
        (("plan", "MODEL", "--hours", "5", "--risk", "0.9"), 1, "The risk lies above 0 and is at most 0.5"),
        (("plan", "MODEL", "--hours", "5", "--level", "2"), 1, "A level lies between 0 and 1"),
        (("benchmark", "FILE"), 2, "give at least one competitor as NAME=FILE"),
        (("benchmark", "FILE", "--competitor", "luna"), 2, "write competitors as NAME=FILE"),
        (
            ("benchmark", "FILE", "--competitor", "a=x.csv", "--competitor", "a=y.csv"),
            2,
            "two competitors have the same",
        ),
        (("benchmark", "FILE", "--competitor", "a=missing.csv"), 1, "missing.csv can't be read"),
        (("diagnose", "nothing.csv"), 1, "nothing.csv can't be read: No such file or directory."),
    ],
)
def test_a_wrong_question_is_one_sentence(
    own: Path, model: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    names = {"FILE": str(own), "MODEL": str(model)}
    done = cgn(*(names.get(one, one) for one in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
