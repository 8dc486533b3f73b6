"""Who gets into the API, with what, and how refusals look."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from dash import Dash
from sqlalchemy import update

from cgn_core.access import Actor, Role
from cgn_core.db.models import ApiToken, User, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.services import tokens
from cgn_core.services.imports import Imported
from webapp.auth import guard

# The doors are the same on either database; test_tokens.py asks both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROBLEM = "application/problem+json"


def change(model: type, identifier: Any, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(model).where(model.id == identifier).values(**values))


def test_a_request_without_a_token_is_refused_with_a_problem_that_says_what_to_send(api: Callable) -> None:
    answer = api().get("/workspaces")
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["code"] == "not_authorised"
    assert "Authorization: Bearer" in answer.json["detail"]


@pytest.mark.parametrize("sent", ["Bearer x", "Bearer ", "Basic dTpw", "bearer", "Bearer cgn_" + "A" * 43])
def test_a_wrong_token_opens_nothing(api: Callable, owner: Actor, sent: str) -> None:
    del owner
    assert api().get("/workspaces", headers={"Authorization": sent}).status_code == 401


def test_a_session_is_worth_nothing_in_the_api_and_a_token_nothing_on_pages(
    browser: Callable, api: Callable, owner: Actor
) -> None:
    assert browser(owner).get("/api/v1/workspaces").status_code == 401
    client = api(owner)
    assert client.get("/workspaces").status_code == 200
    assert client.send("GET", "/api/../jobs").status_code in {303, 404}
    page = client.client.get(
        "/jobs", base_url="https://portal.example", headers={"Authorization": f"Bearer {client.token}"}
    )
    assert page.status_code == 303
    assert page.headers["Location"].startswith("/sign-in")


def test_a_token_dies_when_it_is_taken_back_expires_or_its_maker_may_less(api: Callable, owner: Actor) -> None:
    client = api(owner)
    assert client.get("/workspaces").status_code == 200
    with transaction() as session:
        (view,) = tokens.list_tokens(session, owner)
    for model, identifier, values, undone in (
        (ApiToken, view.id, {"expires_at": now() - timedelta(seconds=1)}, {"expires_at": now() + timedelta(days=1)}),
        (User, owner.user_id, {"disabled_at": now()}, {"disabled_at": None}),
        (User, owner.user_id, {"role": Role.STRATEGIST}, {"role": Role.OWNER}),
    ):
        change(model, identifier, **values)
        assert client.get("/workspaces").status_code == 401, values
        change(model, identifier, **undone)
        assert client.get("/workspaces").status_code == 200
    with transaction() as session:
        tokens.revoke_token(session, owner, view.id)
    assert client.get("/workspaces").status_code == 401


def test_every_refusal_is_a_problem(api: Callable, owner: Actor, imported: Imported) -> None:
    client, place = api(owner), f"/workspaces/{imported.workspace_id}"
    plans = f"{place}/predictions"
    for answer, status, code in (
        (client.get("/nope"), 404, "not_found"),
        (client.post("/nope", {}), 404, "not_found"),
        (client.get("/api"), 404, "not_found"),
        (client.get(plans), 405, "method_not_allowed"),
        (client.send("DELETE", "/jobs"), 405, "method_not_allowed"),
        (client.get("/workspaces/x"), 404, "not_found"),
        (client.send("POST", plans, data="{", headers={"Content-Type": "application/json"}), 400, "bad_request"),
        (client.send("POST", plans, data="plans=1"), 415, "unsupported_media_type"),
        (client.send("POST", plans, data=b"[" * 3_000_000, content_type="application/json"), 413, "too_large"),
        (client.post(plans, {"plans": "x"}), 422, "invalid_input"),
        (client.post(plans, {"plans": [{"reels": -1}]}), 422, "invalid_input"),
        (client.post(plans, {"plans": [{}], "odd": 1}), 422, "invalid_input"),
        (client.get("/workspaces?limit=0"), 422, "invalid_input"),
        (client.get("/workspaces?cursor=%ff"), 422, "invalid_input"),
    ):
        assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
        told = answer.json
        assert (told["status"], told["code"]) == (status, code)
        assert told["title"]
        assert told["detail"].endswith((".", ")"))
    assert client.get(plans).headers["Allow"] == "POST"


def test_a_wrong_value_is_named_with_its_place(api: Callable, owner: Actor, imported: Imported) -> None:
    plans = {"plans": [{"reels": 1}, {"reels": "many"}], "level": 2}
    answer = api(owner).post(f"/workspaces/{imported.workspace_id}/predictions", plans)
    assert [error["at"] for error in answer.json["errors"]] == ["body/plans/1/reels", "body/level"]


@pytest.mark.parametrize("body", [b'{"handle": NaN}', b'{"handle": "\xff"}', b"\xff\xfe", b'{"handle": "\\ud800"}'])
def test_what_is_no_json_is_refused(api: Callable, owner: Actor, body: bytes) -> None:
    answer = api(owner).send("POST", "/workspaces", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_a_nul_character_reaches_no_database(api: Callable, owner: Actor) -> None:
    assert api(owner).post("/workspaces", {"handle": "a\0b"}).status_code == 422
    assert api(owner).get("/workspaces?cursor=%00").status_code == 422


def test_somebody_elses_ids_are_not_there(api: Callable, outsider: Actor, trained: Imported) -> None:
    client = api(outsider)
    for workspace in (trained.workspace_id, uuid4()):
        assert client.get(f"/workspaces/{workspace}").status_code == 404
        assert client.post(f"/workspaces/{workspace}/predictions", {"plans": [{}]}).status_code == 404
        assert client.post("/jobs", {"kind": "retrain", "workspace_id": str(workspace)}).status_code == 404
        assert client.get(f"/jobs?workspace_id={workspace}").status_code == 404
    assert client.get(f"/jobs/{trained.job_id}").status_code == 404
    assert client.post(f"/jobs/{trained.job_id}/cancel").status_code == 404
    assert client.get("/workspaces").json["items"] == []


def test_a_viewers_token_of_one_workspace_sees_that_one_and_changes_nothing(
    api: Callable, owner: Actor, trained: Imported, new_workspace: Callable[..., Workspace], agency: Any
) -> None:
    other = new_workspace(agency, "other.creator")
    client = api(owner, role=Role.VIEWER, only=[trained.workspace_id])
    place = f"/workspaces/{trained.workspace_id}"
    assert [each["handle"] for each in client.get("/workspaces").json["items"]] == ["lena.moves"]
    assert client.get(place).json["may_edit"] is False
    assert client.post(f"{place}/predictions", {"plans": [{}]}).status_code == 200
    assert client.get(f"/workspaces/{other.id}").status_code == 404
    assert client.post("/workspaces", {"handle": "new"}).status_code == 403
    assert client.send("PATCH", place, json={"time_zone": "Europe/Berlin"}).status_code == 404
    for job in ({"kind": "retrain", "workspace_id": str(trained.workspace_id)}, {"kind": "export"}):
        assert client.post("/jobs", job).status_code in {403, 404}


def test_a_token_of_some_workspaces_asks_for_nothing_of_the_whole_agency(
    api: Callable, owner: Actor, trained: Imported
) -> None:
    client = api(owner, only=[trained.workspace_id])
    assert client.post("/jobs", {"kind": "retrain", "workspace_id": str(trained.workspace_id)}).status_code == 202
    for job in ({"kind": "export"}, {"kind": "benchmark"}, {"kind": "generate"}):
        assert client.post("/jobs", job).status_code == 403, job
    whole = api(owner)
    export = whole.post("/jobs", {"kind": "export"}).json["id"]
    assert client.get(f"/jobs/{export}").status_code == 404
    assert export not in client.get("/jobs").text


def test_too_many_requests_of_a_token_are_refused_and_counted_in_headers(
    api: Callable, owner: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(api_rate_limit="3 per minute")
    client, other = api(owner), api(owner)
    left = [client.get("/workspaces").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get("/jobs")
    assert (refused.status_code, refused.mimetype) == (429, PROBLEM)
    assert int(refused.headers["Retry-After"]) >= 1
    assert other.get("/workspaces").status_code == 200


def test_an_endpoint_that_nobody_classified_answers_no_token(
    api: Callable, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api(owner)
    assert client.get("/workspaces").status_code == 200
    monkeypatch.setattr(guard, "BEARER", guard.BEARER - {"api.workspaces.list_workspaces"})
    assert client.get("/workspaces").status_code == 404


def test_every_endpoint_of_the_api_needs_a_token(portal: Dash, api: Callable) -> None:
    visitor, asked = api(), 0
    for rule in portal.server.url_map.iter_rules():
        if rule.endpoint not in guard.BEARER:
            continue
        path = re.sub(r"<[^>]*number>", "1", rule.rule).replace("<", "").replace(">", "")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            assert visitor.send(method, path).status_code == 401, (method, path)
            asked += 1
        visitor = api()
    assert asked >= len(guard.BEARER)
