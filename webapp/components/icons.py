"""The dozen icons in use, drawn for this product in ``assets/icons.css`` and coloured by the text around them."""

from __future__ import annotations

from dash.development.base_component import Component

from webapp.components.attributes import HIDDEN
from webapp.components.markup import html

NAMES = frozenset(
    {
        "home", "predictor", "history", "decisions", "health", "competitors", "data", "jobs", "portfolio", "reports",
        "more", "search", "sun", "moon", "plus", "upload", "download", "undo", "check", "problem", "info",
        "chevron", "close", "account", "team", "link", "agency",
    }
)  # fmt: skip


def icon(name: str) -> Component:
    """An icon beside words; hidden from screen readers because the words say it.

    Raises:
        KeyError: no such icon.
    """
    if name not in NAMES:
        raise KeyError(name)
    return html.Span(className=f"icon icon-{name}", **HIDDEN)
