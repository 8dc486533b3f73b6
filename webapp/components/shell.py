"""What stands around every page: header, side navigation, bottom bar on phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.figures.locales import in_use
from webapp import routes
from webapp.components.attributes import HIDDEN, aria, data
from webapp.components.drawn import as_text, inside
from webapp.components.icons import icon
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import percent, plural


class Ids(StrEnum):
    """Ids of the shell; pages may listen to FINISHED."""

    ALERTS = "shell-alerts"
    JOBS = "shell-jobs"
    CLOCK = "shell-clock"
    PULSE = "shell-pulse"
    FINISHED = "shell-finished"
    ARRIVED = "shell-arrived"
    GUIDE = "shell-guide"
    GUIDE_HIDE = "shell-guide-hide"
    GUIDE_HIDE_ALL = "shell-guide-hide-all"
    GUIDE_PAGE = "shell-guide-page"


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation."""

    key: str
    label: str
    short: str
    glyph: str
    href: str
    needs: Action = Action.READ


@dataclass(frozen=True)
class Frame:
    """What the shell needs to know about who looks and where."""

    agency: str
    name: str
    email: str
    initials: str
    workspaces: Sequence[tuple[UUID, str]]
    allowed: frozenset[Action] = frozenset()
    workspace_id: UUID | None = None
    handle: str | None = None
    printed: str = ""
    """Above the page on paper alone: whose it is, on which data, and of when."""
    current: str = ""


@dataclass(frozen=True)
class Ways:
    """The navigation as the browser draws it: beside the page, and below it on phones."""

    label: str
    side: str
    bottom: str


def workspace_nav(workspace_id: UUID) -> tuple[NavItem, ...]:
    """The pages of a workspace; ``key`` is the page module's name."""
    return (
        NavItem("home", "Home", "Home", "home", routes.home(workspace_id)),
        NavItem("predictor", "Predictor", "Predict", "predictor", routes.predictor(workspace_id)),
        NavItem("growth_history", "Growth history", "History", "history", routes.growth_history(workspace_id)),
        NavItem("decisions", "Decisions", "Decide", "decisions", routes.decisions(workspace_id)),
        NavItem("model_health", "Model health", "Model", "health", routes.model_health(workspace_id)),
        NavItem("competitors", "Competitors", "Peers", "competitors", routes.competitors(workspace_id)),
        NavItem("data", "Data", "Data", "data", routes.data(workspace_id)),
        NavItem("reports", "Reports", "Reports", "reports", routes.reports(workspace_id)),
        NavItem("workspace_jobs", "Jobs", "Jobs", "jobs", routes.workspace_jobs(workspace_id)),
    )


IN_BOTTOM_BAR = 4
KEPT = 256
"""Navigations and lists of workspaces whose text is kept, some kilobytes each."""
IN_ACCOUNT_MENU = ("team", "agency")
"""Where somebody who looks for their colleagues or the agency's name looks first."""
AGENCY_NAV = (
    NavItem("portfolio", "Portfolio", "Portfolio", "portfolio", routes.PORTFOLIO),
    NavItem("jobs", "All jobs", "Jobs", "jobs", routes.JOBS),
    NavItem("team", "Team", "Team", "team", routes.TEAM, Action.SEE_TEAM),
    NavItem("audit", "Audit log", "Audit", "reports", routes.AUDIT, Action.READ_AUDIT),
    NavItem("agency", "Agency settings", "Agency", "agency", routes.AGENCY, Action.EDIT_AGENCY),
)


def framed(content: Any, frame: Frame, *, guide: Component | None = None) -> Component:
    """The page's content inside the shell, below the note that explains it."""
    ways = _ways(frame.workspace_id, frame.allowed, frame.current)
    main = html.Main(
        html.Div(
            [html.Div(id=Ids.ALERTS, className="alerts", **aria(live="assertive")), guide, *_as_list(content)],
            className="content-inner",
        ),
        id="main",
        className="content",
        tabIndex="-1",
    )
    return html.Div(
        [
            html.A("Skip to the content", href="#main", className="skip-link"),
            html.P(frame.printed, className="on-paper"),
            _header(replace(frame, printed="")),  # the minute is on paper alone
            html.Div(
                [html.Nav(className="side", **inside(ways.side), **aria(label=ways.label)), main],
                className="frame frame-workspace" if frame.workspace_id is not None else "frame frame-agency",
            ),
            html.Nav(className="bottom", **inside(ways.bottom), **aria(label=f"{ways.label}, short")),
        ],
        **data(numbers=in_use()),  # assets/numbers.js writes the browser's own numbers in the same way
    )


def jobs_indicator(count: int, headline: str, progress: float) -> list[Component]:
    """The header's words about running jobs."""
    if count == 0:
        return [icon("jobs"), html.Span("Jobs", className="jobs-words")]
    share = html.Span(percent(progress), className="jobs-percent")
    words = headline if count == 1 else plural(count, "job")
    return [icon("jobs"), html.Span(words, className="jobs-words"), share]


def _as_list(content: Any) -> list[Any]:
    return list(content) if isinstance(content, list | tuple) else [content]


@kept
def _header(frame: Frame) -> Component:
    brand = dcc.Link(
        [
            html.Span(icon("history"), className="brand-mark"),
            html.Span("Growth Navigator", className="brand-name"),
        ],
        href=routes.PORTFOLIO,
        className="brand",
        title="Portfolio",
    )
    jobs = dcc.Link(jobs_indicator(0, "", 0.0), href=routes.JOBS, id=Ids.JOBS, className="jobs-link", title="Jobs")
    theme = html.Button(
        [html.Span(icon("sun"), className="theme-to-light"), html.Span(icon("moon"), className="theme-to-dark")],
        className="icon-button",
        type="button",
        title="Light or dark",
        **data(action="toggle-theme"),
        **aria(label="Switch between light and dark"),
    )
    end = html.Div([html.Div(jobs, **aria(live="polite")), theme, _account_menu(frame)], className="header-end")
    return html.Header([brand, _switcher(frame), end], className="header")


def _switcher(frame: Frame) -> Component:
    shown = f"@{frame.handle}" if frame.handle else frame.agency
    entries: list[Component] = [
        dcc.Link(
            [icon("portfolio"), frame.agency],
            href=routes.PORTFOLIO,
            className="menu-item",
        )
    ]
    search = html.Label(
        [
            html.Span("Find a workspace", className="visually-hidden"),
            dcc.Input(
                id="shell-switcher-search", type="text", placeholder="Find a workspace", className="input",
                autoComplete="off",
            ),
        ],
        className="switcher-search d-block",
        **data(filters="#shell-switcher-list"),
    )  # fmt: skip
    found = html.Div(id="shell-switcher-list", **inside(_workspaces(tuple(frame.workspaces))))
    return html.Details(
        [
            html.Summary(
                [html.Span(shown, className="switcher-name"), icon("chevron")],
                title="Switch workspace",
                **aria(label=f"Switch workspace; now {shown}"),
            ),
            html.Div(
                [search if frame.workspaces else None, *entries, found],
                className="menu-sheet",
            ),
        ],
        className="menu switcher",
    )


@lru_cache(KEPT)
def _workspaces(named: tuple[tuple[UUID, str], ...]) -> str:
    found = [
        html.Div(
            dcc.Link(f"@{handle}", href=routes.home(workspace_id), className="menu-item"),
            **data(search=handle.lower()),
        )
        for workspace_id, handle in named
    ]
    nothing = html.P("No workspace has that in its name.", className="muted nothing-matches", hidden=True)
    return as_text([*found, nothing])


def _account_menu(frame: Frame) -> Component:
    text = _account(frame.initials, frame.name, frame.email, frame.allowed)
    return html.Details(className="menu menu-end", **inside(text))


@lru_cache(KEPT)
def _account(initials: str, name: str, email: str, allowed: frozenset[Action]) -> str:
    words = html.Div(
        [html.Div(name, className="strong"), html.Div(email, className="muted small")],
        className="menu-words",
    )
    return as_text(
        [
            html.Summary(
                html.Span(initials, className="avatar", **HIDDEN),
                title="Account",
                **aria(label=f"Account of {name}"),
            ),
            html.Div(
                [
                    words,
                    html.A([icon("account"), "My account"], href=routes.PROFILE, className="menu-item"),
                    *(
                        dcc.Link([icon(item.glyph), item.label], href=item.href, className="menu-item")
                        for item in AGENCY_NAV
                        if item.needs in allowed and item.key in IN_ACCOUNT_MENU
                    ),
                    dcc.Link([icon("info"), "Privacy"], href=routes.PRIVACY, className="menu-item"),
                    html.Button("Sign out", className="menu-item", type="button", **data(action="sign-out")),
                ],
                className="menu-sheet",
            ),
        ]
    )


def _link(item: NavItem, current: str, class_name: str, words: str) -> Component:
    # dcc.Link takes no aria-current, so the words say it to a screen reader.
    here = item.key == current
    label = [html.Span(words), html.Span(" (this page)", className="visually-hidden")] if here else [html.Span(words)]
    link = dcc.Link([icon(item.glyph), *label], href=item.href, className=class_name)
    return html.Div(link, className="is-here" if here else "")


@lru_cache(KEPT)
def _ways(workspace_id: UUID | None, allowed: frozenset[Action], current: str) -> Ways:
    items = workspace_nav(workspace_id) if workspace_id is not None else ()
    whole = [item for item in AGENCY_NAV if item.needs in allowed]
    return Ways("Workspace" if items else "Agency", _side(items, whole, current), _bottom(items, whole, current))


def _side(items: Sequence[NavItem], whole: Sequence[NavItem], current: str) -> str:
    return as_text(
        html.Div(
            [
                *(_link(item, current, "nav-item", item.label) for item in items),
                html.Div("Agency", className="side-title" if items else "side-title side-title-first"),
                *(_link(item, current, "nav-item", item.label) for item in whole),
            ],
            className="side-inner",
        )
    )


def _bottom(items: Sequence[NavItem], whole: Sequence[NavItem], current: str) -> str:
    first, rest = [*items, *whole][:IN_BOTTOM_BAR], [*items, *whole][IN_BOTTOM_BAR:]
    more = html.Details(
        [
            html.Summary([icon("more"), html.Span("More")]),
            html.Div([_link(item, current, "menu-item", item.label) for item in rest], className="menu-sheet"),
        ],
        className="menu menu-end" + (" is-current" if current in {item.key for item in rest} else ""),
    )
    links = [_link(item, current, "bottom-item", item.short) for item in first]
    return as_text([*links, more] if rest else links)
