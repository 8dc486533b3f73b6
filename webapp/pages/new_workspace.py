"""A new workspace: from a file, or synthetic creators made by a job."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import uuid4

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import generations, imports
from cgn_core.settings import settings
from cgn_core.tables import CONTENT_TYPES
from webapp import clock, routes, uploads
from webapp.components.alerts import alert, empty_state
from webapp.components.cards import button, card, link_button, page_header
from webapp.components.fields import choice, number_field
from webapp.components.markup import dcc, html
from webapp.components.uploads import UploadIds, drop_zone
from webapp.pages import large_files
from webapp.request_scope import actor, db, identifier

PATH = routes.NEW_WORKSPACE
TITLE = "New workspace"
PROFILES = (
    ("nano", "Nano, 3,500"),
    ("micro", "Micro, 22,000"),
    ("mid", "Mid, 110,000"),
    ("macro", "Macro, 520,000"),
    ("mega", "Mega, 2,400,000"),
)
"""The generator's profiles with the followers they start from; a test holds them to the generator's own."""


class Ids(StrEnum):
    """Ids of this page."""

    UPLOAD = "new-workspace-upload"
    READING = "new-workspace-reading"
    PREVIEW = "new-workspace-preview"
    ANSWER = "new-workspace-answer"
    AGAIN = "new-workspace-again"
    DROPPED = "new-workspace-dropped"
    UPLOADED = "new-workspace-uploaded"
    IMPORT = "new-workspace-import"
    DISCARD = "new-workspace-discard"
    NAME = "new-workspace-name"
    PROFILE = "new-workspace-profile"
    DAYS = "new-workspace-days"
    CREATORS = "new-workspace-creators"
    SEED = "new-workspace-seed"
    VIRAL = "new-workspace-viral"
    POSTS = "new-workspace-posts"
    REELS = "new-workspace-reels"
    STORIES = "new-workspace-stories"
    ADS = "new-workspace-ads"
    KEY = "new-workspace-key"
    GENERATE = "new-workspace-generate"
    OUTCOME = "new-workspace-outcome"


EFFECTS = dict(zip(CONTENT_TYPES, (Ids.POSTS, Ids.REELS, Ids.STORIES, Ids.ADS), strict=True))

UPLOAD_IDS = UploadIds(import_=Ids.IMPORT, discard=Ids.DISCARD, name=Ids.NAME, answer=Ids.ANSWER, again=Ids.AGAIN)


def layout(how: str = "upload", arrival: str = "") -> list[Component]:
    """The page; ``how`` is "upload" or "generate", ``arrival`` a large file that was dropped on it."""
    header = page_header(TITLE, "One workspace holds one creator. A file with several makes one for each.")
    if not actor().may(Action.CREATE_WORKSPACE):
        back = link_button("To the portfolio", routes.PORTFOLIO, primary=True)
        return [header, card(empty_state("Your role doesn't make workspaces", "Ask an owner of your agency.", back))]
    ways = (("upload", "Upload a file"), ("generate", "Generate creators"))
    tabs = [
        dcc.Link(words, href=f"{PATH}?how={key}", className="way is-chosen" if key == how else "way")
        for key, words in ways
    ]
    body = _generate() if how == "generate" else [*_upload(), *large_files.section(arrival)]
    return [header, html.Nav(tabs, className="ways"), *body]


def _upload() -> list[Component]:
    return [
        drop_zone(id=Ids.UPLOAD, limit=settings().upload_limit_bytes, large=(settings().large_upload_limit_bytes, "")),
        html.Div(alert("Reading the file.", tone="accent"), id=Ids.READING, hidden=True),
        html.Div(id=Ids.PREVIEW),
        dcc.Store(id=Ids.UPLOADED),
        dcc.Store(id=Ids.DROPPED),
    ]


def _generate() -> list[Component]:
    effects = [
        number_field(kind.capitalize(), id=EFFECTS[kind], low=-1000, high=100000, step="any", placeholder="as profile")
        for kind in CONTENT_TYPES
    ]
    low, high = generations.DAYS_ALLOWED
    form = html.Div(
        [
            choice("Profile, with the followers at the start", PROFILES, id=Ids.PROFILE, value="micro"),
            html.Div(
                [
                    number_field("Creators", id=Ids.CREATORS, value=1, low=1, high=generations.MOST_CREATORS),
                    number_field("Days", id=Ids.DAYS, value=730, low=low, high=high, hint="two years are 730"),
                    number_field(
                        "Seed",
                        id=Ids.SEED,
                        value=1,
                        low=0,
                        high=generations.MOST_SEED,
                        hint="the same seed, the same data",
                    ),
                    number_field(
                        "Viral days, per cent", id=Ids.VIRAL, low=0, high=20, step="any", placeholder="as profile"
                    ),
                ],
                className="field-grid",
            ),
            html.Fieldset([html.Legend("True effect: followers per piece"), html.Div(effects, className="field-grid")]),
            html.Div(button("Generate", id=Ids.GENERATE, primary=True), className="actions"),
            html.Div(id=Ids.OUTCOME),
            dcc.Store(id=Ids.KEY, data=str(uuid4())),
        ],
        className="stack",
    )
    return [card(form, title="Synthetic creators", aside="their true effects are known, so the answers can be checked")]


clientside_callback(
    ClientsideFunction(namespace="uploads", function_name="keep"),
    Output(Ids.DROPPED, "data"),
    Output(Ids.UPLOAD, "contents"),
    Input(Ids.UPLOAD, "contents"),
    State(Ids.UPLOAD, "filename"),
    prevent_initial_call=True,
)


@callback(
    Output(Ids.PREVIEW, "children"),
    Output(Ids.UPLOADED, "data"),
    Input(Ids.DROPPED, "data"),
    running=[(Output(Ids.READING, "hidden"), False, True)],
    prevent_initial_call=True,
)
def read_file(dropped: Any) -> tuple[Any, Any]:
    """Read what was dropped and show what importing it would change."""
    if dropped is None:
        return no_update, no_update
    return uploads.read(dropped, workspace_id=None, ids=UPLOAD_IDS)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Output(Ids.UPLOADED, "data", allow_duplicate=True),
    Input(Ids.AGAIN, "n_clicks"),
    State(Ids.DROPPED, "data"),
    State({"type": Ids.ANSWER, "key": ALL}, "value"),
    State({"type": Ids.ANSWER, "key": ALL}, "id"),
    running=[(Output(Ids.READING, "hidden"), False, True)],
    prevent_initial_call=True,
)
def read_again(clicks: int | None, dropped: Any, values: Any, asked: Any) -> tuple[Any, Any]:
    """Read the same files with what was answered."""
    if not clicks:
        return no_update, no_update
    answers = uploads.answers_of(values, asked)
    return uploads.read(dropped, workspace_id=None, ids=UPLOAD_IDS, answers=answers)


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Input(Ids.IMPORT, "n_clicks"),
    State(Ids.UPLOADED, "data"),
    State(Ids.NAME, "value"),
    running=[(Output(Ids.IMPORT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def import_file(clicks: int | None, upload_id: Any, name: Any) -> Any:
    """Make the workspaces and queue their retraining."""
    return uploads.take_in(upload_id, name) if clicks else no_update


@callback(
    Output(Ids.PREVIEW, "children", allow_duplicate=True),
    Input(Ids.DISCARD, "n_clicks"),
    State(Ids.UPLOADED, "data"),
    prevent_initial_call=True,
)
def discard_file(clicks: int | None, upload_id: Any) -> Any:
    """Forget what was read."""
    if not clicks:
        return no_update
    imports.discard_upload(db(writes=True), actor(), identifier(upload_id))
    return None


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.KEY, "data"),
    Input(Ids.GENERATE, "n_clicks"),
    State(Ids.PROFILE, "value"),
    State(Ids.DAYS, "value"),
    State(Ids.CREATORS, "value"),
    State(Ids.SEED, "value"),
    State(Ids.VIRAL, "value"),
    State(Ids.POSTS, "value"),
    State(Ids.REELS, "value"),
    State(Ids.STORIES, "value"),
    State(Ids.ADS, "value"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def generate(
    clicks: int | None, profile: Any, days: Any, creators: Any, seed: Any, viral: Any, posts: Any, reels: Any,
    stories: Any, ads: Any, key: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Queue the job; a second click on the same form is the same job."""
    if not clicks:
        return no_update, no_update
    given = dict(zip(CONTENT_TYPES, (posts, reels, stories, ads), strict=True))
    generations.request_generation(
        db(writes=True),
        actor(),
        profile=str(profile),
        days=days,
        creators=creators,
        seed=seed,
        viral_rate=viral / 100 if isinstance(viral, int | float) else None,
        effects={kind: value for kind, value in given.items() if value is not None},
        key=str(identifier(key)),
    )
    clock.wake()
    sentence = "Queued. The creators appear in the portfolio as soon as they are made; their models are trained next."
    return alert(sentence, tone="up", action=link_button("To the portfolio", routes.PORTFOLIO)), str(uuid4())
