"""How results are printed: JSON for machines, tables for people, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cgn_core.stats.validation import Progress

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any) -> None:
    """One JSON document on stdout, without NaN."""
    sys.stdout.write(json.dumps(value, allow_nan=False, indent=2, ensure_ascii=False) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout; the first column is text, the others are aligned right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(highlight=False).print(table)


def say(sentence: str) -> None:
    """A line on stdout."""
    sys.stdout.write(sentence + "\n")


def complain(sentence: str) -> None:
    """A line on stderr."""
    sys.stderr.write(sentence + "\n")


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr while work runs; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    layout = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*layout, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=1.0)

        def show(fraction: float, sentence: str) -> None:
            bar.update(task, completed=fraction, description=sentence)

        yield show


def number(value: float | None, decimals: int = 1) -> str:
    """A number for a table; a dash where there is none."""
    return "–" if value is None else f"{value:,.{decimals}f}"
