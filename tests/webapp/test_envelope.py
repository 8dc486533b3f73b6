from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from cgn_core.access import Actor

UPDATE = "/_dash-update-component"
PULSE = "..shell-pulse.data...shell-finished.data...shell-clock.interval...shell-clock.disabled.."


def headers(who: Any, content_type: str = "application/json") -> dict[str, str]:
    return {"X-CSRFToken": who.csrf_token(), "Content-Type": content_type, "Origin": "https://portal.example"}


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b"{}", b"1", b'"text"', b"{", b"\xff\xfe", b'{"output": 1}', b'{"output": "nowhere.data"}',
        b'{"output": ["shell-pulse.data"]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_body_that_is_no_envelope_is_400(browser: Callable, owner: Actor, raw: bytes) -> None:
    who = browser(owner)
    answer = who.post(UPDATE, data=raw, headers=headers(who))
    assert answer.status_code == 400
    assert "Reload the page" in answer.json["message"]


def test_a_whole_envelope_is_answered(browser: Callable, owner: Actor) -> None:
    answer = browser(owner).call(PULSE)
    assert answer.status_code == 200
    assert answer.json["response"]["shell-pulse"]["data"]["count"] == 0


def changes(body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    made = []
    for name, change in {
        "no inputs": lambda b: b.pop("inputs"),
        "inputs as text": lambda b: b.update(inputs="x"),
        "no input": lambda b: b.update(inputs=[]),
        "one input more": lambda b: b["inputs"].append(b["inputs"][0]),
        "another input": lambda b: b["inputs"][0].update(id="other"),
        "another property": lambda b: b["inputs"][0].update(property="other"),
        "an input without id": lambda b: b["inputs"][0].pop("id"),
        "a null input": lambda b: b.update(inputs=[None]),
        "a listed input": lambda b: b.update(inputs=[b["inputs"]]),
        "no state": lambda b: b.update(state=[]),
        "a state as object": lambda b: b.update(state={"0": b["state"][0]}),
        "no outputs": lambda b: b.pop("outputs"),
        "an output less": lambda b: b["outputs"].pop(),
        "an output elsewhere": lambda b: b["outputs"][0].update(id="shell-alerts"),
        "changed as number": lambda b: b.update(changedPropIds=3),
        "changed holds numbers": lambda b: b.update(changedPropIds=[3]),
        "changed without a dot": lambda b: b.update(changedPropIds=["x"]),
    }.items():
        changed = copy.deepcopy(body)
        change(changed)
        made.append((name, changed))
    return made


def test_an_envelope_that_does_not_fit_its_callback_is_400(browser: Callable, owner: Actor) -> None:
    who = browser(owner)
    for name, body in changes(who.body(PULSE)):
        assert who.post(UPDATE, json=body).status_code == 400, name


def test_a_clientside_callback_has_nothing_to_ask_the_server_for(browser: Callable, owner: Actor) -> None:
    assert browser(owner).call("shell-arrived.data").status_code == 400


def test_mutated_bodies_never_get_500(browser: Callable, owner: Actor) -> None:
    who = browser(owner)
    rng = random.Random(7)
    junk = [None, True, -1, 1e308, "", "x" * 5000, "\x00", [], {}, [[]], {"id": {}}, {"id": "a", "property": "b"}]

    def mutate(value: Any) -> Any:
        if rng.random() < 0.12:
            return rng.choice(junk)
        if isinstance(value, dict):
            return {key: mutate(one) for key, one in value.items() if rng.random() > 0.03}
        if isinstance(value, list):
            return [mutate(one) for one in value]
        return value

    outputs = [name for name, declared in who.portal.callback_map.items() if "callback" in declared]
    statuses: dict[int, int] = {}
    for _ in range(400):
        body = mutate(who.body(rng.choice(outputs)))
        answer = who.post(UPDATE, data=json.dumps(body), headers=headers(who))
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    assert not [status for status in statuses if status >= 500], statuses
    assert statuses[400] > 100
