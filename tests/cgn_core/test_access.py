"""The table of roles and actions: complete, shown in the documentation, and asked for by the product."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from cgn_core.access import ALLOWED, CAPABILITIES, Action, Actor, Role
from cgn_core.errors import Forbidden

ROOT = Path(__file__).resolve().parents[2]


def documented() -> str:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    found = re.search(r"<!-- capabilities -->\n(.*?)<!-- end of capabilities -->", text, re.DOTALL)
    assert found is not None
    return found[1]


def as_table() -> str:
    lines = ["| action | " + " | ".join(Role) + " | in words |", "|---|" + ":---:|" * len(Role) + "---|"]
    for each in CAPABILITIES:
        marks = " | ".join("yes" if role in each.roles else "–" for role in Role)
        lines.append(f"| `{each.action}` | {marks} | {each.words} |")
    return "\n".join(lines) + "\n"


def test_every_action_has_one_row() -> None:
    assert sorted(each.action for each in CAPABILITIES) == sorted(Action)


def test_the_documentation_shows_the_table() -> None:
    assert documented() == as_table(), f"Paste this between the marks in docs/architecture.md:\n{as_table()}"


def test_an_owner_may_everything_and_a_viewer_only_look() -> None:
    assert ALLOWED[Role.OWNER] == set(Action)
    assert ALLOWED[Role.VIEWER] == {Action.READ, Action.EXPORT}
    assert ALLOWED[Role.VIEWER] < ALLOWED[Role.STRATEGIST] < ALLOWED[Role.OWNER]


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_is_refused(role: Role) -> None:
    actor = Actor(user_id=uuid4(), agency_id=uuid4(), role=role)
    for action in Action:
        if actor.may(action):
            actor.require(action)
        else:
            with pytest.raises(Forbidden):
                actor.require(action)
