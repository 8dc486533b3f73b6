"""How results look in a notebook: plain HTML tables, readable in light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

Cell = str | float | None


def html_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, notes: Sequence[str] = ()) -> str:
    """A captioned table; numbers are aligned right with as many decimals as their size deserves, None is a dash."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f"<table><caption><strong>{escape(title)}</strong></caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"
    )


def scores_rows(columns: Mapping[str, Mapping[str, float | None]]) -> list[list[Cell]]:
    """A row per score, a column per model; a score that a model lacks is a dash."""
    names = dict.fromkeys(name for scores in columns.values() for name in scores)
    return [[name, *(scores.get(name) for scores in columns.values())] for name in names]


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td style='text-align:left'>{escape(cell)}</td>"
    return f"<td style='text-align:right'>{number_text(cell)}</td>"


def number_text(value: float | None) -> str:
    """``1,234``, ``12.3``, ``0.083``; a dash for None."""
    if value is None:
        return "\N{EN DASH}"
    size = abs(value)
    decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004 - three significant digits
    return f"{value:,.{decimals}f}"
