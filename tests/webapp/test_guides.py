"""Each page explains itself until its reader has put the note away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from webapp.components.guide import GUIDES
from webapp.pages import PAGES

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HIDE = "shell-guide.children"
SAY_ALL_THEMSELVES = {"agency", "audit", "privacy"}


def note(page: str) -> str:
    return json.dumps(GUIDES[page])[1:-1]


def press(who: Any, page: object, *, every: bool = False) -> None:
    button = "shell-guide-hide-all" if every else "shell-guide-hide"
    values = {"shell-guide-page.data": page, f"{button}.n_clicks": 1}
    assert who.call(HIDE, values, changed=f"{button}.n_clicks").status_code == 200


def test_every_page_explains_itself_or_says_all_of_it_anyway() -> None:
    assert {page.__name__.rsplit(".", 1)[-1] for page in PAGES} == set(GUIDES) | SAY_ALL_THEMSELVES


@on_sqlite
def test_a_note_that_is_put_away_stays_away_for_whoever_did_it_alone(
    browser: Callable[..., Any], owner: Actor, strategist: Actor, workspace: Workspace
) -> None:
    mine, theirs = browser(owner), browser(strategist)
    assert note("portfolio") in mine.page("/")
    press(mine, "portfolio")
    assert note("portfolio") not in mine.page("/")
    assert note("jobs") in mine.page("/jobs")
    assert note("portfolio") in theirs.page("/")
    assert note("data") in theirs.page(f"/workspaces/{workspace.id}/data")


@on_sqlite
def test_all_notes_go_at_once_and_come_back_from_the_profile(browser: Callable[..., Any], owner: Actor) -> None:
    who = browser(owner)
    press(who, "jobs", every=True)
    assert note("portfolio") not in who.page("/")
    assert "You have put all of them away." in who.get("/account/profile").text
    sent = {"csrf_token": who.csrf_token(), "guides": "show"}
    headers = {"Origin": "https://portal.example"}
    assert who.post("/account/profile", data=sent, headers=headers).status_code == 303
    assert note("portfolio") in who.page("/")


@on_sqlite
def test_a_page_that_is_none_is_not_noted(browser: Callable[..., Any], owner: Actor) -> None:
    who = browser(owner)
    for page in ("nowhere", None, 7, ["jobs"]):
        press(who, page)
    assert "Each page of the portal has one" in who.get("/account/profile").text


@on_sqlite
def test_a_viewer_is_told_nothing_about_pages_that_are_not_theirs(browser: Callable[..., Any], viewer: Actor) -> None:
    who = browser(viewer)
    assert note("team") not in who.page("/team")
    assert note("new_workspace") not in who.page("/new-workspace")
    assert note("portfolio") in who.page("/")


@pytest.mark.parametrize("page", [[1], {"a": 1}, None, 7, "nowhere"])
def test_a_page_that_is_none_hides_nothing(portal: Dash, browser: Callable[..., Any], owner: Actor, page: Any) -> None:
    hide = next(output for output in portal.callback_map if output.startswith("shell-guide.children"))
    forged = {"shell-guide-page.data": page, "shell-guide-hide.n_clicks": 1}
    answer = browser(owner).call(hide, forged)
    assert "went wrong" not in answer.get_data(as_text=True)
