"""Versions of a workspace's daily table on its Data page: what each was read from, undo, and going back to any."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.errors import InvalidInput
from cgn_core.ingest.repairs import repairs_from_json
from cgn_core.services import data_history, workspaces
from cgn_core.services.data_history import DataVersionView, count_rejects
from cgn_core.services.workspaces import WorkspaceView
from webapp import clock, routes
from webapp.components.alerts import alert, chip, empty_state
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, local_moment, plural, retold, short_day
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "versions-of-workspace"
    VERSIONS = "data-versions"
    CHANGED = "data-changed"
    UNDO = "data-undo"
    RESTORE = "data-restore"
    KEY = "data-versions-key"
    DONE = "data-versions-done"


def cards(view: WorkspaceView) -> list[Component]:
    """The versions, drawn anew whenever one is made or chosen."""
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.CHANGED),
        html.Div(id=Ids.DONE),
        html.Div(_versions(view), id=Ids.VERSIONS),
    ]


def _versions(view: WorkspaceView) -> Component:
    versions = data_history.data_versions(db(), actor(), view.id)
    if not versions:
        sentence = "Drop an export above. It is read and checked first; you decide whether to import it."
        return card(empty_state("No data yet", sentence, glyph="upload"), title="Versions")
    undo = [version for version in versions if version.can_undo and view.may_edit]
    last = "repair" if undo and undo[0].report.get("repairs") else "import"
    action = button(f"Undo the last {last}", id=Ids.UNDO, glyph="undo") if undo else None
    key = dcc.Store(id=Ids.KEY, data=str(uuid4()))
    aside = f"each import and each repair makes one; none is ever changed; times in {view.time_zone}"
    return card(_table(view, versions), key, title="Versions", aside=aside, action=action)


@kept
def _table(view: WorkspaceView, versions: Sequence[DataVersionView]) -> Component:
    columns = [
        Column("number", "Version", primary=True),
        Column("file", "File"),
        Column("days", "Days", numeric=True),
        Column("weeks", "Weeks", numeric=True),
        Column("span", "From, to"),
        Column("by", "Made by"),
        Column("at", "When"),
        *([Column("restore", "Go back")] if view.may_edit and len(versions) > 1 else []),
    ]
    rows = [
        {
            "number": html.Span(
                [f"{version.number} ", chip("current", tone="up") if version.is_current else ""], className="nowrap"
            ),
            "file": _file(view.id, version),
            "days": count(version.rows),
            "weeks": count(version.weeks),
            "span": f"{short_day(version.first_date)} to {short_day(version.last_date)}",
            "by": version.created_by or "a job",
            "at": local_moment(version.created_at, view.time_zone),
            "restore": "" if version.is_current else _restore(version.number),
        }
        for version in versions
    ]
    return data_table(columns, rows, caption="Versions of the daily table")


def _restore(number: int) -> Component:
    return html.Button(
        "Use this",
        type="button",
        id={"type": Ids.RESTORE, "number": number},
        className="link-like",
        **aria(label=f"Use version {number}"),
    )


def _file(workspace_id: UUID, version: DataVersionView) -> Component:
    """The file's name, and beneath it how it was read; of a repair, what was done and why."""
    report, hashes = version.report, [f"SHA-256 {version.file_hash}"]
    if report.get("repairs"):
        done = [retold(repair.sentence) for repair in repairs_from_json(report["repairs"])]
        return _details(retold(version.file_name), [f"Why: {report['reason']}", *done])
    if report.get("files"):
        hashes = [f"{each['file_name']}: SHA-256 {each['file_hash']}" for each in report["files"]]
    answers = [f"{key.partition('/')[2]}: {value}" for key, value in report.get("answers", {}).items()]
    findings = len(report.get("findings", []))
    rejects = count_rejects(report)
    lines: list[Any] = [
        *hashes,
        f"{plural(findings, 'finding')} when it was read." if findings else "Nothing was found amiss.",
        *([f"Decided then: {'; '.join(answers)}."] if answers else []),
    ]
    if rejects:
        href = routes.version_rejects(workspace_id, version.number)
        lines.append(html.A(f"{plural(rejects, 'row')} left out, as CSV", href=href, download=""))
    return _details(version.file_name, lines)


def _details(name: str, lines: Sequence[Any]) -> Component:
    body = html.Ul([html.Li(line, className="words") for line in lines], className="plain-list small")
    return html.Details([html.Summary(html.Span(name, className="words")), body], className="more")


@callback(
    Output(Ids.DONE, "children"),
    Output(Ids.CHANGED, "data"),
    Input(Ids.UNDO, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def undo(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Go back to the version before; a second click on the same page is refused by the service or goes back further."""
    if not clicks:
        return no_update, no_update
    undone = data_history.undo_import(db(writes=True), actor(), identifier(workspace_id), key=str(identifier(key)))
    clock.wake()
    return alert(retold(undone.message), tone="up"), str(key)


@callback(
    Output(Ids.DONE, "children", allow_duplicate=True),
    Output(Ids.CHANGED, "data", allow_duplicate=True),
    Input({"type": Ids.RESTORE, "number": ALL}, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def restore(clicks: Sequence[int | None], workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Put the chosen version in force."""
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        return no_update, no_update
    number = ctx.triggered_id.get("number")
    if not isinstance(number, int):
        raise InvalidInput("That version isn't one; reload the page.")
    restored = data_history.restore_version(
        db(writes=True), actor(), identifier(workspace_id), number, key=str(identifier(key))
    )
    clock.wake()
    return alert(retold(restored.message), tone="up"), str(key)


@callback(
    Output(Ids.VERSIONS, "children"),
    Input(Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show(_changed: Any, workspace_id: Any) -> Component:
    """Draw the versions anew after an import or a step back."""
    return _versions(workspaces.get_workspace(db(), actor(), identifier(workspace_id)))
