"""What the image leaves out is what the list names, and a name that fits nothing any more is noticed."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/image/slim.py"
STAYS = ("pandas/core.py", "pyarrow/libarrow.so.2600", "flask_bootstrap/static/bootstrap5/css/bootstrap.min.css")


@pytest.fixture
def slim(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("slim", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "strip", lambda _place: 0)  # real libraries only
    return module


def named(slim: ModuleType) -> list[str]:
    """A file for every name of the list."""
    patterns = [each for some in (slim.OF_ANY_PACKAGE | slim.OF_ONE_PACKAGE).values() for each in some]
    return [f"{each}inside" if each.endswith("/") else each for each in patterns]


@pytest.fixture
def packages(slim: ModuleType, tmp_path: Path) -> Path:
    for name in (*(each.replace("**", "some/package").replace("*", "x") for each in named(slim)), *STAYS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    return tmp_path


def test_what_is_named_goes_and_all_else_stays(
    slim: ModuleType, packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slim.main([str(packages)]) == 0
    left = sorted(str(path.relative_to(packages)) for path in packages.rglob("*") if path.is_file())
    assert left == sorted(STAYS)
    assert capsys.readouterr().err == ""


def test_the_numbers_of_every_language_that_is_offered_can_be_written(
    slim: ModuleType, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("with-babel")
    installed = importlib.util.find_spec("babel")
    assert installed is not None
    assert installed.origin is not None
    shutil.copytree(Path(installed.origin).parent, place / "babel", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(packages, place, dirs_exist_ok=True)
    assert slim.main([str(place)]) == 0
    assert len(list((place / "babel/locale-data").iterdir())) < 300
    written = (
        f"import sys; sys.path.insert(0, {str(place)!r}); from datetime import date; "
        "from cgn_core.figures import locales; import babel; print(babel.__file__)\n"
        "for code in locales.OFFERED:\n    with locales.written_as(code): "
        "print(code, locales.digits(1234.5, decimals=1), locales.percentage(0.9), locales.day_in_digits(date.today()))"
    )
    done = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(place))
    assert "de 1.234,5" in done.stdout
    assert set(re.findall(r"^[a-z]{2}(?=[- ])", done.stdout, re.MULTILINE)) <= slim.LANGUAGES


def test_a_name_that_fits_nothing_is_said(
    slim: ModuleType, packages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (packages / "plotly/package_data/widgetbundle.js").unlink()
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert slim.main([str(packages)]) == 1
    assert "plotly/package_data/widgetbundle.js fits nothing" in capsys.readouterr().err
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert slim.main([str(packages)]) == 0
