"""Every route of the live URL map x everybody x forged ids in path, query and body."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from api_client import Api
from dash import Dash

from .calls import Route, filled, live_routes
from .classes import ARGUMENTS, ROUTES, Sends
from .matrix import Matrix
from .people import Person
from .reach import Form
from .world import Ids


def test_every_route_is_classified(portal: Dash) -> None:
    assert {route.key for route in live_routes(portal)} == set(ROUTES)


def test_every_argument_of_a_route_has_a_value(portal: Dash) -> None:
    assert {name for route in live_routes(portal) for name in route.arguments} <= set(ARGUMENTS)


@pytest.mark.parametrize("person", Person)
def test_routes_answer_those_who_may_and_refuse_all_others(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], person: Person
) -> None:
    for route in live_routes(portal):
        check_route(portal, matrix, browser_of, route, person)


def check_route(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], route: Route, person: Person
) -> None:
    listed = ROUTES[route.key]
    reach = listed.reach if isinstance(listed, Sends) else listed
    every_id = [{"query_string": urlencode(matrix.world.theirs)}]
    if route.method != "GET" and route.body is None:
        every_id.append({"json": dict(matrix.world.theirs)})
    for elsewhere in ({}, *every_id):  # ids where the route asks for none change nothing

        def attempt(ids: Ids, elsewhere: Any = elsewhere) -> Any:
            # A browser of its own for each: some routes end the session.
            return ask(portal, browser_of(person), route, ids, elsewhere)

        matrix.try_all(f"{route.key} {' '.join(elsewhere)}", reach, person, attempt, route.kinds)
        if route.method != "GET":
            matrix.put_back()


def ask_api(portal: Dash, token: str, route: Route, path: str, ids: Ids, elsewhere: dict[str, Any]) -> Any:
    body = filled(route.body, ids)
    if isinstance(route.body, Form):
        files = {name: (BytesIO(sent), "forged.csv") for name, sent in body.items() if isinstance(sent, bytes)}
        given: dict[str, Any] = {"data": {**body, **files}}
    elif isinstance(body, bytes):
        given = {"data": body, "content_type": "application/octet-stream"}
    else:
        given = {} if body is None else {"json": body}
    return Api(portal, token).send(route.method, path, **{**given, **elsewhere})


def ask(portal: Dash, who: Any, route: Route, ids: Ids, elsewhere: dict[str, Any]) -> Any:
    path = route.path(portal.server.url_map, ids)
    if path.startswith("/api/"):
        return ask_api(portal, who.api_token, route, path, ids, elsewhere)
    if route.method == "GET":
        return who.get(path, **elsewhere)
    body = filled(route.body, ids)
    kind = "data" if isinstance(route.body, bytes | Form) else "json"
    return getattr(who, route.method.lower())(path, **{kind: body if body is not None else {}, **elsewhere})
