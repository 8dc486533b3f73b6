"""A copy of a session's cookie, sent to every route and callback after the session has ended in one way or another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from dash import Dash
from sqlalchemy import update

from cgn_core.access import Role
from cgn_core.db.models import User, UserSession, now
from cgn_core.db.session import open_session, transaction
from cgn_core.services import members, password_resets, second_factors, sessions, sign_ins
from cgn_core.services.passwords import hash_password
from cgn_core.services.sessions import hash_token
from cgn_core.services.sign_ins import Browser, SignedIn

from .calls import live_routes, server_callbacks
from .classes import ROUTES
from .matrix import Matrix, refusal_of
from .people import Person
from .reach import Reach

ORIGIN = "https://portal.example"
PASSWORD, NEW_PASSWORD = "quiet-harbour-violet-92", "lantern orbit plum"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Victim:
    """A strategist whose cookie was copied, and an owner of the agency who can do something about it."""

    def __init__(self, matrix: Matrix, browser: Callable[..., Any]) -> None:
        self.actor = matrix.world.people[Person.STRATEGIST]
        self.owner = matrix.world.people[Person.OWNER]
        with transaction() as session:
            user = session.get_one(User, self.actor.user_id)
            user.password_hash = hash_password(PASSWORD)
            self.email = user.email
        self.token = self.sign_in().token
        self.browser, self.thief = browser(None), browser(None)
        for each in (self.browser, self.thief):
            each.hold(self.token)

    def sign_in(self) -> SignedIn:
        with open_session() as session:
            signed_in = sign_ins.sign_in(session, self.email, PASSWORD)
        assert isinstance(signed_in, SignedIn)
        return signed_in

    def set_session(self, **values: object) -> None:
        with transaction() as session:
            mine = UserSession.token_hash == hash_token(self.token)
            session.execute(update(UserSession).where(mine).values(**values))

    def by_owner(self, service: Callable[..., object], *values: object) -> None:
        with transaction() as session:
            service(session, self.owner, self.actor.user_id, *values)

    def by_oneself(self, service: Callable[..., object], *values: object, **named: object) -> None:
        with open_session() as session:
            service(session, self.actor, *values, **named)
            session.commit()

    def reset_password(self) -> None:
        with transaction() as session:
            link = password_resets.issue_reset_link(session, self.owner, self.actor.user_id)
            password_resets.reset_password(session, link.token, NEW_PASSWORD)

    def set_second_factor_up(self) -> None:
        with transaction() as session:
            second_factors.begin_set_up(session, self.actor)
            begun = second_factors.get_set_up(session, self.actor)
            assert begun is not None
            second_factors.finish_set_up(session, self.actor, pyotp.TOTP(begun.secret).now())

    def behind_the_services(self, **values: object) -> None:
        with transaction() as session:
            session.execute(update(User).where(User.id == self.actor.user_id).values(**values))


WAYS: dict[str, Callable[[Victim], object]] = {
    "signed out": lambda victim: victim.browser.post("/sign-out"),
    "signed out on another device": lambda victim: victim.by_oneself(
        sessions.end_session, hash_token(victim.token)[:16]
    ),
    "signed out everywhere": lambda victim: victim.by_oneself(sessions.sign_out_everywhere),
    "signed in anew": lambda victim: victim.by_oneself(
        sign_ins.confirm_password, PASSWORD, browser=Browser(token=victim.token)
    ),
    "password changed": lambda victim: victim.by_oneself(sign_ins.change_password, current=PASSWORD, new=NEW_PASSWORD),
    "password reset": Victim.reset_password,
    "second factor set up": Victim.set_second_factor_up,
    "role changed": lambda victim: victim.by_owner(members.change_role, Role.VIEWER),
    "disabled": lambda victim: victim.by_owner(members.disable_member),
    "removed": lambda victim: victim.by_owner(members.remove_member),
    "password changed in the database": lambda victim: victim.behind_the_services(password_hash="another"),
    "role changed in the database": lambda victim: victim.behind_the_services(role=Role.OWNER),
    "disabled in the database": lambda victim: victim.behind_the_services(disabled_at=now()),
    "unused for too long": lambda victim: victim.set_session(last_seen_at=now() - timedelta(hours=9)),
    "too old": lambda victim: victim.set_session(expires_at=now()),
}


@on_sqlite
@pytest.mark.parametrize("way", WAYS)
def test_a_copied_cookie_is_worth_nothing_once_the_session_has_ended(
    portal: Dash,
    matrix: Matrix,
    browser: Callable[..., Any],
    record_property: Callable[[str, object], None],
    way: str,
) -> None:
    victim = Victim(matrix, browser)
    assert victim.thief.get("/account/sessions").status_code == 200
    WAYS[way](victim)
    sent, accepted = 0, []
    token = victim.thief.csrf_token()  # the thief's own: what refuses must be the session
    headers = {"X-CSRFToken": token, "Origin": ORIGIN, "Referer": f"{ORIGIN}/"}
    for route in live_routes(portal):
        if ROUTES[route.key] is Reach.PUBLIC or route.rule == "/_dash-update-component":
            continue
        path = route.path(portal.server.url_map, matrix.world.theirs)
        options = {} if route.method == "GET" else {"json": {}, "headers": headers}
        answer = victim.thief.client.open(path, method=route.method, base_url=ORIGIN, **options)
        sent += 1
        if refusal_of(answer, answer.text) != "signed out":
            accepted.append(f"{route.key}: {answer.status_code}")
        answer.close()
    for output, name in server_callbacks(portal):
        answer = victim.thief.post("/_dash-update-component", json=victim.thief.body(output), headers=headers)
        sent += 1
        if refusal_of(answer, answer.text) != "signed out":
            accepted.append(f"{name}: {answer.status_code}")
    record_property("attack: requests with the cookie of an ended session", f"{sent} {len(accepted)}")
    assert accepted == []


@on_sqlite
def test_the_same_requests_are_answered_while_the_session_lives(
    portal: Dash, matrix: Matrix, browser: Callable[..., Any]
) -> None:
    victim = Victim(matrix, browser)
    for output, name in server_callbacks(portal):
        answer = victim.thief.post("/_dash-update-component", json=victim.thief.body(output))
        assert refusal_of(answer, answer.text) != "signed out", name
