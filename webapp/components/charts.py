"""A chart with its text alternative and its numbers as a table; drawn in the browser in the theme's colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import MATCH, ClientsideFunction, Input, Output, State, clientside_callback
from dash.development.base_component import Component

from cgn_core.figures.tokens import Figure
from webapp.components.attributes import aria
from webapp.components.markup import dcc, html
from webapp.components.tables import Column, drawn_table

FIGURE = "figure"
NUMBERS = "figure-numbers"
BLANK: Figure = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}
CONFIG: Any = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "showTips": False}


def graph_id(name: str) -> dict[str, str]:
    """The id of a chart's graph."""
    return {"type": FIGURE, "name": name}


def chart(
    name: str,
    figure: Figure,
    *,
    words: str,
    columns: Sequence[Column] = (),
    rows: Sequence[Mapping[str, Any]] = (),
    key: Component | None = None,
) -> Component:
    """A figure, what it shows in a sentence for those who can't see it, and the same numbers as a table.

    Args:
        name: unique on the page.
        figure: a dict figure whose colours are tokens.
        words: the text alternative.
        columns: of the table view; none, no table (the numbers stand beside the chart already).
        rows: of the table view.
        key: what its colours mean, right below it.
    """
    table = []
    if columns:
        table.append(
            html.Details(
                [html.Summary("Show as a table"), drawn_table(columns, rows, caption=words)],
                className="more chart-table",
            )
        )
    return html.Div(
        [
            dcc.Store(id={"type": NUMBERS, "name": name}, data=figure),
            empty_graph(name, height=figure["layout"]["height"], words=words),
            *([key] if key is not None else []),
            *table,
        ],
        className="chart",
    )


def empty_graph(name: str, *, height: int, words: str) -> Component:
    """The graph itself; the browser fills it."""
    return html.Div(
        dcc.Graph(
            id=graph_id(name),
            figure={**BLANK, "layout": {**BLANK["layout"], "height": height}},
            config=CONFIG,
            style={"height": f"{height}px"},
        ),
        role="img",
        style={"minHeight": f"{height}px"},  # so that nothing moves when the chart library has arrived
        **aria(label=words),
    )


clientside_callback(
    ClientsideFunction("figures", "draw"),
    Output({"type": FIGURE, "name": MATCH}, "figure"),
    Input({"type": NUMBERS, "name": MATCH}, "data"),
    State({"type": FIGURE, "name": MATCH}, "id"),
)
