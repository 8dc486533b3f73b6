"""Registers the pages, puts the shell around them, and keeps the header's jobs indicator live."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from types import ModuleType
from typing import Any

from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    no_update,
    page_container,
    register_page,
)
from dash.development.base_component import Component

from cgn_core.access import ALLOWED
from cgn_core.errors import NotFound
from cgn_core.services import accounts, navigation
from webapp import clock, guides, routes
from webapp.components.alerts import empty_state
from webapp.components.cards import card, link_button
from webapp.components.markup import dcc, html
from webapp.components.numbers import moment
from webapp.components.shell import Frame, Ids, framed, jobs_indicator
from webapp.pages import PAGES
from webapp.request_scope import actor, db, identifier

BRAND = "Growth Navigator"

_register: Callable[..., None] = register_page


def root_layout() -> Component:
    """What every page shares; the same for everyone, so it needs no actor."""
    return html.Div(
        [
            page_container,
            dcc.Interval(id=Ids.CLOCK, interval=clock.BUSY_MILLISECONDS),
            dcc.Store(id=Ids.PULSE),
            dcc.Store(id=Ids.FINISHED),
            dcc.Store(id=Ids.ARRIVED),
        ]
    )


def register_pages() -> None:
    """Hand the pages to Dash, those with more segments first: Dash takes the first template that fits."""
    ordered = sorted(PAGES, key=lambda page: -page.PATH.count("/"))
    for order, page in enumerate(ordered):
        _register(
            page.__name__,
            path=None if "<" in page.PATH else page.PATH,
            path_template=page.PATH if "<" in page.PATH else None,
            title=f"{page.TITLE} \N{MIDDLE DOT} {BRAND}",
            order=order,
            layout=partial(page_layout, page),
        )
    _register("not_found_404", path="/page-not-found", title=BRAND, order=len(ordered), layout=not_found_layout)


def page_layout(page: ModuleType, **values: Any) -> Component:
    """A page inside the shell, or "not found" inside it.

    Args:
        page: the page module.
        values: path variables and query parameters, mixed by Dash, the query winning: all untrusted. Only those that
            the page's layout names are handed on; ``workspace_id`` is what the page and the shell both get.
    """
    wanted = _named_by(page.layout)
    accepted = {name: value for name, value in values.items() if name in wanted}
    current = page.__name__.rsplit(".", 1)[-1]
    try:
        if "workspace_id" in accepted:
            accepted["workspace_id"] = identifier(accepted["workspace_id"])
        frame = _frame(current, accepted.get("workspace_id"))
        return framed(page.layout(**accepted), frame, guide=guides.note_of(current))
    except NotFound:
        return not_found_layout()


@cache
def _named_by(layout: Callable[..., Component]) -> frozenset[str]:
    return frozenset(inspect.signature(layout).parameters)


def not_found_layout(**_values: Any) -> Component:
    """The page for addresses that lead nowhere, or to somebody else's things; alike on purpose."""
    sentence = "There is no such page, or it belongs to another agency."
    back = link_button("To the portfolio", routes.PORTFOLIO, primary=True)
    found = empty_state("Not found", sentence, back, glyph="search", is_page=True)
    return framed(card(found), _frame(""))


def _frame(current: str, workspace_id: Any = None) -> Frame:
    who = accounts.get_account(db(), actor())
    known = navigation.known_workspaces(db(), actor())
    here = next((each for each in known if each.id == workspace_id), None)
    if workspace_id is not None and here is None:
        raise NotFound
    return Frame(
        agency=who.agency,
        name=who.name,
        email=who.email,
        initials=who.initials,
        workspaces=[(each.id, each.handle) for each in known],
        allowed=ALLOWED[who.role],
        workspace_id=workspace_id,
        handle=here.handle if here else None,
        current=current,
        printed=_printed(who.agency, here),
    )


def _printed(agency: str, here: navigation.KnownWorkspace | None) -> str:
    """What a page on paper has to say of itself: the address and the header aren't there."""
    version = [f"@{here.handle}", f"data version {here.data_version}"] if here else []
    return " \N{MIDDLE DOT} ".join([agency, *version, f"as of {moment(datetime.now(UTC))} UTC"])


@callback(
    Output(Ids.PULSE, "data"),
    Output(Ids.FINISHED, "data"),
    Output(Ids.CLOCK, "interval"),
    Output(Ids.CLOCK, "disabled"),
    Input(Ids.CLOCK, "n_intervals"),
    Input(Ids.ARRIVED, "data"),
    State(Ids.PULSE, "data"),
    State(Ids.FINISHED, "data"),
    State(Ids.CLOCK, "interval"),
)
def take_pulse(
    _ticks: int | None, _arrivals: Any, before: Any, finished_before: Any, interval: Any
) -> tuple[Any, Any, int, bool]:
    """One cheap look at all jobs: what runs, and whether anything ended since; less and less often, then not at all."""
    now = navigation.pulse(db(), actor())
    seen = {"count": now.count, "headline": now.headline, "progress": round(now.progress, 2), "revision": now.revision}
    return (
        seen if seen != before else no_update,
        now.finished if now.finished != finished_before else no_update,
        clock.interval(now.asked_at, datetime.now(UTC)),
        # Only the clock's own look stops it: an arrival's may be answered after somebody has just asked for something.
        now.count == 0 and interval == clock.IDLE_MILLISECONDS and ctx.triggered_id == Ids.CLOCK,
    )


@callback(Output(Ids.JOBS, "children"), Output(Ids.JOBS, "className"), Input(Ids.PULSE, "data"))
def show_jobs(pulse: Any) -> tuple[Any, str]:
    """The header's words about running jobs."""
    known = pulse if isinstance(pulse, dict) else {}
    count, progress = (known[key] if isinstance(known.get(key), int | float) else 0 for key in ("count", "progress"))
    words = jobs_indicator(int(count), str(known.get("headline", "")), float(progress))
    return words, "jobs-link is-active" if count else "jobs-link"


clientside_callback(
    ClientsideFunction("shell", "arrived"),
    Output(Ids.ARRIVED, "data"),
    Input("_pages_content", "children"),
    State("_pages_location", "pathname"),
)
