"""Growth History: what each week brought against what was forecast before it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, State, callback, dcc, html
from dash.development.base_component import Component

from cgn_core.figures.growth_history import GrowthWeek, growth_history_figure
from cgn_core.services import forecasts, models, track_records, workspaces
from cgn_core.services.forecasts import History
from webapp import routes
from webapp.components.alerts import alert, empty_state
from webapp.components.attributes import aria
from webapp.components.cards import card, download_button, link_button, metric_card, metric_row, page_header
from webapp.components.charts import chart
from webapp.components.numbers import count, interval, percent, plural, short_day, signed
from webapp.components.tables import Column
from webapp.pages.model_state import keep_fresh, model_notice, redrawable
from webapp.pages.track_record import track_record_cards
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/growth-history"
TITLE = "Growth history"
SPANS = {"13": "3 months", "26": "6 months", "52": "1 year", "104": "2 years", "0": "everything"}
USUAL_SPAN = "52"


class Ids(StrEnum):
    """Component ids of this page."""

    WORKSPACE = "history-workspace"
    SPAN = "history-span"
    CHART = "history-chart"


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended."""
    return redrawable(workspace_id, _body, prefix="history")


@callback(
    Output(Ids.CHART, "children"), Input(Ids.SPAN, "value"), State(Ids.WORKSPACE, "data"), prevent_initial_call=True
)
def show_span(span: Any, workspace_id: Any) -> Component:
    """Draw the chosen number of weeks."""
    past = forecasts.history(db(), actor(), identifier(workspace_id))
    return history_chart("history-growth", past, weeks=int(span) if span in SPANS else int(USUAL_SPAN))


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
    notices = model_notice(workspace, model) if model is not None else [_without_forecasts()]
    if not past.weeks:
        notices = [alert("There is no complete week from Monday to Sunday yet.", tone="caution")]
    return html.Div(
        [
            page_header(
                TITLE,
                "Each forecast was made before its week, from the weeks before it alone.",
                download_button("Daily numbers, CSV", routes.export_csv(workspace.id)),
            ),
            *notices,
            *([_metrics(past)] if past.model_number is not None else []),
            *([_chart_card(past)] if past.weeks else []),
            *track_record_cards(track_records.track_record(db(), actor(), workspace_id)),
        ],
        className="stack",
    )


def _without_forecasts() -> Component:
    return alert("No model was trained on these data yet, so there are no forecasts to hold the weeks against.")


def _metrics(past: History) -> Component:
    seen = [week for week in past.weeks if week.inside is not None]
    viral = [week for week in past.weeks if week.is_viral]
    return metric_row(
        metric_card("Forecasts that held", percent(past.coverage), f"of {len(seen)}, promised {percent(past.level)}"),
        metric_card("Off by, on average", count(past.mae), "followers a week, median forecast"),
        metric_card("Viral weeks", str(len(viral)), f"of {plural(len(past.weeks), 'week')} with data"),
    )


def _chart_card(past: History) -> Component:
    span = dcc.RadioItems(
        id=Ids.SPAN,
        options=[{"label": label, "value": weeks} for weeks, label in SPANS.items()],
        value=USUAL_SPAN,
        inline=True,
        className="choice",
    )
    return card(
        html.Div(history_chart("history-growth", past, weeks=int(USUAL_SPAN)), id=Ids.CHART),
        title="Followers gained a week",
        aside="\N{MIDDLE DOT} line: what happened; band: what was forecast before",
        action=html.Div(span, role="group", **aria(label="Weeks shown")),
    )


def history_chart(name: str, past: History, *, weeks: int, with_mix: bool = True) -> Component:
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
            )
            for week in shown
        ],
        level=past.level,
        with_mix=with_mix,
    )
    columns = [
        Column("week", "Week of", primary=True),
        Column("actual", "Gained", numeric=True),
        Column("forecast", "Forecast before", numeric=True),
        Column("interval", f"Interval, {percent(past.level)}", numeric=True),
        Column("held", "Held"),
        Column("pieces", "Posted"),
    ]
    rows = [
        {
            "week": short_day(week.week_start),
            "actual": signed(week.actual),
            "forecast": signed(week.median),
            "interval": interval(week.low, week.high) if week.low is not None else "",
            "held": {None: "", True: "yes", False: "no"}[week.inside] + (", viral" if week.is_viral else ""),
            "pieces": ", ".join(f"{count(number)} {kind}" for kind, number in week.counts.items() if number),
        }
        for week in reversed(shown)
    ]
    words = f"Followers gained in each of the last {len(shown)} weeks beside the forecast made before the week"
    return chart(name, figure, words=words, columns=columns, rows=rows)


keep_fresh(_body, prefix="history")
