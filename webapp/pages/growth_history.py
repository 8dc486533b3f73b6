"""Growth History: what each week brought against what was forecast before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, State, callback
from dash.development.base_component import Component

from cgn_core.figures.growth_history import GrowthWeek, WeekEvent, growth_history_figure
from cgn_core.figures.wording import NAMES
from cgn_core.services import forecasts, models, seasons, timelines, track_records, workspaces
from cgn_core.services.forecasts import History, PastWeek
from cgn_core.services.models import ModelView
from cgn_core.services.timelines import Event
from cgn_core.services.track_records import TrackRecord
from cgn_core.services.workspaces import WorkspaceView
from webapp import routes
from webapp.components.alerts import alert, empty_state
from webapp.components.attributes import HIDDEN, aria
from webapp.components.cards import card, link_button, metric_card, metric_row, page_header
from webapp.components.charts import chart
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.exports import export_menu
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, level_interval, percent, plural, short_day, signed
from webapp.components.tables import Column
from webapp.pages import week_notes
from webapp.pages.model_state import keep_fresh, model_notice, redrawable
from webapp.pages.seasons import season_cards
from webapp.pages.track_record import track_record_cards
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/growth-history"
TITLE = "Growth history"
HAS_CHARTS = True
SPANS = {"13": "3 months", "26": "6 months", "52": "1 year", "104": "2 years", "0": "everything"}
USUAL_SPAN = "52"


class Ids(StrEnum):
    """Component ids of this page."""

    WORKSPACE = "history-workspace"
    SPAN = "history-span"
    CHART = "history-chart"


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended, all but the notes, where somebody may be writing."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    written = [week_notes.notes_card(workspace)] if workspace.data_version else []
    return html.Div([redrawable(workspace_id, _body, prefix="history"), *written], className="stack")


@callback(
    Output(Ids.CHART, "children"),
    Input(Ids.SPAN, "value"),
    Input(week_notes.Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show_span(span: Any, _noted: Any, workspace_id: Any) -> Component:
    """Draw the chosen number of weeks, with the notes as they are now."""
    wanted = identifier(workspace_id)
    past = forecasts.history(db(), actor(), wanted)
    happened = timelines.events(db(), actor(), wanted)
    weeks = int(span if span in tuple(SPANS) else USUAL_SPAN)
    return history_chart(week_notes.CHART, past, weeks=weeks, events=happened)


def _body(workspace_id: UUID) -> Component:
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    if workspace.data_version == 0:
        state = empty_state(
            "No data yet",
            "Import a file with this creator's daily numbers to see the weeks.",
            link_button("Import data", routes.data(workspace.id), primary=True, glyph="upload"),
            glyph="data",
        )
        return html.Div([page_header(TITLE), card(state)], className="stack")
    past = forecasts.history(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    counted = Source(workspace_id=workspace_id, data_version=workspace.data_version)
    source = source_of(model, workspace_id) if model is not None else counted
    return html.Div(
        [
            *_notices(workspace, past, model),
            *([_metrics(_record(past), source)] if past.model_number is not None else []),
            _weeks(
                replace(past, weeks=past.weeks[-int(USUAL_SPAN) :]),
                timelines.events(db(), actor(), workspace_id) if past.weeks else [],
                seasons.seasonality_view(db(), actor(), workspace_id),
                track_records.track_record(db(), actor(), workspace_id),
                counted,
                source,
            ),
        ],
        className="stack",
    )


def _notices(workspace: WorkspaceView, past: History, model: ModelView | None) -> list[Component]:
    notices = model_notice(workspace, model) if model is not None else [_without_forecasts()]
    if not past.weeks:
        notices = [alert("There is no complete week from Monday to Sunday yet.", tone="caution")]
    return [_header(workspace), *notices]


@kept
def _weeks(
    past: History,
    happened: list[Event],
    seasonality: Any,
    record: TrackRecord,
    counted: Source,
    source: Source,
) -> Component:
    return html.Div(
        [
            *([_chart_card(past, happened, source)] if past.weeks else []),
            *season_cards(seasonality, counted),
            *track_record_cards(record, source),
        ],
        className="stack",
    )


@kept
def _header(workspace: WorkspaceView) -> Component:
    words = "Each forecast was made before its week, from the weeks before it alone."
    return page_header(TITLE, words, export_menu(workspace))


def _without_forecasts() -> Component:
    return alert("No model was trained on these data yet, so there are no forecasts to hold the weeks against.")


@dataclass(frozen=True)
class Record:
    """How the forecasts of all weeks did."""

    coverage: float | None
    promised: int
    level: float
    shown: int
    """Forecasts that were shown before their week, among those that can be judged."""
    mae: float | None
    viral: int
    weeks: int


def _record(past: History) -> Record:
    return Record(
        coverage=past.coverage,
        promised=past.promised,
        level=past.level,
        shown=sum(week.source == forecasts.LEDGER for week in past.weeks if week.inside is not None),
        mae=past.mae,
        viral=sum(week.is_viral for week in past.weeks),
        weeks=len(past.weeks),
    )


@kept
def _metrics(past: Record, source: Source) -> Component:
    told = f"of {past.promised}, promised {percent(past.level)}"
    told += f"; {past.shown} as shown then" if past.shown else ""
    return metric_row(
        metric_card(
            "Forecasts that held",
            percent(past.coverage),
            told,
            marks=[what("coverage"), trail(source, "coverage", of="Forecasts that held")],
        ),
        metric_card(
            "Off by, on average",
            count(past.mae),
            "followers a week, median forecast",
            marks=[what("error"), trail(source, "error", of="Off by, on average")],
        ),
        metric_card(
            "Viral weeks",
            str(past.viral),
            f"of {plural(past.weeks, 'week')} with data",
            marks=[what("repeatable"), trail(source, "viral_weeks", of="Viral weeks")],
        ),
    )


def _chart_card(past: History, happened: list[Event], source: Source) -> Component:
    span = dcc.RadioItems(
        id=Ids.SPAN,
        options=[{"label": label, "value": weeks} for weeks, label in SPANS.items()],
        value=USUAL_SPAN,
        inline=True,
        className="choice",
    )
    drawn = history_chart(week_notes.CHART, past, weeks=int(USUAL_SPAN), events=happened)
    return card(
        html.Div(drawn, id=Ids.CHART),
        title="Followers gained a week",
        aside="\N{MIDDLE DOT} what happened, beside what had been forecast",
        marks=[what("interval"), what("break"), trail(source, "growth", of="Followers gained a week")],
        action=html.Div(span, role="group", **aria(label="Weeks shown")),
    )


def _key(past: History, shown: Sequence[PastWeek], *, with_mix: bool) -> Component:
    """What the lines, the band and the colours of the bars are."""
    posted = {name for week in shown for name, number in week.counts.items() if number}
    marks = [("key-line key-gained", "gained")]
    if past.model_number is not None:
        marks += [("key-line key-forecast", "forecast"), ("key-band", f"its {percent(past.level)} interval")]
    marks += [(f"piece-{name}", NAMES[name]) for name in NAMES if with_mix and name in posted]
    return html.Ul(
        [html.Li([html.Span(className=f"key-mark {kind}", **HIDDEN), words]) for kind, words in marks],
        className="plain-list calendar-legend small",
        **aria(label="Lines and colours"),
    )


def history_chart(
    name: str, past: History, *, weeks: int, with_mix: bool = True, events: Sequence[Event] = ()
) -> Component:
    """The last ``weeks`` weeks (0: all) as a chart with its table."""
    shown = past.weeks[-weeks:] if weeks else past.weeks
    figure = growth_history_figure(
        [
            GrowthWeek(
                week_start=week.week_start,
                actual=week.actual,
                median=week.median,
                low=week.low,
                high=week.high,
                viral=week.is_viral,
                counts={key: value for key, value in week.counts.items() if value is not None},
                level=week.level,
                was_shown=week.source == forecasts.LEDGER,
            )
            for week in shown
        ],
        level=past.level,
        with_mix=with_mix,
        named=False,
        events=[WeekEvent(each.week_start.isoformat(), each.kind, each.words) for each in events],
    )
    columns = [
        Column("week", "Week of", primary=True),
        Column("actual", "Gained", numeric=True),
        Column("forecast", "Forecast before", numeric=True),
        Column("interval", "Interval", numeric=True),
        Column("held", "Held"),
        Column("pieces", "Posted"),
        *([Column("events", "What happened")] if events else []),
    ]
    by_week: dict[str, list[str]] = {}
    for each in events:
        by_week.setdefault(each.week_start.isoformat(), []).append(each.words)
    rows = [
        {
            "week": short_day(week.week_start),
            "actual": signed(week.actual),
            "forecast": signed(week.median) + (" (as shown)" if week.source == forecasts.LEDGER else ""),
            "interval": level_interval(week.level, week.low, week.high) if week.level is not None else "",
            "held": {None: "", True: "yes", False: "no"}[week.inside] + (", viral" if week.is_viral else ""),
            "pieces": ", ".join(f"{count(number)} {kind}" for kind, number in week.counts.items() if number),
            "events": html.Span("; ".join(by_week.get(week.week_start, ())), className="words"),
        }
        for week in reversed(shown)
    ]
    words = f"Followers gained in each of the last {len(shown)} weeks beside the forecast made before the week"
    return chart(name, figure, words=words, columns=columns, rows=rows, key=_key(past, shown, with_mix=with_mix))


keep_fresh(_body, prefix="history")
