"""What looks odd in a workspace's data and the repairs offered for it: each is previewed, reasoned and a version."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import uuid4

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.errors import InvalidInput
from cgn_core.ingest.oddities import Oddity
from cgn_core.services import repairs, workspaces
from cgn_core.services.repairs import RepairPreview
from cgn_core.services.workspaces import WorkspaceView
from cgn_core.tables import DAILY_COLUMNS
from webapp import clock
from webapp.components.alerts import alert, light, lights
from webapp.components.cards import button, card
from webapp.components.fields import choice, field, number_field, text_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, plural, retold, short_day
from webapp.components.tables import Column, data_table
from webapp.pages import data_versions
from webapp.request_scope import actor, db, identifier

SENTENCES_SHOWN = 6


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "repairs-of-workspace"
    ODDITIES = "data-oddities"
    OFFERED = "repairs-offered"
    CHOICE = "repairs-choice"
    KIND = "repairs-kind"
    COLUMN = "repairs-column"
    FIRST = "repairs-first"
    LAST = "repairs-last"
    CAP = "repairs-cap"
    LOOK = "repairs-look"
    WANTED = "repairs-wanted"
    PREVIEW = "repairs-preview"
    REASON = "repairs-reason"
    MAKE = "repairs-make"
    LEAVE = "repairs-leave"


KINDS = (("missing", "Treat as missing"), ("cap", "Cap"), ("drop_days", "Drop days"))


def cards(view: WorkspaceView) -> list[Component]:
    """What looks odd, drawn anew whenever the data change; nothing while there are none."""
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.WANTED),
        html.Div(_odd(view), id=Ids.ODDITIES),
    ]


def _odd(view: WorkspaceView) -> Component | None:
    if not view.data_version:
        return None
    return _found(view, repairs.find_oddities(db(), actor(), view.id))


@kept
def _found(view: WorkspaceView, found: Sequence[Oddity]) -> Component:
    offered = [[repair.to_json() for repair in way.repairs] for oddity in found for way in oddity.choices]
    parts: list[Component] = [dcc.Store(id=Ids.OFFERED, data=offered)]
    if found:
        place = 0
        rows = []
        for oddity in found:
            rows.append(_oddity(oddity, place, may_edit=view.may_edit))
            place += len(oddity.choices)
        parts.append(html.Ul(rows, className="plain-list oddities"))
    else:
        parts.append(lights(light("Nothing in these data looks odd.", tone="up")))
    if view.may_edit:
        parts += [_by_hand(view), html.Div(id=Ids.PREVIEW)]
    aside = "nothing is repaired unless you choose it; every repair can be undone"
    if not view.may_edit:
        aside = "a strategist chooses what is repaired, and can undo it"
    return card(*parts, title="What looks odd", aside=aside)


def _oddity(oddity: Oddity, place: int, *, may_edit: bool) -> Component:
    ways = [
        button(retold(way.label), id={"type": Ids.CHOICE, "place": place + number})
        for number, way in enumerate(oddity.choices)
        if may_edit
    ]
    return html.Li(
        [
            html.P(retold(oddity.sentence)),
            html.Div(ways, className="actions") if ways else None,
        ]
    )


def _by_hand(view: WorkspaceView) -> Component:
    """The same repairs for days that only the person knows to be wrong."""
    columns: Any = [{"value": name, "label": name.replace("_", " ").capitalize()} for name in DAILY_COLUMNS]
    first = view.first_date.isoformat() if view.first_date else ""
    last = str(view.card.data_last_date or "")
    fields = html.Div(
        [
            field("Column", dcc.Dropdown(id=Ids.COLUMN, options=columns, value="followers", clearable=False)),
            text_field("First day", id=Ids.FIRST, placeholder=first, hint="year-month-day"),
            text_field("Last day", id=Ids.LAST, placeholder=last, hint="empty: the first day alone"),
            number_field("Cap at", id=Ids.CAP, low=0, high=1e12, step="any", hint="only for capping"),
        ],
        className="field-grid",
    )
    look = html.Div(button("Preview", id=Ids.LOOK), className="actions above-space")
    kind = choice("What becomes of the numbers", KINDS, id=Ids.KIND, value="missing")
    body = html.Div([kind, fields, look], className="above-space")
    return html.Details([html.Summary("Repair days that you know to be wrong"), body], className="more above-space")


@callback(
    Output(Ids.PREVIEW, "children"),
    Output(Ids.WANTED, "data"),
    Input({"type": Ids.CHOICE, "place": ALL}, "n_clicks"),
    State(Ids.OFFERED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def look_at_choice(clicks: Sequence[int | None], offered: Any, workspace_id: Any) -> tuple[Any, Any]:
    """Show what an offered repair would change."""
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        return no_update, no_update
    place = ctx.triggered_id.get("place")
    is_offered = isinstance(offered, list) and isinstance(place, int) and 0 <= place < len(offered)
    return _look(workspace_id, offered[place] if is_offered else None)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Output(Ids.WANTED, "data", allow_duplicate=True),
    Input(Ids.LOOK, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KIND, "value"),
    State(Ids.COLUMN, "value"),
    State(Ids.FIRST, "value"),
    State(Ids.LAST, "value"),
    State(Ids.CAP, "value"),
    prevent_initial_call=True,
)
def look_by_hand(
    clicks: int | None, workspace_id: Any, kind: Any, column: Any, first: Any, last: Any, cap: Any
) -> tuple[Any, Any]:
    """Show what a repair entered by hand would change."""
    if not clicks:
        return no_update, no_update
    wanted = {
        "kind": kind,
        "column": "" if kind == "drop_days" else column,
        "first_day": first,
        "last_day": last or first,
        "cap": cap if kind == "cap" else None,
    }
    return _look(workspace_id, [wanted])


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Output(data_versions.Ids.DONE, "children", allow_duplicate=True),
    Output(data_versions.Ids.CHANGED, "data", allow_duplicate=True),
    Input(Ids.MAKE, "n_clicks"),
    State(Ids.WANTED, "data"),
    State(Ids.REASON, "value"),
    State(Ids.WORKSPACE, "data"),
    running=[(Output(Ids.MAKE, "disabled"), True, False)],
    prevent_initial_call=True,
)
def make(clicks: int | None, wanted: Any, reason: Any, workspace_id: Any) -> tuple[Any, Any, Any]:
    """Make the previewed repair the next version."""
    if not clicks:
        return no_update, no_update, no_update
    given = wanted if isinstance(wanted, dict) else {}
    based_on, key = given.get("based_on"), str(given.get("key", ""))
    done = repairs.repair_data(
        db(writes=True),
        actor(),
        identifier(workspace_id),
        given.get("repairs"),
        based_on=based_on if isinstance(based_on, int) else 0,
        reason=str(reason or ""),
        key=key[:64],
    )
    clock.wake()
    return None, alert(retold(done.message), tone="up"), key


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Input(Ids.LEAVE, "n_clicks"),
    prevent_initial_call=True,
)
def leave(clicks: int | None) -> Any:
    """Close the preview; nothing was stored."""
    return None if clicks else no_update


@callback(
    Output(Ids.ODDITIES, "children"),
    Input(data_versions.Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show(_changed: Any, workspace_id: Any) -> Any:
    """Look again after the data changed."""
    return _odd(workspaces.get_workspace(db(), actor(), identifier(workspace_id)))


def _look(workspace_id: Any, wanted: Any) -> tuple[Component, dict[str, Any] | None]:
    wanted_id = identifier(workspace_id)
    # Whose it is comes first: somebody else's is not found, whatever was sent.
    workspaces.get_workspace(db(), actor(), wanted_id)
    try:
        preview = repairs.preview_repairs(db(), actor(), wanted_id, wanted)
    except InvalidInput as refused:
        return alert(retold(refused.message), tone="down"), None
    return _preview(preview), {"repairs": wanted, "based_on": preview.based_on, "key": str(uuid4())}


def _preview(preview: RepairPreview) -> Component:
    more = len(preview.sentences) - SENTENCES_SHOWN
    said = [
        *map(retold, preview.sentences[:SENTENCES_SHOWN]),
        *([f"And {plural(more, 'repair')} more."] if more > 0 else []),
    ]
    told = f"{plural(preview.cells, 'number')} on {plural(preview.days, 'day')} would change"
    if preview.removed_days:
        told += f"; {plural(preview.removed_days, 'day')} would leave the table"
    told += f". Weeks to learn from: {count(preview.weeks_before)} before, {count(preview.weeks_after)} after."
    rows = [
        {
            "day": short_day(cell.day),
            "column": cell.column.replace("_", " "),
            "before": "missing" if cell.before is None else count(cell.before),
            "after": "missing" if cell.after is None else count(cell.after),
        }
        for cell in preview.changed
    ]
    columns = [
        Column("day", "Day", primary=True),
        Column("column", "Column"),
        Column("before", "Before", numeric=True),
        Column("after", "After", numeric=True),
    ]
    caption = "Numbers before and after the repair"
    if preview.cells > len(rows):
        caption = f"The first {len(rows)} of {plural(preview.cells, 'number')} before and after the repair"
    return html.Div(
        [
            html.H3("Preview of the repair", className="card-title"),
            html.Ul([html.Li(sentence, className="words") for sentence in said], className="plain-list"),
            html.P(told, role="status"),
            html.P(caption, className="muted small"),
            data_table(columns, rows, caption=caption),
            text_field("Why", id=Ids.REASON, hint="kept with the version"),
            html.Div(
                [button("Make the repair", id=Ids.MAKE, primary=True), button("Leave it", id=Ids.LEAVE, quiet=True)],
                className="actions",
            ),
        ],
        className="stack repair-preview above-space",
    )
