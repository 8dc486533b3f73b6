"""A workspace's data: drop a file, see what the server read in it, import it; versions with undo; minutes of work."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.development.base_component import Component

from cgn_core.services import imports, workspaces
from cgn_core.services.workspaces import WorkspaceView
from cgn_core.settings import settings
from cgn_core.tables import DEFAULT_MINUTES
from webapp import routes, uploads
from webapp.components.alerts import alert
from webapp.components.cards import button, card, page_header
from webapp.components.exports import export_menu
from webapp.components.fields import number_field, text_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import plural, short_day
from webapp.components.uploads import UploadIds, drop_zone
from webapp.pages import data_calendar, data_removal, data_repairs, data_versions, large_files
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/data"
TITLE = "Data"
HAS_CHARTS = True


class Ids(StrEnum):
    """Ids of this page."""

    WORKSPACE = "data-workspace"
    HEADER = "data-header"
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
    POSTS = "data-minutes-posts"
    REELS = "data-minutes-reels"
    STORIES = "data-minutes-stories"
    ZONE = "data-zone"
    SAVE = "data-save"
    SAVED = "data-saved"


MINUTES = dict(zip(DEFAULT_MINUTES, (Ids.POSTS, Ids.REELS, Ids.STORIES), strict=True))

UPLOAD_IDS = UploadIds(import_=Ids.IMPORT, discard=Ids.DISCARD, name=Ids.NAME, answer=Ids.ANSWER, again=Ids.AGAIN)


def layout(workspace_id: UUID, arrival: str = "") -> list[Component]:
    """The page; ``arrival`` is a large file that was dropped on it."""
    view = workspaces.get_workspace(db(), actor(), workspace_id)
    return [
        html.Div(_header(view), id=Ids.HEADER),
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.UPLOADED),
        dcc.Store(id=Ids.DROPPED),
        *(_upload(view.id) if view.may_edit else []),
        *(large_files.section(arrival) if view.may_edit else []),
        *data_versions.cards(view),
        *data_repairs.cards(view),
        *data_calendar.cards(view),
        *([_effort(view.minutes, view.time_zone)] if view.may_edit else []),
        *data_removal.cards(view),
    ]


@kept
def _header(view: WorkspaceView) -> Component:
    return page_header(TITLE, _subtitle(view), *([export_menu(view)] if view.data_version else []))


def _subtitle(view: WorkspaceView) -> str:
    if not view.data_version or view.first_date is None:
        return f"@{view.handle} has no data yet."
    words = f"@{view.handle}: {plural(view.rows, 'day')}, {short_day(view.first_date)} to "
    words += f"{short_day(view.card.data_last_date)}; version {view.data_version}"
    if view.provisional_days:
        words += f"; the last {plural(view.provisional_days, 'day')} provisional"
    return words + "."


def _upload(workspace_id: UUID) -> list[Component]:
    large = (settings().large_upload_limit_bytes, str(workspace_id))
    return [_zone(settings().upload_limit_bytes, large), _reading(), html.Div(id=Ids.PREVIEW)]


@kept
def _zone(limit: int, large: tuple[int, str]) -> Component:
    return drop_zone(id=Ids.UPLOAD, limit=limit, large=large)


@kept
def _reading() -> Component:
    return html.Div(alert("Reading the file.", tone="accent"), id=Ids.READING, hidden=True)


@kept
def _effort(given: dict[str, float], time_zone: str) -> Component:
    minutes = [
        number_field(f"Minutes per {kind.removesuffix('s')}" if kind != "stories" else "Minutes per story",
                     id=MINUTES[kind], value=given[kind], low=1, high=1440, step="any")
        for kind in DEFAULT_MINUTES
    ]  # fmt: skip
    zone = text_field("Time zone", id=Ids.ZONE, value=time_zone, hint="days are cut here, like Europe/Berlin")
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
    Output(data_versions.Ids.CHANGED, "data", allow_duplicate=True),
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
    Output(Ids.HEADER, "children"),
    Input(data_versions.Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show_header(_changed: Any, workspace_id: Any) -> Component:
    """Name the version that is in force after an import, a repair or a step back."""
    return _header(workspaces.get_workspace(db(), actor(), identifier(workspace_id)))


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
