"""What a strategist does in the portal, done by a program: a story for each chapter of the API."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from api_client import Api
from sqlalchemy import select

from cgn_core.access import Actor
from cgn_core.db.models import AuditLine, Workspace
from cgn_core.db.session import reading
from cgn_core.services.imports import Imported

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MORE = (
    b"date,followers,follows,unfollows,posts,reels,stories\n2026-11-23,80000,70,9,1,2,3\n2026-11-24,80050,60,9,0,1,2\n"
)
PEER = b"date,followers,posts\n" + b"".join(b"2026-10-%02d,%d,1\n" % (day, 1000 + 10 * day) for day in range(1, 31))


def upload(data: bytes, name: str = "more.csv") -> dict[str, Any]:
    return {"file": (BytesIO(data), name)}


@pytest.fixture
def client(api: Callable[..., Api], owner: Actor) -> Api:
    return api(owner)


@pytest.fixture
def place(trained: Imported) -> str:
    return f"/workspaces/{trained.workspace_id}"


def test_a_file_is_previewed_confirmed_and_undone(client: Api, place: str) -> None:
    preview = client.send("POST", f"{place}/imports", data=upload(MORE)).json
    assert preview["importable"]
    assert preview["imported"] == []
    assert preview["creators"][0]["change"]["new_days"] == 2
    assert client.get(place).json["data_version"] == 1
    (done,) = client.post(f"/imports/{preview['id']}/confirm", {}).json["imported"]
    assert (done["data_version"], done["changed"]) == (2, True)
    assert client.get(f"/jobs/{done['job_id']}").json["kind"] == "retrain"
    versions = client.get(f"{place}/versions").json["items"]
    assert [(each["number"], each["is_current"]) for each in versions] == [(2, True), (1, False)]
    assert client.post(f"{place}/undo").json["data_version"] == 1
    assert client.post(f"{place}/versions/2/restore").json["data_version"] == 2


def test_one_step_imports_at_once_and_a_bad_file_stores_nothing(client: Api, place: str) -> None:
    done = client.send("POST", f"{place}/imports?confirm=true", data=upload(MORE)).json
    assert done["id"] is None
    assert done["imported"][0]["data_version"] == 2
    refused = client.send("POST", f"{place}/imports?confirm=true", data=upload(b"date,followers\nnever,many\n"))
    assert (refused.status_code, refused.json["code"]) == (422, "not_importable")
    assert client.get(place).json["data_version"] == 2
    odd = client.send("POST", f"{place}/imports", data=upload(b"\x00\x01\x02", "x.bin"))
    assert odd.status_code in {200, 422}
    assert (
        client.send("POST", f"{place}/imports", data={"answers": "{}"}, content_type="multipart/form-data").status_code
        == 422
    )


def test_an_import_under_a_key_is_done_once_whatever_the_forms_boundary(client: Api, place: str) -> None:
    key = {"Idempotency-Key": "import-1"}
    first = client.send("POST", f"{place}/imports?confirm=true", data=upload(MORE), headers=key)
    again = client.send("POST", f"{place}/imports?confirm=true", data=upload(MORE), headers=key)
    assert first.json == again.json
    assert client.get(place).json["data_version"] == 2
    other = client.send("POST", f"{place}/imports?confirm=true", data=upload(MORE + b"\n"), headers=key)
    assert other.status_code == 409


def test_numbers_come_by_pages_by_days_and_as_files(client: Api, place: str) -> None:
    days, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{place}/daily?limit=50&cursor={cursor}").json
        days += [row["date"] for row in page["items"]]
        cursor = page["next"]
    assert len(days) == len(set(days)) == 84
    assert days == sorted(days)
    week = client.get(f"{place}/daily?first=2026-11-16&last=2026-11-22").json["items"]
    assert [row["date"] for row in week] == days[-7:]
    assert client.get(f"{place}/weekly").json["items"][0]["week_start"] == "2026-08-31"
    assert client.get(f"{place}/forecasts").json["items"][-1]["forecast_median"] is not None
    file = client.get(f"{place}/daily?format=csv")
    assert file.mimetype == "text/csv"
    assert "attachment" in file.headers["Content-Disposition"]
    with reading() as session:
        assert "exported" in {str(action) for action in session.scalars(select(AuditLine.action))}


def test_a_model_is_read_and_another_put_in_force_with_a_reason(client: Api, place: str) -> None:
    (listed,) = client.get(f"{place}/models").json["items"]
    model = client.get(f"{place}/models/current").json
    assert (model["number"], model["model"], listed["is_in_force"]) == (listed["number"], listed["chosen"], True)
    assert {"mae", "rmse"} <= set(model["scores"])
    wanted = {"number": 1, "reason": "better in my eyes"}
    assert client.send("PUT", f"{place}/models/current", json=wanted).status_code == 409
    assert client.send("PUT", f"{place}/models/current", json={**wanted, "number": 7}).status_code == 404
    assert client.get(f"{place}/promotions").json["items"][0]["kind"] == "first"


def test_a_batch_of_a_thousand_plans_is_answered_in_order_and_one_more_is_refused(client: Api, place: str) -> None:
    plans = [{"reels": number % 9} for number in range(1_000)]
    answer = client.post(f"{place}/predictions", {"plans": plans})
    predictions = answer.json["predictions"]
    assert [each["plan"]["reels"] for each in predictions] == [plan["reels"] for plan in plans]
    assert client.post(f"{place}/predictions", {"plans": [*plans, {}]}).status_code == 422
    assert client.post(f"{place}/what-if", {"plan": {"reels": 4}}).json["low"] is not None


def test_decisions_are_planned_priced_and_kept(client: Api, place: str) -> None:
    plan = client.post(f"{place}/plans", {"hours": 10, "weeks": 2}).json
    assert len(plan["weeks"]) == 2
    assert all(week["hours"] <= 10 for week in plan["weeks"])
    priced = client.get(f"{place}/returns?value_of_follower=2&cost_of_hour=30").json
    assert priced["break_even_per_hour"] == 15
    kept = client.send("PATCH", f"{place}/decision-settings", json={"hours": 9, "bounds": {"reels": [1, 3]}}).json
    assert (kept["hours"], kept["bounds"]) == (9, {"reels": [1, 3]})
    assert client.get(f"{place}/decision-settings").json == kept
    past = client.post(f"{place}/past", {"weeks": ["2026-11-16"], "change": {"reels": 1}})
    assert past.status_code in {200, 422}  # the naive forecast, should it be in force, has no effect to imagine
    assert client.get(f"{place}/evidence").status_code == 200


def test_diagnostics_are_what_the_command_line_prints(client: Api, place: str) -> None:
    found = client.get(f"{place}/diagnostics?false_alarms_per_year=1").json
    assert found["drift"]["false_alarms_per_year"] == 1
    keys = {"drift", "saturation", "carry_over", "viral_days", "residuals", "influence", "collinearity", "warnings"}
    assert keys <= set(found)
    assert client.get(f"{place}/diagnostics?model=oracle").status_code == 422


def test_competitors_come_and_go(client: Api, place: str) -> None:
    (peer,) = client.send("POST", f"{place}/competitors", data=upload(PEER, "peer.csv")).json["items"]
    assert client.get(f"{place}/competitors").json["items"] == [peer]
    assert client.get(f"{place}/benchmark").status_code in {200, 422}
    assert client.send("DELETE", f"{place}/competitors/{peer['id']}").status_code == 204
    assert client.get(f"{place}/competitors").json["items"] == []
    assert client.get(f"{place}/benchmark").status_code == 404


def test_schedules_scenarios_and_notes_are_made_changed_and_removed(client: Api, place: str) -> None:
    made = client.post("/schedules", {"kind": "retrain_monthly", "workspace_id": place.rsplit("/", 1)[1]})
    schedule = made.json
    assert made.headers["Location"].endswith(f"/api/v1/schedules/{schedule['id']}")
    changed = client.send("PATCH", f"/schedules/{schedule['id']}", json={"hour": 5, "enabled": False}).json
    assert (changed["hour"], changed["day"], changed["enabled"]) == (5, schedule["day"], False)
    assert client.send("DELETE", f"/schedules/{schedule['id']}").status_code == 204
    scenario = client.post(f"{place}/scenarios", {"name": "More reels", "plan": {"reels": 5}}).json
    assert client.send("PATCH", f"/scenarios/{scenario['id']}", json={"name": "Many"}).json["name"] == "Many"
    assert client.send("DELETE", f"/scenarios/{scenario['id']}").status_code == 204
    note = client.post(f"{place}/notes", {"day": "2026-11-18", "text": "A fair"}).json
    assert client.get(f"{place}/notes").json["items"][0]["week_start"] == "2026-11-16"
    assert client.send("PATCH", f"/notes/{note['id']}", json={"text": "Two fairs"}).status_code == 200
    assert client.send("DELETE", f"/notes/{note['id']}").status_code == 204


def test_a_large_file_is_sent_in_pieces_and_read_by_a_job(client: Api, place: str) -> None:
    begun = client.post(
        "/large-files", {"name": "large.csv", "size": len(MORE), "workspace_id": place.rsplit("/", 1)[1]}
    )
    where = f"/large-files/{begun.json['id']}"
    assert client.post(f"{where}/read", {}).status_code == 422
    assert client.send("PUT", f"{where}/pieces/0", data=MORE, content_type="text/csv").status_code == 415
    sent = client.send("PUT", f"{where}/pieces/0", data=MORE, content_type="application/octet-stream")
    assert sent.status_code == 204
    job = client.post(f"{where}/read", {})
    assert (job.status_code, job.json["kind"]) == (202, "import")
    assert client.get(where).json["importable"] is None
    assert client.send("DELETE", where).status_code == 204


def test_a_workspace_is_deleted_by_an_owner_who_writes_its_handle(
    client: Api, api: Callable[..., Api], strategist: Actor, place: str, workspace: Workspace
) -> None:
    assert api(strategist).post(f"{place}/delete", {"handle": workspace.handle}).status_code == 403
    assert client.post(f"{place}/delete", {"handle": "another"}).status_code == 422
    assert client.post(f"{place}/delete", {"handle": workspace.handle}).status_code == 204
    assert client.get(place).status_code == 404


def test_the_audit_log_names_the_token_and_only_owners_read_it(
    client: Api, api: Callable[..., Api], strategist: Actor
) -> None:
    client.post("/workspaces", {"handle": "by.api"})
    first = client.get("/audit?limit=1").json
    assert len(first["items"]) == 1
    assert client.get(f"/audit?limit=1&cursor={first['next']}").json["items"][0]["number"] < first["items"][0]["number"]
    assert api(strategist).get("/audit").status_code == 403
    assert client.get("/audit?since=yesterday").status_code == 422


def test_the_track_record_reports_and_members_are_read(client: Api, place: str, owner: Actor) -> None:
    record = client.get(f"{place}/track-record").json
    assert record["is_untouched"]
    assert len(record["forecasts"]) == 1
    assert client.get(f"{place}/reports").json["items"] == []
    assert [each["is_self"] for each in client.get("/members").json["items"]] == [True]
    assert client.get("/members").json["items"][0]["id"] == str(owner.user_id)
