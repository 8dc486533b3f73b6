"""What is taken over from Dash so that it costs less says what Dash says: another version of Dash may say more."""

from __future__ import annotations

from typing import Any

from dash import Dash
from dash._pages import _path_to_page
from dash._utils import AttributeDict

from webapp import light_pages

BODY = {
    "output": "..there.children..",
    "outputs": [{"id": "there", "property": "children"}],
    "inputs": [{"id": "here", "property": "value", "value": 3}, [{"id": {"a": 1}, "property": "n", "value": None}]],
    "state": [{"id": "kept", "property": "data", "value": {"a": [1]}}],
    "changedPropIds": ["here.value"],
}


def test_a_callback_is_told_of_its_request_what_dash_tells(portal: Dash) -> None:
    with portal.server.test_request_context(
        "/_dash-update-component?of=1",
        method="POST",
        json=BODY,
        headers={"Cookie": "one=1; two=2", "Origin": "http://x.example"},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    ):
        kinds: tuple[Any, ...] = (light_pages.LightDash, Dash)
        ours, dashs = (kind._initialize_context(portal, BODY) for kind in kinds)
        assert isinstance(ours, AttributeDict)
        assert type(ours.pop("dash_response")) is type(dashs.pop("dash_response"))
        assert {name: ours[name] for name in dashs} == dict(dashs)
        assert ours.input_values["here.value"] == 3


def test_an_address_read_once_gives_each_request_its_own_parts(portal: Dash) -> None:
    del portal
    light_pages._variables.cache_clear()
    found: list[dict[str, Any]] = []
    for identity in ("a", "b", "a"):
        _page, variables = _path_to_page(f"workspaces/{identity}/predictor")
        found.append(variables)
    assert [each["workspace_id"] for each in found] == ["a", "b", "a"]
    assert light_pages._variables.cache_info().hits > 0
