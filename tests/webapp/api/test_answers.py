"""Pages of lists, answers that are still true, and requests that come twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from api_client import Api
from dash import Dash
from sqlalchemy import func, select

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, KeptAnswer, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.services.imports import Imported


def count(model: type) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_list_is_handed_out_page_by_page_even_while_it_grows(
    api: Callable, owner: Actor, agency: Agency, new_workspace: Callable[..., Workspace]
) -> None:
    for letter in "bdfhj":
        new_workspace(agency, f"creator.{letter}")
    client, seen, cursor = api(owner), [], ""
    while True:
        page = client.get(f"/workspaces?limit=2&cursor={cursor}").json
        seen += [each["handle"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
        if len(seen) == 2:
            new_workspace(agency, "creator.a")
    assert seen == [f"creator.{letter}" for letter in "bdfhj"]


def test_jobs_are_handed_out_page_by_page_newest_first(api: Callable, owner: Actor, imported: Imported) -> None:
    client = api(owner)
    place = str(imported.workspace_id)
    made = [client.post("/jobs", {"kind": "score", "workspace_id": place}).json["id"] for _ in range(4)]
    first = client.get("/jobs?limit=3").json
    rest = client.get(f"/jobs?limit=3&cursor={first['next']}").json
    listed = [job["id"] for job in first["items"] + rest["items"]]
    assert sorted(listed) == sorted([*made, str(imported.job_id)])
    assert rest["next"] is None


def test_a_read_that_is_still_true_is_answered_304(api: Callable, owner: Actor, imported: Imported) -> None:
    client, place = api(owner), f"/workspaces/{imported.workspace_id}"
    tag = client.get(place).headers["ETag"]
    same = client.get(place, headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    assert client.send("PATCH", place, json={"time_zone": "Asia/Tokyo"}).status_code == 200
    assert client.get(place, headers={"If-None-Match": tag}).json["time_zone"] == "Asia/Tokyo"


def test_the_same_key_and_request_are_answered_alike_and_do_nothing_again(
    api: Callable, owner: Actor, imported: Imported
) -> None:
    client = api(owner)
    asked: dict[str, Any] = {"kind": "score", "workspace_id": str(imported.workspace_id)}
    before = count(Job)
    first = client.post("/jobs", asked, headers={"Idempotency-Key": "k1"})
    again = client.post("/jobs", asked, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(Job) == before + 1
    assert client.post("/jobs", asked, headers={"Idempotency-Key": "k2"}).json["id"] != first.json["id"]


def test_a_key_is_for_one_request_of_one_token(api: Callable, owner: Actor, imported: Imported) -> None:
    client, key = api(owner), {"Idempotency-Key": "k"}
    assert client.post("/workspaces", {"handle": "one"}, headers=key).status_code == 201
    assert client.post("/workspaces", {"handle": "two"}, headers=key).status_code == 409
    asked = {"kind": "score", "workspace_id": str(imported.workspace_id)}
    assert client.post("/jobs", asked, headers=key).status_code == 409
    assert api(owner).post("/workspaces", {"handle": "two"}, headers=key).status_code == 201


def test_a_refused_request_leaves_its_key_free(api: Callable, owner: Actor) -> None:
    client, key = api(owner), {"Idempotency-Key": "k"}
    assert client.post("/workspaces", {"handle": " @ "}, headers=key).status_code == 422
    assert client.post("/workspaces", {"handle": "fine"}, headers=key).status_code == 201
    assert client.post("/workspaces", {"handle": "fine"}, headers=key).status_code == 201
    assert count(KeptAnswer) == 1


def test_of_many_that_come_at_once_under_one_key_one_is_done(portal: Dash, api: Callable, owner: Actor) -> None:
    token, before = api(owner).token, count(Workspace)

    def ask(_: int) -> tuple[int, str]:
        answer = Api(portal, token).post("/workspaces", {"handle": "at.once"}, headers={"Idempotency-Key": "same"})
        return answer.status_code, answer.json.get("id", answer.text)

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(ask, range(6)))
    assert count(Workspace) == before + 1
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201


def test_a_token_notes_when_it_was_used(api: Callable, owner: Actor) -> None:
    from cgn_core.services import tokens

    client = api(owner)
    assert client.get("/workspaces").status_code == 200
    with transaction() as session:
        (view,) = tokens.list_tokens(session, owner)
    assert view.last_used_at is not None
    assert view.state == "live"
