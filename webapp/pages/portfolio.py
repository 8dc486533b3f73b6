"""The agency's home: every creator in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import uuid4

from dash import Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import retrain_all as service
from cgn_core.services import workspaces
from cgn_core.services.benchmark_tables import request_benchmark
from cgn_core.services.whole_exports import request_whole_export
from cgn_core.services.workspace_cards import WorkspaceCard
from webapp import clock, routes
from webapp.components import shell
from webapp.components.alerts import Tone, alert, chip, empty_state
from webapp.components.attributes import data
from webapp.components.cards import (
    avatar,
    button,
    card,
    link_button,
    metric_card,
    metric_row,
    page_header,
)
from webapp.components.explain import Source, formula_mark, trail, what
from webapp.components.icons import icon
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, percent, plural, short_day, signed
from webapp.components.presses import kept_presses, pressed, writes_press
from webapp.components.sparkline import sparkline
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db

PATH = routes.PORTFOLIO
TITLE = "Portfolio"
TONES: dict[str, Tone] = {"good": "up", "caution": "caution", "bad": "down", "neutral": "accent"}
NEEDS_SOMEBODY = {"caution", "bad"}


IN_ROWS = "Each creator's data and model version stand behind the mark in its row."
"""Where a sum over creators leads."""


class Ids(StrEnum):
    """Ids of this page."""

    HEAD = "portfolio-head"
    STAMP = "portfolio-stamp"
    BODY = "portfolio-body"
    SORT = "portfolio-sort"
    FILTER = "portfolio-filter"
    RETRAIN = "portfolio-retrain"
    KEY = "portfolio-key"
    EXPORT = "portfolio-export"
    BENCHMARK = "portfolio-benchmark"
    NOTICE = "portfolio-notice"


def layout(sort: str = "creator") -> list[Component]:
    """The portfolio, sorted by ``sort``: a column's key, with a minus for descending."""
    cards = workspaces.list_workspaces(db(), actor())
    return [
        dcc.Store(id=Ids.SORT, data=sort),
        dcc.Store(id=Ids.KEY, data=str(uuid4())),
        dcc.Store(id=Ids.STAMP, data=_stamp(cards)),
        *kept_presses(Ids.RETRAIN, Ids.EXPORT, Ids.BENCHMARK),
        html.Div(_head(cards), id=Ids.HEAD),
        html.Div(id=Ids.NOTICE),
        html.Div(_body(cards, sort), id=Ids.BODY, className="stack"),
    ]


@callback(
    Output(Ids.BODY, "children"),
    Output(Ids.HEAD, "children"),
    Output(Ids.STAMP, "data"),
    Input(shell.Ids.FINISHED, "data"),
    Input(shell.Ids.PULSE, "data"),
    State(Ids.SORT, "data"),
    State(Ids.STAMP, "data"),
    prevent_initial_call=True,
)
def refresh(_finished: Any, pulse: Any, sort: Any, stamp: Any) -> tuple[Any, Any, Any]:
    """Draw the table anew while jobs run and when one has ended; the head only when it changes: a menu may be open."""
    runs = isinstance(pulse, dict) and pulse.get("count")
    if not runs and shell.Ids.FINISHED not in {one["prop_id"].split(".")[0] for one in ctx.triggered}:
        return no_update, no_update, no_update
    cards = workspaces.list_workspaces(db(), actor())
    head = _stamp(cards)
    return _body(cards, str(sort)), no_update if head == stamp else _head(cards), head


@callback(
    Output(Ids.NOTICE, "children"),
    Output(Ids.KEY, "data"),
    pressed(Ids.RETRAIN),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def retrain_all(press: Any, key: Any) -> tuple[Any, Any]:
    """Queue a retraining of every creator with data; clicking twice queues one."""
    if not press:
        return no_update, no_update
    service.request_retraining_of_all(db(writes=True), actor(), key=str(key)[:64])
    clock.wake()
    words = "A retraining of all creators is queued. A model that is in force stays unless another is better."
    return alert(words, action=link_button("Watch the jobs", routes.JOBS, quiet=True)), str(uuid4())


@callback(
    Output(Ids.NOTICE, "children", allow_duplicate=True),
    Output(Ids.KEY, "data", allow_duplicate=True),
    pressed(Ids.EXPORT),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def export_all(press: Any, key: Any) -> tuple[Any, Any]:
    """Queue an export of every creator's numbers; clicking twice queues one."""
    if not press:
        return no_update, no_update
    request_whole_export(db(writes=True), actor(), key=str(key)[:64])
    clock.wake()
    return _queued("An export of all creators is queued."), str(uuid4())


@callback(
    Output(Ids.NOTICE, "children", allow_duplicate=True),
    Output(Ids.KEY, "data", allow_duplicate=True),
    pressed(Ids.BENCHMARK),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def benchmark_all(press: Any, key: Any) -> tuple[Any, Any]:
    """Queue a table of every creator among its competitors; clicking twice queues one."""
    if not press:
        return no_update, no_update
    request_benchmark(db(writes=True), actor(), None, key=str(key)[:64])
    clock.wake()
    return _queued("A table of all creators among their competitors is queued."), str(uuid4())


def _queued(sentence: str) -> Component:
    words = f"{sentence} Its file waits on the Jobs page when it is done."
    return alert(words, action=link_button("To the jobs", routes.JOBS, quiet=True))


def _body(cards: Sequence[WorkspaceCard], sort: str) -> list[Component]:
    return [_metrics(cards), _table(cards, sort)] if cards else [_nobody()]


def _head(cards: Sequence[WorkspaceCard]) -> Component:
    if not cards:
        return page_header(TITLE, _subtitle(cards))
    has_data = _has_data(cards)
    actions = [_export_menu(everything=has_data)]
    if has_data:
        actions.append(button("Retrain all", id=Ids.RETRAIN, glyph="health", redrawn=True))
    if actor().may(Action.CREATE_WORKSPACE):
        actions.append(link_button("New workspace", routes.NEW_WORKSPACE, primary=True, glyph="plus"))
    return page_header(TITLE, _subtitle(cards), *actions)


def _has_data(cards: Sequence[WorkspaceCard]) -> bool:
    """Whether there is something to run jobs on, for whoever may."""
    return actor().may(Action.RUN_JOBS) and any(item.last_week_start for item in cards)


def _stamp(cards: Sequence[WorkspaceCard]) -> str:
    """All that the head shows."""
    return f"{_subtitle(cards)} {_has_data(cards)}"


def _export_menu(*, everything: bool) -> Component:
    """The table as it stands, and by a job all of every creator's numbers."""
    # Not a page: the browser fetches it.
    items: list[Component] = [html.A("This table, CSV", href=routes.PORTFOLIO_CSV, className="menu-item", download="")]
    if everything:
        for words, identity in (("All creators' data, ZIP", Ids.EXPORT), ("All among competitors, CSV", Ids.BENCHMARK)):
            items.append(html.Button(words, type="button", className="menu-item", **writes_press(identity)))
    summary = html.Summary([icon("download"), "Export"], className="button button-plain")
    return html.Details([summary, html.Div(items, className="menu-sheet")], className="menu menu-end")


def _nobody() -> Component:
    if not actor().may(Action.CREATE_WORKSPACE):
        return card(empty_state("No creator yet", "Ask an owner of your agency to let you into a workspace."))
    return card(
        empty_state(
            "No creator yet",
            "A workspace holds one creator's daily numbers and what was learned from them. Upload an export, or try "
            "the product with synthetic creators whose true effects are known.",
            link_button("New workspace", routes.NEW_WORKSPACE, primary=True, glyph="plus"),
            glyph="portfolio",
        )
    )


def _subtitle(cards: Sequence[WorkspaceCard]) -> str:
    if not cards:
        return "Your creators, their growth and their forecasts."
    words = plural(len(cards), "creator")
    last = max((item.last_week_start for item in cards if item.last_week_start), default=None)
    forecasts = [item.model.forecast for item in cards if item.model is not None]
    if last:
        words += f", last complete week from {short_day(last)}"
    if forecasts:
        newest = max(forecast.week_start for forecast in forecasts)
        words += f". Forecasts are for the week of {short_day(newest)}, {percent(forecasts[0].level)} intervals"
    return words + "."


@kept
def _metrics(cards: Sequence[WorkspaceCard]) -> Component:
    return metric_row(_gained(cards), _held(cards), _beating(cards), _needing(cards))


def _gained(cards: Sequence[WorkspaceCard]) -> Component:
    last = max((item.last_week_start for item in cards if item.last_week_start), default=None)
    growths = [
        item.last_week_growth for item in cards if item.last_week_growth is not None and item.last_week_start == last
    ]
    if not growths:
        return metric_card("Followers gained, last week", count(None), "no complete week yet")
    up, down = [growth for growth in growths if growth >= 0], [growth for growth in growths if growth < 0]
    note = f"{plural(len(up), 'creator')} grew, none shrank"
    if down:
        note = f"{len(up)} gained {count(sum(up))}; {len(down)} lost {count(-sum(down))}"
    total = sum(growths)
    marks = [_from("portfolio_gained", "Followers gained, last week")]
    return metric_card(
        "Followers gained, last week", signed(total), note, tone="down" if total < 0 else None, marks=marks
    )


def _held(cards: Sequence[WorkspaceCard]) -> Component:
    measured = [item.model for item in cards if item.model is not None and item.model.coverage is not None]
    origins = sum(model.origins for model in measured)
    if not origins:
        return metric_card("Forecasts that held", count(None), "measured once a model is trained")
    held = sum((model.coverage or 0.0) * model.origins for model in measured) / origins
    promised = percent(measured[0].forecast.level)
    marks = [what("coverage"), _from("portfolio_held", "Forecasts that held")]
    note = f"of {count(origins)} weeks, promised {promised}"
    return metric_card("Forecasts that held", percent(held), note, marks=marks)


def _beating(cards: Sequence[WorkspaceCard]) -> Component:
    models = [item.model for item in cards if item.model is not None]
    if not models:
        return metric_card("Better than naive", count(None), "no model yet")
    better = sum(model.verdict == "beats_naive" for model in models)
    marks = [what("naive"), _from("portfolio_better", "Better than naive")]
    note = "models, judged on weeks they hadn't seen"
    return metric_card("Better than naive", f"{better} of {len(models)}", note, marks=marks)


def _needing(cards: Sequence[WorkspaceCard]) -> Component:
    waiting = [item for item in cards if item.light.tone in NEEDS_SOMEBODY or not item.data_version]
    states = dict.fromkeys(item.light.state for item in waiting)
    note = "; ".join(states) if waiting else "nothing to do"
    marks = [_from("portfolio_needing", "Needs you")]
    return metric_card("Needs you", count(len(waiting)), note, note_tone="caution" if waiting else "up", marks=marks)


def _from(formula: str, of: str) -> Component:
    return formula_mark(formula, of=of, note=IN_ROWS)


@kept
def _table(cards: Sequence[WorkspaceCard], sort: str) -> Component:
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    if key not in SORTS:
        key, descending = "creator", False
    ordered = sorted(cards, key=SORTS[key], reverse=descending)
    columns = [
        _column("creator", "Creator", key, primary=True, descending=descending),
        _column("followers", "Followers", key, descending=descending),
        _column("growth", "Last week", key, descending=descending),
        Column("sparkline", "16 weeks", numeric=True),
        _column("forecast", "Next week", key, descending=descending),
        Column("state", "State"),
        _column("age", "Data", key, descending=descending),
    ]
    field = html.Label(
        [
            html.Span("Filter creators", className="visually-hidden"),
            # Kept in the page's memory: the table is drawn anew while jobs run, and what was typed still holds.
            dcc.Input(
                id=Ids.FILTER,
                type="search",
                placeholder="Filter creators",
                className="input",
                persistence=True,
                persistence_type="memory",
            ),
        ],
        className="filter",
        **data(filters=f"#{Ids.BODY}"),
    )
    nothing = html.P("No creator has that in the name or state.", className="muted nothing-matches", hidden=True)
    table = data_table(columns, [_row(item) for item in ordered], caption="Creators")
    return card(field, table, nothing)


def _column(key: str, label: str, sorted_by: str, *, descending: bool, primary: bool = False) -> Column:
    is_sorted = key == sorted_by
    # Numbers begin with the largest, names with A.
    first = key if primary else f"-{key}"
    other = key.removeprefix("-") if first.startswith("-") else f"-{key}"
    current = f"-{sorted_by}" if descending else sorted_by
    target = other if is_sorted and current == first else first
    order = "descending" if descending else "ascending"
    return Column(
        key,
        label,
        numeric=not primary,
        primary=primary,
        sort_href=f"{routes.PORTFOLIO}?sort={target}",
        sorted_as=order if is_sorted else None,
    )


def _row(item: WorkspaceCard) -> dict[str, Any]:
    growth = item.last_week_growth
    tone = "" if growth is None or growth == 0 else "text-up" if growth > 0 else "text-down"
    name = [
        avatar(item.handle),
        dcc.Link(f"@{item.handle}", href=routes.home(item.id)),
        *([_trail(item)] if item.data_version else []),
    ]
    return {
        "creator": html.Span(name, className="creator"),
        "followers": count(item.followers),
        "growth": html.Span(signed(growth), className=tone),
        "sparkline": sparkline(item.sparkline, what="Followers gained per week"),
        "forecast": _forecast(item),
        "state": chip(item.light.state, tone=TONES[item.light.tone], title=item.light.reason),
        "age": html.Span(_age(item.data_age_days), title=short_day(item.data_last_date)),
        "_search": f"{item.handle} {item.light.state}",
    }


def _trail(item: WorkspaceCard) -> Component:
    source = Source(workspace_id=item.id, data_version=item.data_version)
    note = ""
    if item.model is not None:
        source = replace(
            source, model_number=item.model.number, model=item.model.chosen, trained_at=item.model.trained_at
        )
        if item.model.data_version != item.data_version:
            note = f"The model was trained on data version {item.model.data_version}."
    return trail(source, "portfolio_row", of=f"@{item.handle}", note=note)


def _forecast(item: WorkspaceCard) -> Any:
    if item.model is None:
        return html.Span("no model yet", className="muted")
    forecast = item.model.forecast
    span = html.Span(f"({interval(forecast.low, forecast.high)})", className="muted nowrap")
    return html.Span([signed(forecast.expected), " ", span])


def _age(days: int | None) -> str:
    if days is None:
        return "no data"
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days" if days > 0 else "ahead of today")


def _or_last(value: float | date | None) -> float:
    return -math.inf if value is None else float(value.toordinal() if isinstance(value, date) else value)


SORTS: dict[str, Callable[[WorkspaceCard], Any]] = {
    "creator": lambda item: item.handle.casefold(),
    "followers": lambda item: _or_last(item.followers),
    "growth": lambda item: _or_last(item.last_week_growth),
    "forecast": lambda item: _or_last(item.model.forecast.expected if item.model is not None else None),
    "age": lambda item: _or_last(item.data_last_date),
}
