"""Answers of callbacks are what Dash would have written, without its copy of everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dash import Dash, _callback, dcc, html
from dash._utils import to_json as dashs_to_json

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from webapp import plain_json, routes

from .conftest import Browser

VALUES: list[Any] = [
    {
        "response": {
            "x": {"children": html.Div(["a", dcc.Link("b", href="/c"), None, 1.5], id={"type": "t", "name": 1})}
        }
    },
    {"data": [1, None, float("nan"), float("inf")], "text": "</script> é \N{PILE OF POO}"},
    {"array": np.array([1.0, np.nan, 3.0]), 7: "a key that is no text"},
    {"words": np.array(["a", "b"], dtype=object)},
]


@pytest.mark.parametrize("value", VALUES, ids=["components", "numbers", "arrays", "arrays of objects"])
def test_an_answer_reads_as_dashs_own(value: Any) -> None:
    assert json.loads(plain_json.to_json(value)) == json.loads(dashs_to_json(value))


@pytest.mark.usefixtures("imported")
def test_a_whole_page_reads_as_dashs_own(
    portal: Dash,
    browser: Callable[[Actor], Browser],
    owner: Actor,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del portal
    assert vars(_callback)["to_json"] is plain_json.to_json
    path = routes.data(workspace.id)
    ours = browser(owner).page(path)
    monkeypatch.setitem(vars(_callback), "to_json", dashs_to_json)
    assert json.loads(browser(owner).page(path)).keys() == json.loads(ours).keys()
    assert len(browser(owner).page(path)) >= len(ours) - 100
