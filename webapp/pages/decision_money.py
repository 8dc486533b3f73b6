"""The ROI calculator on Decisions: minutes, prices, and what they make of the work."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, Input, Output, State, callback
from dash.development.base_component import Component

from cgn_core.errors import InvalidInput
from cgn_core.figures.locales import MINUS
from cgn_core.figures.wording import NAMES, ONE
from cgn_core.services import decision_settings, decisions, models
from cgn_core.services.decision_settings import DecisionSettings
from cgn_core.services.decisions import MoneyView
from webapp.components.alerts import Tone, alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.fields import field, number_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, percent, plural, retold
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

MINUTES = "money-minutes"
VERDICTS: dict[str, tuple[str, Tone]] = {
    "pays": ("pays", "up"),
    "loses": ("costs more than it brings", "down"),
    "not_distinguishable": ("can't be told", "muted"),
}
MANY = 1000.0
"""An amount from which on its hundredths say nothing."""
NO_PRICES = "Enter what a follower is worth and what an hour costs: then this says which work pays, and from where."


class Ids(StrEnum):
    """Ids of this card."""

    WORKSPACE = "money-workspace"
    VALUE = "money-value"
    COST = "money-cost"
    CURRENCY = "money-currency"
    ENOUGH = "money-enough"
    ANSWER = "money-answer"
    SAVE = "money-save"


def money_card(workspace_id: UUID, settings: DecisionSettings, source: Source, *, may_edit: bool) -> Component:
    """The calculator with the workspace's prices, and its answer to them."""
    return _card(
        workspace_id, settings, decisions.money_view(db(), actor(), workspace_id, settings), source, may_edit=may_edit
    )


@kept
def _card(
    workspace_id: UUID, settings: DecisionSettings, view: MoneyView | None, source: Source, *, may_edit: bool
) -> Component:
    save = html.Div(button("Save prices and minutes for the team", id=Ids.SAVE), className="actions above-space")
    return card(
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
        _fields(settings),
        html.Div(_answer(view, source), id=Ids.ANSWER, className="above-space", **aria(live="polite")),
        *([save] if may_edit else []),
        title="Return on time",
        aside="\N{MIDDLE DOT} in money",
        marks=[what("break_even"), trail(source, "money", of="Net return of a piece")],
        id="money",
    )


def _fields(settings: DecisionSettings) -> Component:
    prices = [
        number_field("A follower is worth", id=Ids.VALUE, value=settings.value_of_follower, low=0, high=1e6,
                     step="any", placeholder=count(1.2, decimals=2)),
        number_field("An hour costs", id=Ids.COST, value=settings.cost_of_hour, low=0, high=1e6, step="any",
                     placeholder="45"),
        field("Currency", dcc.Input(id=Ids.CURRENCY, type="text", value=settings.currency, maxLength=4,
                                    className="input")),
        number_field("An hour should bring", id=Ids.ENOUGH, value=settings.least_per_hour, low=0, high=1e9, step="any",
                     hint="followers; left empty, half of what the first brings"),
    ]  # fmt: skip
    minutes = [
        field(
            f"Minutes a {ONE[name]}",
            dcc.Input(id={"type": MINUTES, "name": name}, type="number", value=value, min=1, max=1440, step="any",
                      className="input"),
        )
        for name, value in settings.minutes.items()
    ]  # fmt: skip
    return html.Div([*prices, *minutes], className="field-grid field-grid-four")


def money(amount: float | None, currency: str) -> str:
    """``−€ 45.00``; whole units from a thousand on."""
    if amount is None:
        return count(None)
    written = count(abs(amount), decimals=0 if abs(amount) >= MANY else 2)
    sign = MINUS if amount < 0 and written.strip("0.,") else ""
    return f"{sign}{currency}\N{NO-BREAK SPACE}{written}" if currency else f"{sign}{written}"


def money_range(low: float, high: float, currency: str) -> str:
    """``€ 1.00 to 2.00``, ``−€ 2.00 to 1.00``."""
    return f"{money(low, currency)} to {count(high, decimals=0 if abs(high) >= MANY else 2)}"


@kept
def _answer(view: MoneyView | None, source: Source) -> Component:
    if view is None:
        return alert(NO_PRICES)
    return html.Div([_all_work(view, source), _by_type(view), _why(view)], className="stack")


def _all_work(view: MoneyView, source: Source) -> Component:
    currency = view.settings.currency
    rows: list[tuple[Any, Any]] = [
        (["Break-even", what("break_even")],
         f"{count(view.break_even_per_hour, decimals=1)} followers an hour" if view.break_even_per_hour is not None
         else "none: a follower is worth nothing"),
    ]  # fmt: skip
    if view.net is not None:
        net, clear = view.net, not view.net.low <= 0 <= view.net.high
        tone = ("text-up" if net.estimate > 0 else "text-down") if clear else ""
        rows.append(
            (
                [f"Net, last {plural(view.weeks, 'week')}", trail(source, "net_period", of="Net of all work")],
                html.Span(
                    [
                        html.Strong(money(net.estimate, currency), className=tone),
                        html.Span(f" ({money_range(net.low, net.high, currency)})", className="muted"),
                        None if clear else html.Small("not distinguishable from nothing", className="muted block"),
                    ]
                ),
            )
        )
    return html.Dl(
        [html.Div([html.Dt(name, className="marked"), html.Dd(value)], className="fact") for name, value in rows],
        className="facts",
    )


def _by_type(view: MoneyView) -> Component:
    currency = view.settings.currency
    level = view.returns[0].net_per_piece.level if view.returns else decisions.LEVEL
    shown = [
        Column("type", "Content", primary=True),
        Column("cost", "A piece costs", numeric=True),
        Column("piece", f"Net a piece, {percent(level)}", numeric=True),
        Column("hour", "Net an hour", numeric=True),
        Column("value", "Pays from a follower's value of", numeric=True),
        Column("minutes", "Pays up to minutes", numeric=True),
        Column("verdict", "Verdict"),
    ]
    rows = []
    for each in view.returns:
        words, tone = VERDICTS[each.verdict]
        net, hours = each.net_per_piece, each.break_even_hours.estimate
        rows.append(
            {
                "type": html.Span(NAMES[each.content_type], className=f"text-{each.content_type}"),
                "cost": money(each.cost_per_piece, currency),
                "piece": html.Span(
                    [money(net.estimate, currency), html.Small(f"({money_range(net.low, net.high, currency)})",
                                                              className="muted block")]
                ),
                "hour": money(each.net_per_hour.estimate, currency),
                "value": money(each.break_even_value.estimate, currency)
                if each.break_even_value.estimate is not None else "no value is enough",
                "minutes": count(hours * 60) if hours is not None else "any",
                "verdict": chip(words, tone=tone),
            }
        )  # fmt: skip
    return data_table(shown, rows, caption="Net return in money by content type")


def _why(view: MoneyView) -> Component:
    spoken = [html.Li(retold(each.sentence), className="words") for each in view.returns]
    return html.Details(
        [html.Summary("Why?"), html.Ul(spoken, className="above-space")],
        className="more",
    )


def entered(value: Any, cost: Any, currency: Any, enough: Any, names: Any, minutes: Any) -> dict[str, Any]:
    """The form's values as the settings take them."""
    return {
        "value_of_follower": value,
        "cost_of_hour": cost,
        "currency": currency,
        "least_per_hour": enough,
        "minutes": {str(each["name"]): spent for each, spent in zip(names, minutes, strict=True) if spent is not None},
    }


FIELDS = (
    (Ids.VALUE, "value"),
    (Ids.COST, "value"),
    (Ids.CURRENCY, "value"),
    (Ids.ENOUGH, "value"),
    ({"type": MINUTES, "name": ALL}, "id"),
    ({"type": MINUTES, "name": ALL}, "value"),
)
"""The form, in the order that :func:`entered` takes it."""


@callback(
    Output(Ids.ANSWER, "children"),
    *(Input(*each) for each in FIELDS),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def recount(*form_and_workspace: Any) -> Component:
    """Count anew with what was entered; nothing is stored."""
    *form, workspace_id = form_and_workspace
    wanted = identifier(workspace_id)
    settings = decision_settings.decision_settings(db(), actor(), wanted)
    try:
        tried = decision_settings.with_changes(settings, entered(*form))
    except InvalidInput as refused:
        return alert(retold(refused.message), tone="caution")
    model = models.current_model(db(), actor(), wanted)
    if model is None:
        return alert(NO_PRICES)
    return _answer(decisions.money_view(db(), actor(), wanted, tried), source_of(model, wanted))
