"""Every page x everybody x forged ids in path and query, drawn by Dash's own callback."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from dash import Dash

from webapp import pages

from .calls import filled, page_output
from .classes import ARGUMENTS, PAGES, READS
from .matrix import BY_ID, Matrix
from .people import MAY, Person
from .world import Ids, nobodys


def name_of(page: Any) -> str:
    return page.__name__.rsplit(".", 1)[-1]


def path_of(page: Any, ids: Ids) -> str:
    return re.sub(r"<([a-z_]+)>", lambda found: str(filled(ARGUMENTS[found[1]], ids)), page.PATH)


def test_every_page_is_classified() -> None:
    assert {name_of(page) for page in pages.PAGES} == set(PAGES)


def test_pages_that_name_an_id_are_classified_as_reading_by_it() -> None:
    by_id = {name for name, reach in PAGES.items() if reach in BY_ID}
    assert {name_of(page) for page in pages.PAGES if "<" in page.PATH} == by_id


@pytest.mark.parametrize("person", Person)
def test_pages_show_themselves_to_those_who_may_and_are_not_found_by_all_others(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], person: Person
) -> None:
    who = browser_of(person)
    output = page_output(portal)
    for page in pages.PAGES:
        kinds = frozenset({"workspace", "arrival"}) if "<" in page.PATH else frozenset()

        def by_path(ids: Ids, page: Any = page) -> Any:
            return draw(who, output, path_of(page, ids))

        def by_query(ids: Ids, page: Any = page) -> Any:
            # Dash lets the query's workspace_id stand in for the path's.
            asked = {ARGUMENTS_OF[name]: value for name, value in ids.items() if name in ARGUMENTS_OF}
            own = matrix.world.own.get(person, ids)
            return draw(who, output, path_of(page, own), f"?{urlencode(asked)}")

        reach = PAGES[name_of(page)]
        matrix.try_all(f"{name_of(page)} by path", reach, person, by_path, kinds - {"arrival"})
        matrix.try_all(f"{name_of(page)} by query", reach, person, by_query, kinds - {"arrival"})


ARGUMENTS_OF = {"workspace": "workspace_id", "arrival": "arrival", "upload": "upload", "job": "job", "file": "file_id"}
"""Under which names a query may carry ids."""


def draw(who: Any, output: str, path: str, search: str = "") -> Any:
    return who.call(output, {"_pages_location.pathname": path, "_pages_location.search": search})


def test_a_large_file_of_somebody_else_is_not_shown_on_ones_own_page(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any]
) -> None:
    for person in (Person.STRATEGIST, Person.OUTSIDE, Person.OUTSIDER):
        own = matrix.world.own[person]
        for arrival in (matrix.world.theirs["arrival"], nobodys(own)["arrival"], "x"):
            answer = draw(
                browser_of(person), page_output(portal), f"/workspaces/{own['workspace']}/data", f"?arrival={arrival}"
            )
            assert "isn't here any more" in answer.text
            assert "lena.moves-large" not in answer.text
            matrix.cells += 1


@pytest.mark.parametrize(
    "search", ["?workspace_id=x", "?workspace_id=1&workspace_id=2", "?workspace_id=", "?foo=bar&layout=1"]
)
def test_odd_queries_never_break_a_page(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], search: str
) -> None:
    own = matrix.world.own[Person.OUTSIDER]
    shown = draw(browser_of(Person.OUTSIDER), page_output(portal), f"/workspaces/{own['workspace']}/data", search).text
    assert "Reference:" not in shown
    assert ("Not found" in shown) == ("workspace_id" in search)


def test_the_portfolio_holds_what_one_may_see_and_nothing_else(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any]
) -> None:
    for person, actor in matrix.world.people.items():
        del actor
        who = browser_of(person)
        for shown in (draw(who, page_output(portal), "/").text, who.get("/portfolio.csv").text):
            assert ("lena.moves" in shown) == (person in MAY[READS]), person
            assert ("someone.else" in shown) == (person is Person.OUTSIDER), person
            matrix.cells += 1
