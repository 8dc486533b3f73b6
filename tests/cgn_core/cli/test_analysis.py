"""``cgn generate -> validate -> train -> cv -> predict`` on one file, as a person would: real processes, real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cgn_core.cli.sources import Model
from cgn_core.stats.validation import MODELS

CGN = Path(sys.executable).with_name("cgn")
SCORES = {"mae", "rmse", "r2_out_of_sample", "mase", "smape", "directional_accuracy", "crps", "winkler"}
BASELINES = {"last_value", "mean", "median", "drift"}
WEEKS = 41
"""Complete weeks with settled numbers in 300 days that end on Sunday, 28 June 2026."""


def cgn(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(CGN), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, env={**os.environ, **environment}
    )


def answer(*arguments: str | Path) -> dict[str, Any]:
    """What a command prints with ``--json``; nothing else may be printed."""
    done = cgn(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a creator of 300 days and what is true of it."""
    folder = tmp_path_factory.mktemp("files")
    done = cgn(
        "generate", folder / "creator.csv", "--days", "300", "--end", "2026-06-28", "--seed", "7",
        "--truth", folder / "truth.json",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    return folder / "creator.csv"


@pytest.fixture(scope="module")
def several(folder: Path) -> Path:
    """A file of two creators, one of them with a gap."""
    done = cgn(
        "generate", folder / "two.csv", "--creators", "2", "--profile", "mixed", "--days", "90", "--gaps", "0.01"
    )
    assert done.returncode == 0
    return folder / "two.csv"


@pytest.fixture(scope="module")
def trained(file: Path) -> dict[str, Any]:
    """What training said; the model is kept beside the file."""
    return answer("train", file, "--save", file.with_name("model.json"))


def test_the_generated_file_is_valid_and_says_what_would_be_imported(file: Path) -> None:
    report = answer("validate", file)
    assert (report["format"], report["rows"], report["importable"]) == ("own", 300, True)
    assert (report["from"], report["to"]) == ("2025-09-02", "2026-06-28")
    assert report["columns"]["stories"] == "stories"
    assert all(set(finding) == {"severity", "code", "message", "rows"} for finding in report["findings"])
    assert {finding["severity"] for finding in report["findings"]} == {"info"}
    told = cgn("validate", file)
    assert told.stderr == ""
    assert "creator mid.01: 300 days, 2025-09-02 to 2026-06-28\n  can be imported\n" in told.stdout


def test_training_finds_the_effects_that_generated_the_file(file: Path, trained: dict[str, Any]) -> None:
    assert (trained["weeks"], trained["target"], trained["regime_start"]) == (WEEKS, "net_growth", None)
    assert trained["verdict"] == "beats_naive"
    assert set(trained["scores"]) == SCORES
    assert all(set(warning) == {"code", "message"} for warning in trained["warnings"])
    (truth,) = json.loads(file.with_name("truth.json").read_text("utf-8"))
    effects = {effect["name"]: effect for effect in trained["effects"]}
    assert set(effects) == set(truth["effects"])
    for name, effect in effects.items():
        assert {"name", "estimate", "low", "high", "level", "unit", "availability"} <= set(effect)
        assert effect["level"] == 0.95
        assert effect["availability"] == "planned"
        assert effect["low"] < effect["estimate"] < effect["high"]
        assert effect["estimate"] == pytest.approx(truth["effects"][name], abs=1.5 * (effect["high"] - effect["low"]))


def test_cross_validation_scores_the_model_beside_the_naive_forecasts(file: Path) -> None:
    result = answer("cv", file)
    assert (result["model"], result["horizon"]) == ("daily", 1)
    assert result["origins"] == WEEKS - 10  # the first forecast comes after a quarter of the weeks
    assert set(result["scores"]) == SCORES
    assert set(result["baselines"]) >= BASELINES
    assert result["scores"]["mae"] < min(result["baselines"][name]["mae"] for name in BASELINES)
    assert set(result["coverage"]) == {"0.5", "0.8", "0.9", "0.95"}
    assert all(0 <= share <= 1 for share in result["coverage"].values())
    assert result["refused_levels"] == [0.99]


def test_the_grammar_of_cross_validation_decides_which_weeks_are_forecast(file: Path) -> None:
    usual = ("--model", "single_lever", "--initial", "20")
    growing = answer("cv", file, *usual)
    assert growing["origins"] == WEEKS - 20
    assert answer("cv", file, *usual, "--horizon", "2", "--gap", "1")["origins"] == WEEKS - 22
    assert answer("cv", file, *usual, "--step", "3")["origins"] == 7
    rolling = answer("cv", file, *usual, "--window", "12")
    assert rolling["origins"] == WEEKS - 20
    assert rolling["scores"]["mae"] != growing["scores"]["mae"]


def test_a_saved_model_predicts_what_the_file_does(file: Path, trained: dict[str, Any]) -> None:
    plans = ("--plan", "posts=5,reels=4,stories=10", "--plan", "reels=0", "--level", "0.8")
    saved = answer("predict", file.with_name("model.json"), *plans)
    assert (saved["level"], saved["week_start"]) == (0.8, "2026-06-29")
    assert saved["method"]
    first, second = saved["predictions"]
    assert {**first["plan"], "posts": 5, "reels": 4, "stories": 10} == first["plan"]
    assert second["plan"]["reels"] == 0
    assert set(second["plan"]) == {effect["name"] for effect in trained["effects"]}
    for one in (first, second):
        assert one["low"] < one["median"] < one["high"]
        assert one["expected"] == pytest.approx(one["repeatable"] + one["viral"])
        assert one["extrapolation"] == "none"
    assert answer("predict", file, "--model", trained["model"], *plans) == saved


def test_plans_beyond_the_history_are_marked_and_far_beyond_refused(file: Path, trained: dict[str, Any]) -> None:
    del trained
    result = answer("predict", file.with_name("model.json"), "--plan", "ads=0", "--plan", "reels=5000")
    near, far = result["predictions"]
    assert near["extrapolation"] == "none"
    assert (far["extrapolation"], far["expected"], far["low"]) == ("refused", None, None)
    told = cgn("predict", file.with_name("model.json"), "--plan", "reels=5000")
    assert told.returncode == 0
    assert "Plan 1: far more than any week of the history; nothing can be said." in told.stdout


def test_people_get_tables(file: Path, trained: dict[str, Any]) -> None:
    told = cgn("train", file, "--model", "daily", COLUMNS="120")
    assert (told.returncode, told.stderr) == (0, "")
    assert "followers per reel" in told.stdout
    assert "last_value" in told.stdout
    told = cgn("cv", file, "--model", "single_lever", COLUMNS="120")
    assert f"{WEEKS - 10} unseen weeks" in told.stdout
    assert "Intervals held: 50%:" in told.stdout
    told = cgn("predict", file.with_name("model.json"), COLUMNS="120")
    assert "Followers in the week of 2026-06-29, 90% interval" in told.stdout
    assert trained["model"]


def test_a_terminal_without_our_letters_still_gets_the_answer(several: Path) -> None:
    told = cgn("validate", several, PYTHONIOENCODING="ascii")
    assert told.returncode == 0
    assert "\\u201cnano.01\\u201d" in told.stdout


def test_a_file_of_several_creators_needs_a_choice(several: Path) -> None:
    refused = cgn("train", several)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{several} holds 2 creators: nano.01, micro.02. Choose one with --creator NAME.\n"
    unknown = cgn("cv", several, "--creator", "nobody")
    assert unknown.returncode == 1
    assert "hold no creator nobody; they hold nano.01, micro.02" in unknown.stderr
    chosen = answer("cv", several, "--creator", "micro.02", "--model", "ols", "--level", "0.5")
    assert chosen["origins"] >= 1


def test_a_level_that_the_history_is_too_short_for_is_refused_with_the_widest_it_supports(several: Path) -> None:
    refused = cgn("predict", several, "--creator", "micro.02", "--model", "daily", "--level", "0.95")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "don't support an interval of 95%, which needs 39; the widest they support is" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("level", ["0", "1", "1.5", "nan"])
@pytest.mark.parametrize("command", ["cv", "predict"])
def test_a_level_that_is_none_is_refused(several: Path, command: str, level: str) -> None:
    refused = cgn(command, several, "--creator", "micro.02", "--model", "single_lever", "--level", level)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"A level lies between 0 and 1, such as 0.9; {float(level)} does not.\n"


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("posts=-1", "A plan needs a count of 0 or more for posts"),
        ("posts=nan", "A plan needs a count of 0 or more for posts"),
        ("tiktoks=1", "The model has no lever 'tiktoks'; it has posts, reels, stories, ads."),
    ],
)
def test_a_plan_that_can_not_be_is_refused(file: Path, trained: dict[str, Any], plan: str, sentence: str) -> None:
    assert trained["model"]
    refused = cgn("predict", file.with_name("model.json"), "--plan", plan)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train",), "Missing argument 'FILE'"),
        (("train", "FILE", "--model", "prophet"), "--model"),
        (("cv", "FILE", "--window", "3"), "expanding, or a number of weeks of at least 8"),
        (("cv", "FILE", "--window", "²5"), "expanding, or a number of weeks of at least 8"),
        (("cv", "FILE", "--horizon", "0"), "--horizon"),
        (("predict", "FILE", "--plan", "posts"), "write counts like posts=5,reels=4, not 'posts'"),
        (("predict", "FILE", "--plan", "posts=1,posts=2"), "posts stands twice in 'posts=1,posts=2'"),
        (("predict", "MODEL", "--model", "ols"), "is a model; --model and --creator are for data"),
        (("generate", "FILE", "--days", "3"), "--days"),
        (("generate", "FILE", "--layout", "public39", "--creators", "2"), "the public39 layout holds one creator"),
        (("generate", "FILE", "--effects", "[]"), "argument --effects: must be JSON"),
        (("generat",), "No such command 'generat'"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    file: Path, trained: dict[str, Any], arguments: tuple[str, ...], sentence: str
) -> None:
    assert trained["model"]
    before = file.read_bytes()
    names = {"FILE": str(file), "MODEL": str(file.with_name("model.json"))}
    done = cgn(*(names.get(one, one) for one in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert file.read_bytes() == before


def test_a_broken_model_file_and_a_place_that_can_not_be_written_are_one_sentence(
    file: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    assert trained["model"]
    broken = tmp_path / "model.json"
    broken.write_text('{"validation": 1}', encoding="utf-8")
    refused = cgn("predict", broken)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{broken} is no model of this version; train it again with --save.\n"
    whole = file.with_name("model.json").read_text(encoding="utf-8")
    broken.write_text(whole[: len(whole) - 100], encoding="utf-8")
    refused = cgn("predict", broken)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{broken} is a model that was cut short; train it again with --save.\n"
    damaged = json.loads(whole)
    damaged["fit"]["predictor"]["covariance"][0] = None
    broken.write_text(json.dumps(damaged), encoding="utf-8")
    refused = cgn("predict", broken)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{broken} is no model of this version; train it again with --save.\n"
    place = tmp_path / "missing" / "model.json"
    refused = cgn("train", file, "--model", "daily", "--save", place)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{place} can't be written: No such file or directory.\n"


def test_the_command_offers_every_model_that_there_is() -> None:
    assert {model.value for model in Model} == set(MODELS)
