"""Saved scenarios on the Predictor: naming, comparing, sharing, copying, removing and bringing back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.errors import InvalidInput
from cgn_core.figures.scenarios import ScenarioLine, scenarios_figure
from cgn_core.figures.wording import NAMES
from cgn_core.services import saved_scenarios, workspaces
from cgn_core.services.saved_scenarios import AS_USUAL, Compared, Comparison, ScenarioView
from webapp import routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.charts import chart
from webapp.components.editors import editor, pressed_in_row, row_buttons
from webapp.components.explain import Source, trail, what
from webapp.components.fields import text_field
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, level_interval, percent, signed
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

LEVER = "predictor-lever"
RENAME, COPY, REMOVE, UNDO = "scenarios-rename", "scenarios-copy", "scenarios-remove", "scenarios-undo"
ACTIONS = ((RENAME, "Rename"), (COPY, "Duplicate"), (REMOVE, "Remove"))


class Ids(StrEnum):
    """Ids of this part of the page."""

    WORKSPACE = "scenarios-workspace"
    NAME = "scenarios-name"
    SAVE = "scenarios-save"
    TABLE = "scenarios-table"
    OUTCOME = "scenarios-outcome"
    EDITOR = "scenarios-editor"
    EDITING = "scenarios-editing"
    NEW_NAME = "scenarios-new-name"
    KEEP = "scenarios-keep"
    CLOSE = "scenarios-close"


def may_share() -> bool:
    """Whether whoever looks may save scenarios; pages hide what they may not."""
    return actor().may(Action.SHARE_SCENARIOS)


def save_fields(*, may_share: bool) -> Component:
    """The name and the button that keeps the levers under it."""
    if not may_share:
        words = "You can try any plan here; an owner or strategist can save it for the team."
        return html.P(words, className="muted")
    return html.Div(
        [
            text_field("Name of this scenario", id=Ids.NAME, placeholder="Two reels more"),
            html.Div(button("Save scenario", id=Ids.SAVE, primary=True), className="actions"),
        ],
        className="predictor-save d-print-none",
    )


def scenarios_card(workspace_id: UUID, source: Source) -> Component:
    """Every saved scenario beside posting as usual."""
    return card(
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
        html.Div(id=Ids.OUTCOME, **aria(live="polite")),
        html.Div(id=Ids.EDITOR),
        html.Div(_compared(workspace_id), id=Ids.TABLE, className="stack"),
        title="Saved scenarios",
        aside="\N{MIDDLE DOT} for the whole team",
        marks=[what("interval"), trail(source, "against_usual", of="Gain over the last 4 weeks")],
    )


def _compared(workspace_id: UUID) -> list[Component]:
    comparison = saved_scenarios.compare_scenarios(db(), actor(), workspace_id)
    if comparison is None:
        return [html.P("There is no model to compare scenarios with.", className="muted")]
    if len(comparison.rows) == 1:
        words = "None yet. Move the levers and save the week: everybody in this workspace sees it here."
        return [html.P(words if may_share() else "None yet.", className="muted")]
    return [_table(comparison), _chart(comparison)]


def _table(comparison: Comparison) -> Component:
    shown = [
        Column("name", "Scenario", primary=True),
        *(Column(name, NAMES.get(name, name), numeric=True) for name in comparison.levers),
        Column("hours", "Hours", numeric=True),
        Column("expected", f"Expected, {percent(comparison.level)}", numeric=True),
        Column("gain", "Gain over last 4 weeks", numeric=True),
        *([Column("actions", "", numeric=True)] if may_share() else []),
    ]
    rows = [_row(each) for each in comparison.rows]
    return data_table(shown, rows, caption="Scenarios beside posting as in the last four weeks")


def _row(each: Compared) -> dict[str, Any]:
    answer, gain = each.answer, each.gain
    left_out = f"without {', '.join(each.left_out)}: the model in force has no such lever" if each.left_out else ""
    name: Any = html.Strong(AS_USUAL)
    if each.scenario is not None:
        by = f"by {each.scenario.made_by}" if each.scenario.made_by else None
        link = routes.scenario(each.scenario.workspace_id, each.scenario.id)
        name = html.Span(
            [dcc.Link(each.name, href=link, className="inline-link"), html.Small(left_out, className="muted block")],
            className="words",
            title=by,
        )
    if answer.expected is None:
        expected: Any = html.Span("too far beyond anything tried", className="text-caution words")
    else:
        beyond = answer.extrapolation != "none"
        expected = html.Span(
            [
                f"{signed(answer.expected)} ",
                html.Span(f"({interval(answer.low, answer.high)})", className="muted"),
                html.Small("beyond what was ever tried", className="text-caution block") if beyond else None,
            ]
        )
    return {
        "name": name,
        **{lever: count(pieces, decimals=0 if pieces == round(pieces) else 1) for lever, pieces in each.plan.items()},
        "hours": count(each.hours, decimals=1),
        "expected": expected,
        "gain": _gain(gain.estimate, gain.low, gain.high) if gain is not None else "",
        "actions": row_buttons("scenario", each.scenario.id, ACTIONS, said=f": {each.name}") if each.scenario else "",
    }


def _gain(estimate: float, low: float, high: float) -> Component:
    clear = not low <= 0 <= high
    tone = ("text-up" if estimate > 0 else "text-down") if clear else "muted"
    return html.Span(
        [
            html.Span(f"{signed(estimate)} ", className=tone),
            html.Span(f"({interval(low, high)})", className="muted"),
            None if clear or low == high else html.Small("not distinguishable from nothing", className="muted block"),
        ]
    )


def _chart(comparison: Comparison) -> Component:
    lines = [
        ScenarioLine(
            name=each.name,
            expected=each.answer.expected,
            low=each.answer.low or 0.0,
            high=each.answer.high or 0.0,
            is_usual=each.scenario is None,
            is_beyond=each.answer.extrapolation != "none",
        )
        for each in comparison.rows
        if each.answer.expected is not None
    ]
    told = "; ".join(
        f"{line.name} {signed(line.expected)} ({level_interval(comparison.level, line.low, line.high)})"
        for line in lines
    )
    words = f"Expected followers next week by scenario, with intervals: {told}"
    return chart("scenarios-compared", scenarios_figure(lines, level=comparison.level), words=words)


@callback(
    Output(Ids.TABLE, "children"),
    Output(Ids.OUTCOME, "children"),
    Output(Ids.NAME, "value"),
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.NAME, "value"),
    State({"type": LEVER, "name": ALL}, "value"),
    State({"type": LEVER, "name": ALL}, "id"),
    prevent_initial_call=True,
)
def save(clicks: int | None, workspace_id: Any, name: Any, values: Any, levers: Any) -> tuple[Any, Any, Any]:
    """Keep the levers under a name."""
    if not clicks:
        return no_update, no_update, no_update
    wanted = workspaces.get_workspace(db(writes=True), actor(), identifier(workspace_id)).id
    plan = {str(each["name"]): value for each, value in zip(levers, values, strict=True) if value is not None}
    saved_scenarios.save_scenario(db(writes=True), actor(), wanted, name=str(name or ""), plan=plan)
    return _compared(wanted), alert("Saved; everybody in this workspace sees it.", tone="up"), ""


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children"),
    Input({"type": RENAME, "scenario": ALL}, "n_clicks"),
    Input({"type": COPY, "scenario": ALL}, "n_clicks"),
    Input({"type": REMOVE, "scenario": ALL}, "n_clicks"),
    Input({"type": UNDO, "scenario": ALL}, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def change(*pressed_and_workspace: Any) -> tuple[Any, Any, Any]:
    """Copy a scenario, remove it, bring it back, or open it for renaming."""
    pressed = pressed_in_row("scenario")
    if pressed is None:
        return no_update, no_update, no_update
    kind, scenario_id = pressed[0], identifier(pressed[1])
    if kind == RENAME:
        view = saved_scenarios.get_scenario(db(), actor(), scenario_id)
        actor().require(Action.SHARE_SCENARIOS)
        return no_update, None, _editor(view)
    if kind == REMOVE:
        saved_scenarios.remove_scenario(db(writes=True), actor(), scenario_id)
        undo = button("Undo", id={"type": UNDO, "scenario": str(scenario_id)}, glyph="undo")
        outcome = alert("The scenario is removed.", action=undo)
    elif kind == UNDO:
        saved_scenarios.restore_scenario(db(writes=True), actor(), scenario_id)
        outcome = alert("It is back as it was.", tone="up")
    else:
        saved_scenarios.duplicate_scenario(db(writes=True), actor(), scenario_id)
        outcome = alert("Copied; rename the copy, or open it and change its plan.", tone="up")
    return _compared(identifier(pressed_and_workspace[-1])), outcome, None


def _editor(view: ScenarioView) -> Component:
    return editor(
        text_field(f"New name of {view.name}", id=Ids.NEW_NAME, value=view.name),
        identity=view.id,
        editing=Ids.EDITING,
        save=button("Rename", id=Ids.KEEP),
        close=Ids.CLOSE,
        label=f"Rename {view.name}",
    )


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children", allow_duplicate=True),
    Input(Ids.KEEP, "n_clicks"),
    Input(Ids.CLOSE, "n_clicks"),
    State(Ids.EDITING, "data"),
    State(Ids.NEW_NAME, "value"),
    prevent_initial_call=True,
)
def rename(keeps: int | None, closes: int | None, editing: Any, name: Any) -> tuple[Any, Any, Any]:
    """Give a scenario another name, or leave it as it was."""
    if not keeps and not closes:
        return no_update, no_update, no_update
    if ctx.triggered_id == Ids.CLOSE:
        return no_update, None, None
    scenario = saved_scenarios.get_scenario(db(writes=True), actor(), identifier(editing))
    saved_scenarios.rename_scenario(db(writes=True), actor(), scenario.id, str(name or ""))
    return _compared(scenario.workspace_id), alert("Renamed.", tone="up"), None


def plan_of_link(text: str, levers: tuple[str, ...]) -> dict[str, float]:
    """The plan in a shared address, ``posts:5,reels:4``.

    Raises:
        InvalidInput: it isn't one.
    """
    plan = {}
    for part in text.split(","):
        name, colon, value = part.partition(":")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not colon or name not in levers or not 0 <= number < 1e6:  # noqa: PLR2004 - no week has a million pieces
            raise InvalidInput("This link's plan can't be read; the levers stand where the last four weeks were.")
        plan[name] = number
    return plan
