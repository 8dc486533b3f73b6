"""The planner on Decisions: hours, weeks, bounds and caution, and the week that makes the most of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, Input, Output, State, callback
from dash.development.base_component import Component

from cgn_core.errors import InvalidInput, NotFound
from cgn_core.figures.plan import PlannedWeek as ShownWeek
from cgn_core.figures.plan import plan_figure
from cgn_core.figures.wording import NAMES, ONE
from cgn_core.services import decision_settings, decisions, models
from cgn_core.services.decision_settings import Bound, DecisionSettings
from cgn_core.services.decisions import ReturnsView
from webapp import routes
from webapp.components.alerts import Tone, alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card, link_button
from webapp.components.charts import chart
from webapp.components.explain import Source, trail, what
from webapp.components.fields import number_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, level_interval, plain, retold, short_day, signed
from webapp.components.tables import Column
from webapp.request_scope import actor, db, identifier

LEAST, MOST = "plan-least", "plan-most"
CAUTIONS = (("careful", "Careful"), ("middle", "In between"), ("bold", "Bold"))


class Ids(StrEnum):
    """Ids of this card."""

    WORKSPACE = "plan-workspace"
    HOURS = "plan-hours"
    WEEKS = "plan-weeks"
    CAUTION = "plan-caution"
    ANSWER = "plan-answer"
    SAVE = "plan-save"


def plan_card(workspace_id: UUID, settings: DecisionSettings, source: Source, *, may_edit: bool) -> Component:
    """The planner with the workspace's settings, and its answer to them."""
    model = models.current_model(db(), actor(), workspace_id)
    if model is None:
        raise NotFound
    predictor = model.training.fit.predictor
    planned = [name for name in predictor.levers if name in settings.minutes and name not in predictor.undetermined]
    usual = decisions.usual_hours(model, settings.minutes)
    bounds = [(name, settings.bounds.get(name, (None, None)), predictor.support[name]) for name in planned]
    asked = _ask(workspace_id, settings)
    return _card(settings, usual, bounds, predictor.week_start, workspace_id, asked, source, may_edit=may_edit)


@kept
def _card(
    settings: DecisionSettings,
    usual: float,
    bounds: Sequence[tuple[str, Bound, float]],
    week_start: str,
    workspace_id: UUID,
    asked: Asked,
    source: Source,
    *,
    may_edit: bool,
) -> Component:
    return card(
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
        _fields(settings, usual),
        html.Details(
            [
                html.Summary("Bounds: fewest and most pieces a week"),
                html.Div([_bounds(*each) for each in bounds], className="field-grid above-space"),
            ],
            className="more above-space",
            open=bool(settings.bounds),
        ),
        html.Div(_answer(workspace_id, asked), id=Ids.ANSWER, className="above-space", **aria(live="polite")),
        *([html.Div(button("Save these settings for the team", id=Ids.SAVE), className="actions above-space")]
          if may_edit else []),
        title=f"Plan from the week of {short_day(week_start)}",
        marks=[what("risk"), what("plan_gain"), trail(source, "plan", of="The plan and its gain")],
        id="planner",
    )  # fmt: skip


def _fields(settings: DecisionSettings, usual: float) -> Component:
    return html.Div(
        [
            number_field(
                "Hours a week, at most", id=Ids.HOURS, value=settings.hours, low=0, high=168, step=0.5,
                placeholder=plain(usual), hint=f"empty: {plain(usual)}, as in the last four weeks",
            ),
            number_field("Weeks", id=Ids.WEEKS, value=settings.weeks, low=1, high=12, hint="1 to 12"),
            # No label around them: it would name the first choice, which names itself.
            html.Div(
                [
                    html.Span("Caution", className="field-label"),
                    dcc.RadioItems(
                        id=Ids.CAUTION,
                        options=[{"value": key, "label": words} for key, words in CAUTIONS],
                        value=settings.caution,
                        inline=True,
                        className="choice",
                    ),
                    html.Span(
                        "careful: what nine of ten such weeks reach; bold: the most on average",
                        className="field-hint",
                    ),
                ],
                className="field",
            ),
        ],
        className="field-grid plan-fields",
    )  # fmt: skip


def _bounds(name: str, bound: Bound, most: float) -> Component:
    low, high = bound
    words = NAMES.get(name, name)

    def box(kind: str, value: int | None, placeholder: str, said: str) -> Component:
        control = dcc.Input(
            id={"type": kind, "name": name},
            type="number",
            value=value,
            min=0,
            max=decision_settings.MOST_PIECES,
            step=1,
            placeholder=placeholder,
            className="input",
            debounce=True,
        )
        return html.Label([html.Span(f"{said} {name} a week", className="visually-hidden"), control])

    boxes = [box(LEAST, low, "0", "Fewest"), html.Span("to", className="muted"), box(MOST, high, f"{most:g}", "Most")]
    return html.Div([html.Span(words, className="field-label"), html.Div(boxes, className="pair")], className="field")


@dataclass(frozen=True)
class Asked:
    """What the planner says to some settings."""

    plan: Any = None
    returns: ReturnsView | None = None
    usual: Mapping[str, float] = field(default_factory=dict)
    refusal: str = ""


def _ask(workspace_id: UUID, settings: DecisionSettings) -> Asked:
    try:
        plan = decisions.plan_view(db(), actor(), workspace_id, settings)
    except InvalidInput as refused:
        return Asked(refusal=refused.message)
    model = models.current_model(db(), actor(), workspace_id)
    returns = decisions.returns_view(db(), actor(), workspace_id)
    return Asked() if model is None else Asked(plan, returns, model.training.fit.predictor.usual)


@kept
def _answer(workspace_id: UUID, asked: Asked) -> Component:
    if asked.refusal:
        return alert(retold(asked.refusal), tone="caution")
    if asked.plan is None or asked.returns is None:
        return alert("There is no model to plan with yet.")
    plan, returns, usual = asked.plan, asked.returns, asked.usual
    week, gain = plan.weeks[0], plan.gain
    tone: Tone = "muted" if not plan.distinguishable else "up" if gain.estimate > 0 else "down"
    over = "over the last 4 weeks" if len(plan.weeks) == 1 else f"in {len(plan.weeks)} weeks, over posting as usual"
    pieces = ", ".join(f"{number} {name if number != 1 else ONE[name]}" for name, number in week.counts.items())
    # What isn't planned stays at its usual count, which the week shows rounded.
    chosen = {name: number for name, number in week.counts.items() if name not in plan.held}
    head = html.Div(
        [
            html.Strong(pieces),
            html.Span(f"{count(week.hours, decimals=1)} hours", className="muted"),
            chip(f"{signed(gain.estimate)} {over} ({interval(gain.low, gain.high)})", tone=tone),
            None if plan.extrapolation == "none" else chip("beyond what was ever tried", tone="caution"),
            link_button("Use this week", routes.planned(workspace_id, chosen), primary=True),
        ],
        className="plan-head",
    )
    rest = [_weeks(plan)] if len(plan.weeks) > 1 else []
    return html.Div([head, _days(week), *rest, _why(plan, returns, usual)],
                    className="stack")  # fmt: skip


def _days(week: Any) -> Component:
    """Monday to Sunday, with what to post."""
    days = []
    for day in week.days:
        chips = [
            html.Li(
                ONE[name].capitalize() if number == 1 else f"{number} {name}",
                className=f"plan-piece piece-{name}",
            )
            for name, number in day.counts.items()
            if number
        ]
        listed = html.Ul(chips, className="plain-list") if chips else html.P("nothing", className="muted small")
        heading = html.Strong(f"{date.fromisoformat(day.day):%a}", title=short_day(day.day))
        days.append(html.Li([heading, listed], className="plan-day"))
    return html.Ul(days, className="plain-list plan-days", **aria(label="What to post on each day"))


def _weeks(plan: Any) -> Component:
    names = list(plan.weeks[0].counts)
    shown = [
        Column("week", "Week of", primary=True),
        *(Column(name, NAMES.get(name, name), numeric=True) for name in names),
        Column("hours", "Hours", numeric=True),
    ]
    rows = [
        {"week": short_day(week.week), **{name: count(number) for name, number in week.counts.items()},
         "hours": count(week.hours, decimals=1)}
        for week in plan.weeks
    ]  # fmt: skip
    figure = plan_figure([ShownWeek(week.week, week.counts) for week in plan.weeks])
    words = f"Pieces by content type in each of the {len(plan.weeks)} planned weeks"
    return chart("decisions-plan", figure, words=words, columns=shown, rows=rows)


def _why(plan: Any, returns: ReturnsView, usual: Mapping[str, float]) -> Component:
    """Behind each number of the plan, the number that moved it."""
    marginal = {each.content_type: each.marginal for each in returns.returns}
    lines = []
    for name, number in plan.weeks[0].counts.items():
        before = f"{number} instead of {count(usual[name], decimals=1)} a week"
        if name in plan.held:
            continue  # the plan's own sentences say why
        if name in marginal:
            hour = marginal[name]
            said = level_interval(hour.level, hour.low, hour.high, decimals=1)
            lines.append(f"{NAMES[name]}: {before}; an hour on them brings {count(hour.estimate, decimals=1)} "
                         f"followers ({said}).")  # fmt: skip
        else:
            lines.append(f"{NAMES[name]}: {before}; the history shows no effect of theirs.")
    return html.Details(
        [
            html.Summary("Why this plan?"),
            html.Ul(
                [html.Li(each, className="words") for each in (*map(retold, plan.sentences), *lines)],
                className="above-space",
            ),
        ],
        className="more",
        open=True,
    )


def entered(hours: Any, weeks: Any, caution: Any, levers: Any, least: Any, most: Any) -> dict[str, Any]:
    """The form's values as the settings take them."""
    bounds = {str(each["name"]): [low, high] for each, low, high in zip(levers, least, most, strict=True)}
    return {"hours": hours, "weeks": weeks, "caution": caution, "bounds": bounds}


FIELDS = (
    (Ids.HOURS, "value"),
    (Ids.WEEKS, "value"),
    (Ids.CAUTION, "value"),
    ({"type": LEAST, "name": ALL}, "id"),
    ({"type": LEAST, "name": ALL}, "value"),
    ({"type": MOST, "name": ALL}, "value"),
)
"""The form, in the order that :func:`entered` takes it."""


@callback(
    Output(Ids.ANSWER, "children"),
    *(Input(*each) for each in FIELDS),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def replan(*form_and_workspace: Any) -> Component:
    """Plan anew with what was entered; nothing is stored."""
    *form, workspace_id = form_and_workspace
    wanted = identifier(workspace_id)
    settings = decision_settings.decision_settings(db(), actor(), wanted)
    try:
        tried = decision_settings.with_changes(settings, entered(*form))
    except InvalidInput as refused:
        return alert(retold(refused.message), tone="caution")
    return _answer(wanted, _ask(wanted, tried))
