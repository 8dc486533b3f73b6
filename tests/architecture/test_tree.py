"""The shape of the source tree: what stands at the top, how long files are, and what no file may say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
TOP_LEVEL = {
    ".ci",
    ".dockerignore",
    ".env.example",
    ".github",
    ".gitignore",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "cgn_core",
    "datagen",
    "deploy",
    "docker-compose.override.example.yml",
    "docker-compose.yml",
    "docs",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "tests",
    "webapp",
    "worker",
}
SHIPPED = ("webapp", "worker", "cgn_core", "datagen")
TEXT = {".py", ".js", ".css", ".md", ".toml", ".yml", ".html", ".lock", ".cfg", ".ini", ".sh", ".mako", ""}
VAGUE_NAMES = {"utils", "helpers", "manager", "base", "common"}


def tracked_files() -> list[Path]:
    """Everything git would commit: tracked, or new and not ignored. In an archive without git, everything."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file())


FILES = tracked_files()


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> list[tuple[str, str]]:
    return [(relative(path), path.read_text("utf-8")) for path in FILES if path.suffix in TEXT]


def test_the_top_level_holds_only_what_the_architecture_names() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert found - TOP_LEVEL == set()


def test_no_source_file_is_longer_than_400_lines() -> None:
    lengths = {
        relative(path): len(path.read_text("utf-8").splitlines())
        for path in FILES
        if path.suffix in {".py", ".js", ".css"}
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [relative(path) for path in FILES if path.suffix == ".py" and path.stem in VAGUE_NAMES] == []


def test_no_shipped_module_imports_the_bare_library() -> None:
    # The library's names are handed on lazily, where the import contracts can't see them.
    bare = re.compile(r"^\s*(import cgn_core(\s|,|$)|from cgn_core import )", re.MULTILINE)
    allowed = {"cgn_core/__init__.py"}
    submodules = {path.stem for path in (ROOT / "cgn_core").iterdir() if path.stem != "__init__"}
    guilty = []
    for name, text in texts():
        if not name.endswith(".py") or not name.startswith(SHIPPED) or name in allowed:
            continue
        for found in bare.finditer(text):
            line = text[found.start() :].lstrip("\n").splitlines()[0].strip()
            names = set(re.findall(r"\w+", line.removeprefix("from cgn_core import ")))
            if not line.startswith("from cgn_core import ") or not names <= submodules:
                guilty.append(f"{name}: {line}")
    assert guilty == []


def test_no_file_names_a_package_index() -> None:
    address = re.compile(r"--(extra-)?index-url|--find-links|registry\s*=\s*[\"']http|\"resolved\":\s*\"http")
    # This file has to spell out what it looks for.
    assert [name for name, text in texts() if address.search(text) and name != relative(Path(__file__))] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    folders = {str(ROOT), str(Path.home())} - {"/", "/app", "/data"}
    places = re.compile("|".join(rf"(?<![\w/.]){re.escape(folder)}/" for folder in folders))
    assert [name for name, text in texts() if places.search(text)] == []


@pytest.mark.parametrize("words", ["T" + "ODO", "FIX" + "ME", "raise NotImplemented" + "Error", "lorem" + " ipsum"])
def test_nothing_is_left_as_a_stub(words: str) -> None:
    guilty = [name for name, text in texts() if name.endswith((".py", ".js", ".md")) and words in text]
    assert guilty == []


def test_every_silenced_check_says_why() -> None:
    silenced = re.compile(r"#\s*(noqa|type:\s*ignore)(:\s*[A-Z0-9, ]+|\[[\w, -]+\])?(?P<reason>.*)")
    guilty = []
    for name, text in texts():
        if not name.endswith(".py") or name == relative(Path(__file__)):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            found = silenced.search(line)
            if found and not re.search(r"\w{3}", found["reason"]):
                guilty.append(f"{name}:{number}")
    assert guilty == []


def test_the_changelog_stands_in_docs_and_follows_keep_a_changelog() -> None:
    assert [relative(path) for path in FILES if "changelog" in path.name.lower()] == ["docs/CHANGELOG.md"]
    text = (ROOT / "docs/CHANGELOG.md").read_text("utf-8")
    assert "keepachangelog.com" in text
    assert "## [Unreleased]" in text


def test_every_decision_has_its_four_parts() -> None:
    decisions = [path for path in FILES if relative(path).startswith("docs/decisions/")]
    assert decisions
    for path in decisions:
        text = path.read_text("utf-8")
        missing = [part for part in ("Context", "Decision", "Consequences", "Alternatives") if f"## {part}" not in text]
        assert missing == [], relative(path)


def test_every_locked_package_carries_hashes() -> None:
    for lock in (
        "requirements.lock",
        "requirements-dev.lock",
        "benchmarks/requirements-peers.lock",
        "tests/chart/requirements.lock",
    ):
        entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text("utf-8").strip())
        assert entries
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
