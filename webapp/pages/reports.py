"""Client reports: make one, download it in any form, rebuild it, mail it to somebody of the team, delete it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.services import mail_server, mails, reports, retention, workspaces
from cgn_core.services.reports import ReportFile, ReportView
from cgn_core.services.workspaces import WorkspaceView
from webapp import clock, routes
from webapp.components import shell
from webapp.components.alerts import alert, chip, empty_state
from webapp.components.attributes import aria
from webapp.components.cards import button, card, link_button, page_header
from webapp.components.fields import field
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, local_moment, plural
from webapp.components.presses import kept_presses, pressed, pressed_of, writes_press
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/reports"
TITLE = "Reports"
REMOVE, REBUILD = "reports-remove", "reports-rebuild"
FORMS = {"pdf": "PDF", "html": "HTML", "xlsx": "Excel"}
KILOBYTE = 1024
SHOWN = 5
"""Places where a rebuilt report differs that its hint names."""


class Ids(StrEnum):
    """Component ids of this page."""

    WORKSPACE = "reports-workspace"
    KEY = "reports-key"
    MAKE = "reports-make"
    OUTCOME = "reports-outcome"
    LIST = "reports-list"
    SHOWN = "reports-shown"
    FILE = "reports-file"
    TO = "reports-to"
    MAIL = "reports-mail"


def layout(*, workspace_id: UUID) -> Component:
    """The reports that are kept, and the button that makes another."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    listed = reports.list_reports(db(), actor(), workspace_id)
    make = (
        [button("Make a report", id=Ids.MAKE, primary=True, glyph="reports")]
        if workspace.may_edit and workspace.data_version
        else []
    )
    words = "For the client, as PDF, HTML and Excel: what to expect, what drives growth, and how well forecasts held."
    return html.Div(
        [
            page_header(TITLE, words, *make),
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            dcc.Store(id=Ids.KEY, data=str(uuid4())),
            *kept_presses(REMOVE, REBUILD, Ids.MAIL),
            html.Div(id=Ids.OUTCOME, **aria(live="polite")),
            dcc.Store(id=Ids.SHOWN, data=_shown(listed)),
            html.Div(_body(workspace, listed), id=Ids.LIST, className="stack"),
        ],
        className="stack",
    )


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.KEY, "data"),
    Input(Ids.MAKE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def make(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Queue a report; clicking twice queues one."""
    if not clicks:
        return no_update, no_update
    reports.request_report(db(writes=True), actor(), identifier(workspace_id), key=str(key)[:64])
    clock.wake()
    return alert("A report is being made; it appears below when it is ready."), str(uuid4())


@callback(
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.KEY, "data", allow_duplicate=True),
    pressed(REBUILD),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def rebuild(press: Any, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Queue a report of the data version and the model version that a kept one was made of."""
    if not press:
        return no_update, no_update
    earlier = identifier(pressed_of(press))
    reports.request_report(
        db(writes=True), actor(), identifier(workspace_id), key=f"{earlier}:{key!s:.64}", rebuild=earlier
    )
    clock.wake()
    words = "It is rebuilt from the same data version and model version; the list then says whether every number holds."
    return alert(words), str(uuid4())


@callback(
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.KEY, "data", allow_duplicate=True),
    pressed(Ids.MAIL),
    State(Ids.FILE, "value"),
    State(Ids.TO, "value"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def mail(press: Any, file_id: Any, to: Any, key: Any) -> tuple[Any, Any]:
    """Queue a report's mail to a member of the team."""
    if not press:
        return no_update, no_update
    if not file_id or not to:
        return alert("Choose a report and whom to send it to.", tone="caution"), no_update
    mails.request_mail(db(writes=True), actor(), identifier(file_id), identifier(to), key=str(key)[:64])
    clock.wake()
    return alert("The mail is on its way; Jobs says when it was sent."), str(uuid4())


@callback(
    Output(Ids.LIST, "children"),
    Output(Ids.SHOWN, "data"),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Input(shell.Ids.FINISHED, "data"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.SHOWN, "data"),
    prevent_initial_call=True,
)
def refresh(_finished: Any, workspace_id: Any, shown: Any) -> tuple[Any, Any, Any]:
    """List the reports anew once a job has made another; else the form below keeps what was chosen in it."""
    workspace = workspaces.get_workspace(db(), actor(), identifier(workspace_id))
    listed = reports.list_reports(db(), actor(), workspace.id)
    now = _shown(listed)
    if now == shown:
        return no_update, no_update, no_update
    more = {*now.split()} - {*str(shown).split()}
    return _body(workspace, listed), now, alert("The report is ready: see below.", tone="up") if more else no_update


@callback(
    Output(Ids.LIST, "children", allow_duplicate=True),
    Output(Ids.SHOWN, "data", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    pressed(REMOVE),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def remove(press: Any, workspace_id: Any) -> tuple[Any, Any, Any]:
    """Delete a report."""
    if not press:
        return no_update, no_update, no_update
    reports.remove_report(db(writes=True), actor(), identifier(pressed_of(press)))
    words = "The report is deleted. The data it was made from are still here: make another at any time."
    workspace = workspaces.get_workspace(db(), actor(), identifier(workspace_id))
    listed = reports.list_reports(db(), actor(), workspace.id)
    return _body(workspace, listed), _shown(listed), alert(words)


def _shown(listed: list[ReportView]) -> str:
    return " ".join(str(each.id) for each in listed)


def _body(workspace: WorkspaceView, listed: list[ReportView]) -> list[Component]:
    if not listed:
        return [card(_nothing(workspace))]
    return [_table(workspace, listed), *_mailing(workspace, listed)]


def _nothing(workspace: WorkspaceView) -> Component:
    if workspace.data_version == 0:
        action = link_button("Import data", routes.data(workspace.id), primary=True, glyph="upload")
        return empty_state("No data yet", "Import this creator's numbers to report on them.", action, glyph="data")
    words = "Make one: it holds what the pages say today, and where every number comes from."
    return empty_state("No report yet", words if workspace.may_edit else "Nobody has made one so far.", glyph="reports")


def _table(workspace: WorkspaceView, listed: list[ReportView]) -> Component:
    may_edit = workspace.may_edit
    shown = [
        Column("name", "Report", primary=True),
        Column("made", "Made"),
        Column("of", "From"),
        Column("files", "Download"),
        *([Column("actions", "", numeric=True)] if may_edit else []),
    ]
    rows = [
        {
            "name": _name(each),
            "made": _made(each, workspace.time_zone),
            "of": _made_of(each),
            "files": html.Div([_fetch(each, file) for file in each.files], className="actions one-line"),
            "actions": _actions(each) if may_edit else None,
        }
        for each in listed
    ]
    chosen = retention.get_retention(db(), actor())
    longest = round(chosen.installation_files_days)
    kept = f"kept for {plural(min(chosen.files_kept_days or longest, longest), 'day')}; times in {workspace.time_zone}"
    return card(data_table(shown, rows, caption="Reports"), title="Made so far", aside=f"\N{MIDDLE DOT} {kept}")


def _name(report: ReportView) -> Component:
    """The report, and for a rebuilt one whether it says the same."""
    if report.differences is None:
        return html.Span(report.name)
    differs = plural(len(report.differences), "place")
    said = (
        chip("rebuilt: same numbers", tone="up")
        if not report.differences
        else chip(f"rebuilt: differs in {differs}", tone="caution", title="; ".join(report.differences[:SHOWN]))
    )
    return html.Span([report.name, " ", said])


def _made(report: ReportView, time_zone: str) -> Component:
    at = local_moment(report.created_at, time_zone)
    by = html.Span(_by(report), className="muted small")
    return html.Span([html.Span(at, className="nowrap"), html.Br(), by])


def _by(report: ReportView) -> str:
    return f"by {report.made_for}" if report.made_for else "by a schedule, or somebody who left"


def _fetch(report: ReportView, file: ReportFile) -> Component:
    """A link that fetches a report in one form; what is fetched is no page."""
    form = FORMS[file.form]
    size = f"{count(max(1, file.size / KILOBYTE))} KB"
    named = aria(label=f"Download {report.name} of {report.created_at:%H:%M} as {form}, {size}")
    return html.A(form, href=routes.stored_file(file.id), download="", className="inline-link", title=size, **named)


def _actions(report: ReportView) -> Component:
    said = f"{report.name} of {report.created_at:%H:%M}"
    again = [_press("Rebuild", REBUILD, report, said)] if report.may_rebuild else []
    return html.Div([*again, _press("Delete", REMOVE, report, said)], className="actions one-line")


def _press(words: str, kind: str, report: ReportView, said: str) -> Component:
    return html.Button(
        words,
        className="button button-quiet button-small",
        type="button",
        **aria(label=f"{words} {said}"),
        **writes_press(kind, of=str(report.id)),
    )


def _made_of(report: ReportView) -> Component | str:
    if report.data_version is None:
        return ""
    model = f"model {report.model_number}" if report.model_number is not None else "no model"
    data = html.Span(f"data version {report.data_version},", className="nowrap")
    return html.Span([data, " ", html.Span(model, className="nowrap")])


def _mailing(workspace: WorkspaceView, listed: list[ReportView]) -> list[Component]:
    """The form that mails a report, where there is a mail server and a right to use it."""
    if not workspace.may_edit or not mail_server.can_mail() or not any(each.files for each in listed):
        return []
    files: list[Any] = [
        {"value": str(file.id), "label": f"{each.name} as {FORMS[file.form]}, {each.created_at:%H:%M} UTC"}
        for each in listed
        for file in each.files
    ]
    people: list[Any] = [
        {"value": str(each.id), "label": each.name} for each in mails.list_recipients(db(), actor(), workspace.id)
    ]
    fields = [
        field("Report", dcc.Dropdown(id=Ids.FILE, options=files, value=files[0]["value"], clearable=False)),
        field("To", dcc.Dropdown(id=Ids.TO, options=people, value=people[0]["value"], clearable=False)),
    ]
    return [
        card(
            html.Div(fields, className="field-grid"),
            html.Div(button("Send", id=Ids.MAIL, redrawn=True), className="actions above-space"),
            title="Send by mail",
            aside="\N{MIDDLE DOT} to members of your agency who may see this creator",
        )
    ]
