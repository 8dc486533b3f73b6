"""The lights and the diagnostics on Model Health: places that fill themselves, as judging a model takes a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, callback
from dash.development.base_component import Component

from cgn_core.services import diagnoses, forecasts, workspaces
from cgn_core.services.model_lights import Light, model_lights
from webapp.components.alerts import Tone, alert, chip
from webapp.components.attributes import HIDDEN, aria
from webapp.components.cards import card
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.markup import dcc, html
from webapp.components.tables import Column, data_table
from webapp.pages.diagnostic_card import TITLES, Judged
from webapp.pages.forecast_cards import coefficients_card, drift_card, held_weeks_card
from webapp.pages.influence_cards import inflation_card, influence_card, leverage_card, stability_card
from webapp.pages.residual_cards import fitted_card, memory_card, quantiles_card, time_card
from webapp.request_scope import actor, db, identifier

CARDS: dict[str, Callable[[Judged], Component | None]] = {
    "drift": drift_card,
    "weeks": held_weeks_card,
    "coefficients": coefficients_card,
    "inflation": inflation_card,
    "fitted": fitted_card,
    "time": time_card,
    "quantiles": quantiles_card,
    "memory": memory_card,
    "influence": influence_card,
    "leverage": leverage_card,
    "stability": stability_card,
}
STATES: dict[str, tuple[str, Tone]] = {
    "red": ("act", "down"),
    "amber": ("take care", "caution"),
    "green": ("fine", "up"),
}
"""By colour of a light: what it says in words, so that the colour isn't the only sign. The gravest first."""
TOPICS = {
    "naive": ("Against naive", "naive"),
    "intervals": ("Intervals", "coverage"),
    "drift": ("Drift", "drift"),
    "cadence": ("Posting", "extrapolation"),
    "data": ("Data", "data_version"),
    "stability": ("Stability", "stability"),
    "memory": ("Memory", "memory"),
    "form": ("Form", "saturation"),
    "influence": ("Influence", "cooks_distance"),
    "collinearity": ("Telling effects apart", "inflation"),
    "spread": ("Spread", "residual"),
    "shape": ("Shape", "normal_quantile"),
}
"""By topic of a light: its name, and the term that explains it."""


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "diagnostics-workspace"
    LIGHTS = "diagnostics-lights"
    CHOSEN = "diagnostics-chosen"
    CARDS = "diagnostics-cards"


def lights_card(workspace_id: UUID) -> Component:
    """Where the lights will stand."""
    return html.Div(
        [
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            html.Div(_waiting("Lights"), id=Ids.LIGHTS, **aria(live="polite")),
        ]
    )


def diagnostics_cards() -> Component:
    """The choice of diagnostics, and where those that are chosen will stand."""
    choice = dcc.Checklist(
        id=Ids.CHOSEN,
        options=[{"label": title, "value": name} for name, title in TITLES.items()],
        value=list(TITLES),
        inline=True,
        className="choice",
        persistence=True,
        persistence_type="local",
    )
    return html.Div(
        [
            card(
                html.Div(choice, role="group", **aria(label="Diagnostics shown")),
                title="Diagnostics",
                aside="\N{MIDDLE DOT} choose what is shown; this browser remembers it",
            ),
            html.Div(_waiting("Diagnostics"), id=Ids.CARDS, className="columns-two"),
        ],
        className="stack",
    )


def _waiting(title: str) -> Component:
    words = html.P("Judging the model on its weeks\N{HORIZONTAL ELLIPSIS}", className="muted", role="status")
    return card(words, title=title)


@callback(Output(Ids.LIGHTS, "children"), Input(Ids.WORKSPACE, "data"))
def show_lights(workspace_id: Any) -> Component | None:
    """Every topic's light with its cause, its evidence and its remedy, the gravest first."""
    wanted = identifier(workspace_id)
    workspace = workspaces.get_workspace(db(), actor(), wanted)
    found = diagnoses.diagnose_model(db(), actor(), wanted)
    if found is None:
        return None
    order = list(STATES)
    lights = sorted(model_lights(workspace.card, found), key=lambda each: order.index(each.colour))
    return card(
        _lights(lights),
        *([alert(found.refusal, tone="caution", title="The fit can't be judged.")] if found.refusal else []),
        title="Lights",
        aside="\N{MIDDLE DOT} what is behind each, what shows it, and what to do",
        marks=[what("p_value"), trail(source_of(found.model, wanted), "lights", of="Lights")],
    )


def _lights(lights: Sequence[Light]) -> Component:
    columns = [
        Column("topic", "Light", primary=True),
        Column("cause", "Cause"),
        Column("evidence", "Evidence"),
        Column("advice", "What to do"),
    ]
    return data_table(columns, [_row(each) for each in lights], caption="Lights of the model")


def _row(each: Light) -> dict[str, Any]:
    (state, tone), (name, term) = STATES[each.colour], TOPICS[each.topic]
    topic = [html.Span(className=f"dot tone-{tone}", **HIDDEN), html.Span(name), chip(state, tone=tone), what(term)]
    return {
        "topic": html.Span(topic, className="light-topic"),
        "cause": html.Span(each.cause, className="words"),
        "evidence": html.Span(each.evidence, className="words muted"),
        "advice": html.Span(each.advice, className="words"),
    }


@callback(Output(Ids.CARDS, "children"), Input(Ids.WORKSPACE, "data"), Input(Ids.CHOSEN, "value"))
def show_diagnostics(workspace_id: Any, chosen: Any) -> list[Component]:
    """Draw the chosen diagnostics in their own order."""
    wanted = identifier(workspace_id)
    workspace = workspaces.get_workspace(db(), actor(), wanted)
    found = diagnoses.diagnose_model(db(), actor(), wanted)
    if found is None:
        return []
    judged = Judged(
        found=found,
        past=forecasts.history(db(), actor(), wanted),
        workspace=Source(workspace_id=wanted, data_version=workspace.data_version),
    )
    names = [name for name in CARDS if isinstance(chosen, list) and name in chosen]
    if not names:
        return [card(html.P("Choose above which diagnostics are shown.", className="muted"))]
    cards = {name: CARDS[name](judged) for name in names}
    missing = [TITLES[name].lower() for name, drawn in cards.items() if drawn is None]
    shown = [drawn for drawn in cards.values() if drawn is not None]
    if missing:
        sentence = f"These weeks are too few or too alike for: {', '.join(missing)}."
        shown.append(card(html.P(sentence, className="muted")))
    return shown
