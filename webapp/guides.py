"""Each page's explaining note, until whoever looks puts it away, for themselves and nobody else."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import guides
from webapp.components.guide import GUIDES, NEEDS, guide
from webapp.components.shell import Ids
from webapp.request_scope import actor, db


def note_of(page: str) -> Component | None:
    """The note of a page module; None where it has none, or has it no longer for whoever looks."""
    if page not in GUIDES or not actor().may(NEEDS.get(page, Action.READ)):
        return None
    return guide(page) if guides.is_guided(db(), actor(), page) else None


@callback(
    Output(Ids.GUIDE, "children"),
    Input(Ids.GUIDE_HIDE, "n_clicks"),
    Input(Ids.GUIDE_HIDE_ALL, "n_clicks"),
    State(Ids.GUIDE_PAGE, "data"),
    prevent_initial_call=True,
)
def hide(one: int | None, every: int | None, page: Any) -> Any:
    """Hide it for good; shell.js hands the keyboard to the page's heading."""
    if not (one or every) or not isinstance(page, str) or page not in GUIDES:
        return no_update
    guides.hide_guide(db(writes=True), actor(), guides.EVERY if ctx.triggered_id == Ids.GUIDE_HIDE_ALL else page)
    return None
