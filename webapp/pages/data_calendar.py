"""Where every number of a workspace comes from, day by day: a calendar on its Data page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from dash import Input, Output, State, callback
from dash.development.base_component import Component

from cgn_core.figures.data_calendar import MARKS, MEANINGS, DayState, calendar_width, data_calendar_figure, spans
from cgn_core.services import repairs
from cgn_core.services.repairs import DataCalendar
from cgn_core.services.workspaces import WorkspaceView
from webapp.components.alerts import empty_state
from webapp.components.attributes import HIDDEN, aria
from webapp.components.cards import card
from webapp.components.charts import chart
from webapp.components.fields import field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, plural, short_day
from webapp.components.tables import Column, data_table
from webapp.pages import data_versions
from webapp.request_scope import actor, db, identifier

SPANS_LISTED = 200


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "calendar-of-workspace"
    COLUMN = "calendar-column"
    CALENDAR = "data-calendar"


def cards(view: WorkspaceView) -> list[Component]:
    """The calendar, drawn anew when another column is chosen or the data change."""
    calendar = repairs.data_calendar(db(), actor(), view.id)
    first = next(iter(calendar.states), None)
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        card(
            _choose(tuple(calendar.states)),
            html.Div(_calendar(calendar, first), id=Ids.CALENDAR),
            title="Where the numbers come from",
            aside="each day, by column",
        ),
    ]


@kept
def _choose(columns: tuple[str, ...]) -> Component:
    options: Any = [{"value": name, "label": _label(name)} for name in columns]
    first = next(iter(columns), None)
    choose = field("Column", dcc.Dropdown(id=Ids.COLUMN, options=options, value=first, clearable=False))
    return html.Div(choose, className="filter", hidden=first is None)


@callback(
    Output(Ids.CALENDAR, "children"),
    Output(Ids.COLUMN, "options"),
    Input(Ids.COLUMN, "value"),
    Input(data_versions.Ids.CHANGED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show(column: Any, _changed: Any, workspace_id: Any) -> tuple[Any, Any]:
    """Draw another column, or the same after the data changed."""
    calendar = repairs.data_calendar(db(), actor(), identifier(workspace_id))
    return _calendar(calendar, column), [{"value": name, "label": _label(name)} for name in calendar.states]


def _calendar(calendar: DataCalendar, column: Any) -> Component:
    if calendar.first_day is None or not calendar.states:
        sentence = "Import an export above; then each of its days is shown here with where its numbers come from."
        return empty_state("No days yet", sentence, glyph="data")
    # The column may have gone with an undo.
    name = column if column in tuple(calendar.states) else next(iter(calendar.states))
    return _days(name, calendar.first_day, calendar.states[name])


@kept
def _days(name: str, first_day: date, states: Sequence[DayState]) -> Component:
    counts = Counter(states)
    told = [f"{count(counts[state])} {state}" for state in DayState if counts[state]]
    last = first_day + timedelta(days=len(states) - 1)
    words = f"{_label(name)}, {short_day(first_day)} to {short_day(last)}: {', '.join(told)} (days)."
    listed = [span for span in spans(first_day, states) if span.state != DayState.OBSERVED][::-1]
    figure = chart(f"data-calendar-{name}", data_calendar_figure(first_day, states), words=words)
    width = calendar_width(first_day, len(states))
    scroller = html.Div(
        html.Div(figure, className="calendar-inner", style={"width": f"{width}px"}),
        className="calendar-scroll",
        tabIndex="0",
        role="region",
        **aria(label=f"Calendar of {_label(name).lower()}; scrolls sideways"),
    )
    parts: list[Component] = [html.P(words, role="status"), scroller, _legend(counts)]
    if listed:
        rows = [
            {
                "span": short_day(span.first_day)
                if span.days == 1
                else f"{short_day(span.first_day)} to {short_day(span.last_day)}",
                "days": count(span.days),
                "state": f"{span.state}: {MEANINGS[span.state]}",
            }
            for span in listed[:SPANS_LISTED]
        ]
        columns = [
            Column("span", "Days", primary=True),
            Column("days", "How many", numeric=True),
            Column("state", "What"),
        ]
        caption = f"Days of {_label(name).lower()} that aren't simply observed, newest first"
        table = data_table(columns, rows, caption=caption)
        said = f"{plural(len(listed), 'span')} of days not simply observed, as a table"
        if len(listed) > SPANS_LISTED:
            said += f" (the newest {SPANS_LISTED})"
        parts.append(html.Details([html.Summary(said), table], className="more chart-table"))
    return html.Div(parts)


def _legend(counts: Counter[DayState]) -> Component:
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(MARKS[state], className=f"calendar-mark calendar-{state}", **HIDDEN),
                    html.Span([html.Strong(str(state)), f" {MEANINGS[state]}"]),
                ]
            )
            for state in DayState
            if counts[state]
        ],
        className="plain-list calendar-legend small",
    )


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
