"""Every route of the live URL map x everybody x forged ids in path, query and body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from dash import Dash

from .calls import Route, filled, live_routes
from .classes import ARGUMENTS, ROUTES, Form, Sends
from .matrix import Matrix
from .people import Person
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


def ask(portal: Dash, who: Any, route: Route, ids: Ids, elsewhere: dict[str, Any]) -> Any:
    path = route.path(portal.server.url_map, ids)
    if route.method == "GET":
        return who.get(path, **elsewhere)
    body = filled(route.body, ids)
    kind = "data" if isinstance(route.body, bytes | Form) else "json"
    return getattr(who, route.method.lower())(path, **{kind: body if body is not None else {}, **elsewhere})
