"""Every callback of the live map x everybody x forged ids in its inputs, states and buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from .calls import calls_of, server_callbacks
from .classes import CALLBACKS, PAGE_CALLBACK
from .matrix import Matrix
from .people import Person
from .world import Ids


def test_every_callback_is_classified(portal: Dash) -> None:
    assert {name for _, name in server_callbacks(portal)} == {PAGE_CALLBACK, *CALLBACKS}


@pytest.mark.parametrize("person", Person)
def test_callbacks_answer_those_who_may_and_refuse_all_others(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], person: Person
) -> None:
    who = browser_of(person)
    for output, name in server_callbacks(portal):
        if name != PAGE_CALLBACK:
            check_callback(portal, matrix, who, output, name, person)


def check_callback(portal: Dash, matrix: Matrix, who: Any, output: str, name: str, person: Person) -> None:
    for call in calls_of(portal, output, name):

        def attempt(ids: Ids, call: Any = call) -> Any:
            values, changed = call.with_ids(ids)
            return who.call(output, values, changed=changed)

        matrix.try_all(name, CALLBACKS[name], person, attempt, call.kinds)
