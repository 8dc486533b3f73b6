"""Refuses bodies to Dash's update route that its own renderer would never send.

Dash trusts the envelope and answers 500 to most malformed ones. Here each is held against the callback it names: the
same inputs, states and outputs in the same order. Values stay untrusted: callbacks check them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask import Flask, request
from werkzeug.exceptions import BadRequest as MalformedBody

from webapp.errors import BadRequest

UPDATE = "/_dash-update-component"
MANY = (["ALL"], ["ALLSMALLER"])


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
        _fits_all(declared["inputs"], body.get("inputs"))
        and _fits_all(declared["state"], body.get("state", []))
        and _fits_outputs(_outputs_of(declared), body.get("outputs", []), multi=body["output"].startswith(".."))
        and _are_texts(body.get("changedPropIds", []))
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
    # The renderer marks an output that several callbacks share by a hash after its property.
    return bool(received["property"].split("@")[0] == prop)


def _are_texts(received: Any) -> bool:
    return isinstance(received, list) and all(isinstance(one, str) and "." in one for one in received)
