"""Alerts, chips, empty states: the sentences a page says beside its numbers."""

from __future__ import annotations

from typing import Any, Literal

from dash.development.base_component import Component

from webapp.components.icons import icon
from webapp.components.markup import html

Tone = Literal["up", "down", "caution", "accent", "muted"]

_ICONS: dict[Tone, str] = {
    "up": "check",
    "down": "problem",
    "caution": "problem",
    "accent": "info",
    "muted": "info",
}


def alert(
    sentence: Any, *, tone: Tone = "accent", title: str | None = None, action: Component | None = None
) -> Component:
    """A sentence that matters now; announced by screen readers, at once where something went wrong."""
    body: list[Any] = [html.Strong([title, " "]), sentence] if title else [sentence]
    return html.Div(
        [icon(_ICONS[tone]), html.Div(body, className="alert-words"), *([action] if action else [])],
        className=f"notice tone-{tone}",
        role="alert" if tone == "down" else "status",
    )


def chip(text: str, *, tone: Tone = "muted", title: str | None = None) -> Component:
    """A state in a few words; the words carry the meaning, the colour only helps."""
    return html.Span(text, className=f"chip tone-{tone}", title=title)


def light(text: Any, *, tone: Tone) -> Component:
    """One line of a list of lights: a dot, and what it means in words."""
    return html.Li([html.Span(className=f"dot tone-{tone}"), html.Span(text)])


def lights(*lines: Component) -> Component:
    """A list of :func:`light` lines."""
    return html.Ul(list(lines), className="lights")


def empty_state(
    title: str, sentence: Any, *actions: Component, glyph: str = "info", is_page: bool = False
) -> Component:
    """What a page shows when there is nothing yet: what is missing, and what to do next.

    ``is_page`` makes its title the page's own heading, where there is no other.
    """
    heading = (
        html.H1(title, className="empty-title", id="page-title", tabIndex="-1")
        if is_page
        else html.H2(title, className="empty-title")
    )
    return html.Div(
        [
            html.Div(icon(glyph), className="empty-glyph"),
            heading,
            html.P(sentence, className="muted"),
            html.Div(list(actions), className="actions") if actions else None,
        ],
        className="empty",
    )
