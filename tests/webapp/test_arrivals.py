"""A large file over HTTP: in pieces, by whoever began it, and refused in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from cgn_core.access import Actor
from cgn_core.db.models import Arrival, ArrivalPiece, Job, JobState, Workspace
from cgn_core.db.session import reading
from cgn_core.jobs import claimed
from cgn_core.services import arrivals

PIECE = 1_000
PRESS = {"of": "", "at": 1}
BODY = "..large-file-body.children...large-file-shown.data.."


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "PIECE_BYTES", PIECE)


def make_csv(*handles: str) -> bytes:
    lines = [
        f"{handle},2026-10-{day:02d},{7_000 + 9 * day},{day % 7 + 9},{day % 7},{day % 2}"
        for handle in handles
        for day in range(1, 31)
    ]
    return "\n".join(["creator,date,followers,follows,unfollows,posts", *lines]).encode()


def send(who: Any, data: bytes, workspace: Workspace | None = None) -> str:
    about = {"name": "all.csv", "size": len(data), "workspace": str(workspace.id) if workspace else None}
    begun = who.post("/arrivals", json=about)
    assert (begun.status_code, begun.json["piece_bytes"]) == (201, PIECE)
    for number in range(-(-len(data) // PIECE)):
        piece = data[number * PIECE : (number + 1) * PIECE]
        assert who.put(f"/arrivals/{begun.json['id']}/pieces/{number}", data=piece).status_code == 204
    return str(begun.json["id"])


def work(job_id: str) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        arrivals.run(claim)


def waiting() -> str:
    with reading() as session:
        return str(session.scalars(select(Job.id).where(Job.kind == "import", Job.state == JobState.QUEUED)).one())


def test_a_file_sent_in_pieces_is_read_shown_and_imported(browser: Callable[..., Any], owner: Actor) -> None:
    who = browser(owner)
    arrival = send(who, make_csv("big.one", "big.two"))
    asked = who.post(f"/arrivals/{arrival}/read", json={})
    assert asked.status_code == 202
    state = {"large-file-arrival.data": arrival, "large-file-acted.data": "now"}
    assert "Reading of all.csv" in who.page("/new-workspace", f"?arrival={arrival}")
    work(asked.json["job"])
    shown = who.call(BODY, state).text
    assert "big.one" in shown
    assert "Import 2 creators" in shown
    assert f"new-workspace?arrival={arrival}" in who.page("/jobs")
    assert who.call("large-file-acted.data", {**state, "large-file-import-pressed.data": PRESS}).status_code == 200
    work(waiting())
    assert "Imported 2 creators." in who.call(BODY, state).text
    assert "big.two" in who.page("/")


def test_what_was_found_stands_still_while_other_jobs_move(browser: Callable[..., Any], owner: Actor) -> None:
    who = browser(owner)
    arrival = send(who, make_csv("big.one"))
    work(who.post(f"/arrivals/{arrival}/read", json={}).json["job"])
    state = {"large-file-arrival.data": arrival}
    drawn = who.call(BODY, state).json["response"]["large-file-shown"]["data"]
    assert who.call(BODY, {**state, "large-file-shown.data": drawn}).json["response"] == {}


@pytest.mark.parametrize(
    ("about", "status", "words"),
    [
        (b"[]", 422, "name and size"),
        (b"{", 422, "name and size"),
        (b'{"name": "a.csv"}', 422, "size"),
        (b'{"name": "a.csv", "size": "9"}', 422, "size"),
        (b'{"name": "a.csv", "size": 999999999999}', 413, "split it by year"),
        (b'{"name": "a.csv", "size": 9, "workspace": "x"}', 404, "yours to see"),
    ],
)
def test_a_wrong_beginning_is_refused_in_a_sentence(
    browser: Callable[..., Any], owner: Actor, about: bytes, status: int, words: str
) -> None:
    who = browser(owner)
    headers = {"X-CSRFToken": who.csrf_token(), "Origin": "https://portal.example", "Accept": "application/json"}
    answer = who.post("/arrivals", data=about, content_type="application/json", headers=headers)
    assert answer.status_code == status
    assert words in answer.json["message"]


def test_pieces_too_long_too_many_or_forged_are_refused(
    browser: Callable[..., Any], owner: Actor, outsider: Actor, workspace: Workspace
) -> None:
    who, other = browser(owner), browser(outsider)
    data = make_csv(workspace.handle)
    arrival = send(who, data, workspace)
    address = f"/arrivals/{arrival}/pieces/0"
    with reading() as session:
        before = session.scalar(select(func.sum(func.length(ArrivalPiece.content))))
    assert who.put(address, data=b"x" * (PIECE + 1)).status_code == 413
    assert who.put(address, data=b"short").status_code == 422
    assert who.put(f"/arrivals/{arrival}/pieces/999", data=b"x").status_code == 422
    assert who.put(f"/arrivals/{arrival}/pieces/-1", data=b"x").status_code == 405
    assert who.put(address, data=data[:PIECE], headers={}).status_code == 403, "no CSRF token"
    assert other.put(address, data=data[:PIECE]).status_code == 404
    assert other.post(f"/arrivals/{arrival}/read", json={}).status_code == 404
    assert other.post("/arrivals", json={"name": "a.csv", "size": 9, "workspace": str(workspace.id)}).status_code == 404
    assert "isn't here any more" in other.page("/new-workspace", f"?arrival={arrival}")
    assert "isn't here any more" in who.page("/new-workspace", f"?arrival={uuid4()}")
    assert "isn't here any more" in who.page("/new-workspace", "?arrival=x")
    with reading() as session:
        assert session.scalar(select(func.sum(func.length(ArrivalPiece.content)))) == before


def test_a_viewer_sends_nothing(browser: Callable[..., Any], viewer: Actor, workspace: Workspace) -> None:
    who = browser(viewer)
    about = {"name": "a.csv", "size": 9, "workspace": str(workspace.id)}
    assert who.post("/arrivals", json=about).status_code == 403
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == 0
    assert "large-file-arrival" not in who.page(f"/workspaces/{workspace.id}/data", f"?arrival={uuid4()}")
