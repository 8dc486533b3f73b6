"""A link to hand to somebody: shown once, copied with a button."""

from __future__ import annotations

from dash.development.base_component import Component

from webapp.components.attributes import aria, data
from webapp.components.fields import field
from webapp.components.icons import icon
from webapp.components.markup import dcc, html


def handed_link(label: str, address: str, *, id: str, hint: str) -> Component:  # noqa: A002 - Dash's own name for it
    """The address in a field that can be selected, and a button that copies it (assets/copying.js)."""
    shown = dcc.Input(id=id, type="text", value=address, readOnly=True, className="input")
    copy = html.Button(
        [icon("link"), html.Span("Copy", **aria(live="polite"))],
        type="button",
        className="button button-plain",
        **data(copies=id),
    )
    return html.Div([field(label, shown, hint), copy], className="handed-link")
