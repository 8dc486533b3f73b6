"""Whatever the API's description allows and what it doesn't, by every role: none is answered 500 or undescribed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from api_client import Api
from dash import Dash
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cgn_core.access import Actor, Role
from cgn_core.services.imports import Imported

EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
"""Of each operation; each is sent by everybody, the least first. More take longer: `API_EXAMPLES=50`."""
PARTS = 3
"""Of the operations, so that several processes share them."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PEER = b"date,followers,posts\n2026-11-01,10,1\n2026-11-02,12,0\n"


@pytest.fixture
def real_ids(api: Callable[..., Api], owner: Actor, trained: Imported) -> dict[str, str]:
    """One of everything, by the name it has in addresses: made-up ids alone would only ever be answered 404."""
    client, place = api(owner), f"/workspaces/{trained.workspace_id}"
    sent = {"file": (BytesIO(PEER), "peer.csv")}
    upload = client.send("POST", f"{place}/imports", data={"file": (BytesIO(PEER), "more.csv")})
    made = {
        "competitor_id": client.send("POST", f"{place}/competitors", data=sent).json["items"][0]["id"],
        "import_id": upload.json["id"],
        "job_id": client.post("/jobs", {"kind": "score", "workspace_id": str(trained.workspace_id)}).json["id"],
        "scenario_id": client.post(f"{place}/scenarios", {"name": "More", "plan": {"reels": 5}}).json["id"],
        "note_id": client.post(f"{place}/notes", {"day": "2026-11-16", "text": "A fair"}).json["id"],
        "schedule_id": client.post("/schedules", {"kind": "score_nightly"}).json["id"],
    }
    return {"workspace_id": str(trained.workspace_id), "file_id": str(uuid4()), "number": "1", **made}


def strategy_of(operation: Any, real_ids: dict[str, str]) -> st.SearchStrategy[Case]:
    named = {name: real_ids[name] for name in real_ids if f"{{{name}}}" in operation.path}
    ways = [operation.as_strategy(GenerationMode.POSITIVE, path_parameters=named or None)]
    if operation.body or operation.query:
        ways.append(operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=named or None))
    elif named:
        ways.append(operation.as_strategy(GenerationMode.POSITIVE))
    return st.one_of(ways)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_request_is_answered_500_or_otherwise_than_described(
    portal: Dash,
    api: Callable[..., Api],
    owner: Actor,
    real_ids: dict[str, str],
    part: int,
    change_settings: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    change_settings(api_rate_limit="1000000 per minute", job_limit_per_agency=100_000)
    tokens = {role: api(owner, role=role).token for role in (Role.VIEWER, Role.STRATEGIST, Role.OWNER)}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", portal.server)
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=lambda each: each.label)
    answered: Counter[tuple[str, int]] = Counter()

    for operation in operations[part::PARTS]:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy_of(operation, real_ids))
        def ask(case: Case) -> None:
            for role in ("nobody", *tokens):
                headers = {"Accept-Encoding": "identity"}
                if role in tokens:
                    headers["Authorization"] = f"Bearer {tokens[Role(role)]}"
                response = case.call(base_url="https://portal.example", headers=headers)
                answered[role, response.status_code] += 1
                case.validate_response(response, checks=CHECKS)

        try:
            ask()
        except Exception as error:
            error.add_note(operation.label)
            raise
    # 404: an address that a made-up value turned into none of the API's.
    assert {status for role, status in answered if role == "nobody"} <= {401, 404, 429}
    failed = sum(count for (_, status), count in answered.items() if status >= 500)
    record_property(
        "attack: requests to the API, as described and mutated, by every role", f"{answered.total()} {failed}"
    )
    assert answered[Role.OWNER, 200] > len(operations) / PARTS / 2, answered
