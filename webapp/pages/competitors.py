"""Competitors: add accounts by file, and see where the creator stands among them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.errors import StatisticsError
from cgn_core.figures.competitors import PeerGrowth, peer_growth_figure
from cgn_core.services import competitors, workspaces
from cgn_core.services.benchmark_tables import request_benchmark
from cgn_core.services.competitors import CompetitorView
from cgn_core.services.workspaces import WorkspaceView
from cgn_core.settings import settings
from webapp import clock, routes, uploads
from webapp.components.alerts import alert, empty_state
from webapp.components.attributes import aria
from webapp.components.cards import button, card, columns, link_button, metric_card, metric_row, page_header
from webapp.components.charts import chart
from webapp.components.explain import Source, trail, what
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, percent, plural, retold, short_day, signed
from webapp.components.tables import Column, data_table
from webapp.components.uploads import drop_zone
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/competitors"
TITLE = "Competitors"
HAS_CHARTS = True
REMOVE = "competitors-remove"
HUNDRED = 100


class Ids(StrEnum):
    """Component ids of this page."""

    WORKSPACE = "competitors-workspace"
    UPLOAD = "competitors-upload"
    READING = "competitors-reading"
    OUTCOME = "competitors-outcome"
    BODY = "competitors-body"
    KEY = "competitors-key"
    MEASURES = "competitors-measures"
    NOTICE = "competitors-notice"


def layout(*, workspace_id: UUID) -> Component:
    """The standing, the accounts, and the place to add more."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    adding = [_adding()] if workspace.may_edit else []
    return html.Div(
        [
            page_header(TITLE, "Growth relative to size, over the weeks that all accounts share."),
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            dcc.Store(id=Ids.KEY, data=str(uuid4())),
            html.Div(id=Ids.NOTICE, **aria(live="polite")),
            html.Div(_body(workspace), id=Ids.BODY, className="stack"),
            *adding,
        ],
        className="stack",
    )


def _adding() -> Component:
    return card(
        html.Div(
            [
                html.P(
                    "A file with another account's daily followers; several accounts in one file are added at once.",
                    className="muted",
                ),
                drop_zone(id=Ids.UPLOAD, limit=settings().upload_limit_bytes, several=False),
                html.P("Reading the file …", id=Ids.READING, className="muted", hidden=True),
                html.Div(id=Ids.OUTCOME, **aria(live="polite")),
            ],
            className="stack",
        ),
        title="Add competitors",
        className="d-print-none",
    )


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.BODY, "children"),
    Output(Ids.UPLOAD, "contents"),
    Input(Ids.UPLOAD, "contents"),
    State(Ids.UPLOAD, "filename"),
    State(Ids.WORKSPACE, "data"),
    running=[(Output(Ids.READING, "hidden"), False, True)],
    prevent_initial_call=True,
)
def add_file(contents: Any, file_name: Any, workspace_id: Any) -> tuple[Any, Any, Any]:
    """Read a file and add its accounts."""
    if contents is None:
        return no_update, no_update, no_update
    wanted = identifier(workspace_id)
    added = competitors.add_competitor_file(
        db(writes=True), actor(), wanted, file_name=uploads.name_of(file_name), data=uploads.content_of(contents)
    )
    names = ", ".join(one.name for one in added)
    return alert(f"Added {names}.", tone="up"), _body(workspaces.get_workspace(db(), actor(), wanted)), None


@callback(
    Output(Ids.BODY, "children", allow_duplicate=True),
    Input({"type": REMOVE, "id": ALL}, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def remove(clicks: list[int | None], workspace_id: Any) -> Any:
    """Remove an account from the comparison."""
    pressed = ctx.triggered_id
    if not any(clicks) or not isinstance(pressed, dict):
        return no_update
    wanted = identifier(workspace_id)
    competitors.remove_competitor(db(writes=True), actor(), wanted, identifier(pressed.get("id")))
    return _body(workspaces.get_workspace(db(), actor(), wanted))


@callback(
    Output(Ids.NOTICE, "children"),
    Output(Ids.KEY, "data"),
    Input(Ids.MEASURES, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def table_of_measures(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Queue a table of every measure; clicking twice queues one."""
    if not clicks:
        return no_update, no_update
    wanted = identifier(workspace_id)
    request_benchmark(db(writes=True), actor(), wanted, key=str(key)[:64])
    clock.wake()
    words = "A table of every measure is being made. It waits on the Jobs page when it is done."
    return alert(words, action=link_button("To the jobs", routes.workspace_jobs(wanted), quiet=True)), str(uuid4())


def _body(workspace: WorkspaceView) -> list[Component]:
    listed = competitors.list_competitors(db(), actor(), workspace.id)
    if not listed:
        sentence = "Add accounts of the same field below; from five on, a percentile can be given."
        return [card(empty_state("No competitors yet", sentence, glyph="competitors"))]
    source = Source(workspace_id=workspace.id, data_version=workspace.data_version)
    return [*_standing(workspace), _accounts(listed, source, may_edit=workspace.may_edit)]


def _standing(workspace: WorkspaceView) -> list[Component]:
    if workspace.data_version == 0:
        action = link_button("Import data", routes.data(workspace.id), primary=True, glyph="upload")
        sentence = "Import this creator's own numbers to compare them with the competitors'."
        return [card(empty_state("No data of the creator yet", sentence, action, glyph="data"))]
    try:
        found = competitors.benchmark(db(), actor(), workspace.id)
    except StatisticsError as error:
        return [alert(retold(error.message), tone="caution")]
    if found is None:
        return [alert("None of these accounts has followers or follows, so growth can't be compared.", tone="caution")]
    place = found.percentiles["growth_rate"]
    source = Source(workspace_id=workspace.id, data_version=workspace.data_version)
    note = "Competitors' numbers are those of their files, named in the list below."
    faster = sum(duel.share > 0.5 for duel in found.head_to_head)  # noqa: PLR2004 - more than half of the weeks
    cards = [
        metric_card(
            "Percentile of growth",
            "too few peers" if place.percentile is None else f"{_ordinal(round(place.percentile))}",
            retold(found.sentence)
            if place.low is None
            else f"{percent(found.level)}: {interval(place.low, place.high)}, of {plural(len(found.peers), 'peer')}",
            marks=[what("percentile"), trail(source, "percentile", of="Percentile of growth", note=note)],
        ),
        metric_card(
            "Growth a week, relative to size",
            percent(found.own.value, decimals=2),
            f"{percent(found.level)}: {percent(found.own.low, decimals=2)} to {percent(found.own.high, decimals=2)}",
            marks=[what("interval"), trail(source, "relative_growth", of="Growth relative to size", note=note)],
        ),
        metric_card(
            "Faster than",
            f"{faster} of {len(found.head_to_head)}",
            f"in more than half of the {plural(found.weeks, 'week')} they share",
            marks=[trail(source, "head_to_head", of="Faster than", note=note)],
        ),
    ]
    rows = [PeerGrowth(f"@{workspace.handle}", found.own.value, found.own.low, found.own.high, own=True)]
    rows += [PeerGrowth(peer.name, peer.value, peer.low, peer.high, own=False) for peer in found.peers]
    table = [
        {
            "peer": duel.peer,
            "share": percent(duel.share),
            "range": f"{percent(duel.low)} to {percent(duel.high)}",
        }
        for duel in found.head_to_head
    ]
    duels = [
        Column("peer", "Against", primary=True),
        Column("share", f"Weeks @{workspace.handle} was faster", numeric=True),
        Column("range", f"Interval, {percent(found.level)}", numeric=True),
    ]
    words = "Growth a week relative to size of the creator and each competitor, with intervals"
    drawn = chart(
        "competitors-growth", peer_growth_figure(rows), words=words, columns=_growth_columns(found.level),
        rows=[_growth_row(each) for each in rows],
    )  # fmt: skip
    relative = [what("interval"), trail(source, "relative_growth", of="Growth relative to size", note=note)]
    duelling = [trail(source, "head_to_head", of="Week against week", note=note)]
    return [
        metric_row(*cards),
        columns(
            card(drawn, title="Growth relative to size", marks=relative),
            card(
                data_table(duels, table, caption="Weeks in which the creator grew faster"),
                title="Week against week",
                marks=duelling,
            ),
        ),
    ]


def _growth_columns(level: float) -> list[Column]:
    return [
        Column("name", "Account", primary=True),
        Column("growth", "Growth a week", numeric=True),
        Column("range", f"Interval, {percent(level)}", numeric=True),
    ]


def _growth_row(each: PeerGrowth) -> dict[str, str]:
    known = each.low is not None and each.high is not None
    return {
        "name": each.name,
        "growth": percent(each.growth, decimals=2),
        "range": f"{percent(each.low, decimals=2)} to {percent(each.high, decimals=2)}" if known else "",
    }


def _accounts(listed: list[CompetitorView], source: Source, *, may_edit: bool) -> Component:
    shown = [
        Column("name", "Account", primary=True),
        Column("followers", "Followers", numeric=True),
        Column("growth", "Last week", numeric=True),
        Column("cadence", "Posts a week"),
        Column("data", "Data"),
        *([Column("remove", "", numeric=True)] if may_edit else []),
    ]
    rows = [
        {
            "name": one.name,
            "followers": count(one.followers),
            "growth": signed(one.last_week_growth),
            "cadence": ", ".join(f"{count(each, decimals=1)} {kind}" for kind, each in one.cadence.items() if each)
            or "none",
            "data": html.Span(
                f"{short_day(one.first_date)} to {short_day(one.last_date)}", title=f"From {one.file_name}"
            ),
            "remove": html.Button(
                "Remove",
                id={"type": REMOVE, "id": str(one.id)},
                className="button button-quiet button-small",
                type="button",
                **aria(label=f"Remove {one.name}"),
            ),
        }
        for one in listed
    ]
    measures = button("Every measure, CSV", id=Ids.MEASURES, glyph="download") if may_edit else None
    table = data_table(shown, rows, caption="Competitors")
    files = ", ".join(dict.fromkeys(one.file_name for one in listed))
    marks = [trail(source, "peer_account", of="Accounts", note=f"Their numbers are those of their files: {files}.")]
    return card(table, title=plural(len(listed), "account"), action=measures, marks=marks)


def _ordinal(number: int) -> str:
    """71 -> "71st"."""
    teen = 11 <= number % HUNDRED <= 13  # noqa: PLR2004 - eleventh to thirteenth
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
