"""A workspace's data: drop a file, see what the server read in it, import it; versions with undo; minutes of work."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from cgn_core.services import imports, workspaces
from cgn_core.services.imports import DataVersionView
from cgn_core.services.workspaces import WorkspaceView
from cgn_core.settings import settings
from cgn_core.tables import DEFAULT_MINUTES
from webapp import clock, routes, uploads
from webapp.components.alerts import alert, chip, empty_state
from webapp.components.cards import button, card, page_header
from webapp.components.exports import export_menu
from webapp.components.fields import number_field, text_field
from webapp.components.numbers import count, plural, short_day
from webapp.components.tables import Column, data_table
from webapp.components.uploads import UploadIds, drop_zone
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/data"
TITLE = "Data"


class Ids(StrEnum):
    """Ids of this page."""

    WORKSPACE = "data-workspace"
    UPLOAD = "data-upload"
    READING = "data-reading"
    PREVIEW = "data-preview"
    ANSWER = "data-answer"
    AGAIN = "data-again"
    DROPPED = "data-dropped"
    UPLOADED = "data-uploaded"
    IMPORT = "data-import"
    DISCARD = "data-discard"
    NAME = "data-name"
    VERSIONS = "data-versions"
    CHANGED = "data-changed"
    UNDO = "data-undo"
    UNDO_KEY = "data-undo-key"
    UNDONE = "data-undone"
    POSTS = "data-minutes-posts"
    REELS = "data-minutes-reels"
    STORIES = "data-minutes-stories"
    ZONE = "data-zone"
    SAVE = "data-save"
    SAVED = "data-saved"


MINUTES = dict(zip(DEFAULT_MINUTES, (Ids.POSTS, Ids.REELS, Ids.STORIES), strict=True))

UPLOAD_IDS = UploadIds(import_=Ids.IMPORT, discard=Ids.DISCARD, name=Ids.NAME, answer=Ids.ANSWER, again=Ids.AGAIN)


def layout(workspace_id: UUID) -> list[Component]:
    """The page."""
    view = workspaces.get_workspace(db(), actor(), workspace_id)
    actions = [export_menu(view)] if view.data_version else []
    return [
        page_header(TITLE, _subtitle(view), *actions),
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.UPLOADED),
        dcc.Store(id=Ids.DROPPED),
        dcc.Store(id=Ids.CHANGED),
        *(_upload() if view.may_edit else []),
        html.Div(_versions(view), id=Ids.VERSIONS),
        *([_effort(view)] if view.may_edit else []),
    ]


def _subtitle(view: WorkspaceView) -> str:
    if not view.data_version or view.first_date is None:
        return f"@{view.handle} has no data yet."
    words = f"@{view.handle}: {plural(view.rows, 'day')}, {short_day(view.first_date)} to "
    words += f"{short_day(view.card.data_last_date)}; version {view.data_version}"
    if view.provisional_days:
        words += f"; the last {plural(view.provisional_days, 'day')} provisional"
    return words + "."


def _upload() -> list[Component]:
    return [
        drop_zone(id=Ids.UPLOAD, limit=settings().upload_limit_bytes),
        html.Div(alert("Reading the file.", tone="accent"), id=Ids.READING, hidden=True),
        html.Div(id=Ids.PREVIEW),
    ]


def _versions(view: WorkspaceView) -> Component:
    versions = imports.data_versions(db(), actor(), view.id)
    if not versions:
        sentence = "Drop an export above. It is read and checked first; you decide whether to import it."
        return card(empty_state("No data yet", sentence, glyph="upload"), title="Versions")
    undo = [version for version in versions if version.can_undo and view.may_edit]
    action = button("Undo the last import", id=Ids.UNDO, glyph="undo") if undo else None
    extras: list[Component] = [html.Div(id=Ids.UNDONE), dcc.Store(id=Ids.UNDO_KEY, data=str(uuid4()))]
    aside = "each import makes one; none is ever changed"
    return card(_version_table(versions), *extras, title="Versions", aside=aside, action=action)


def _version_table(versions: Sequence[DataVersionView]) -> Component:
    columns = [
        Column("number", "Version", primary=True),
        Column("file", "File"),
        Column("days", "Days", numeric=True),
        Column("weeks", "Weeks", numeric=True),
        Column("span", "From, to"),
        Column("by", "Imported by"),
        Column("at", "When"),
    ]
    rows = [
        {
            "number": html.Span(
                [f"{version.number} ", chip("current", tone="up") if version.is_current else ""], className="nowrap"
            ),
            "file": html.Span(version.file_name, className="words"),
            "days": count(version.rows),
            "weeks": count(version.weeks),
            "span": f"{short_day(version.first_date)} to {short_day(version.last_date)}",
            "by": version.created_by or "a job",
            "at": f"{short_day(version.created_at)}, {version.created_at:%H:%M} UTC",
        }
        for version in versions
    ]
    return data_table(columns, rows, caption="Versions of the daily table")


def _effort(view: WorkspaceView) -> Component:
    minutes = [
        number_field(f"Minutes per {kind.removesuffix('s')}" if kind != "stories" else "Minutes per story",
                     id=MINUTES[kind], value=view.minutes[kind], low=1, high=1440, step="any")
        for kind in DEFAULT_MINUTES
    ]  # fmt: skip
    zone = text_field("Time zone", id=Ids.ZONE, value=view.time_zone, hint="days are cut here, like Europe/Berlin")
    return card(
        html.Div([*minutes, zone], className="field-grid"),
        html.Div([button("Save", id=Ids.SAVE), html.Div(id=Ids.SAVED)], className="actions above-space"),
        title="Work and time zone",
        aside="what follows per hour are counted with",
    )


clientside_callback(
    ClientsideFunction(namespace="uploads", function_name="keep"),
    Output(Ids.DROPPED, "data"),
    Output(Ids.UPLOAD, "contents"),
    Input(Ids.UPLOAD, "contents"),
    State(Ids.UPLOAD, "filename"),
    prevent_initial_call=True,
)


@callback(
    Output(Ids.PREVIEW, "children"),
    Output(Ids.UPLOADED, "data"),
    Input(Ids.DROPPED, "data"),
    State(Ids.WORKSPACE, "data"),
    running=[(Output(Ids.READING, "hidden"), False, True)],
    prevent_initial_call=True,
)
def read_file(dropped: Any, workspace_id: Any) -> tuple[Any, Any]:
    """Read what was dropped and show what importing it would change."""
    if dropped is None:
        return no_update, no_update
    return uploads.read(dropped, workspace_id=identifier(workspace_id), ids=UPLOAD_IDS)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Output(Ids.UPLOADED, "data", allow_duplicate=True),
    Input(Ids.AGAIN, "n_clicks"),
    State(Ids.DROPPED, "data"),
    State(Ids.WORKSPACE, "data"),
    State({"type": Ids.ANSWER, "key": ALL}, "value"),
    State({"type": Ids.ANSWER, "key": ALL}, "id"),
    running=[(Output(Ids.READING, "hidden"), False, True)],
    prevent_initial_call=True,
)
def read_again(clicks: int | None, dropped: Any, workspace_id: Any, values: Any, asked: Any) -> tuple[Any, Any]:
    """Read the same files with what was answered."""
    if not clicks:
        return no_update, no_update
    answers = uploads.answers_of(values, asked)
    return uploads.read(dropped, workspace_id=identifier(workspace_id), ids=UPLOAD_IDS, answers=answers)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Output(Ids.CHANGED, "data"),
    Input(Ids.IMPORT, "n_clicks"),
    State(Ids.UPLOADED, "data"),
    State(Ids.NAME, "value"),
    running=[(Output(Ids.IMPORT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def import_file(clicks: int | None, upload_id: Any, name: Any) -> tuple[Any, Any]:
    """Take the file in and queue the retraining."""
    if not clicks:
        return no_update, no_update
    return uploads.take_in(upload_id, name), str(upload_id)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Input(Ids.DISCARD, "n_clicks"),
    State(Ids.UPLOADED, "data"),
    prevent_initial_call=True,
)
def discard_file(clicks: int | None, upload_id: Any) -> Any:
    """Forget what was read."""
    if not clicks:
        return no_update
    imports.discard_upload(db(writes=True), actor(), identifier(upload_id))
    return None


@callback(
    Output(Ids.UNDONE, "children"),
    Output(Ids.CHANGED, "data", allow_duplicate=True),
    Input(Ids.UNDO, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.UNDO_KEY, "data"),
    prevent_initial_call=True,
)
def undo(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Go back to the version before; a second click on the same page is refused by the service or goes back further."""
    if not clicks:
        return no_update, no_update
    undone = imports.undo_import(db(writes=True), actor(), identifier(workspace_id), key=str(identifier(key)))
    clock.wake()
    return alert(undone.message, tone="up"), str(key)


@callback(
    Output(Ids.VERSIONS, "children"),
    Input(Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show_versions(_changed: Any, workspace_id: Any) -> Component:
    """Draw the versions anew after an import or an undo."""
    return _versions(workspaces.get_workspace(db(), actor(), identifier(workspace_id)))


@callback(
    Output(Ids.SAVED, "children"),
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.POSTS, "value"),
    State(Ids.REELS, "value"),
    State(Ids.STORIES, "value"),
    State(Ids.ZONE, "value"),
    prevent_initial_call=True,
)
def save(clicks: int | None, workspace_id: Any, posts: Any, reels: Any, stories: Any, zone: Any) -> Any:
    """Store the minutes and the time zone."""
    if not clicks:
        return no_update
    wanted = identifier(workspace_id)
    minutes = dict(zip(DEFAULT_MINUTES, (posts, reels, stories), strict=True))
    workspaces.set_minutes(db(writes=True), actor(), wanted, minutes)
    workspaces.set_time_zone(db(writes=True), actor(), wanted, str(zone))
    return html.Span("Saved.", className="text-up", role="status")
