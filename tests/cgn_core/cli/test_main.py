from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cgn_core.cli.main import COMMANDS, load

CGN = Path(sys.executable).with_name("cgn")
HEAVY = (
    "numpy", "pandas", "scipy", "statsmodels", "pyarrow", "sqlalchemy", "celery", "redis", "flask", "dash", "plotly",
    "rich", "pydantic_settings", "cgn_core.library", "cgn_core.stats", "datagen",
)  # fmt: skip


def test_help_loads_nothing_heavy_so_that_it_answers_at_once() -> None:
    script = (
        "import sys; from cgn_core.cli.main import app\n"
        "try: app(['--help'])\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == "[]\n"


def test_help_shows_every_command_with_its_sentence() -> None:
    done = subprocess.run([CGN, "--help"], capture_output=True, text=True, check=True)
    text = " ".join(done.stdout.split())
    for name, command in COMMANDS.items():
        assert f"{name} {command.help}" in text


def test_it_says_which_version_it_is() -> None:
    done = subprocess.run([CGN, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"cgn {version('creator-growth-navigator')}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_helps(name: str) -> None:
    assert load(name).name == name
    done = subprocess.run([CGN, name, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("Usage: cgn")
    assert "Raises:" not in done.stdout


def test_a_module_lying_in_the_working_directory_is_not_run_instead_of_the_generator(tmp_path: Path) -> None:
    (tmp_path / "datagen.py").write_text("raise SystemExit(7)", encoding="utf-8")
    done = subprocess.run([CGN, "generate", "c.csv", "--days", "7"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert (tmp_path / "c.csv").exists()
