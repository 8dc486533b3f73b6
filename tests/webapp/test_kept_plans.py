"""The Predictor keeps the plans that people try; what no page of ours sends is kept nowhere and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from cgn_core.access import Actor
from cgn_core.services.imports import Imported


@pytest.mark.parametrize("number", [False, True, 1.5, "1", None, [1], 10**30])
def test_a_model_that_is_no_number_of_one_keeps_nothing(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported, number: Any
) -> None:
    del portal
    sent = {
        "predictor-rested.data": {"plan": {"reels": 1}, "model": number},
        "predictor-workspace.data": str(imported.workspace_id),
    }
    answer = browser(owner).call("predictor-kept.data", sent)
    assert "went wrong" not in answer.get_data(as_text=True)
