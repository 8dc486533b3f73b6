"""What the documents must mention: every setting with its default, every option of the command, every kind of job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from cgn_core.jobs import JobKind, queue_of
from cgn_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")


def documents() -> str:
    return "\n".join(path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def shown_default(field: FieldInfo) -> str:
    """A default as the table of settings writes it."""
    if field.default_factory is not None:
        return "the user's data directory"
    match field.default:
        case "":
            return "empty"
        case bool(value):
            return str(value).lower()
        case float(value):
            return f"{value:g}"
        case value:
            return str(value)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_stands_in_the_table_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `CGN_{name.upper()}` \| (?P<default>.*?) \| (?P<meaning>.*?) \|$", OPERATIONS, re.MULTILINE)
    assert row is not None
    assert row["default"] == shown_default(Settings.model_fields[name])
    assert len(row["meaning"]) > 10


def test_the_table_names_no_setting_that_is_gone() -> None:
    assert set(re.findall(r"^\| `CGN_(\w+)`", OPERATIONS, re.MULTILINE)) == {
        name.upper() for name in Settings.model_fields
    }


@pytest.mark.parametrize("kind", list(JobKind))
def test_every_kind_of_job_is_described_with_its_queue(kind: JobKind) -> None:
    assert f"| `{kind}` | {queue_of(kind)} |" in ARCHITECTURE


def test_every_metric_stands_in_the_table_and_none_that_is_gone() -> None:
    sources = [(ROOT / name).read_text("utf-8") for name in ("cgn_core/services/metrics.py", "webapp/metrics.py")]
    section = OPERATIONS.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`cgn_.*?) \| .{10,} \|$", section, re.MULTILINE)
    named = re.findall(r"`(cgn_[a-z_]+)", " ".join(cells))
    assert sorted(named) == sorted(set(re.findall(r'"(cgn_[a-z_]+)"', "\n".join(sources))))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of ``cgn`` with its long options."""
    from cgn_core.cli.main import COMMANDS, load

    waiting = [(f"cgn {name}", load(name)) for name in COMMANDS]
    while waiting:
        path, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is not None:
            waiting += [(f"{path} {name}", one) for name, one in below.items()]
            continue
        options = [name for one in command.params for name in one.opts if name.startswith("--")]
        yield path, [name for name in options if name != "--help"]


def test_every_command_and_option_is_documented() -> None:
    text = documents()
    missing = []
    for path, options in commands():
        if path not in text:
            missing.append(path)
        missing += [f"{path} {option}" for option in options if option not in text]
    assert missing == []
