"""``cgn generate``: synthetic creators with known effects, made by ``python -m datagen`` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Profile(StrEnum):
    """Typical creators by size."""

    NANO = "nano"
    MICRO = "micro"
    MID = "mid"
    MACRO = "macro"
    MEGA = "mega"


class Format(StrEnum):
    """File formats that are written."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


class Layout(StrEnum):
    """Our own columns, or the widely used 39-column layout."""

    OWN = "own"
    PUBLIC = "public39"


def generate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    creators: Annotated[int, typer.Option(min=1, help="How many creators.")] = 1,
    days: Annotated[int, typer.Option(min=7, help="Days of history.")] = 730,
    profile: Annotated[Profile, typer.Option(help="Size of the creators.")] = Profile.MID,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 1,
    truth: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the true effects there.")] = None,
    file_format: Annotated[Format | None, typer.Option("--format", help="Default: by the file's ending.")] = None,
    viral_rate: Annotated[float | None, typer.Option(min=0.0, max=0.2, help="Share of days that go viral.")] = None,
    layout: Annotated[Layout, typer.Option(help="Columns of the file.")] = Layout.OWN,
) -> None:
    """Write synthetic creators whose true effects are known."""
    command = [sys.executable, "-m", "datagen", str(out), "--creators", str(creators), "--days", str(days)]
    command += ["--profile", profile.value, "--seed", str(seed), "--layout", layout.value]
    if truth is not None:
        command += ["--truth", str(truth)]
    if file_format is not None:
        command += ["--format", file_format.value]
    if viral_rate is not None:
        command += ["--viral-rate", str(viral_rate)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own interpreter and module
