"""Tables that become stacked cards on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from webapp.components.attributes import aria, data
from webapp.components.drawn import TABLE, as_text
from webapp.components.markup import dcc, html


@dataclass(frozen=True)
class Column:
    """One column: its key in each row, its heading, and whether it holds numbers (right-aligned, tabular)."""

    key: str
    label: str
    numeric: bool = False
    primary: bool = False
    """The row's name: a row heading in the table, the title of the card on a phone."""
    sort_href: str | None = None
    """Where the heading leads to sort by this column, from :mod:`webapp.routes`."""
    sorted_as: str | None = None
    """``ascending`` or ``descending`` when the table is sorted by this column."""


def data_table(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, caption: str, keep: bool = False
) -> Component:
    """A table of any cells.

    Args:
        columns: in order.
        rows: cell contents by column key; ``_search`` is text that a filter field matches, ``_class`` a CSS class.
        caption: what the table is, read by screen readers.
        keep: stay a table on phones (for two or three narrow columns).
    """
    head = html.Thead(html.Tr([_heading(column) for column in columns]))
    body = html.Tbody([_row(columns, row) for row in rows])
    table = html.Table(
        [html.Caption(caption, className="visually-hidden"), head, body],
        className="data-table" if keep else "data-table stacks",
    )
    return html.Div(table, className="table-scroll", tabIndex="0", role="region", **aria(label=caption))


def drawn_table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, caption: str) -> Component:
    """The same table for the sheet behind a chart: the browser draws it (assets/drawn.js) when its reader opens it.

    Args:
        columns: in order; nothing sorts by them.
        rows: cells by column key: words, or HTML components and Dash's links alone.
        caption: what the table is, read by screen readers.
    """
    told = {
        "caption": caption,
        "columns": [(column.label, column.numeric, column.primary) for column in columns],
        "rows": [[row.get(column.key) for column in columns] for row in rows],
    }
    named: dict[str, Any] = {TABLE: as_text(told), **aria(label=caption)}
    return html.Div(className="table-scroll", tabIndex="0", role="region", **named)


def _heading(column: Column) -> Component:
    # What is done with a row says itself what it is; only who hears the page needs a heading over it.
    label: Any = column.label or html.Span("Actions", className="visually-hidden")
    if column.sort_href is not None:
        arrow = {"ascending": " \N{UPWARDS ARROW}", "descending": " \N{DOWNWARDS ARROW}"}.get(
            column.sorted_as or "", ""
        )
        label = dcc.Link(column.label + arrow, href=column.sort_href, className="sort-link")
    extra = aria(sort=column.sorted_as) if column.sorted_as else {}
    return html.Th(label, scope="col", className="numeric" if column.numeric else "", **extra)


def _row(columns: Sequence[Column], row: Mapping[str, Any]) -> Component:
    cells: list[Component] = []
    for column in columns:
        kind = "numeric" if column.numeric else ""
        content = row.get(column.key)
        if column.primary:
            cells.append(html.Th(content, scope="row", className=f"{kind} primary".strip()))
        else:
            cells.append(html.Td(content, className=kind, **data(label=column.label)))
    extra = data(search=str(row["_search"]).lower()) if "_search" in row else {}
    return html.Tr(cells, className=row.get("_class", ""), **extra)
