"""Every page of the portal, in an order to walk them: for what has to hold on all of them, and for their pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, TimeoutError  # noqa: A004 - Playwright's own name for it

AGAIN_MILLISECONDS = 30_000
SETTLED_MILLISECONDS = 700
"""Charts draw, and fonts and sheets find their place, after the last answer has come."""


@dataclass(frozen=True)
class Stop:
    """One page to stop at."""

    name: str
    path: str
    """``{home}`` stands for a workspace's first page."""
    heading: str
    """Its level-one heading; ``{handle}`` stands for the workspace's name."""
    drawn: str = ""
    """What is there once everything is, where the heading comes first."""
    module: str = ""
    """The page module, where Dash draws it."""


CHART = ".js-plotly-plot .main-svg"
AGENCY = (
    Stop("portfolio", "/", "Portfolio", ".sparkline", "portfolio"),
    Stop("new-workspace", "/new-workspace", "New workspace", ".drop-zone", "new_workspace"),
    Stop("jobs", "/jobs", "Jobs", "#jobs-table table", "jobs"),
    Stop("audit", "/audit", "Audit log", "table", "audit"),
    Stop("team", "/team", "Team", "table", "team"),
    Stop("agency", "/agency", "Agency settings", "form, .panel", "agency"),
    Stop("privacy", "/privacy", "Privacy", ".panel", "privacy"),
)
WORKSPACE = (
    Stop("home", "{home}", "{handle}", CHART, "home"),
    Stop("predictor", "{home}/predictor", "Predictor", CHART, "predictor"),
    Stop("growth-history", "{home}/growth-history", "Growth history", CHART, "growth_history"),
    Stop("decisions", "{home}/decisions", "Decisions", "#evidence-cards .main-svg", "decisions"),
    Stop("model-health", "{home}/model-health", "Model health", CHART, "model_health"),
    Stop("competitors", "{home}/competitors", "Competitors", CHART, "competitors"),
    Stop("data", "{home}/data", "Data", ".calendar-mark", "data"),
    Stop("reports", "{home}/reports", "Reports", ".panel", "reports"),
    Stop("workspace-jobs", "{home}/jobs", "Jobs", "#jobs-table table", "workspace_jobs"),
)
ACCOUNT = (
    Stop("profile", "/account/profile", "Profile"),
    Stop("second-factor", "/account/second-factor", "Second factor"),
    Stop("sessions", "/account/sessions", "My sessions"),
    Stop("password", "/account/password", "Password"),
    Stop("tokens", "/account/tokens", "API tokens"),
    Stop("confirm", "/account/confirm?next=/account/password", "Is it you?"),
    Stop("api", "/api/v1/docs", "REST API, version 1"),
    Stop("not-found", "/workspaces/00000000-0000-4000-8000-000000000000", "Not found"),
)
SIGNED_OUT = (
    Stop("sign-in", "/sign-in", "Sign in"),
    Stop("forgotten", "/password/forgotten", "Forgotten your password?"),
    Stop("dead-link", "/invitation/no-such-link", "This link is over"),
)
EVERYWHERE = (*AGENCY, *WORKSPACE, *ACCOUNT)
"""What whoever owns an agency sees."""
EMPTY = (
    Stop("portfolio-empty", "/", "Portfolio", ".empty"),
    Stop("jobs-empty", "/jobs", "Jobs", ".empty"),
)
"""What the owner of an agency sees that has nothing yet."""
REFUSED = (
    Stop("agency-refused", "/agency", "Agency settings", ".empty"),
    Stop("team-refused", "/team", "Team", ".empty"),
    Stop("audit-refused", "/audit", "Audit log", ".empty"),
    Stop("new-workspace-refused", "/new-workspace", "New workspace", ".empty"),
)
"""What a viewer sees where the role ends."""


def open_stop(page: Page, stop: Stop, *, home: str = "", handle: str = "") -> None:
    """Go there and wait until it is drawn; again where the machine's network changed and the browser gave up."""
    heading = page.get_by_role("heading", name=stop.heading.format(handle=handle), level=1)
    for last in (False, False, True):
        page.goto(stop.path.format(home=home))
        try:
            heading.wait_for(timeout=None if last else AGAIN_MILLISECONDS)
            break
        except TimeoutError:
            if last:
                raise
    if stop.drawn:
        page.locator(stop.drawn).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED_MILLISECONDS)


def walk(page: Page, stops: tuple[Stop, ...], look: Callable[[Stop], Any], *, home: str = "", handle: str = "") -> None:
    """Go through pages and look at each."""
    for stop in stops:
        open_stop(page, stop, home=home, handle=handle)
        look(stop)
