"""The agency's settings: its name, its time zone, and the colour of its reports."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.development.base_component import Component

from cgn_core.services import agencies
from webapp import routes
from webapp.components.alerts import alert, empty_state
from webapp.components.attributes import HIDDEN, aria
from webapp.components.cards import button, card, link_button, page_header
from webapp.components.fields import field, text_field
from webapp.components.markup import dcc, html
from webapp.request_scope import actor, db

PATH = routes.AGENCY
TITLE = "Agency settings"


class Ids(StrEnum):
    """Ids of this page."""

    NAME = "agency-name"
    ZONE = "agency-zone"
    COLOUR = "agency-colour"
    SWATCH = "agency-swatch"
    SAVE = "agency-save"
    OUTCOME = "agency-outcome"


def layout() -> list[Component]:
    """The page."""
    agency = agencies.get_agency(db(), actor())
    if not agency.may_edit:
        back = link_button("To the portfolio", routes.PORTFOLIO, primary=True)
        sentence = "Ask an owner of your agency to change them."
        return [page_header(TITLE), card(empty_state("Only owners change these settings", sentence, back))]
    zones = dcc.Dropdown(id=Ids.ZONE, options=sorted(available_timezones()), value=agency.time_zone, clearable=False)
    swatch = html.Span(
        "Growth report", id=Ids.SWATCH, className="swatch", style={"color": agency.brand_colour}, **HIDDEN
    )
    form = html.Div(
        [
            html.Div(
                [
                    text_field("Name", id=Ids.NAME, value=agency.name, hint="in the header, in reports and in mails"),
                    field("Time zone", zones, "schedules act at its hours; new workspaces begin with it"),
                    html.Div(
                        [text_field("Colour of reports", id=Ids.COLOUR, value=agency.brand_colour,
                                    hint="#RRGGBB, dark enough to be read on white"), swatch],
                        className="stack",
                    ),
                ],
                className="columns",
            ),
            html.Div(button("Save", id=Ids.SAVE, primary=True), className="actions"),
            html.Div(id=Ids.OUTCOME, **aria(live="polite")),
        ],
        className="stack",
    )  # fmt: skip
    return [page_header(TITLE, "They hold for everybody in the agency.", link_button("Team", routes.TEAM)), card(form)]


clientside_callback(
    ClientsideFunction("agency", "swatch"),
    Output(Ids.SWATCH, "style"),
    Input(Ids.COLOUR, "value"),
)


@callback(
    Output(Ids.OUTCOME, "children"),
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.NAME, "value"),
    State(Ids.ZONE, "value"),
    State(Ids.COLOUR, "value"),
    prevent_initial_call=True,
)
def save(clicks: int | None, name: Any, zone: Any, colour: Any) -> Any:
    """Keep the settings."""
    if not clicks:
        return no_update
    agencies.edit_agency(
        db(writes=True), actor(), name=str(name or ""), time_zone=str(zone or ""), brand_colour=str(colour or "")
    )
    return alert("Saved. The header shows a new name on the next page that is opened.", tone="up")
