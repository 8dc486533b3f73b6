"""``cgn report``: a creator's file as a client report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cgn_core.cli.output import Json, print_json, progress_bar, say
from cgn_core.cli.sources import Creator, FilePath, Model, read_daily, saved_training

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="What to write; it ends in .html, .pdf or .xlsx.")
]


def report(
    file: FilePath,
    output: Output,
    agency: Annotated[str, typer.Option(help="Whose report it is.")] = "",
    colour: Annotated[str | None, typer.Option(help="The agency's, such as #9C2A10.")] = None,
    model: Annotated[Model | None, typer.Option(help="Only this model; default: the best on unseen weeks.")] = None,
    creator: Creator = None,
    locale: Annotated[str, typer.Option(help="How numbers and days are written: en, de, es, fr and more.")] = "en",
    as_json: Json = False,
) -> None:
    """Write a client report: what to expect, what drives growth, what an hour returns, and how well it held."""
    from cgn_core import library
    from cgn_core.errors import InvalidInput
    from cgn_core.figures.locales import OFFERED, written_as
    from cgn_core.figures.tokens import LIGHT
    from cgn_core.library.reports import REPORT_FORMS
    from cgn_core.services.agencies import readable_colour

    if output.suffix.lower().removeprefix(".") not in REPORT_FORMS:
        raise typer.BadParameter(f"must end in .{', .'.join(REPORT_FORMS)}", param_hint="--output")
    if locale not in OFFERED:
        raise typer.BadParameter(f"must be one of {', '.join(OFFERED)}", param_hint="--locale")
    if saved_training(file) is not None:
        raise InvalidInput(f"{file} is a model; a report needs the data that it was trained on.")
    tone = LIGHT["accent"] if colour is None else readable_colour(colour)
    daily = read_daily(file, creator)
    with progress_bar() as progress, written_as(locale):
        trained = library.train(daily, model=model.value, progress=progress) if model else None
        document = library.report(
            daily,
            trained,
            today=datetime.now(UTC).date(),
            files=[file],
            agency=agency,
            colour=tone,
            progress=progress,
        )
        library.write_report(document, output)
    if as_json:
        print_json({"file": str(output), "title": document.title, "warnings": [*document.warnings]})
        return
    say(f"{output}: {document.title}")
    for sentence in document.warnings:
        say(f"Note: {sentence}")
