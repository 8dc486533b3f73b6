"""Model versions on Model Health: which one is in force and why, putting another in force, trying a challenger."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.figures.wording import model_name
from cgn_core.services import models, registry, retrainings, workspaces
from cgn_core.services.models import ModelVersionView, ModelView
from cgn_core.services.registry import PromotionView
from cgn_core.services.validations import MODELS
from webapp import clock
from webapp.components.alerts import alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card, columns
from webapp.components.explain import Source, formula_mark, trail, what
from webapp.components.fields import field, text_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, moment, percent, plural, retold, short_day
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

SHOWN_CHANGES = 12


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "versions-workspace"
    KEY = "versions-key"
    CARDS = "versions-cards"
    NUMBER = "versions-number"
    REASON = "versions-reason"
    PROMOTE = "versions-promote"
    FORM = "versions-form"
    CHALLENGE = "versions-challenge"
    OUTCOME = "versions-outcome"


def challenge_card(model: ModelView, source: Source) -> Component:
    """The champion beside the best challenger of the training that made this model, on the same weeks."""
    marks = [what("champion"), trail(source, "challenge", of="Champion and challenger")]
    title = "Champion and challenger"
    found = model.training.challenge
    if found is None:
        sentence = (
            f"Model {model.number} was trained without a champion to beat. The next retraining sets every other form "
            "against it on the same unseen weeks; one form alone can be tried below."
        )
        return card(html.P(sentence, className="words"), title=title, marks=marks)
    rows = [
        {"role": role, "form": model_name(form), "mae": count(mae)}
        for role, form, mae in (
            ("Champion", found.champion, found.champion_mae),
            ("Challenger", found.challenger, found.challenger_mae),
        )
    ]
    shown = [
        Column("role", "Role", primary=True),
        Column("form", "Form"),
        Column("mae", "Off by, a week", numeric=True),
    ]
    chance = (
        ""
        if found.p_value is None
        else f" A lead like this comes by chance with p = {count(found.p_value, decimals=3)}."
    )
    return card(
        data_table(shown, rows, caption="Champion and challenger on the same weeks", keep=True),
        html.P(retold(found.sentence) + chance, className="words above-space"),
        title=title,
        aside=f"\N{MIDDLE DOT} {plural(found.weeks, 'unseen week')}",
        marks=marks,
    )


def version_cards(workspace_id: UUID, *, may_edit: bool) -> Component:
    """Every version, every change of the one in force, and the forms that change it."""
    return html.Div(
        [
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            dcc.Store(id=Ids.KEY, data=str(uuid4())),
            html.Div(_tables(workspace_id), id=Ids.CARDS, className="stack"),
            *([_forms(workspace_id)] if may_edit else []),
        ],
        className="stack",
    )


def _tables(workspace_id: UUID) -> list[Component]:
    versions = models.model_versions(db(), actor(), workspace_id)
    changes = registry.promotions(db(), actor(), workspace_id)
    return [_versions(versions), _changes(changes)]


@kept
def _versions(versions: list[ModelVersionView]) -> Component:
    rows = [
        {
            "number": f"Model {each.summary.number}",
            "chosen": model_name(each.summary.chosen),
            "mae": count(each.summary.mae),
            "coverage": percent(each.summary.coverage),
            "data": html.Span(f"version {each.summary.data_version}", title=f"SHA-256 {each.data_hash}"),
            "trained": html.Span(short_day(each.summary.trained_at.date()), title=f"by version {each.code_version}"),
            "state": chip("in force", tone="up") if each.is_in_force else "",
        }
        for each in versions
    ]
    shown = [
        Column("number", "Version", primary=True),
        Column("chosen", "Model"),
        Column("mae", "Off by", numeric=True),
        Column("coverage", "Interval held", numeric=True),
        Column("data", "Data"),
        Column("trained", "Trained"),
        Column("state", "State"),
    ]
    return card(
        data_table(shown, rows, caption="Model versions"),
        title="Versions",
        aside="none is ever changed",
        marks=[
            what("model_version"),
            formula_mark("scores", of="Scores of the versions", note="Each row names its model and its data version."),
        ],
    )


@kept
def _changes(changes: list[PromotionView]) -> Component:
    rows = [
        {
            "model": html.Span(f"Model {each.model_number}", className="nowrap"),
            "when": html.Span(f"{moment(each.created_at)} UTC", className="nowrap"),
            "why": html.Span(each.reason if each.promoted_by else retold(each.reason), className="words"),
            "by": html.Span(each.promoted_by or "a retraining", className="nowrap"),
        }
        for each in changes[:SHOWN_CHANGES]
    ]
    shown = [
        Column("model", "In force", primary=True),
        Column("when", "Since"),
        Column("why", "Why"),
        Column("by", "Decided by"),
    ]
    return card(
        data_table(shown, rows, caption="Changes of the model in force"),
        html.P(registry.RULE, className="muted above-space"),
        title="In force",
        marks=[
            what("champion"),
            formula_mark(
                "challenge", of="Why a model is in force", note="Each row names its model; its data are listed above."
            ),
        ],
    )


def _forms(workspace_id: UUID) -> Component:
    others = [each for each in models.model_versions(db(), actor(), workspace_id) if not each.is_in_force]
    return _form([(each.summary.number, each.summary.chosen) for each in others])


@kept
def _form(others: Sequence[tuple[int, str]]) -> Component:
    versions: list[Any] = [
        {"value": number, "label": f"Model {number}, {model_name(chosen)}"} for number, chosen in others
    ]
    forms: list[Any] = [{"value": name, "label": model_name(name)} for name in MODELS]
    promote = [
        field("Model", dcc.Dropdown(id=Ids.NUMBER, options=versions, placeholder="which version", searchable=False)),
        text_field("Why", id=Ids.REASON, placeholder="the reason stays with the model"),
    ]
    challenge = field("Form", dcc.Dropdown(id=Ids.FORM, options=forms, placeholder="which form", searchable=False))
    by_hand = [
        html.Div(promote, className="field-grid"),
        html.Div(button("Put in force", id=Ids.PROMOTE, glyph="undo"), className="actions above-space"),
    ]
    no_other = [html.P("There is no other version yet.", className="muted"), html.Div(by_hand, hidden=True)]
    challenger = [
        html.Div(challenge, className="field-grid"),
        html.Div(button("Train as challenger", id=Ids.CHALLENGE), className="actions above-space"),
    ]
    return card(
        columns(html.Div(by_hand if others else no_other), html.Div(challenger)),
        html.Div(id=Ids.OUTCOME, **aria(live="polite")),
        title="Change the model in force",
        aside="forecasts of an earlier version come back exactly",
    )


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.CARDS, "children"),
    Input(Ids.PROMOTE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.NUMBER, "value"),
    State(Ids.REASON, "value"),
    prevent_initial_call=True,
)
def promote(clicks: int | None, workspace_id: Any, number: Any, reason: Any) -> tuple[Any, Any]:
    """Put a version in force by hand."""
    if not clicks:
        return no_update, no_update
    wanted = workspaces.get_workspace(db(writes=True), actor(), identifier(workspace_id)).id
    if not isinstance(number, int) or isinstance(number, bool):
        return alert("Choose the model that is to be in force.", tone="caution"), no_update
    said = reason if isinstance(reason, str) else ""
    done = registry.promote(db(writes=True), actor(), wanted, number, reason=said)
    words = f"Model {done.model_number} is in force; the pages show its forecasts."
    return alert(words, tone="up"), _tables(wanted)


@callback(
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.KEY, "data"),
    Input(Ids.CHALLENGE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.FORM, "value"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def challenge(clicks: int | None, workspace_id: Any, form: Any, key: Any) -> tuple[Any, Any]:
    """Train one form beside the champion on the same weeks."""
    if not clicks:
        return no_update, no_update
    wanted = workspaces.get_workspace(db(writes=True), actor(), identifier(workspace_id)).id
    if not isinstance(form, str):
        return alert("Choose the form that is to be tried.", tone="caution"), no_update
    retrainings.request_retraining(db(writes=True), actor(), wanted, key=str(key)[:64], model=form)
    clock.wake()
    words = f"A training of the {model_name(form).lower()} is queued; it comes into force only if it is better."
    return alert(words), str(uuid4())
