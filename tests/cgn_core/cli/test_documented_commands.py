"""The commands that the documents show are run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[3]
WHERE = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
APART = {"docs/API_documentation.md"}  # tests/stack/test_api_examples.py runs its examples against a product
TYPED = re.compile(r"(?:cgn|make|docker|kubectl|helm|mkdir|openssl|echo|chmod|cp|\w+=\S+|\.venv/bin/cgn) ")
"""How a line begins that somebody types; others are pictures of folders, settings and answers."""
RUN_BY = {
    r"cgn (?:generate|validate|train|cv|compare|predict|plan|diagnose) ": "here",
    r"make up\b": "here",
    r"\.venv/bin/cgn up ": "tests/practice/whole_product.py",
    r"make test$": ".ci/run",
    r"cgn backup create /": "tests/cgn_core/cli/test_backup.py",
    r"cgn token create ": "tests/cgn_core/cli/test_tokens.py",
    r"(?:kubectl|helm) ": "tests/chart/check.py",
    r"docker build -t |docker run --name ": "tests/containers/check.py",
    r"(?:docker compose|mkdir -m|pg=|openssl|echo|chmod|cp \.env\.example) ?": "tests/containers/composed.py",
}
"""Who types what the documents show."""


def blocks(name: str) -> list[str]:
    """What stands between fences without a language: what somebody types. Fences may stand within a list."""
    found = re.findall(r"^ *```\n(.*?)^ *```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [dedent(block) for block in found]


def lines(name: str, beginning: str) -> list[str]:
    whole = [re.sub(r"\\\n\s*", " ", block) for block in blocks(name)]
    return [line for block in whole for line in block.splitlines() if line.startswith(beginning)]


@pytest.mark.timeout(300)
def test_the_readmes_commands_do_what_they_say_one_after_the_other(tmp_path: Path) -> None:
    commands = lines("README.md", "cgn ")
    assert len(commands) >= 8
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip() or (tmp_path / "creator.csv").exists(), command


@pytest.mark.parametrize("name", WHERE)
def test_every_command_of_a_document_is_typed_by_somebody(name: str) -> None:
    whole = [re.sub(r"\\\n\s*", " ", block) for block in blocks(name)]
    typed = [line for block in whole for line in block.splitlines() if TYPED.match(line)]
    assert [line for line in typed if not any(re.match(pattern, line) for pattern in RUN_BY)] == []


def test_whoever_types_the_documents_commands_is_there() -> None:
    assert [place for place in RUN_BY.values() if place != "here" and not (ROOT / place).is_file()] == []
    shown = "\n".join(block for name in WHERE for block in blocks(name))
    assert [pattern for pattern in RUN_BY if not re.search(f"^{pattern}", shown, re.MULTILINE)] == []


def test_make_up_starts_the_product_where_the_documents_say() -> None:
    for command in lines("docs/operations.md", "make up"):
        done = subprocess.run(
            ["bash", "-c", command.replace("make", "make --dry-run", 1)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert 'cgn up --demo --port 8050 --data-dir "/srv/cgn"' in done.stdout


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    return set(phony[1].split())


@pytest.mark.parametrize("name", [name for name in WHERE if name not in APART])
def test_a_document_names_no_target_of_make_that_there_is_not(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert set(re.findall(r"`make ([a-z]+)", text)) - targets() == set()
    assert {line.split()[1] for line in lines(name, "make ")} - targets() == set()


def test_every_target_of_make_is_explained_to_contributors() -> None:
    explained = set(re.findall(r"^\| `make ([a-z]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE))
    assert targets() - explained - {"help"} == set()


def services() -> set[str]:
    text = (ROOT / "docker-compose.yml").read_text("utf-8").partition("\nservices:\n")[2]
    return set(re.findall(r"^  (\w+):$", text.partition("\nnetworks:")[0], re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_a_document_speaks_to_no_service_of_compose_that_there_is_not(name: str) -> None:
    spoken_to = re.findall(r"docker compose (?:exec|run)(?: -\S+)* (\w+)", (ROOT / name).read_text("utf-8"))
    assert set(spoken_to) <= services()


def test_the_image_has_one_name_wherever_it_is_built_and_run() -> None:
    built = re.findall(r"^docker build -t (\S+) \.$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    run = re.findall(r"^docker run .* (\S+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    (composed,) = re.findall(r"\$\{CGN_IMAGE:-(\S+)\}", (ROOT / "docker-compose.yml").read_text("utf-8"))
    assert built == run == [composed]


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for name in (*WHERE, *(f"docs/decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md"))):
        document = ROOT / name
        for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", document.read_text("utf-8")):
            place, _, anchor = target.partition("#")
            led_to = (document.parent / place) if place else document
            if not led_to.exists() or (anchor and anchor not in anchors(led_to)):
                broken.append(f"{name}: {target}")
    assert broken == []


def anchors(document: Path) -> set[str]:
    """Those of headings, as the sites that show these documents make them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
