"""The matrix turns red: an unguarded callback, page or route that somebody adds is found by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from dash import Dash, Input, Output, State
from werkzeug.routing import Map, Rule

from cgn_core.db.models import Workspace
from webapp import pages
from webapp.auth import guard
from webapp.pages import home
from webapp.request_scope import db

from . import classes, test_callbacks, test_pages, test_routes
from .calls import live_routes, server_callbacks
from .matrix import Matrix
from .people import Person

RULE = "/workspaces/<workspace_id>/planted"


def unguarded(workspace_id: Any) -> str:
    """What no code may do: it takes an id at its word."""
    return db().get_one(Workspace, UUID(str(workspace_id))).handle


@pytest.fixture
def planted_callback(portal: Dash) -> Iterator[str]:
    @portal.callback(Output("planted", "children"), Input("planted-go", "n_clicks"), State("planted-workspace", "data"))
    def planted(_clicks: int | None, workspace_id: Any) -> str:
        return unguarded(workspace_id)

    yield f"{planted.__module__}.{planted.__name__}"
    del portal.callback_map["planted.children"]
    portal._callback_list[:] = [each for each in portal._callback_list if each["output"] != "planted.children"]


@pytest.fixture
def planted_route(portal: Dash, monkeypatch: pytest.MonkeyPatch) -> str:
    server = portal.server
    grown = Map(
        [*(rule.empty() for rule in server.url_map.iter_rules()), Rule(RULE, endpoint="planted", methods=["GET"])]
    )
    grown.converters = server.url_map.converters
    monkeypatch.setattr(server, "url_map", grown)
    monkeypatch.setitem(server.view_functions, "planted", unguarded)
    return f"GET {RULE}"


def test_a_callback_that_nobody_classified_turns_the_matrix_red(portal: Dash, planted_callback: str) -> None:
    with pytest.raises(AssertionError, match=planted_callback):
        test_callbacks.test_every_callback_is_classified(portal)


def test_a_route_that_nobody_classified_turns_the_matrix_red(portal: Dash, planted_route: str) -> None:
    with pytest.raises(AssertionError, match=planted_route):
        test_routes.test_every_route_is_classified(portal)


@pytest.mark.parametrize("person", [Person.OUTSIDER, Person.STRANGER, Person.OUTSIDE])
def test_an_unguarded_callback_turns_the_matrix_red_whatever_it_is_classified_as(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], monkeypatch: pytest.MonkeyPatch,
    planted_callback: str, person: Person,
) -> None:  # fmt: skip
    (output,) = [output for output, name in server_callbacks(portal) if name == planted_callback]
    for reach in (classes.READS, classes.EDITS, classes.MINE, classes.OWN, classes.STAFF):
        monkeypatch.setitem(classes.CALLBACKS, planted_callback, reach)
        with pytest.raises(AssertionError, match="planted"):
            test_callbacks.check_callback(portal, matrix, browser_of(person), output, planted_callback, person)


@pytest.mark.parametrize("person", [Person.OUTSIDER, Person.STRANGER, Person.OUTSIDE])
def test_an_unguarded_route_turns_the_matrix_red_whatever_it_is_classified_as(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], monkeypatch: pytest.MonkeyPatch,
    planted_route: str, person: Person,
) -> None:  # fmt: skip
    monkeypatch.setattr(guard, "SIGNED_IN", guard.SIGNED_IN | {"planted"})
    (route,) = [route for route in live_routes(portal) if route.key == planted_route]
    for reach in (classes.READS, classes.EDITS, classes.MINE, classes.OWN, classes.STAFF, classes.PUBLIC):
        monkeypatch.setitem(classes.ROUTES, planted_route, reach)
        with pytest.raises(AssertionError, match="planted"):
            test_routes.check_route(portal, matrix, browser_of, route, person)


def test_a_route_that_answers_nobody_signed_in_turns_the_matrix_red(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], monkeypatch: pytest.MonkeyPatch,
    planted_route: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(guard, "PUBLIC", guard.PUBLIC | {"planted"})
    (route,) = [route for route in live_routes(portal) if route.key == planted_route]
    monkeypatch.setitem(classes.ROUTES, planted_route, classes.READS)
    with pytest.raises(AssertionError, match="planted"):
        test_routes.check_route(portal, matrix, browser_of, route, Person.NOBODY)


def test_a_page_that_nobody_classified_turns_the_matrix_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGES", (*pages.PAGES, classes))
    with pytest.raises(AssertionError, match="classes"):
        test_pages.test_every_page_is_classified()


def test_a_page_that_takes_an_id_at_its_word_turns_the_matrix_red(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "layout", unguarded)
    monkeypatch.setattr("webapp.shell._frame", lambda *_: None)
    monkeypatch.setattr("webapp.shell.framed", lambda content, *_args, **_kinds: content)
    with pytest.raises(AssertionError, match="home"):
        test_pages.test_pages_show_themselves_to_those_who_may_and_are_not_found_by_all_others(
            portal, matrix, browser_of, Person.OUTSIDER
        )
