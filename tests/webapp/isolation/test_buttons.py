"""What a role may not do, its pages don't offer: no button, upload or form whose callback or route would refuse it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dash import Dash

from webapp import pages

from .calls import live_routes, page_output, server_callbacks
from .classes import CALLBACKS, MANAGES, OWN, OWNERS, PAGE_CALLBACK, PUBLIC, READS, ROUTES, Reach, Sends
from .matrix import Matrix
from .people import Person
from .test_pages import draw, path_of

MAY_USE: dict[Person, frozenset[Reach]] = {
    Person.VIEWER: frozenset({PUBLIC, OWN, READS}),
    Person.STRATEGIST: frozenset(Reach) - {OWNERS, MANAGES},
    Person.OWNER: frozenset(Reach),
}
SET_OFF = {"n_clicks", "contents", "n_submit", "submit_n_clicks"}
"""Properties that change because somebody pressed, dropped or entered something."""
PRESSED = "-pressed"


def controls_of(portal: Dash, output: str) -> set[str]:
    """What sets a callback off by hand: ids, the types of ids in rows, stores of presses."""
    found = set()
    for spec in portal.callback_map[output]["inputs"]:
        if spec["property"] in SET_OFF:
            found.add(json.loads(spec["id"])["type"] if spec["id"].startswith("{") else spec["id"])
        elif spec["id"].endswith(PRESSED):
            found.add(spec["id"])
    return found


def offered(component: Any) -> Iterator[str]:
    """The same of everything that a drawn page offers and hasn't disabled."""
    if isinstance(component, list):
        for each in component:
            yield from offered(each)
    elif isinstance(component, dict):
        props = component.get("props")
        if isinstance(props, dict) and component.get("type") != "Store" and not props.get("disabled"):
            identity = props.get("id")
            if identity is not None:
                yield identity["type"] if isinstance(identity, dict) else identity
            if "data-presses" in props:
                yield props["data-presses"]
        for each in component.values():
            yield from offered(each)


def everything_offered(portal: Dash, matrix: Matrix, who: Any) -> set[str]:
    found: set[str] = set()
    for page in pages.PAGES:
        for search in ("", f"?arrival={matrix.world.theirs['arrival']}", "?how=generate"):
            found |= set(offered(draw(who, page_output(portal), path_of(page, matrix.world.theirs), search).get_json()))
            matrix.cells += 1
    return found


@pytest.mark.parametrize("person", MAY_USE)
def test_pages_offer_nothing_that_would_be_refused(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], person: Person
) -> None:
    shown = everything_offered(portal, matrix, browser_of(person))
    refused = {
        f"{name} by {control}"
        for output, name in server_callbacks(portal)
        if name != PAGE_CALLBACK and CALLBACKS[name] not in MAY_USE[person]
        for control in controls_of(portal, output) & shown
    }
    assert refused == set()


def test_owners_are_offered_what_viewers_are_not(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any]
) -> None:
    more = everything_offered(portal, matrix, browser_of(Person.OWNER))
    more -= everything_offered(portal, matrix, browser_of(Person.VIEWER))
    found = {
        name
        for output, name in server_callbacks(portal)
        if name != PAGE_CALLBACK and controls_of(portal, output) & more
    }
    assert len(found) >= 20, found


@pytest.mark.parametrize("person", MAY_USE)
def test_forms_of_the_account_ask_for_nothing_that_would_be_refused(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], person: Person
) -> None:
    who = browser_of(person)
    forms = [route for route in live_routes(portal) if route.method == "POST" and not route.arguments]
    for route in [route for route in live_routes(portal) if route.key.startswith("GET /account/")]:
        text = who.get(route.rule).get_data(as_text=True)
        for form in forms:
            listed = ROUTES[form.key]
            reach = listed.reach if isinstance(listed, Sends) else listed
            if reach not in MAY_USE[person] and reach is not Reach.MINE:
                assert f'action="{form.rule}"' not in text, f"{route.key} offers {form.key} to {person}"
            matrix.cells += 1
