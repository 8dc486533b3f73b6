"""Large parts of a page that the browser draws by itself (assets/drawn.js).

Dash keeps a subscription for every component and asks each of them at every change of anything: a table of fifty jobs
is seven hundred, and half a second of script whenever a job moves. Such a part is handed over as one component that
carries its tree as text, and costs milliseconds. Nothing in it can be a callback's input but buttons whose presses
:mod:`webapp.components.presses` keeps; links work as everywhere.
"""

from __future__ import annotations

import json
from typing import Any

from dash.development.base_component import Component

from webapp.components.markup import html

TREE = "data-tree"
"""The property that a callback writes to draw the part anew."""


def drawn(tree: Component, *, id: str, **attributes: Any) -> Component:  # noqa: A002 - Dash's own name for it
    """A part of a page, drawn without Dash.

    Args:
        tree: of HTML components and Dash's links alone.
        id: of the part.
        attributes: of the element around it.
    """
    carried: dict[str, Any] = {TREE: as_text(tree)}
    return html.Div(id=id, **carried, **attributes)


def as_text(tree: Component) -> str:
    """The tree as assets/drawn.js reads it, which is as Dash would send it."""
    return json.dumps(tree, default=lambda component: component.to_plotly_json(), ensure_ascii=False, allow_nan=False)
