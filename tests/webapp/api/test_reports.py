"""Reports by the API: asked for, listed, fetched in each form, rebuilt, deleted; a viewer's token only fetches."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from api_client import Api

from cgn_core.access import Actor, Role
from cgn_core.jobs import claimed
from cgn_core.services import reports
from cgn_core.services.imports import Imported

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STARTS = {"pdf": b"%PDF", "html": b"<!doctype html>", "xlsx": b"PK"}


def make(client: Api, workspace: str, **more: str) -> dict[str, str]:
    """Ask for a report, and do the job as a worker would; what came of it."""
    asked = client.post("/jobs", {"kind": "report", "workspace_id": workspace, **more})
    assert asked.status_code == 202
    with claimed(UUID(asked.json["id"])) as claim:
        assert claim is not None
        reports.run(claim)
    done = client.get(f"/jobs/{asked.json['id']}").json
    assert done["state"] == "done"
    found: dict[str, str] = done["result"]
    return found


def test_a_report_is_made_listed_fetched_rebuilt_and_deleted(
    api: Callable[..., Api], trained: Imported, strategist: Actor, outsider: Actor
) -> None:
    client, reader, stranger = api(strategist), api(strategist, role=Role.VIEWER), api(outsider)
    workspace = str(trained.workspace_id)
    place = f"/workspaces/{workspace}/reports"
    made = make(client, workspace)
    (listed,) = reader.get(place).json["items"]
    assert listed["id"] == made["report"]
    assert [file["form"] for file in listed["files"]] == ["pdf", "html", "xlsx"]
    for file in listed["files"]:
        by_form = reader.get(f"{place}/{listed['id']}/{file['form']}")
        assert by_form.data.startswith(STARTS[file["form"]])
        assert len(by_form.data) == file["size"]
        assert reader.get(f"/files/{file['id']}").data == by_form.data
        assert stranger.get(f"{place}/{listed['id']}/{file['form']}").status_code == 404
    assert reader.get(f"{place}/{listed['id']}/docx").status_code == 404
    assert reader.post("/jobs", {"kind": "report", "workspace_id": workspace}).status_code in {403, 404}
    again = make(client, workspace, rebuild=listed["id"])
    newest = client.get(place).json["items"][0]
    assert (newest["id"], newest["rebuilt_from"], newest["differences"]) == (again["report"], listed["id"], [])
    assert reader.send("DELETE", f"{place}/{listed['id']}").status_code in {403, 404}
    assert client.send("DELETE", f"{place}/{listed['id']}").status_code == 204
    assert [each["id"] for each in client.get(place).json["items"]] == [again["report"]]
