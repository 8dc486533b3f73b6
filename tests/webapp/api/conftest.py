"""A client of the REST API with a token, and a workspace whose model is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api_client import Api, new_token
from dash import Dash

from cgn_core.access import Actor
from cgn_core.jobs import claimed
from cgn_core.services import retrainings
from cgn_core.services.imports import Imported


@pytest.fixture
def api(portal: Dash, database_url: str) -> Callable[..., Api]:
    """``api(actor, role=Role.VIEWER, only=[id])``: with a fresh token of theirs; ``api()``: with none."""
    del database_url

    def open_api(actor: Actor | None = None, **limits: Any) -> Api:
        return Api(portal, new_token(actor, **limits) if actor is not None else "")

    return open_api


@pytest.fixture
def trained(imported: Imported) -> Imported:
    """The agency's workspace with a model in force."""
    assert imported.job_id is not None
    with claimed(str(imported.job_id)) as claim:
        retrainings.run(claim)
    return imported
