"""Labelled fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from webapp.components.markup import dcc, html


def field(label: str, control: Component, hint: str | None = None) -> Component:
    """A control inside its label, with a hint below."""
    words = [html.Span(label, className="field-label"), control]
    return html.Label([*words, html.Span(hint, className="field-hint") if hint else None], className="field")


def number_field(
    label: str,
    *,
    id: str,  # noqa: A002 - Dash's own name for it
    value: float | None = None,
    low: float,
    high: float,
    step: float | str = 1,
    placeholder: str = "",
    hint: str | None = None,
) -> Component:
    """A number between two bounds; the browser hints at them, the service checks them."""
    control = dcc.Input(
        id=id, type="number", value=value, min=low, max=high, step=step, placeholder=placeholder, className="input"
    )
    return field(label, control, hint)


def text_field(
    label: str,
    *,
    id: str,  # noqa: A002 - Dash's own name for it
    value: str = "",
    placeholder: str = "",
    hint: str | None = None,
) -> Component:
    """A line of text."""
    control = dcc.Input(id=id, type="text", value=value, placeholder=placeholder, className="input", maxLength=200)
    return field(label, control, hint)


def choice(
    legend: str,
    options: Sequence[tuple[str, str]],
    *,
    id: str,  # noqa: A002 - Dash's own name for it
    value: str,
) -> Component:
    """One of a few; radio buttons, so that all are seen."""
    listed: list[Any] = [{"value": key, "label": words} for key, words in options]
    radios = dcc.RadioItems(id=id, options=listed, value=value, className="choices", labelClassName="choice-item")
    return html.Fieldset([html.Legend(legend), radios])
