"""``cgn validate``: what the reader says of files."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgn_core.cli.output import Json, complain, print_json, progress_bar, say

if TYPE_CHECKING:
    from cgn_core.ingest.drops import Drop
    from cgn_core.ingest.questions import Question
    from cgn_core.ingest.reading import Reading
    from cgn_core.tables import Daily


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files to check.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE|FILE", help="Answer to a question, or a JSON file of answers. Repeatable."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Where to write the rows that answers leave out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what files hold, what is wrong with them, what they leave open, and what would be imported."""
    from cgn_core import library

    answers = _answers(mapping or [])
    with progress_bar() as progress:
        drop = library.validate_together(*files, answers=answers, progress=progress)
    if rejects is not None and drop.rejects is not None:
        try:
            rejects.write_text(drop.rejects.to_csv(), encoding="utf-8")
        except OSError as error:
            raise typer.BadParameter(f"{rejects} can't be written: {error.strerror}.") from None
    if as_json:
        print_json(drop.readings[0].to_json() if len(files) == 1 else drop.to_json())
        if not drop.importable:
            complain(next(finding.message for finding in drop.findings if finding.severity == "error"))
    elif len(drop.readings) == 1:
        _show(drop.readings[0])
    else:
        _show_together(drop)
    if not drop.importable:
        raise typer.Exit(1)


def _answers(given: list[str]) -> dict[str, str]:
    """Answers by question key; the last one given to a question holds."""
    answers: dict[str, str] = {}
    for text in given:
        key, mark, value = text.partition("=")
        if mark and ("/" in key or key == "creator") and not Path(text).is_file():
            answers[key] = value
            continue
        try:
            read = json.loads(Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise typer.BadParameter(f"{text} is neither KEY=VALUE nor a file of JSON.") from None
        if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
            raise typer.BadParameter(f'{text} must be one JSON object such as {{"a1b2c3d4/duplicates": "last"}}.')
        answers |= read
    return answers


def _show_questions(questions: tuple[Question, ...], answers: dict[str, str]) -> None:
    for question in questions:
        stands = answers.get(question.key, question.proposed)
        say(f"  question: {question.sentence}")
        for choice in question.choices:
            mark = "*" if choice.value == stands else " "
            say(f"   {mark} --mapping {shlex.quote(f'{question.key}={choice.value}')}: {choice.label}")


def _show_together(drop: Drop) -> None:
    """Files joined: each file's outline, then what is found in any of them and what they make together."""
    for reading in drop.readings:
        span = f", {reading.first_date} to {reading.last_date}" if reading.first_date else ""
        say(f"{reading.file_name}: {reading.format}, {reading.rows} rows{span}")
    for finding in drop.findings:
        (complain if finding.severity == "error" else say)(f"  {finding.severity}: {finding.message}")
    _show_questions(drop.questions, drop.answers)
    _show_tables("creator", drop.creators)
    _show_tables("competitor", tuple(drop.competitors.values()))
    say("  can be imported" if drop.importable else "  can't be imported; nothing would be stored")


def _show_tables(kind: str, tables: tuple[Daily, ...]) -> None:
    from cgn_core.figures.wording import counted
    from cgn_core.ingest.findings import shown

    for daily in tables:
        days = daily.frame["date"]
        name = shown(daily.creator) or "without a name"  # it may hold what a terminal would obey
        say(f"  {kind} {name}: {counted(len(days), 'day')}, {days.iloc[0].date()} to {days.iloc[-1].date()}")


def _show(reading: Reading) -> None:
    """A file for people: errors on stderr, the rest on stdout."""
    span = f", {reading.first_date} to {reading.last_date}" if reading.first_date else ""
    say(f"{reading.file_name}: {reading.format}, {reading.rows} rows{span}")
    for finding in reading.findings:
        (complain if finding.severity == "error" else say)(f"  {finding.severity}: {finding.message}")
    _show_questions(reading.questions, reading.answers)
    _show_tables("creator", reading.creators)
    _show_tables("competitor", tuple(reading.competitors.values()))
    say("  can be imported" if reading.importable else "  can't be imported; nothing would be stored")
