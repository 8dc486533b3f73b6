"""Refuses bodies to Dash's update route that its own renderer would never send.

Dash trusts the envelope and answers 500 to most malformed ones. Here each is held against the callback it names: the
same inputs, states and outputs in the same order, and what changed is one of the inputs. Values stay untrusted:
callbacks check them, but what no browser sends at all, and no database takes, ends here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask import Flask, request
from werkzeug.exceptions import BadRequest as MalformedBody

from webapp.errors import BadRequest

UPDATE = "/_dash-update-component"
MANY = (["ALL"], ["ALLSMALLER"])
LOCATION = "_pages_location"
BEGINS = {"pathname": "/", "search": "?"}
"""How the parts of an address begin that are not empty: Dash's own callback reads them without looking."""
DEEPEST = 50
"""Levels of lists and objects within one another."""
LARGEST_INTEGER = 10**21
"""From here on a browser writes its numbers with an exponent."""


def register_envelope_check(server: Flask, dash_app: Dash) -> None:
    """Check each body before Dash reads it; registered after Dash, whose callbacks are complete by then."""

    @server.before_request
    def refuse_malformed() -> None:
        if request.endpoint == UPDATE:
            check_envelope(_body(), dash_app.callback_map)


def _body() -> Any:
    if request.mimetype != "application/json":
        raise BadRequest
    try:
        return request.get_json()
    except (MalformedBody, RecursionError, UnicodeDecodeError):
        raise BadRequest from None


def check_envelope(body: Any, callbacks: Mapping[str, Any]) -> None:
    """Compare a body with the callback that it names.

    Raises:
        BadRequest: it names none, or doesn't have that callback's inputs, states and outputs.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str) or body["output"] not in callbacks:
        raise BadRequest
    declared = callbacks[body["output"]]
    if "callback" not in declared:  # runs in the browser, so there is nothing to ask the server for
        raise BadRequest
    fits = (
        _is_sendable(body)
        and _fits_all(declared["inputs"], body.get("inputs"))
        and _fits_all(declared["state"], body.get("state", []))
        and _fits_outputs(_outputs_of(declared), body.get("outputs", []), multi=body["output"].startswith(".."))
        and _rows_agree([*declared["inputs"], *declared["state"]], [*body["inputs"], *body.get("state", [])])
        and _are_inputs(declared["inputs"], body.get("changedPropIds", []))
        and all(_is_address(one) for one in body["inputs"] if isinstance(one, dict) and one["id"] == LOCATION)
    )
    if not fits:
        raise BadRequest


def _outputs_of(declared: Mapping[str, Any]) -> list[dict[str, str]]:
    output = declared["output"]
    flat = output if isinstance(output, list | tuple) else [output]
    return [{"id": one.component_id_str(), "property": one.component_property} for one in flat]


def _fits_outputs(declared: list[dict[str, str]], received: Any, *, multi: bool) -> bool:
    return _fits_all(declared, received if multi else [received])


def _fits_all(declared: list[Any], received: Any) -> bool:
    if not isinstance(received, list) or len(received) != len(declared):
        return False
    return all(_fits(one, other) for one, other in zip(declared, received, strict=True))


def _fits(declared: Mapping[str, str], received: Any) -> bool:
    if not declared["id"].startswith("{"):
        return _is_slot(received, declared["property"]) and received["id"] == declared["id"]
    pattern = json.loads(declared["id"])
    if any(value in MANY for value in pattern.values()):
        return isinstance(received, list) and all(_fits_pattern(pattern, declared, one) for one in received)
    return _fits_pattern(pattern, declared, received)


def _fits_pattern(pattern: Mapping[str, Any], declared: Mapping[str, str], received: Any) -> bool:
    if not _is_slot(received, declared["property"]) or not isinstance(received["id"], dict):
        return False
    found = received["id"]
    return found.keys() == pattern.keys() and all(
        isinstance(found[key], str | int | float) if isinstance(value, list) else found[key] == value
        for key, value in pattern.items()
    )


def _is_slot(received: Any, prop: str) -> bool:
    if not isinstance(received, dict) or "id" not in received or not isinstance(received.get("property"), str):
        return False
    if prop == "id" and received.get("value") != received["id"]:
        return False
    # The renderer marks an output that several callbacks share by a hash after its property.
    return bool(received["property"].split("@")[0] == prop)


def _rows_agree(declared: list[Any], received: list[Any]) -> bool:
    """Whether slots of the same wildcard come from the same components: their values are taken together, in order."""
    rows: dict[str, list[Any]] = {}
    for one, other in zip(declared, received, strict=True):
        if isinstance(other, list):
            found = [each["id"] for each in other]
            if rows.setdefault(one["id"], found) != found:
                return False
    return True


def _are_inputs(declared: list[Any], received: Any) -> bool:
    return isinstance(received, list) and all(
        isinstance(one, str) and any(_names(one, each) for each in declared) for one in received
    )


def _names(received: str, declared: Mapping[str, str]) -> bool:
    """Whether ``{"row":"1","type":"x"}.n_clicks`` is an input, or was one until its row went."""
    identity, _, prop = received.rpartition(".")
    if not declared["id"].startswith("{"):
        return received == f"{declared['id']}.{declared['property']}"
    try:
        found = json.loads(identity)
    except (ValueError, RecursionError):
        return False
    return _fits_pattern(json.loads(declared["id"]), declared, {"id": found, "property": prop})


def _is_address(slot: Mapping[str, Any]) -> bool:
    part = slot.get("value")
    return not part or (isinstance(part, str) and part.startswith(BEGINS.get(slot["property"], "")))


def _is_sendable(value: Any, depth: int = 0) -> bool:
    """No number that JSON doesn't know, no text that is none, nothing nested without end."""
    if isinstance(value, dict):
        within: Any = (*value, *value.values())
    elif isinstance(value, list):
        within = value
    else:
        return _is_value(value)
    if depth >= DEEPEST:
        return False
    for each in within:  # every callback's body comes by here, and most of it is plain text
        if type(each) is str and each.isascii():
            fine = "\x00" not in each
        elif isinstance(each, dict | list):
            fine = _is_sendable(each, depth + 1)
        else:
            fine = _is_value(each)
        if not fine:
            return False
    return True


def _is_value(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or _is_unicode(value))
    if isinstance(value, int | float):
        return math.isfinite(value) if isinstance(value, float) else abs(value) < LARGEST_INTEGER
    return True


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair is no letter, and no database takes it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
