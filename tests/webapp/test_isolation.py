"""Every callback of the live map, called with another agency's ids in path, query, inputs and states."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from dash import Dash
from sqlalchemy import select

from cgn_core.access import Actor
from cgn_core.db.models import (
    Arrival,
    Competitor,
    DataVersion,
    Job,
    LedgerEntry,
    ModelVersion,
    Scenario,
    Schedule,
    StoredFile,
    Upload,
    WeekNote,
    Workspace,
)  # fmt: skip
from cgn_core.db.session import reading, transaction
from cgn_core.services import arrivals, competitors, imports, schedules
from cgn_core.services.exports import ExportFormat, ExportTable
from cgn_core.services.imports import Imported

FORGED_FILE = "data:text/csv;base64," + base64.b64encode(b"date,followers\n2026-11-01,10\n").decode()
NOT_FOUND = "it isn't yours to see"
BOUND, OWN, BROWSER = "asks for a workspace, upload or job by id", "shows the actor's own", "runs in the browser"

CLASSES = {
    "dash.dash.update": BOUND,
    "webapp.shell.take_pulse": OWN,
    "webapp.shell.show_jobs": OWN,
    "webapp.pages.competitors.table_of_measures": BOUND,
    "webapp.pages.portfolio.benchmark_all": OWN,
    "webapp.pages.portfolio.export_all": OWN,
    "webapp.pages.reports.mail": BOUND,
    "webapp.pages.reports.make": BOUND,
    "webapp.pages.reports.refresh": BOUND,
    "webapp.pages.reports.remove": BOUND,
    "webapp.pages.portfolio.refresh": OWN,
    "webapp.pages.portfolio.retrain_all": OWN,
    "webapp.pages.jobs.refresh": BOUND,
    "webapp.pages.jobs.cancel": BOUND,
    "webapp.pages.jobs.retry": BOUND,
    "webapp.pages.workers.refresh_workers": OWN,
    "webapp.pages.model_state.redraw_home": BOUND,
    "webapp.pages.model_state.redraw_history": BOUND,
    "webapp.pages.growth_history.show_span": BOUND,
    "webapp.pages.model_state.redraw_decisions": BOUND,
    "webapp.pages.model_state.redraw_health": BOUND,
    "webapp.pages.predictor.keep": BOUND,
    "webapp.pages.predictor.use_planned": BOUND,
    "webapp.pages.scenarios.change": BOUND,
    "webapp.pages.scenarios.rename": BOUND,
    "webapp.pages.scenarios.save": BOUND,
    "webapp.pages.validation_form.validate": BOUND,
    "webapp.pages.validation_form.show": BOUND,
    "webapp.pages.model_health.retrain": BOUND,
    "webapp.pages.schedules.add": BOUND,
    "webapp.pages.schedules.change": BOUND,
    "webapp.pages.schedules.save": BOUND,
    "webapp.pages.model_versions.promote": BOUND,
    "webapp.pages.model_versions.challenge": BOUND,
    "webapp.pages.competitors.add_file": BOUND,
    "webapp.pages.competitors.remove": BOUND,
    "webapp.pages.data.read_file": BOUND,
    "webapp.pages.data.show_header": BOUND,
    "webapp.pages.data.read_again": BOUND,
    "webapp.pages.data.import_file": BOUND,
    "webapp.pages.data.discard_file": BOUND,
    "webapp.pages.data_versions.undo": BOUND,
    "webapp.pages.data_versions.restore": BOUND,
    "webapp.pages.data_versions.show": BOUND,
    "webapp.pages.data.save": BOUND,
    "webapp.pages.data_calendar.show": BOUND,
    "webapp.pages.data_repairs.look_at_choice": BOUND,
    "webapp.pages.data_repairs.look_by_hand": BOUND,
    "webapp.pages.data_repairs.make": BOUND,
    "webapp.pages.data_repairs.leave": OWN,
    "webapp.pages.data_repairs.show": BOUND,
    "webapp.pages.large_files.refresh": BOUND,
    "webapp.pages.large_files.import_file": BOUND,
    "webapp.pages.large_files.read_again": BOUND,
    "webapp.pages.large_files.discard_file": BOUND,
    "webapp.pages.new_workspace.read_file": OWN,
    "webapp.pages.new_workspace.read_again": OWN,
    "webapp.pages.new_workspace.import_file": BOUND,
    "webapp.pages.new_workspace.discard_file": BOUND,
    "webapp.pages.new_workspace.generate": OWN,
}
"""What each server callback may reach. A new one fails the tests until somebody has thought about it."""

ENDS_SOMETHING = ("import_file", "discard_file", "undo", "restore", "save", "remove")
"""Ask for an id that another callback of the same run has used up: proven one by one in test_pages.py."""

BUTTONS = {
    "data-restore": "version",
    "repairs-choice": "place",
    "competitors-remove": "competitor",
    "schedules-pause": "schedule",
    "schedules-remove": "schedule",
    "schedules-undo": "schedule",
    "schedules-edit": "schedule",
    "scenarios-rename": "scenario",
    "scenarios-copy": "scenario",
    "scenarios-remove": "scenario",
    "scenarios-undo": "scenario",
}
"""Buttons in rows: the type of their ids, and what the other part of the id names."""

KEPT_PRESSES = {
    "jobs-cancel-pressed.data": "job",
    "jobs-retry-pressed.data": "job",
    "reports-remove-pressed.data": "file",
}
"""Buttons in rows that are drawn anew: the stores of their presses, and what a press names."""

PAGES = (
    "",
    "/predictor",
    "/growth-history",
    "/decisions",
    "/model-health",
    "/competitors",
    "/data",
    "/reports",
    "/jobs",
)


def name_of(declared: Mapping[str, Any]) -> str:
    function = declared["callback"]
    return f"{function.__module__}.{function.__name__}"


def server_callbacks(portal: Dash) -> Iterator[tuple[str, str]]:
    for output, declared in portal.callback_map.items():
        if "callback" in declared:
            yield output, name_of(declared)


def fingerprint() -> str:
    """Everything that belongs to anybody, to see that nothing changed."""
    rows = []
    with reading() as session:
        for model in (
            Workspace,
            DataVersion,
            ModelVersion,
            Competitor,
            Upload,
            Arrival,
            Job,
            Schedule,
            Scenario,
            WeekNote,
            LedgerEntry,
            StoredFile,
        ):
            large = {"table", "tables", "training", "content"}
            columns = [column for column in model.__table__.columns if column.name not in large]
            rows.append(sorted(str(tuple(row)) for row in session.execute(select(*columns))))
    return str(rows)


@pytest.fixture
def victim(owner: Actor, workspace: Workspace, imported: Imported) -> dict[str, Any]:
    """Ids of the first agency: a workspace with data, an upload that waits, a job that waits."""
    with transaction() as session:
        data = b"date,followers,posts\n2026-11-01,10,1\n2026-11-02,12,0\n"
        view = imports.read_upload(session, owner, workspace_id=workspace.id, file_name="more.csv", data=data)
        peer = b"date,followers\n2026-11-01,10\n2026-11-02,12\n"
        (added,) = competitors.add_competitor_file(session, owner, workspace.id, file_name="their.peer.csv", data=peer)
        schedule = schedules.add_schedule(session, owner, "score_nightly", workspace_id=workspace.id)
        arrival = arrivals.begin_arrival(
            session, owner, workspace_id=workspace.id, file_name="lena.moves.csv", size=len(data)
        )
        arrivals.add_piece(session, owner, arrival, number=0, content=data)
        session.get_one(Arrival, arrival).upload_id = view.id
        file = StoredFile(
            agency_id=owner.agency_id, workspace_id=workspace.id, job_id=None, made_for=owner.user_id,
            purpose="report", name="lena.moves-report.html", media_type="text/html", size=1, content=b".",
        )  # fmt: skip
        scenario = Scenario(workspace_id=workspace.id, name="x", plan={"reels": 2.0}, created_by=owner.user_id)
        session.add_all([file, scenario])
        session.flush()
        file_id, scenario_id = str(file.id), str(scenario.id)
    return {
        "workspace": str(workspace.id),
        "upload": str(view.id),
        "arrival": str(arrival),
        "job": str(imported.job_id),
        "competitor": str(added.id),
        "schedule": str(schedule),
        "file": file_id,
        "scenario": scenario_id,
        "user": str(owner.user_id),
        "version": 1,
        "place": 0,
    }


def forged(portal: Dash, output: str, ids: Mapping[str, Any]) -> dict[str, Any]:
    """Values for every slot of a callback: the victim's ids wherever an id belongs, something usable elsewhere."""
    declared = portal.callback_map[output]
    values: dict[str, Any] = {
        "_pages_location.pathname": f"/workspaces/{ids['workspace']}/data",
        "_pages_location.search": "",
    }
    for spec in declared["inputs"]:
        if spec["id"].startswith("{"):
            pattern = json.loads(spec["id"])
            named = next(key for key in pattern if key != "type")
            wanted = BUTTONS.get(pattern["type"])
            values[pattern["type"]] = [({named: ids[wanted]}, 1)] if wanted else []
    for spec in [*declared["inputs"], *declared["state"]]:
        key = f"{spec['id']}.{spec['property']}"
        if key in values or spec["id"].startswith("{"):
            continue
        values[key] = usable(key, ids)
    return values


def usable(key: str, ids: Mapping[str, Any]) -> Any:
    if key.endswith("-pressed.data"):
        return {"of": ids[KEPT_PRESSES[key]] if key in KEPT_PRESSES else "", "at": 1}
    by_ending = {
        "-workspace.data": ids["workspace"],
        "-workspace.value": ids["workspace"],
        "schedules-editing.data": ids["schedule"],
        "scenarios-editing.data": ids["scenario"],
        "-uploaded.data": ids["upload"],
        "reports-file.value": ids["file"],
        "reports-to.value": ids["user"],
        "-arrival.data": ids["arrival"],
        "-dropped.data": {"contents": [FORGED_FILE], "names": ["forged.csv"]},
        "key.data": str(uuid4()),
        ".n_clicks": 1,
        ".contents": FORGED_FILE,
        ".filename": "forged.csv",
        "-zone.value": "UTC",
        "-profile.value": "micro",
        "-days.value": 100,
        "validate-model.value": "daily",
        "validate-initial.value": None,
        "validate-window.value": None,
        "validate-level.value": 90,
    }
    return next((value for ending, value in by_ending.items() if key.endswith(ending)), 2)


def pressed(portal: Dash, output: str, ids: Mapping[str, Any]) -> str | None:
    first = portal.callback_map[output]["inputs"][0]["id"]
    if not first.startswith("{"):
        return None
    pattern = json.loads(first)
    named = next(key for key in pattern if key != "type")
    pattern[named] = ids[BUTTONS[pattern["type"]]]
    return json.dumps(pattern, separators=(",", ":"), sort_keys=True) + ".n_clicks"


def test_every_server_callback_is_classified(portal: Dash) -> None:
    assert {name for _, name in server_callbacks(portal)} == set(CLASSES)


def test_no_callback_gives_or_changes_anything_of_another_agency(
    portal: Dash, browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor
) -> None:
    who = browser(outsider)
    cells = 0
    for output, name in server_callbacks(portal):
        before = fingerprint() if CLASSES[name] == BOUND else ""
        answer = who.call(output, forged(portal, output, victim), changed=pressed(portal, output, victim))
        assert answer.status_code in {200, 204}, name
        assert "lena.moves" not in answer.text, name
        assert "Northlight" not in answer.text, name
        assert "Reference:" not in answer.text, f"{name} failed unexpectedly"
        if CLASSES[name] == BOUND:
            assert NOT_FOUND in answer.text or "belongs to another agency" in answer.text, name
            assert fingerprint() == before, name
        cells += 1
    assert cells == len(CLASSES)


def test_the_owner_gets_what_the_outsider_is_refused(
    portal: Dash, browser: Callable[..., Any], victim: dict[str, Any], owner: Actor
) -> None:
    who = browser(owner)
    for output, name in server_callbacks(portal):
        if CLASSES[name] != BOUND or name.endswith(ENDS_SOMETHING):
            continue
        answer = who.call(output, forged(portal, output, victim), changed=pressed(portal, output, victim))
        assert NOT_FOUND not in answer.text, name
        assert "belongs to another agency" not in answer.text, name


@pytest.mark.parametrize("page", PAGES)
def test_another_agencys_page_is_not_found_and_looks_like_one_that_never_was(
    browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor, page: str
) -> None:
    who = browser(outsider)
    theirs = who.page(f"/workspaces/{victim['workspace']}{page}")
    nobodys = who.page(f"/workspaces/{uuid4()}{page}")
    assert "Not found" in theirs
    assert theirs == nobodys


def test_a_forged_query_overrides_the_path_and_is_authorised_as_received(
    browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor, other_workspace: Workspace
) -> None:
    who = browser(outsider)
    assert "someone.else" in who.page(f"/workspaces/{other_workspace.id}/data")
    shown = who.page(f"/workspaces/{other_workspace.id}/data", f"?workspace_id={victim['workspace']}")
    assert "Not found" in shown
    assert "lena.moves" not in shown


@pytest.mark.parametrize(
    "search", ["?workspace_id=x", "?workspace_id=1&workspace_id=2", "?workspace_id=", "?foo=bar&layout=1"]
)
def test_odd_queries_never_break_a_page(
    browser: Callable[..., Any], outsider: Actor, other_workspace: Workspace, search: str
) -> None:
    shown = browser(outsider).page(f"/workspaces/{other_workspace.id}/data", search)
    assert "Reference:" not in shown
    assert ("Not found" in shown) == ("workspace_id" in search)


@pytest.mark.parametrize(
    "path",
    [
        "/export.csv",
        "/versions/1/left-out.csv",
        *(f"/exports/{table}.{form}" for table in ExportTable for form in ExportFormat),
    ],
)
def test_a_forged_download_is_404(
    browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor, path: str
) -> None:
    for identifier in (victim["workspace"], str(uuid4()), "x"):
        assert browser(outsider).get(f"/workspaces/{identifier}{path}").status_code == 404


def test_a_forged_file_is_404(browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor) -> None:
    for identifier in (victim["file"], str(uuid4()), "x"):
        assert browser(outsider).get(f"/files/{identifier}").status_code == 404


def test_a_forged_upload_shows_no_rows(browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor) -> None:
    for identifier in (victim["upload"], str(uuid4()), "x"):
        assert browser(outsider).get(f"/uploads/{identifier}/left-out.csv").status_code == 404


def test_the_portfolio_holds_the_agencys_own_only(
    browser: Callable[..., Any], victim: dict[str, Any], outsider: Actor, owner: Actor, other_workspace: Workspace
) -> None:
    del victim
    assert "lena.moves" in browser(owner).page("/")
    shown = browser(outsider).page("/")
    assert other_workspace.handle in shown
    assert "lena.moves" not in shown
    assert "lena.moves" not in browser(outsider).get("/portfolio.csv").text


def test_a_viewer_sees_the_workspace_and_changes_nothing(
    portal: Dash, browser: Callable[..., Any], victim: dict[str, Any], viewer: Actor
) -> None:
    who = browser(viewer)
    assert "lena.moves" in who.page(f"/workspaces/{victim['workspace']}/data")
    for output, name in server_callbacks(portal):
        if name in {"webapp.shell.take_pulse", "webapp.shell.show_jobs", "dash.dash.update"}:
            continue
        before = fingerprint()
        answer = who.call(output, forged(portal, output, victim), changed=pressed(portal, output, victim))
        assert answer.status_code in {200, 204}, name
        assert fingerprint() == before, name
