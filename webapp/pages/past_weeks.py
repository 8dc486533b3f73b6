"""What past weeks could have been, on Decisions: weeks and a changed plan are picked, the difference is answered."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.development.base_component import Component

from cgn_core.figures.wording import NAMES, ONE
from cgn_core.services import evidence, forecasts, models
from webapp.components.alerts import Tone, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.fields import choice, field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, level_interval, plural, retold, short_day, signed
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

CHANGE = "past-change"
OFFERED = 104
WAYS = (("add", "So many more or fewer in each week"), ("set", "So many in each week"))


class Ids(StrEnum):
    """Ids of this card."""

    WORKSPACE = "past-workspace"
    WEEKS = "past-weeks"
    LAST_4 = "past-last-4"
    LAST_12 = "past-last-12"
    WAY = "past-way"
    ASK = "past-ask"
    ANSWER = "past-answer"


def past_card(workspace_id: UUID, source: Source, levers: tuple[str, ...]) -> Component:
    """The form; the answer follows."""
    weeks = [week for week in reversed(forecasts.history(db(), actor(), workspace_id).weeks) if week.is_target]
    posted = [(week.week_start, week.actual, week.counts) for week in weeks[:OFFERED]]
    return _form(workspace_id, source, levers, posted)


@kept
def _form(
    workspace_id: UUID,
    source: Source,
    levers: tuple[str, ...],
    weeks: Sequence[tuple[str, float | None, dict[str, float | None]]],
) -> Component:
    options: list[Any] = [
        {
            "value": week_start,
            "label": f"{short_day(week_start)}: {signed(actual)}, {_posted(counts)}",
        }
        for week_start, actual, counts in weeks
    ]
    changes = [
        field(
            NAMES.get(name, name),
            dcc.Input(id={"type": CHANGE, "name": name}, type="number", step=1, placeholder="as posted",
                      className="input"),
        )
        for name in levers
    ]  # fmt: skip
    return card(
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
        field(
            "Which past weeks?",
            dcc.Dropdown(id=Ids.WEEKS, options=options, value=[each["value"] for each in options[:4]], multi=True,
                         placeholder="pick weeks"),
        ),
        html.Div(
            [button("The last 4", id=Ids.LAST_4, quiet=True), button("The last 12", id=Ids.LAST_12, quiet=True)],
            className="actions",
        ),
        html.Div(choice("With what instead?", WAYS, id=Ids.WAY, value="add"), className="above-space"),
        html.Div(changes, className="field-grid"),
        html.Div(button("What would have come?", id=Ids.ASK), className="actions above-space"),
        html.Div(id=Ids.ANSWER, className="above-space", **aria(live="polite")),
        title="What past weeks could have been",
        marks=[what("counterfactual"), trail(source, "counterfactual", of="The difference in past weeks")],
        id="past",
    )  # fmt: skip


def _posted(counts: dict[str, float | None]) -> str:
    told = [f"{count(number)} {ONE[name] if number == 1 else name}" for name, number in counts.items() if number]
    return ", ".join(told) or "nothing"


for _number, _button in ((4, Ids.LAST_4), (12, Ids.LAST_12)):
    clientside_callback(
        ClientsideFunction("decisions", f"last{_number}"),
        Output(Ids.WEEKS, "value", allow_duplicate=True),
        Input(_button, "n_clicks"),
        State(Ids.WEEKS, "options"),
        prevent_initial_call=True,
    )


@callback(
    Output(Ids.ANSWER, "children"),
    Input(Ids.ASK, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.WEEKS, "value"),
    State(Ids.WAY, "value"),
    State({"type": CHANGE, "name": ALL}, "id"),
    State({"type": CHANGE, "name": ALL}, "value"),
    running=[(Output(Ids.ASK, "disabled"), True, False)],
    prevent_initial_call=True,
)
def ask(clicks: int | None, workspace_id: Any, weeks: Any, way: Any, names: Any, values: Any) -> Any:
    """Answer what the chosen weeks would have brought."""
    if not clicks:
        return no_update
    wanted = identifier(workspace_id)
    change = {str(each["name"]): value for each, value in zip(names, values, strict=True) if value is not None}
    chosen = [str(each) for each in weeks] if isinstance(weeks, list) else []
    found = evidence.imagine_past(db(), actor(), wanted, chosen, change, way=str(way))
    model = models.current_model(db(), actor(), wanted)
    return None if model is None else _answer(found, source_of(model, wanted))


def _answer(found: Any, source: Source) -> Component:
    total = found.difference
    tone: Tone = "muted" if not found.distinguishable else "up" if total.estimate > 0 else "down"
    came = f"They brought {signed(found.actual)}." if found.actual is not None else ""
    head = html.Div(
        [
            html.Strong(f"{signed(total.estimate)} followers", className=f"metric-value text-{tone}"),
            html.Span(level_interval(total.level, total.low, total.high), className="muted"),
            trail(source, "counterfactual", of="The difference in past weeks"),
            None if total.extrapolation == "none" else chip("beyond what was ever tried", tone="caution"),
        ],
        className="plan-head",
    )
    said = html.P(f"{retold(found.sentence)} {came} Luck, season and viral days stay as they were.", className="words")
    return html.Div([head, said, _table(found)], className="stack", role="status")


def _table(found: Any) -> Component:
    shown = [
        Column("week", "Week of", primary=True),
        Column("change", "Changed"),
        Column("came", "Came", numeric=True),
        Column("difference", "Difference", numeric=True),
        Column("range", "Interval", numeric=True),
    ]
    rows = [
        {
            "week": short_day(week.week_start),
            "change": html.Span(_changed(week.posted, week.changed), className="words"),
            "came": signed(week.actual),
            "difference": signed(week.difference.estimate),
            "range": interval(week.difference.low, week.difference.high),
        }
        for week in found.weeks
    ]
    return html.Details(
        [
            html.Summary(f"Week by week ({plural(len(rows), 'week')})"),
            data_table(shown, rows, caption="Each chosen week as posted and as imagined"),
        ],
        className="more",
        open=len(rows) <= 4,  # noqa: PLR2004 - as many as are picked at first
    )


def _changed(posted: dict[str, float], changed: dict[str, float]) -> str:
    told = [
        f"{NAMES.get(name, name)} {count(posted[name])} \N{RIGHTWARDS ARROW} {count(number)}"
        for name, number in changed.items()
        if number != posted[name]
    ]
    return ", ".join(told) or "nothing"
