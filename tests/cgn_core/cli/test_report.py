"""``cgn report``: a file as a client report in each form, with the numbers of the Python API."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

from cgn_core import library
from cgn_core.figures.locales import written_as
from cgn_core.figures.wording import interval, signed

CGN = Path(sys.executable).with_name("cgn")


def cgn(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(CGN), *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for name, days in (("creator", "120"), ("short", "20")):
        done = cgn("generate", folder / f"{name}.csv", "--days", days, "--end", "2026-06-28", "--seed", "7")
        assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_every_form_holds_the_numbers_of_the_python_api(folder: Path) -> None:
    content = {}
    for form in ("html", "pdf", "xlsx"):
        path = folder / f"report.{form}"
        done = cgn(
            "report", folder / "creator.csv", "-o", path, "--agency", "Nördlicht", "--colour", "#9C2A10", "--json"
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["file"] == str(path)
        content[form] = path.read_bytes()
    pages = pypdfium2.PdfDocument(content["pdf"])
    words = " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)
    book = openpyxl.load_workbook(io.BytesIO(content["xlsx"]))
    cells = {cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    text = content["html"].decode()
    effects = library.train(library.read(folder / "creator.csv"), model="daily").fit.effects
    assert effects
    for effect in effects:
        for shown in (signed(effect.estimate, decimals=1), interval(effect.low, effect.high, decimals=1)):
            assert shown in text
            assert shown in words
        assert {effect.estimate, effect.low, effect.high} <= cells
    assert "#9C2A10" in text
    assert "Nördlicht" in words


def test_numbers_and_days_are_written_as_is_asked_and_nobody_is_asked_for_a_language_there_is_not(folder: Path) -> None:
    path = folder / "german.html"
    done = cgn("report", folder / "creator.csv", "-o", path, "--locale", "de")
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text()
    effect = library.train(library.read(folder / "creator.csv"), model="daily").fit.effects[0]
    with written_as("de"):
        for shown in (signed(effect.estimate, decimals=1), interval(effect.low, effect.high, decimals=1)):
            assert "," in shown
            assert shown in text
    assert "28.06.2026" in text
    assert "28 June 2026" not in text
    refused = cgn("report", folder / "creator.csv", "-o", path, "--locale", "tlh")
    assert refused.returncode == 2
    assert "must be one of en, de," in " ".join(refused.stderr.split())


def test_a_history_too_short_to_learn_from_is_reported_and_says_so(folder: Path) -> None:
    done = cgn("report", folder / "short.csv", "-o", folder / "short.html")
    assert done.returncode == 0
    assert "Note: There is no model of this creator yet" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["creator.csv", "-o", "r.docx"], 2, "must end in .html, .pdf, .xlsx"),
        (["creator.csv", "-o", "none/r.pdf"], 1, "can't be written"),
        (["creator.csv", "-o", "r.pdf", "--colour", "#FFFFFF"], 1, "too light"),
        (["creator.csv", "-o", "r.pdf", "--colour", "red"], 1, "is no colour"),
        (["gone.csv", "-o", "r.pdf"], 1, "gone.csv"),
        (["model.json", "-o", "r.pdf"], 1, "a report needs the data"),
        (["torn.json", "-o", "r.pdf"], 1, "cut short"),
    ],
)
def test_what_can_not_be_is_one_sentence(folder: Path, arguments: list[str], code: int, words: str) -> None:
    model = folder / "model.json"
    if "json" in arguments[0] and not model.exists():
        assert cgn("train", folder / "creator.csv", "--model", "daily", "--save", model).returncode == 0
        (folder / "torn.json").write_bytes(model.read_bytes()[:-40])
    named = [str(folder / each) if "." in each else each for each in arguments]
    done = cgn("report", *named)
    assert done.returncode == code
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
