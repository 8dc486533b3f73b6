"""What is kept, for how long, and how to take one's own data along or have oneself forgotten."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.services.accounts import get_account
from cgn_core.services.removals import delete_user
from cgn_core.services.retention import LEAST_JOB_DAYS, MOST_DAYS, Retention, get_retention, set_retention
from webapp import routes
from webapp.components.attributes import aria
from webapp.components.cards import button, card, download_button, page_header
from webapp.components.fields import number_field, text_field
from webapp.components.markup import dcc, html
from webapp.components.numbers import plural
from webapp.request_scope import actor, db

PATH = routes.PRIVACY
TITLE = "Privacy"
WORDS = "What is stored about you and your creators, for how long, and how to take it along or have it forgotten."
KEPT = (
    "Of the files you import only numbers per day are kept; others' names, captions and links are dropped at the door.",
    "What a model or forecast was made of is kept with it, so that it can be shown later why it was made.",
    "The audit log holds ids and numbers, never names or addresses. Nobody can change or delete its lines.",
)


class Ids(StrEnum):
    """Ids of this page."""

    FILES = "privacy-files"
    JOBS = "privacy-jobs"
    SAVE = "privacy-save"
    SAVED = "privacy-saved"
    TYPED = "privacy-typed"
    DELETE = "privacy-delete"
    GONE = "privacy-gone"


def layout() -> Component:
    """The page; owners choose how long files and jobs are kept."""
    return html.Div(
        [
            page_header(TITLE, WORDS),
            card(html.Ul([html.Li(sentence) for sentence in KEPT]), title="What is kept"),
            _retention(get_retention(db(), actor())),
            _mine(),
        ],
        className="stack",
    )


def _retention(kept: Retention) -> Component:
    longest = round(kept.installation_files_days)
    if not kept.may_edit:
        files = min(kept.files_kept_days or longest, longest)
        jobs = f"for {plural(kept.jobs_kept_days, 'day')}" if kept.jobs_kept_days else "as long as their workspace"
        words = f"Files that jobs made are kept for {plural(files, 'day')}, jobs that have ended {jobs}."
        return card(html.P(words), title="How long")
    fields = [
        number_field(
            "Days for files that jobs made", id=Ids.FILES, value=kept.files_kept_days, low=1, high=MOST_DAYS,
            hint=f"reports and exports; {longest} at most, and when left empty",
        ),
        number_field(
            "Days for jobs that have ended", id=Ids.JOBS, value=kept.jobs_kept_days, low=LEAST_JOB_DAYS, high=MOST_DAYS,
            hint="models and forecasts outlive their job; left empty, all are kept",
        ),
    ]  # fmt: skip
    return card(
        html.Div(fields, className="field-grid"),
        html.Div(
            [button("Save", id=Ids.SAVE, primary=True), html.Div(id=Ids.SAVED, **aria(live="polite"))],
            className="actions above-space",
        ),
        title="How long",
        aside="\N{MIDDLE DOT} for the whole agency; what is older goes within minutes",
    )


def _mine() -> Component:
    address = get_account(db(), actor()).email
    return card(
        html.P("Your account, sign-ins, tokens, and every row that names you, as one JSON file.", className="muted"),
        html.Div(download_button("Download my data", routes.MY_DATA), className="actions above-space"),
        html.Hr(),
        html.P(
            "Deleting your account forgets your name, address and password, and ends your sign-ins and tokens at once. "
            "What you imported and decided stays, without your name. It can't be undone.",
            className="muted",
        ),
        html.Div(
            text_field("Your e-mail address", id=Ids.TYPED, hint=f"{address}, to confirm"), className="above-space"
        ),
        html.Div(button("Delete my account", id=Ids.DELETE, danger=True), className="actions above-space"),
        dcc.Location(id=Ids.GONE, refresh=True),
        title="Your own data",
    )


@callback(
    Output(Ids.SAVED, "children"),
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.FILES, "value"),
    State(Ids.JOBS, "value"),
    prevent_initial_call=True,
)
def save(clicks: int | None, files: Any, jobs: Any) -> Any:
    """Store how long files and jobs are kept."""
    if not clicks:
        return no_update
    set_retention(db(writes=True), actor(), files_kept_days=files, jobs_kept_days=jobs)
    return html.Span("Saved.", className="text-up", role="status")


@callback(
    Output(Ids.GONE, "href"),
    Input(Ids.DELETE, "n_clicks"),
    State(Ids.TYPED, "value"),
    prevent_initial_call=True,
)
def delete_me(clicks: int | None, typed: Any) -> Any:
    """Forget who asks, and lead to the sign-in, which no longer knows them."""
    if not clicks:
        return no_update
    delete_user(db(writes=True), actor(), actor().user_id, typed=str(typed or ""))
    return routes.SIGN_IN
