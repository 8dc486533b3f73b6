from __future__ import annotations

from collections.abc import Callable

import pytest
from dash import Dash

from cgn_core.access import Actor
from webapp.auth import guard


def test_every_endpoint_is_classified_and_every_class_names_a_living_endpoint(portal: Dash) -> None:
    living = {rule.endpoint for rule in portal.server.url_map.iter_rules()}
    assert living == guard.PUBLIC | guard.SIGNED_IN | guard.BEARER
    assert len(living) == len(guard.PUBLIC) + len(guard.SIGNED_IN) + len(guard.BEARER)


def test_nobody_runs_any_callback(portal: Dash, browser: Callable) -> None:
    visitor = browser(None)
    for output in portal.callback_map:
        answer = visitor.post("/_dash-update-component", json=visitor.body(output))
        assert answer.status_code == 401, output
        assert answer.json == {"status": 401, "message": "You are signed out. Sign in to go on."}


def test_an_endpoint_that_nobody_classified_answers_nobody(
    browser: Callable, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = browser(owner)
    assert signed_in.get("/account/sessions").status_code == 200
    monkeypatch.setattr(guard, "SIGNED_IN", guard.SIGNED_IN - {"account.my_sessions"})
    assert signed_in.get("/account/sessions").status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/v1/nope", "/api", "/.env", "/.git/config", "/assets/../.env", "/x/.ssh/id", "/_dash-x"]
)
def test_unknown_api_paths_and_dotfiles_are_404_before_dash_answers_them(
    browser: Callable, owner: Actor, path: str
) -> None:
    for who in (browser(None), browser(owner)):
        answer = who.get(path)
        assert answer.status_code == 404
        assert "_dash-config" not in answer.get_data(as_text=True)


def test_a_page_that_there_is_not_is_404(browser: Callable, owner: Actor) -> None:
    assert browser(owner).get("/nowhere").status_code == 404
    assert browser(owner).get("/jobs").status_code == 200


def test_an_anonymous_visitor_is_brought_back_to_the_page_asked_for(browser: Callable) -> None:
    answer = browser(None).get("/workspaces/abc/data?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fworkspaces%2Fabc%2Fdata%3Fx%3D1"
