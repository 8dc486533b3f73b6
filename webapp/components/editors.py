"""Rows that people change: the buttons of a row, and the editor that one of them opens beside the table."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from dash import ctx
from dash.development.base_component import Component

from webapp.components.attributes import aria
from webapp.components.cards import button
from webapp.components.markup import dcc, html


def row_buttons(row: str, identity: UUID, kinds: Sequence[tuple[str, str]], *, said: str) -> Component:
    """A row's buttons, which a callback takes by their kinds.

    Args:
        row: what a row is, the key of its id in the buttons' ids.
        identity: of the row.
        kinds: each button's kind and its words.
        said: follows the words for a screen reader, which must tell the rows apart.
    """
    shown = [
        html.Button(
            words,
            id={"type": kind, row: str(identity)},
            n_clicks=0,
            type="button",
            className="button button-plain button-small",
            **aria(label=f"{words}{said}"),
        )
        for kind, words in kinds
    ]
    return html.Div(shown, className="actions one-line")


def pressed_in_row(row: str) -> tuple[str, str] | None:
    """The kind of the row's button that called this callback, and the row, as the browser says: untrusted.

    None where none was pressed: a button that has just been drawn reports zero clicks.
    """
    pressed = ctx.triggered_id
    if not isinstance(pressed, dict) or not ctx.triggered[0]["value"]:
        return None
    return str(pressed["type"]), str(pressed[row])


def editor(*fields: Component, identity: UUID, editing: str, save: Component, close: str, label: str) -> Component:
    """What is edited of one row, with what keeps it and what leaves it as it was, as does Escape (assets/editors.js).

    Args:
        fields: to be filled in.
        identity: of the row; kept in the store ``editing``.
        editing: id of that store.
        save: the button that keeps what was entered.
        close: id of the button that leaves it.
        label: what is edited, for a screen reader.
    """
    leave = button("Leave as it is", id=close, quiet=True, leaves=True)
    return html.Div(
        [dcc.Store(id=editing, data=str(identity)), *fields, html.Div([save, leave], className="actions")],
        className="stack above-space editor",
        role="group",
        tabIndex="-1",
        **aria(label=label),
    )
