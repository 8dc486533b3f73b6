"""``cgn validate``: what the reader says of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgn_core.cli.output import Json, complain, print_json, say

if TYPE_CHECKING:
    from cgn_core.ingest.reading import Reading


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files to check.")], as_json: Json = False
) -> None:
    """Say what a file holds, what is wrong with it, and what would be imported."""
    from cgn_core import library

    readings = [library.validate(path) for path in files]
    refused = [reading for reading in readings if not reading.importable]
    if as_json:
        documents = [reading.to_json() for reading in readings]
        print_json(documents[0] if len(documents) == 1 else documents)
        for reading in refused:
            complain(next(finding.message for finding in reading.findings if finding.severity == "error"))
    else:
        for reading in readings:
            _show(reading)
    if refused:
        raise typer.Exit(1)


def _show(reading: Reading) -> None:
    """A file for people: errors on stderr, the rest on stdout."""
    span = f", {reading.first_date} to {reading.last_date}" if reading.first_date else ""
    say(f"{reading.file_name}: {reading.format}, {reading.rows} rows{span}")
    for finding in reading.findings:
        (complain if finding.severity == "error" else say)(f"  {finding.severity}: {finding.message}")
    for kind, tables in (("creator", reading.creators), ("competitor", tuple(reading.competitors.values()))):
        for daily in tables:
            days = daily.frame["date"]
            name = daily.creator or "without a name"
            say(f"  {kind} {name}: {len(days)} days, {days.iloc[0].date()} to {days.iloc[-1].date()}")
    say("  can be imported" if reading.importable else "  can't be imported; nothing would be stored")
