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
    MIXED = "mixed"
    """One after the other, smallest first."""


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
    creators: Annotated[int, typer.Option(min=1, max=10_000, help="How many creators.")] = 1,
    days: Annotated[int, typer.Option(min=7, max=3_650, help="Days of history.")] = 730,
    profile: Annotated[Profile, typer.Option(help="Size of the creators; mixed takes all in turn.")] = Profile.MID,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The same seed gives the same numbers.")] = 1,
    truth: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the true effects there.")] = None,
    file_format: Annotated[Format | None, typer.Option("--format", help="Default: by the file's ending.")] = None,
    viral_rate: Annotated[float | None, typer.Option(min=0.0, max=0.2, help="Share of days that go viral.")] = None,
    effects: Annotated[
        str | None, typer.Option(metavar="JSON", help="""Followers per piece, such as '{"reels": 20}'.""")
    ] = None,
    carry_over: Annotated[
        float | None, typer.Option(min=0.0, max=0.99, help="Share of an effect's remainder left a day later.")
    ] = None,
    saturation: Annotated[
        str | None, typer.Option(metavar="JSON", help="""Pieces a week that reach half of the most: '{"reels": 4}'.""")
    ] = None,
    posting: Annotated[
        str | None, typer.Option(metavar="JSON", help="""How pieces are spread, such as '{"ads": "campaigns"}'.""")
    ] = None,
    breaks: Annotated[
        list[str] | None,
        typer.Option("--break", metavar="DATE=SHARE", help="From that day, growth stands at that share; repeatable."),
    ] = None,
    timing: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="How much more a piece in the best window brings.")
    ] = None,
    swing: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, help="Standard deviation of the log of a week's level.")
    ] = None,
    memory: Annotated[
        float | None, typer.Option(min=-0.99, max=0.99, help="Correlation of that level with the next week's.")
    ] = None,
    competitors: Annotated[
        int, typer.Option(min=0, max=1_000, help="Further accounts of the same market, after the creators.")
    ] = 0,
    gaps: Annotated[float | None, typer.Option(min=0.0, max=0.9, help="Share of days whose row is missing.")] = None,
    end: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day; yesterday if not given.")] = None,
    layout: Annotated[Layout, typer.Option(help="Columns of the file.")] = Layout.OWN,
) -> None:
    """Write synthetic creators whose true effects are known."""
    options = {
        "--creators": creators,
        "--days": days,
        "--profile": profile.value,
        "--seed": seed,
        "--truth": truth,
        "--format": file_format.value if file_format else None,
        "--viral-rate": viral_rate,
        "--effects": effects,
        "--carry-over": carry_over,
        "--saturation": saturation,
        "--posting": posting,
        "--timing": timing,
        "--swing": swing,
        "--memory": memory,
        "--competitors": competitors,
        "--gaps": gaps,
        "--end": end,
        "--layout": layout.value,
    }
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    given += [f"--break={each}" for each in breaks or ()]
    # -P: a file of the working directory that is called like a module must not be run.
    command = [sys.executable, "-P", "-m", "datagen", *given, "--", str(out)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own interpreter and module
