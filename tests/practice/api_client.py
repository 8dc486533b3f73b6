"""A client of the REST API, as a program with a token is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from dash import Dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cgn_core.access import Actor, Role
from cgn_core.db.session import transaction
from cgn_core.services import tokens

ORIGIN = "https://portal.example"


def new_token(actor: Actor, *, role: Role | None = None, only: Collection[UUID] | None = None) -> str:
    with transaction() as session:
        made = tokens.create_token(session, actor, name="test", role=role or actor.role, workspace_ids=only)
    return made.token


class Api:
    """Sends requests as a program with a token does; ``api.get("/jobs")``."""

    def __init__(self, portal: Dash, token: str = "") -> None:
        self.client: FlaskClient = portal.server.test_client(use_cookies=False)
        self.token = token

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        sent = ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | (headers or {})
        where = path if path.startswith("/api") else f"/api/v1{path}"
        answer = self.client.open(where, method=method, base_url=ORIGIN, headers=sent, **options)
        answer.get_data()
        answer.close()
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("POST", path, **({} if json is None else {"json": json}), **options)
