"""Large parts of a page that the browser draws by itself (assets/drawn.js).

Dash keeps a subscription for every component and asks each of them at every change of anything: a table of fifty jobs
is seven hundred, and half a second of script whenever a job moves. Such a part is handed over as one component that
carries its tree as text, and costs milliseconds. Nothing in it can be a callback's input but buttons whose presses
:mod:`webapp.components.presses` keeps; links work as everywhere.
"""

from __future__ import annotations

from typing import Any

import orjson
from dash.development.base_component import Component

from webapp.components.kept import plain
from webapp.components.markup import html

TREE = "data-tree"
"""The property that a callback writes to draw the part anew."""
TABLE = "data-table"
"""Where :func:`webapp.components.tables.drawn_table` puts its cells."""


def drawn(tree: Component, *, id: str, **attributes: Any) -> Component:  # noqa: A002 - Dash's own name for it
    """A part of a page, drawn without Dash.

    Args:
        tree: of HTML components and Dash's links alone.
        id: of the part.
        attributes: of the element around it.
    """
    return html.Div(id=id, **inside(as_text(tree)), **attributes)


def inside(text: str) -> dict[str, Any]:
    """The attribute of an element inside which the browser draws what :func:`as_text` wrote.

    The same for many requests, such text may be kept: by a cached function of all that it says, as it says it.
    """
    return {TREE: text}


def as_text(tree: Any) -> str:
    """Components, or lists and words with components among them, as assets/drawn.js reads them: as Dash sends them.

    Raises:
        TypeError: there is something else among them.
    """
    return orjson.dumps(tree, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return plain(value)
    raise TypeError(f"{type(value).__name__} can't be drawn without Dash.")
