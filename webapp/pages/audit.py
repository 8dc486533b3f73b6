"""The audit log: who did what, filtered by the address, so that the back button and a copied link work."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.errors import InvalidInput
from cgn_core.services.audit_lines import SYSTEM, AuditPage, audit_choices, list_audit, read_filter
from cgn_core.services.audit_words import GROUPS
from webapp import routes
from webapp.components.alerts import alert, empty_state
from webapp.components.cards import button, card, download_button, link_button, page_header
from webapp.components.fields import field
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, moment, retold
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db

PATH = routes.AUDIT
TITLE = "Audit log"
LONGEST_NUMBER = 9
WORDS = "Who did what, and when. Lines are added by what happens and can't be changed or deleted by anybody."
COLUMNS = (
    Column("what", "What", primary=True),
    Column("who", "Who"),
    Column("at", "When"),
    Column("number", "Line", numeric=True),
)


class Ids(StrEnum):
    """Ids of this page."""

    WHO = "audit-who"
    WHAT = "audit-what"
    WORKSPACE = "audit-workspace"
    SINCE = "audit-since"
    UNTIL = "audit-until"
    SHOW = "audit-show"


def layout(
    *, who: str = "", what: str = "", workspace: str = "", since: str = "", until: str = "", before: str = ""
) -> Component | list[Component]:
    """The lines that the address asks for, newest first, and the form that changes the address."""
    if not actor().may(Action.READ_AUDIT):
        back = link_button("To the portfolio", routes.PORTFOLIO, primary=True)
        sentence = "It tells what everybody did. Ask an owner of your agency."
        return [page_header(TITLE), card(empty_state("The audit log is the owners'", sentence, back, glyph="info"))]
    asked = {"who": who, "what": what, "workspace": workspace, "since": since, "until": until}
    asked = {name: value for name, value in asked.items() if value}
    try:
        page = list_audit(db(), actor(), read_filter(**asked), older_than=_number(before))
    except InvalidInput as error:
        problem, page, download = retold(error.message), None, []
    else:
        problem, download = "", [download_button("CSV", routes.audit_csv(asked))]
    return html.Div(
        [
            page_header(TITLE, WORDS, *download),
            card(_form(asked), title="Filter"),
            alert(problem, tone="caution") if page is None else _lines(page, asked),
        ],
        className="stack",
    )


def _number(text: str) -> int | None:
    """A line's number from the address; None for what can't be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def _form(asked: Mapping[str, str]) -> Component:
    choices = audit_choices(db(), actor())
    people = [(SYSTEM, "The portal itself"), *((str(key), name) for key, name in choices.people)]
    workspaces = [(str(key), f"@{handle}") for key, handle in choices.workspaces]
    days = ((Ids.SINCE, "From", "since"), (Ids.UNTIL, "To, included", "until"))
    controls = [
        _choice("Who", Ids.WHO, people, asked.get("who"), "Everybody"),
        _choice("What", Ids.WHAT, [(name, name) for name in GROUPS], asked.get("what"), "Everything"),
        _choice("Workspace", Ids.WORKSPACE, workspaces, asked.get("workspace"), "All"),
        *(
            field(label, dcc.Input(id=name, type="date", value=asked.get(key), className="input"))  # type: ignore[arg-type]  # its annotation forgets a type that browsers have
            for name, label, key in days
        ),
    ]
    clear = [link_button("Clear", routes.AUDIT, quiet=True)] if asked else []
    return html.Div(
        [
            html.Div(controls, className="field-grid"),
            html.Div([button("Show", id=Ids.SHOW, primary=True), *clear], className="actions above-space"),
        ]
    )


def _choice(label: str, name: str, options: list[tuple[str, str]], value: str | None, nothing: str) -> Component:
    listed: list[Any] = [{"value": key, "label": words} for key, words in options]
    known = value if value in {key for key, _ in options} else None
    return field(label, dcc.Dropdown(id=name, options=listed, value=known, placeholder=nothing))


def _lines(page: AuditPage, asked: Mapping[str, str]) -> Component:
    if not page.lines:
        sentence = "Nothing that was done fits this filter." if asked else "What is done from now on shows here."
        return card(empty_state("No line", sentence, glyph="search"))
    rows = [
        {
            "what": html.Span(line.sentence, className="words"),
            "who": line.who,
            "at": html.Span(moment(line.at, seconds=True), className="nowrap"),
            "number": count(line.number),
        }
        for line in page.lines
    ]
    older = (
        [link_button("Older", routes.audit({**asked, "before": str(page.older_than)}))]
        if page.older_than is not None
        else []
    )
    return card(
        data_table(COLUMNS, rows, caption="Audit log, newest first"),
        html.Div([*older, link_button("Newest", routes.audit(asked), quiet=True)], className="actions above-space"),
        title="Lines",
        aside=f"\N{MIDDLE DOT} newest first, times in {page.time_zone}",
    )


@callback(
    Output("_pages_location", "search"),
    Input(Ids.SHOW, "n_clicks"),
    State(Ids.WHO, "value"),
    State(Ids.WHAT, "value"),
    State(Ids.WORKSPACE, "value"),
    State(Ids.SINCE, "value"),
    State(Ids.UNTIL, "value"),
    prevent_initial_call=True,
)
def show(clicks: int | None, *chosen: Any) -> Any:
    """Put the filter into the address; the page that follows reads it from there."""
    if not clicks:
        return no_update
    names = ("who", "what", "workspace", "since", "until")
    return routes.query_of({name: str(value) for name, value in zip(names, chosen, strict=True) if value})
