"""Every ``readable_*`` and ``editable_*`` select x everybody: exactly the rows that are theirs to see."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select

import cgn_core.db
from cgn_core.db.models import ApiToken, User, Workspace
from cgn_core.db.session import reading

from .classes import EDITS, MANAGES, MINE, READS, SELECTS, Reach
from .matrix import Matrix
from .people import COLLEAGUES, MAY, MAY_OF_AGENCY, SIGNED_IN, STAFF, Person

THEIRS, OPEN, AGENCY, OTHERS = "the restricted workspace", "the open one", "the whole agency", "another agency's"
MAY_OF_OPEN = {READS: COLLEAGUES, EDITS: STAFF, MINE: STAFF, MANAGES: {Person.OWNER}}


def live_selects() -> Iterator[tuple[str, Callable[..., Select[Any]]]]:
    """Every function of ``cgn_core.db`` that turns an actor, and nothing else, into a select."""
    for module in pkgutil.iter_modules(cgn_core.db.__path__, "cgn_core.db."):
        if module.ispkg:
            continue
        for name, function in inspect.getmembers(importlib.import_module(module.name), _is_function):
            here = function.__module__ == module.name and not name.startswith("_")
            if here and list(inspect.signature(function).parameters) == ["actor"]:
                yield name, function


def _is_function(found: object) -> bool:
    """Whether it is a function, or keeps the answers of one."""
    return callable(found) and inspect.isfunction(inspect.unwrap(found))


def test_every_select_is_classified() -> None:
    assert {name for name, _ in live_selects()} == set(SELECTS)


@pytest.mark.parametrize("person", sorted(SIGNED_IN))
def test_selects_hold_exactly_the_rows_that_are_ones_own_to_see(matrix: Matrix, person: Person) -> None:
    actor = matrix.world.people[person]
    for name, select in live_selects():
        with reading() as session:
            rows = session.scalars(select(actor)).all()
            places = {place_of(row, matrix) for row in rows}
            uploaders = {row.uploaded_by for row in rows if hasattr(row, "uploaded_by")}
            holders = {row.user_id for row in rows if isinstance(row, ApiToken)}
            members = {row.id for row in rows if isinstance(row, User)}
        assert places == expected(*SELECTS[name], person), f"{name} for {person}"
        assert holders <= {actor.user_id} or person in MAY[Reach.OWNERS], f"{name} for {person}"
        assert uploaders <= {actor.user_id}, f"{name} for {person}"
        assert members <= {actor.user_id} or person not in {Person.STRANGER, Person.VIEWER}, f"{name} for {person}"
        matrix.cells += 1


def expected(reach: Reach, of_agency: Reach, person: Person) -> set[str]:
    found = {OTHERS} if person is Person.OUTSIDER else set()
    if person in MAY[reach]:
        found.add(THEIRS)
    if person in MAY_OF_OPEN.get(reach, ()):
        found.add(OPEN)
    if person in MAY_OF_AGENCY[of_agency]:
        found.add(AGENCY)
    return found


def place_of(row: Any, matrix: Matrix) -> str:
    place = row.id if isinstance(row, Workspace) else getattr(row, "workspace_id", None)
    if place is None:
        return AGENCY if row.agency_id == matrix.world.agency_id else OTHERS
    names = {
        UUID(matrix.world.theirs["workspace"]): THEIRS,
        UUID(matrix.world.own[Person.OUTSIDER]["workspace"]): OTHERS,
    }
    return names.get(place, OPEN)
