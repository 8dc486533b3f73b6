"""``make mutants`` takes every wall down; here only a few, to see that it finds them and that the tests notice."""

from __future__ import annotations

import pytest

from cgn_core.db import workspaces
from cgn_core.services import registry

from . import test_selects
from .matrix import Matrix
from .mutations import Mutant, Wall, code_of, mutants_of, put
from .people import Person


def filters() -> list[Mutant]:
    return [mutant for mutant in mutants_of(workspaces) if mutant.wall is Wall.FILTER]


def test_every_kind_of_wall_is_found() -> None:
    found = [*mutants_of(workspaces), *mutants_of(registry)]
    assert {mutant.wall for mutant in found} == set(Wall)
    assert {mutant.function for mutant in filters()} == {"readable_workspaces", "editable_workspaces"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wall_that_is_taken_down_is_noticed(matrix: Matrix) -> None:
    before = {name: code_of(getattr(workspaces, name)) for name in ("readable_workspaces", "editable_workspaces")}
    for mutant in filters():
        noticed = 0
        try:
            mutant.apply()
            for person in matrix.world.people:
                try:
                    test_selects.test_selects_hold_exactly_the_rows_that_are_ones_own_to_see(matrix, person)
                except AssertionError:
                    noticed += 1
        finally:
            put(getattr(workspaces, mutant.function), before[mutant.function])
        assert noticed, mutant
    test_selects.test_selects_hold_exactly_the_rows_that_are_ones_own_to_see(matrix, Person.OUTSIDER)
