"""The examples of the API's documentation, run with curl and with Python against the whole product."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from whole_product import Product

pytestmark = pytest.mark.stack
DOCUMENTATION = (Path(__file__).resolve().parents[2] / "docs/API_documentation.md").read_text("utf-8")
PATIENCE = 280
FIRST_DAY = date(2025, 6, 2)


def examples(name: str, language: str = "bash") -> str:
    found = re.findall(rf"<!-- example: {name} -->\n```{language}\n(.*?)```", DOCUMENTATION, re.DOTALL)
    assert found, name
    return "\n".join(found)


def daily_csv() -> str:
    lines = ["creator,date,followers,follows,unfollows,posts,reels,stories"]
    followers = 20_000
    for number in range(300):
        posts, reels = int(number % 3 == 0), int(number * 7 % 11 < 4)
        gained = 30 + 5 * posts + 20 * reels + number * 37 % 13
        followers += gained - 8
        day = FIRST_DAY + timedelta(days=number)
        lines.append(f"api.example,{day},{followers},{gained},8,{posts},{reels},{number % 4}")
    return "\n".join(lines) + "\n"


def run(command: list[str], folder: Path, **variables: str) -> str:
    # Without the proxies of this machine: the product is on it.
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        command, cwd=folder, env=kept | variables, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def shell(name: str, folder: Path, **variables: str) -> None:
    run(["bash", "-euo", "pipefail", "-c", examples(name)], folder, **variables)


def answer(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name).read_text("utf-8")))


def test_the_documented_examples_do_what_they_say(product: Product, tmp_path: Path) -> None:
    known = {"BASE": f"http://127.0.0.1:{product.port}", "TOKEN": product.new_token()}
    (tmp_path / "daily.csv").write_text(daily_csv(), "utf-8")

    # A new user trains and predicts with three calls.
    calls = examples("quick start").count("curl ")
    assert calls == 3
    shell("quick start", tmp_path, **known)
    (imported,) = answer(tmp_path, "imported.json")["imported"]
    predictions = answer(tmp_path, "predicted.json")["predictions"]
    assert [each["plan"]["reels"] for each in predictions] == [4, 6]
    assert all(each["low"] < each["median"] < each["high"] for each in predictions)

    known["WORKSPACE"] = imported["workspace_id"]
    shell("batch prediction", tmp_path, **known)
    assert len(answer(tmp_path, "predictions.json")["predictions"]) == 3
    shell("retraining", tmp_path, **known)
    assert answer(tmp_path, "job.json")["state"] == "done"
    assert answer(tmp_path, "model.json")["number"] == 2
    shell("diagnostics", tmp_path, **known)
    assert {"drift", "saturation", "carry_over", "residuals"} <= set(answer(tmp_path, "diagnostics.json"))
    shell("plan", tmp_path, **known)
    assert len(answer(tmp_path, "plan.json")["weeks"]) == 4
    assert (tmp_path / "weekly.csv").read_text("utf-8-sig").startswith("creator,week_start,")

    printed = run([sys.executable, "-c", examples("python", "python")], tmp_path, **known)
    assert "done" in printed
    assert "{'reels': 7" in printed or "'reels': 7" in printed
