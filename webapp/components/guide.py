"""What each page is for, told on the page itself until its reader has put the note away."""

from __future__ import annotations

from dash.development.base_component import Component

from cgn_core.access import Action
from webapp.components.attributes import aria
from webapp.components.icons import icon
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.shell import Ids

GUIDES: dict[str, str] = {
    "portfolio": (
        "Your creators at a glance: last week's growth, what next week will probably bring, and whether data and model "
        "can be trusted. Open the one whose light is not green first."
    ),
    "new_workspace": (
        "Drop the files a creator exported, all at once: nothing is stored before you have seen what was read. Without "
        "files at hand, have a creator generated: its true effects are known, so the answers can be checked."
    ),
    "jobs": (
        "Whatever takes longer runs here while you go on: imports, trainings, reports. Schedules start them by "
        "themselves, and each is done once, even when a machine dies."
    ),
    "team": "Who belongs to the agency and sees which creator. Clients are viewers: they see what you let them into.",
    "home": (
        "The answer first: what next week will probably bring if you post as in the last four weeks, and how far to "
        "believe it. Read the interval before the number; a small ? explains a word."
    ),
    "predictor": (
        "Try a week before you post it: move a lever, by mouse, arrow keys or a typed number, and the answer moves "
        "with it. The shaded part of the curve was never tried, so be careful there."
    ),
    "growth_history": (
        "What came, beside what had been forecast before each week: that is how to tell whether to believe the next "
        "one. Pin a note to a week whose story the numbers don't tell, such as a giveaway."
    ),
    "decisions": (
        "Where the next hour of work is best spent. Say how many hours there are, take the planner's week to the "
        "Predictor, and trust no gain in grey: it can't be told from luck."
    ),
    "model_health": (
        "Whether to believe the model: it has to beat the simplest forecast on weeks it had not seen. After new data, "
        "or when a light is not green, retrain and compare."
    ),
    "competitors": (
        "The creator among similar accounts, relative to size, over the weeks all of them have. Five make a percentile."
    ),
    "data": (
        "Where the numbers come from, day by day. Newer files go here, odd days are repaired here, and every change is "
        "a version that can be undone."
    ),
    "reports": "What a client gets: the answer, the evidence, and where every number comes from, as a file.",
    "workspace_jobs": "What runs and ran for this creator: how far it is, how it ended, and the file it made.",
}
"""By page module. Pages that say all of it themselves have none."""
NEEDS = {"new_workspace": Action.CREATE_WORKSPACE, "team": Action.SEE_TEAM}
"""What a reader must be allowed to do for the note to be of use."""


@kept
def guide(page: str) -> Component:
    """The note of a page.

    Raises:
        KeyError: the page has none.
    """
    return html.Div(
        html.Aside(
            [
                html.P([icon("info"), html.Span(GUIDES[page])], className="guide-words"),
                html.Div(
                    [
                        html.Button(
                            "Got it", id=Ids.GUIDE_HIDE, n_clicks=0, type="button",
                            className="button button-plain button-small",
                        ),
                        html.Button(
                            "Hide all such notes", id=Ids.GUIDE_HIDE_ALL, n_clicks=0, type="button",
                            className="button button-quiet button-small",
                        ),
                    ],
                    className="actions",
                ),
                dcc.Store(id=Ids.GUIDE_PAGE, data=page),
            ],
            className="notice tone-accent guide",
            **aria(label="About this page"),
        ),
        id=Ids.GUIDE,
    )  # fmt: skip
