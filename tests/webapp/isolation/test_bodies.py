"""Mutated callback bodies: never 500, never an error that nobody foresaw, and nothing stored by a viewer.

``make test`` sends some hundreds, ``make fuzz`` ten thousand (BODY_CASES).
"""

from __future__ import annotations

import copy
import json
import logging
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from .bodies import Raw, wrong
from .calls import Call, calls_of, page_output, server_callbacks
from .matrix import UNEXPECTED, Matrix
from .people import Person
from .snapshots import fingerprint

UPDATE = "/_dash-update-component"
PARTS = 4
"""Tests that share the cases, so that several processes do."""
CASES = int(os.environ.get("BODY_CASES", "400")) // (PARTS * 2 * 2)
WHAT_WAS_SHOWN = frozenset({"ledger"})
"""Whoever sees a forecast has it kept in the ledger, a viewer too."""


def ways(portal: Dash, matrix: Matrix) -> list[Call]:
    every = [call for output, name in server_callbacks(portal) for call in calls_of(portal, output, name)]
    drawn = {"_pages_location.pathname": f"/workspaces/{matrix.world.theirs['workspace']}/data"}
    page = page_output(portal)
    return [call if call.output != page else Call(page, call.name, drawn, None) for call in every]


@pytest.mark.parametrize("person", [Person.OWNER, Person.VIEWER])
@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_bodies_are_refused_or_answered_and_never_break_anything(
    portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any], caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None], person: Person, part: int,
) -> None:  # fmt: skip
    caplog.set_level(logging.ERROR)
    who = browser_of(person)
    calls = ways(portal, matrix)
    outputs = [output for output in portal.callback_map if isinstance(output, str)]
    before = fingerprint(without=WHAT_WAS_SHOWN)
    statuses: Counter[int] = Counter()
    problems: dict[str, str] = {}
    for number in range(CASES):
        dice = random.Random(f"{person} {part} {number}")
        call = dice.choice(calls)
        values, changed = call.with_ids(matrix.world.theirs)
        sent = wrong(dice, copy.deepcopy(who.body(call.output, values, changed=changed)), outputs)
        matrix.writes.clear()
        answer = who.post(UPDATE, data=sent.data, headers=headers(who, sent))
        statuses[answer.status_code] += 1
        broken = answer.status_code >= 500 or UNEXPECTED in answer.get_data().decode(errors="replace") or caplog.records
        if broken:
            what = caplog.text.strip().rsplit("\n", 1)[-1]
            problems.setdefault(f"{call.name}: {what}", f"case {number}: {sent.data[:900]!r}\n{caplog.text[-1200:]}")
            caplog.clear()
        if matrix.writes:
            if person is Person.VIEWER and fingerprint(without=WHAT_WAS_SHOWN) != before:
                problems.setdefault(f"{call.name} stored something", f"case {number}: {sent.data[:900]!r}")
            matrix.put_back()
    record_property("attack: mutated callback bodies", f"{CASES} {len(problems)}")
    assert not problems, "\n\n".join(f"{what}\n{told}" for what, told in problems.items())
    assert statuses[400] > CASES // 10, statuses
    assert statuses[200] + statuses[204] > CASES // 10, statuses


def headers(who: Any, sent: Raw) -> dict[str, str]:
    return {"X-CSRFToken": who.csrf_token(), "Origin": "https://portal.example", "Content-Type": sent.content_type}


def test_the_bodies_differ(portal: Dash, matrix: Matrix, browser_of: Callable[[Person], Any]) -> None:
    who = browser_of(Person.OWNER)
    call = min(ways(portal, matrix), key=lambda each: each.name)
    values, changed = call.with_ids(matrix.world.theirs)
    body = who.body(call.output, values, changed=changed)
    made = [wrong(random.Random(number), copy.deepcopy(body), ["x.y"]).data for number in range(300)]
    assert len(set(made)) > 200
    assert made.count(json.dumps(body).encode()) < 30
