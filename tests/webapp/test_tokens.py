"""The page of API tokens: made, shown once, taken back, and only by whoever may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from api_client import Api
from dash import Dash
from sqlalchemy import update

from cgn_core.access import Actor, Role
from cgn_core.db.models import UserSession, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.services import tokens

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TOKENS = "/account/tokens"


def sent(who: Any, path: str, form: dict[str, Any]) -> Any:
    headers = {"Origin": "https://portal.example"}
    return who.post(path, data={"csrf_token": who.csrf_token(), **form}, headers=headers)


def make(who: Any, **form: Any) -> Any:
    wanted = {"name": "Nightly import", "role": "viewer", "days": "30", "sees": "all", **form}
    return sent(who, TOKENS, wanted)


def shown_token(page: str) -> str:
    found = re.search(r">(cgn_[\w-]{43})<", page)
    assert found is not None
    return found[1]


def test_a_token_is_made_shown_once_and_opens_the_api(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    assert "There are none yet" in who.get(TOKENS).text
    answer = make(who)
    assert answer.status_code == 200
    token = shown_token(answer.text)
    assert token not in who.get(TOKENS).text
    assert "Nightly import" in who.get(TOKENS).text
    listed = Api(portal, token).get("/workspaces").json["items"]
    assert [each["handle"] for each in listed] == [workspace.handle]


def test_a_token_may_be_limited_to_chosen_workspaces(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace, new_workspace: Callable, agency: Any
) -> None:
    new_workspace(agency, "another.one")
    who = browser(owner)
    assert "Choose at least one workspace" in make(who, sees="some").text
    token = shown_token(make(who, sees="some", workspace=str(workspace.id)).text)
    assert [each["handle"] for each in Api(portal, token).get("/workspaces").json["items"]] == [workspace.handle]


def test_wrong_choices_are_refused_with_a_sentence(browser: Callable[..., Any], strategist: Actor) -> None:
    who = browser(strategist)
    for form, sentence in (
        ({"name": ""}, "Say what the token is for."),
        ({"role": "owner"}, "Not a valid choice"),
        ({"days": "9999"}, "Not a valid choice"),
    ):
        answer = make(who, **form)
        assert answer.status_code == 422
        assert sentence in answer.text
    with transaction() as session:
        assert tokens.list_tokens(session, strategist) == []


def test_a_token_is_taken_back_by_its_maker_or_an_owner_and_by_nobody_else(
    portal: Dash,
    browser: Callable[..., Any],
    owner: Actor,
    strategist: Actor,
    outsider: Actor,
    new_user: Callable,
    agency: Any,
) -> None:
    token = shown_token(make(browser(strategist)).text)
    with transaction() as session:
        (view,) = tokens.list_tokens(session, strategist)
    colleague = new_user(agency, Role.STRATEGIST)
    for stranger in (colleague, outsider):
        assert "Nightly import" not in browser(stranger).get(TOKENS).text
        assert sent(browser(stranger), f"{TOKENS}/revoke", {"token": str(view.id)}).status_code == 404
    assert Api(portal, token).get("/workspaces").status_code == 200
    assert "Nightly import" in browser(owner).get(TOKENS).text
    assert sent(browser(owner), f"{TOKENS}/revoke", {"token": str(view.id)}).status_code == 303
    assert Api(portal, token).get("/workspaces").status_code == 401


def test_viewers_have_no_page_of_tokens(browser: Callable[..., Any], viewer: Actor) -> None:
    who = browser(viewer)
    assert who.get(TOKENS).status_code == 403
    assert TOKENS not in who.get("/account/sessions").text


def test_whoever_signed_in_long_ago_proves_who_they_are_first(browser: Callable[..., Any], owner: Actor) -> None:
    who = browser(owner)
    assert who.get(TOKENS).status_code == 200
    with transaction() as session:
        session.execute(update(UserSession).values(created_at=now() - timedelta(hours=5)))
    answer = make(who)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account/confirm?next=/account/tokens"
