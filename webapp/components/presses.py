"""Buttons in a part of a page that is drawn anew while somebody may press them: no press is lost.

A button that is drawn anew has zero clicks, and Dash reads what a callback gets only when it sends it: a click shortly
before was gone. Such a button writes into a store beside the part (assets/presses.js), and its callback listens there.
"""

from __future__ import annotations

from typing import Any

from dash import Input

from webapp.components.attributes import data
from webapp.components.markup import dcc


def kept_presses(*buttons: str) -> list[dcc.Store]:
    """Where the presses of these buttons are kept; stands outside what is drawn anew."""
    return [dcc.Store(id=_store(button)) for button in buttons]


def writes_press(button: str, of: str = "") -> dict[str, Any]:
    """Attributes of a button whose presses are kept.

    Args:
        button: the button's name, the same in every row.
        of: the row that it stands in.
    """
    return {"id": f"{button}-{of}" if of else button, **data(presses=_store(button), press_of=of)}


def pressed(button: str) -> Input:
    """A callback's input: None until the button was pressed."""
    return Input(_store(button), "data")


def pressed_of(press: Any) -> str:
    """The row whose button was pressed, as the browser says; untrusted."""
    return str(press.get("of", "")) if isinstance(press, dict) else ""


def _store(button: str) -> str:
    return f"{button}-pressed"
