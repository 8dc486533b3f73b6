"""One portal for the whole run, browsers that are signed in, and callbacks called as Dash's renderer would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cgn_core.access import Actor
from cgn_core.db.models import Agency, User, UserSession, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.services import imports
from cgn_core.services.imports import Imported
from cgn_core.services.sessions import stamp_of
from cgn_core.settings import Settings

ORIGIN = "https://portal.example"
UPDATE = "/_dash-update-component"
CONTENT = "..._pages_content.children..._pages_store.data.."


def whole(answer: TestResponse) -> TestResponse:
    """The answer, read to its end, its file closed."""
    answer.get_data()
    answer.close()
    return answer


def drawable(value: Any, *, within: tuple[str, ...] = ()) -> None:
    """What a browser could draw: in it a list of components within a list is an error that no server sees."""
    if isinstance(value, dict):
        for name, each in value.items():
            drawable(each, within=(*within, name))
    elif isinstance(value, list):
        if within[-1:] == ("children",):
            assert not any(isinstance(each, list) for each in value), within
        for each in value:
            drawable(each, within=within)


class Browser:
    """A test client that behaves as a browser on one of the portal's pages."""

    def __init__(self, portal: Dash, actor: Actor | None = None) -> None:
        self.portal = portal
        self.client: FlaskClient = portal.server.test_client()
        self.token = ""
        if actor is not None:
            self.token = secrets.token_urlsafe(32)
            digest = hashlib.sha256(self.token.encode()).hexdigest()
            with transaction() as session:
                stamp = stamp_of(session.get_one(User, actor.user_id))
                until = now() + timedelta(days=1)
                session.add(UserSession(token_hash=digest, user_id=actor.user_id, stamp=stamp, expires_at=until))
            self.hold(self.token)

    def hold(self, token: str) -> None:
        """Be signed in by this session's token from now on."""
        self.client.set_cookie("__Host-cgn_session", token, domain="portal.example", secure=True)

    def get(self, path: str, **options: Any) -> TestResponse:
        return whole(self.client.get(path, base_url=ORIGIN, **options))

    def post(self, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        if headers is None:
            headers = {"X-CSRFToken": self.csrf_token(), "Origin": ORIGIN}
        sent = {"Referer": f"{ORIGIN}/", **headers}
        return whole(self.client.post(path, base_url=ORIGIN, headers=sent, **options))

    def put(self, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        if headers is None:
            headers = {"X-CSRFToken": self.csrf_token(), "Origin": ORIGIN}
        sent = {"Referer": f"{ORIGIN}/", **headers}
        return whole(self.client.put(path, base_url=ORIGIN, headers=sent, **options))

    def csrf_token(self) -> str:
        self.get("/sign-in", follow_redirects=True)
        cookie = self.client.get_cookie("__Host-_csrf_token", domain="portal.example")
        assert cookie is not None
        return cookie.value

    def body(
        self, output: str, values: Mapping[str, Any] | None = None, *, changed: str | None = None
    ) -> dict[str, Any]:
        """What the renderer sends for a callback; ``values`` by ``id.property``, None elsewhere."""
        given = dict(values or {})
        declared = self.portal.callback_map[output]

        def slot(spec: Mapping[str, str]) -> Any:
            wildcard = spec["id"].startswith("{")
            key = f"{spec['id']}.{spec['property']}"
            if wildcard:
                pattern = json.loads(spec["id"])
                buttons = given.get(pattern["type"], [])
                slots = [({**pattern, **one[0]}, one[1]) for one in buttons]
                name = spec["property"]
                return [{"id": id_, "property": name, "value": id_ if name == "id" else one} for id_, one in slots]
            return {"id": spec["id"], "property": spec["property"], "value": given.get(key)}

        outputs = declared["output"] if isinstance(declared["output"], list | tuple) else [declared["output"]]
        listed = [{"id": one.component_id_str(), "property": one.component_property} for one in outputs]
        inputs = [slot(spec) for spec in declared["inputs"]]
        first = declared["inputs"][0]
        return {
            "output": output,
            "outputs": listed if output.startswith("..") else listed[0],
            "inputs": inputs,
            "state": [slot(spec) for spec in declared["state"]],
            "changedPropIds": [changed or f"{first['id']}.{first['property']}"],
        }

    def call(self, output: str, values: Mapping[str, Any] | None = None, *, changed: str | None = None) -> TestResponse:
        """Run a callback."""
        answer = self.post(UPDATE, json=self.body(output, values, changed=changed))
        if answer.status_code == HTTPStatus.OK:
            drawable(answer.get_json())
        return answer

    def page(self, path: str, search: str = "") -> str:
        """What a page shows, as the JSON text of its components."""
        found = next(name for name in self.portal.callback_map if name.startswith("..") and "_pages_content" in name)
        answer = self.call(found, {"_pages_location.pathname": path, "_pages_location.search": search})
        assert answer.status_code == 200
        return answer.get_data(as_text=True)


@pytest.fixture(scope="session")
def portal() -> Dash:
    """The app; one per process, because Dash's page registry and callbacks belong to the first."""
    from webapp.app import create_app

    return create_app(Settings(secret_key=secrets.token_urlsafe(48), redis_url=""))


@pytest.fixture(autouse=True)
def _quiet_edge(portal: Dash, sent_jobs: object) -> None:
    """No job is published, and no test inherits another's count of sign-in attempts."""
    from webapp.auth.views import limiter

    del sent_jobs
    with portal.server.app_context():
        limiter.reset()


@pytest.fixture
def browser(portal: Dash, database_url: str) -> Callable[[Actor | None], Browser]:
    """``browser(actor)``: signed in; ``browser(None)``: nobody."""
    del database_url

    def open_browser(actor: Actor | None = None) -> Browser:
        return Browser(portal, actor)

    return open_browser


def make_csv(*handles: str, days: int = 84) -> bytes:
    """Our own layout; the newest day is Sunday 22 November 2026."""
    first = date(2026, 11, 22) - timedelta(days=days - 1)
    lines = ["creator,date,followers,follows,unfollows,posts,reels,stories"]
    for handle in handles:
        followers = 77_000
        for number in range(days):
            gained = 40 + 7 * (number % 5)
            followers += gained - 9
            day = (first + timedelta(days=number)).isoformat()
            lines.append(f"{handle},{day},{followers},{gained},9,{number % 2},{number % 3},{number % 4}")
    return "\n".join(lines).encode()


def dropped(data: bytes) -> str:
    """A file as Dash's upload sends it."""
    return "data:text/csv;base64," + base64.b64encode(data).decode()


@pytest.fixture
def imported(agency: Agency, owner: Actor, workspace: Workspace) -> Imported:
    """The agency's workspace with twelve weeks imported and a retraining waiting."""
    del agency
    with transaction() as session:
        view = imports.read_upload(
            session, owner, workspace_id=workspace.id, file_name="x.csv", data=make_csv(workspace.handle)
        )
        assert view.id is not None, view.findings
        (done,) = imports.import_upload(session, owner, view.id, key="first")
    return done
