"""Every route of the live URL map that changes something, asked as another site could have a visitor's browser ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from dash import Dash
from sqlalchemy import select
from werkzeug.test import TestResponse

from cgn_core.db.models import User, UserSession
from cgn_core.db.session import reading, transaction
from cgn_core.services.passwords import hash_password

from .calls import Call, Route, calls_of, filled, live_routes, server_callbacks
from .classes import PAGE_CALLBACK
from .matrix import Matrix
from .people import Person
from .reach import Form
from .snapshots import fingerprint

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ORIGIN = "https://portal.example"
EVIL = "https://evil.example"
REFERER = {"Referer": f"{ORIGIN}/"}
PASSWORD = "quiet-harbour-violet-92"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sign_in_words(matrix: Matrix) -> Form:
    """A member's, so that a forged sign-in would succeed."""
    with transaction() as session:
        member = session.get_one(User, UUID(matrix.world.theirs["member"]))
        member.password_hash = hash_password(PASSWORD)
        return Form(email=member.email, password=PASSWORD)


def forgeries(token: str, strangers_token: str) -> Mapping[str, dict[str, str]]:
    """The headers of each way; a browser adds the visitor's cookies to all of them."""
    return {
        "no token": {"Origin": ORIGIN},
        "somebody else's token": {"Origin": ORIGIN, "X-CSRFToken": strangers_token},
        "a foreign origin": {"Origin": EVIL, "X-CSRFToken": token},
        "an origin that says nothing": {"Origin": "null", "X-CSRFToken": token},
        "another site's fetch": {"Sec-Fetch-Site": "cross-site", "X-CSRFToken": token},
        "text/plain": {"Content-Type": "text/plain"},
    }


def everything() -> str:
    """All that is stored, sessions and who ended them too."""
    with reading() as session:
        rows = session.execute(select(UserSession.token_hash, UserSession.user_id, UserSession.revoked_at))
        return fingerprint() + str(sorted(str(tuple(row)) for row in rows))


def send(who: Any, method: str, path: str, body: Any, headers: Mapping[str, str]) -> TestResponse:
    options: dict[str, Any] = {"json": body if body is not None else {}}
    if isinstance(body, Form):
        options = {
            "data": {name: (BytesIO(one), "x.csv") if isinstance(one, bytes) else one for name, one in body.items()}
        }
    elif isinstance(body, bytes):
        options = {"data": body}
    if "Content-Type" in headers:  # what a form of another site can send without being asked first
        options = {"data": urlencode(body) if isinstance(body, Form) else str(body or {})}
    return whole(who.client.open(path, method=method, base_url=ORIGIN, headers={**REFERER, **headers}, **options))


def whole(answer: TestResponse) -> TestResponse:
    """Read to its end, its file closed."""
    answer.get_data()
    answer.close()
    return answer


def is_accepted(answer: TestResponse) -> bool:
    return answer.status_code < 400


def requests_of(portal: Dash, matrix: Matrix, route: Route, callbacks: list[Call], who: Any) -> list[tuple[str, Any]]:
    """What the owner's browser would send to a route; to Dash's own, every callback's body."""
    if route.rule == "/_dash-update-component":
        return [(route.rule, who.body(call.output, *call_values(call, matrix))) for call in callbacks]
    body = filled(route.body, matrix.world.theirs)
    if route.rule == "/sign-in":
        body = sign_in_words(matrix)
    return [(route.path(portal.server.url_map, matrix.world.theirs), body)]


def call_values(call: Call, matrix: Matrix) -> tuple[dict[str, Any]]:
    return (call.with_ids(matrix.world.theirs)[0],)


@on_sqlite
def test_no_route_accepts_what_another_site_sends(
    portal: Dash,
    matrix: Matrix,
    browser_of: Callable[[Person], Any],
    record_property: Callable[[str, object], None],
) -> None:
    callbacks = [
        calls_of(portal, output, name)[0] for output, name in server_callbacks(portal) if name != PAGE_CALLBACK
    ]
    changing = [route for route in live_routes(portal) if route.method not in SAFE]
    assert changing
    strangers_token = browser_of(Person.OUTSIDER).csrf_token()
    sent, accepted = 0, []
    for route in changing:
        who = browser_of(Person.OWNER if route.rule != "/sign-in" else Person.NOBODY)
        token = who.csrf_token()
        asked = requests_of(portal, matrix, route, callbacks, who)
        before = everything()
        for way, headers in forgeries(token, strangers_token).items():
            for path, body in asked:
                answer = send(who, route.method, path, body, headers)
                sent += 1
                if is_accepted(answer):
                    accepted.append(f"{route.key} with {way}: {answer.status_code}")
        assert everything() == before, route.key
        path, body = asked[0]
        honest = send(who, route.method, path, body, {"Origin": ORIGIN, "X-CSRFToken": token})
        assert "came from another site" not in honest.text, f"{route.key} refuses its own pages too"
        matrix.put_back()
    record_property(f"attack: cross-site requests to {len(changing)} routes", f"{sent} {len(accepted)}")
    assert accepted == []


@on_sqlite
def test_a_route_that_looks_changes_nothing(portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any]) -> None:
    who = browser_of(Person.OWNER)
    before = everything()
    for route in live_routes(portal):
        if route.method in SAFE:
            who.get(route.path(portal.server.url_map, matrix.world.theirs))
            assert everything() == before, route.key


@on_sqlite
def test_a_forged_sign_in_that_was_let_through_would_be_seen(
    matrix: Matrix, browser_of: Callable[[Person], Any], portal: Dash, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = sign_in_words(matrix)
    before = everything()
    monkeypatch.setitem(portal.server.config, "WTF_CSRF_ENABLED", False)
    assert is_accepted(send(browser_of(Person.NOBODY), "POST", "/sign-in", words, {"Origin": ORIGIN}))
    assert everything() != before
