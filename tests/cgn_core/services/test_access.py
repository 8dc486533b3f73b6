"""Walks every user-facing service; a new one fails here until it is classified."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from uuid import UUID, uuid4

import pytest
import report_services
import team_services
from sqlalchemy import update
from sqlalchemy.orm import Session

import cgn_core.services as package
from cgn_core.access import Actor
from cgn_core.db.models import Agency, Arrival, Workspace
from cgn_core.errors import CgnError, Forbidden, NotFound
from cgn_core.jobs import claimed
from cgn_core.services import (
    accounts,
    arrivals,
    benchmark_tables,
    competitors,
    data_history,
    decision_settings,
    decisions,
    diagnoses,
    evidence,
    exports,
    files,
    forecasts,
    generations,
    guides,
    imports,
    jobs,
    mails,
    models,
    navigation,
    notes,
    registry,
    repairs,
    retrainings,
    saved_scenarios,
    scenarios,
    schedules,
    scorings,
    seasons,
    second_factors,
    sessions,
    timelines,
    tokens,
    track_records,
    validations,
    workers,
    workspaces,
)


@dataclass(frozen=True)
class Scene:
    """The objects of one agency that others try to reach."""

    workspace: UUID
    upload: UUID
    competitor: UUID
    job: UUID
    schedule: UUID
    removed: UUID
    """A schedule too."""
    arrival: UUID
    """A large file that was read and is importable."""
    file: UUID
    report: UUID
    """Made by a job of the workspace."""
    data: bytes
    scenario: UUID
    removed_scenario: UUID
    note: UUID
    removed_note: UUID


Call = Callable[[Session, Actor, Scene], object]

REPAIRS = [{"kind": "missing", "column": "follows", "first_day": "2025-02-05", "last_day": "2025-02-05"}]

READS: dict[str, Call] = {
    "competitors.benchmark": lambda s, a, x: competitors.benchmark(s, a, x.workspace),
    "competitors.list_competitors": lambda s, a, x: competitors.list_competitors(s, a, x.workspace),
    "decision_settings.decision_settings": lambda s, a, x: decision_settings.decision_settings(s, a, x.workspace),
    "decisions.money_view": lambda s, a, x: decisions.money_view(s, a, x.workspace),
    "decisions.plan_view": lambda s, a, x: decisions.plan_view(s, a, x.workspace),
    "diagnoses.diagnose_model": lambda s, a, x: diagnoses.diagnose_model(s, a, x.workspace),
    "diagnoses.diagnose_workspace": lambda s, a, x: diagnoses.diagnose_workspace(s, a, x.workspace),
    "exports.read_table": lambda s, a, x: exports.read_table(s, a, x.workspace, table=exports.ExportTable.DAILY),
    "decisions.returns_view": lambda s, a, x: decisions.returns_view(s, a, x.workspace),
    "evidence.evidence_view": lambda s, a, x: evidence.evidence_view(s, a, x.workspace),
    "evidence.imagine_past": lambda s, a, x: evidence.imagine_past(s, a, x.workspace, ["2025-02-03"], {"reels": 1}),
    "evidence.insights_view": lambda s, a, x: evidence.insights_view(s, a, x.workspace),
    "exports.export_table": lambda s, a, x: exports.export_table(
        s, a, x.workspace, table=exports.ExportTable.DAILY, form=exports.ExportFormat.CSV
    ),
    "files.fetch_file": lambda s, a, x: files.fetch_file(s, a, x.file),
    "forecasts.compare_plans": lambda s, a, x: forecasts.compare_plans(s, a, x.workspace, {"reels": 3}, {}),
    "forecasts.history": lambda s, a, x: forecasts.history(s, a, x.workspace),
    "forecasts.predict": lambda s, a, x: forecasts.predict(s, a, x.workspace, {"reels": 3}),
    "forecasts.predict_many": lambda s, a, x: forecasts.predict_many(s, a, x.workspace, [{"reels": 3}]),
    "forecasts.predictor_view": lambda s, a, x: forecasts.predictor_view(s, a, x.workspace),
    **report_services.READS,
    "data_history.version_rejects": lambda s, a, x: data_history.version_rejects(s, a, x.workspace, 1),
    "data_history.data_versions": lambda s, a, x: data_history.data_versions(s, a, x.workspace),
    "imports.export_csv": lambda s, a, x: imports.export_csv(s, a, x.workspace),
    "imports.load_daily": lambda s, a, x: imports.load_daily(s, a, x.workspace),
    "jobs.get_job": lambda s, a, x: jobs.get_job(s, a, x.job),
    "jobs.list_jobs": lambda s, a, x: jobs.list_jobs(s, a, workspace_id=x.workspace),
    "models.current_model": lambda s, a, x: models.current_model(s, a, x.workspace),
    "models.model_of_number": lambda s, a, x: models.model_of_number(s, a, x.workspace, 1, data_version=1),
    "models.model_versions": lambda s, a, x: models.model_versions(s, a, x.workspace),
    "notes.get_note": lambda s, a, x: notes.get_note(s, a, x.note),
    "notes.list_notes": lambda s, a, x: notes.list_notes(s, a, x.workspace),
    "registry.promotions": lambda s, a, x: registry.promotions(s, a, x.workspace),
    "repairs.data_calendar": lambda s, a, x: repairs.data_calendar(s, a, x.workspace),
    "repairs.find_oddities": lambda s, a, x: repairs.find_oddities(s, a, x.workspace),
    "saved_scenarios.compare_scenarios": lambda s, a, x: saved_scenarios.compare_scenarios(s, a, x.workspace),
    "saved_scenarios.get_scenario": lambda s, a, x: saved_scenarios.get_scenario(s, a, x.scenario),
    "saved_scenarios.list_scenarios": lambda s, a, x: saved_scenarios.list_scenarios(s, a, x.workspace),
    # Seeing a forecast is enough to have it kept.
    "scenarios.keep_scenario": lambda s, a, x: scenarios.keep_scenario(s, a, x.workspace, {"reels": 6}, model_number=1),
    "schedules.get_schedule": lambda s, a, x: schedules.get_schedule(s, a, x.schedule),
    "seasons.seasonality_view": lambda s, a, x: seasons.seasonality_view(s, a, x.workspace),
    "timelines.events": lambda s, a, x: timelines.events(s, a, x.workspace),
    "track_records.track_record": lambda s, a, x: track_records.track_record(s, a, x.workspace),
    "workspaces.get_workspace": lambda s, a, x: workspaces.get_workspace(s, a, x.workspace),
}
EDITS: dict[str, Call] = {
    "arrivals.begin_arrival": lambda s, a, x: arrivals.begin_arrival(
        s, a, workspace_id=x.workspace, file_name="a.csv", size=9
    ),
    "arrivals.add_piece": lambda s, a, x: arrivals.add_piece(s, a, x.arrival, number=0, content=x.data),
    "arrivals.get_arrival": lambda s, a, x: arrivals.get_arrival(s, a, x.arrival),
    "arrivals.discard_arrival": lambda s, a, x: arrivals.discard_arrival(s, a, x.arrival),
    "arrivals.request_import": lambda s, a, x: arrivals.request_import(s, a, x.arrival),
    "arrivals.request_reading": lambda s, a, x: arrivals.request_reading(s, a, x.arrival, key="k"),
    "competitors.add_competitor": lambda s, a, x: competitors.add_competitor(s, a, x.workspace, x.upload),
    "competitors.add_competitor_file": lambda s, a, x: competitors.add_competitor_file(
        s, a, x.workspace, file_name="a.csv", data=x.data
    ),
    "competitors.remove_competitor": lambda s, a, x: competitors.remove_competitor(s, a, x.workspace, x.competitor),
    "decision_settings.save_decision_settings": lambda s, a, x: decision_settings.save_decision_settings(
        s, a, x.workspace, {"hours": 8}
    ),
    "imports.discard_upload": lambda s, a, x: imports.discard_upload(s, a, x.upload),
    "imports.import_upload": lambda s, a, x: imports.import_upload(s, a, x.upload, key="k"),
    "imports.read_upload": lambda s, a, x: imports.read_upload(
        s, a, workspace_id=x.workspace, file_name="a.csv", data=x.data
    ),
    "imports.read_uploads": lambda s, a, x: imports.read_uploads(
        s, a, workspace_id=x.workspace, files=[("a.csv", x.data)]
    ),
    "data_history.upload_rejects": lambda s, a, x: data_history.upload_rejects(s, a, x.upload),
    "data_history.restore_version": lambda s, a, x: data_history.restore_version(s, a, x.workspace, 1, key="k"),
    "data_history.undo_import": lambda s, a, x: data_history.undo_import(s, a, x.workspace, key="k"),
    "jobs.cancel_job": lambda s, a, x: jobs.cancel_job(s, a, x.job),
    "jobs.retry_job": lambda s, a, x: jobs.retry_job(s, a, x.job),
    "mails.list_recipients": lambda s, a, x: mails.list_recipients(s, a, x.workspace),
    "mails.request_mail": lambda s, a, x: mails.request_mail(s, a, x.file, a.user_id, key="k"),
    "benchmark_tables.request_benchmark": lambda s, a, x: benchmark_tables.request_benchmark(
        s, a, x.workspace, key="k"
    ),
    "notes.edit_note": lambda s, a, x: notes.edit_note(s, a, x.note, "A giveaway"),
    "notes.pin_note": lambda s, a, x: notes.pin_note(s, a, x.workspace, day="2025-02-03", text="A giveaway"),
    "notes.remove_note": lambda s, a, x: notes.remove_note(s, a, x.note),
    "notes.restore_note": lambda s, a, x: notes.restore_note(s, a, x.removed_note),
    **report_services.EDITS,
    "registry.promote": lambda s, a, x: registry.promote(s, a, x.workspace, 1, reason="better in my eyes"),
    "repairs.preview_repairs": lambda s, a, x: repairs.preview_repairs(s, a, x.workspace, REPAIRS),
    "repairs.repair_data": lambda s, a, x: repairs.repair_data(
        s, a, x.workspace, REPAIRS, based_on=1, reason="a slip", key="k"
    ),
    "retrainings.request_retraining": lambda s, a, x: retrainings.request_retraining(s, a, x.workspace, key="k"),
    "saved_scenarios.duplicate_scenario": lambda s, a, x: saved_scenarios.duplicate_scenario(s, a, x.scenario),
    "saved_scenarios.remove_scenario": lambda s, a, x: saved_scenarios.remove_scenario(s, a, x.scenario),
    "saved_scenarios.rename_scenario": lambda s, a, x: saved_scenarios.rename_scenario(s, a, x.scenario, "Other"),
    "saved_scenarios.restore_scenario": lambda s, a, x: saved_scenarios.restore_scenario(s, a, x.removed_scenario),
    "saved_scenarios.save_scenario": lambda s, a, x: saved_scenarios.save_scenario(
        s, a, x.workspace, name="More reels", plan={"reels": 6}
    ),
    "schedules.add_schedule": lambda s, a, x: schedules.add_schedule(s, a, "retrain_monthly", workspace_id=x.workspace),
    "schedules.edit_schedule": lambda s, a, x: schedules.edit_schedule(s, a, x.schedule, hour=4, day=2, weeks=3),
    "schedules.remove_schedule": lambda s, a, x: schedules.remove_schedule(s, a, x.schedule),
    "schedules.restore_schedule": lambda s, a, x: schedules.restore_schedule(s, a, x.removed),
    "schedules.toggle": lambda s, a, x: schedules.toggle(s, a, x.schedule),
    "scorings.request_scoring": lambda s, a, x: scorings.request_scoring(s, a, x.workspace, key="k"),
    "validations.request_validation": lambda s, a, x: validations.request_validation(
        s, a, x.workspace, settings=validations.ValidationSettings(), key="k"
    ),
    "workspaces.set_minutes": lambda s, a, x: workspaces.set_minutes(s, a, x.workspace, {"posts": 30}),
    "workspaces.set_time_zone": lambda s, a, x: workspaces.set_time_zone(s, a, x.workspace, "Europe/Berlin"),
}
OWN: dict[str, Call | None] = {
    # They name no object: what they show or make is the actor's or the actor's agency's.
    "accounts.get_account": lambda s, a, _: accounts.get_account(s, a),
    "accounts.hidden_guides": lambda s, a, _: accounts.hidden_guides(s, a),
    "generations.request_generation": lambda s, a, _: generations.request_generation(
        s, a, profile="nano", seed=1, key="k"
    ),
    "guides.count_hidden": lambda s, a, _: guides.count_hidden(s, a),
    "guides.hide_guide": lambda s, a, _: guides.hide_guide(s, a, "home"),
    "guides.is_guided": lambda s, a, _: guides.is_guided(s, a, "home"),
    "guides.show_guides": lambda s, a, _: guides.show_guides(s, a),
    "navigation.pulse": lambda s, a, _: navigation.pulse(s, a),
    "navigation.known_workspaces": lambda s, a, _: navigation.known_workspaces(s, a),
    "navigation.workspace_names": lambda s, a, _: navigation.workspace_names(s, a),
    "retrain_all.request_retraining_of_all": None,
    "sessions.list_sessions": lambda s, a, _: sessions.list_sessions(s, a),
    "sessions.end_session": None,
    "sessions.sign_out_everywhere": None,
    "second_factors.begin_set_up": None,
    "second_factors.finish_set_up": None,
    "second_factors.get_second_factor": lambda s, a, _: second_factors.get_second_factor(s, a),
    "second_factors.get_set_up": lambda s, a, _: second_factors.get_set_up(s, a),
    "second_factors.list_members": None,
    "second_factors.remove_of_member": None,
    "second_factors.renew_codes": None,
    "second_factors.require_of_all": None,
    "second_factors.turn_off": None,
    "sign_ins.change_password": None,
    "sign_ins.confirm_password": None,
    "schedules.list_schedules": lambda s, a, _: schedules.list_schedules(s, a),
    # The log is the agency's own, and refuses whoever may not read it.
    "audit_lines.audit_choices": None,
    "audit_lines.audit_csv": None,
    "audit_lines.list_audit": None,
    "tokens.create_token": None,
    "tokens.list_tokens": lambda s, a, _: tokens.list_tokens(s, a),
    "tokens.revoke_token": None,
    "whole_exports.request_whole_export": None,
    "workers.list_workers": lambda s, a, _: workers.list_workers(s, a),
    "workspaces.create_workspace": lambda s, a, _: workspaces.create_workspace(s, a, "lena.moves.too"),
    "workspaces.find_or_add_workspace": lambda s, a, _: workspaces.find_or_add_workspace(s, a, "lena.moves").agency_id,
    "workspaces.list_workspaces": lambda s, a, _: workspaces.list_workspaces(s, a),
}
INTERNAL = {"upload_previews.preview"}
"""They are handed rows that their caller authorised."""


def refusal(call: Call, session: Session, actor: Actor, scene: Scene) -> type[CgnError] | None:
    """What the service refuses with; None when it does what it is asked."""
    try:
        call(session, actor, scene)
    except CgnError as error:
        return type(error)
    return None


def user_facing_services() -> set[str]:
    found = set()
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"cgn_core.services.{info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            if list(inspect.signature(function).parameters)[:2] == ["session", "actor"]:
                found.add(f"{info.name}.{name}")
    return found


def test_every_user_facing_service_is_classified() -> None:
    assert user_facing_services() == {*READS, *EDITS, *OWN, *INTERNAL, *team_services.ALL}


@pytest.fixture
def scene(session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]) -> Scene:
    peer = competitors.add_competitor_file(
        session, strategist, trained.id, file_name="peer.csv", data=make_csv("peer.one", seed=6)
    )
    data = make_csv("lena.moves", "peer.two", days=217)
    upload = imports.read_upload(session, strategist, workspace_id=trained.id, file_name="b.csv", data=data)
    session.commit()
    (job,) = jobs.list_jobs(session, strategist, workspace_id=trained.id)
    schedule, removed = (
        schedules.add_schedule(session, strategist, "score_nightly", workspace_id=trained.id) for _ in range(2)
    )
    schedules.remove_schedule(session, strategist, removed)
    arrival = arrivals.begin_arrival(session, strategist, workspace_id=trained.id, file_name="c.csv", size=len(data))
    arrivals.add_piece(session, strategist, arrival, number=0, content=data)
    reads = arrivals.request_reading(session, strategist, arrival, key="scene")
    session.commit()
    with claimed(reads) as claim:
        assert claim is not None
        arrivals.run(claim)
    report_id, file_id = report_services.make_report(session, strategist, trained.id, job.id)
    scenario, removed_scenario = (
        saved_scenarios.save_scenario(session, strategist, trained.id, name=name, plan={"reels": 4}) for name in "ab"
    )
    saved_scenarios.remove_scenario(session, strategist, removed_scenario)
    note, removed_note = (
        notes.pin_note(session, strategist, trained.id, day="2025-02-05", text=text) for text in ("one", "two")
    )
    notes.remove_note(session, strategist, removed_note)
    session.execute(update(Arrival).values(job_id=None))  # else nobody could add a piece
    session.commit()
    assert upload.id is not None
    return Scene(
        workspace=trained.id,
        upload=upload.id,
        competitor=peer[0].id,
        job=job.id,
        schedule=schedule,
        removed=removed,
        arrival=arrival,
        file=file_id,
        report=report_id,
        data=data,
        scenario=scenario,
        removed_scenario=removed_scenario,
        note=note,
        removed_note=removed_note,
    )


def test_someone_elses_object_is_not_found_whatever_is_done_with_it(
    session: Session, scene: Scene, outsider: Actor
) -> None:
    for name, call in (READS | EDITS).items():
        with pytest.raises(NotFound) as refused:
            call(session, outsider, scene)
        assert refused.value.message == NotFound().message, name
        session.rollback()


@pytest.mark.usefixtures("outsider")
def test_what_does_not_exist_is_refused_in_the_same_words(session: Session, scene: Scene, strategist: Actor) -> None:
    ids = {each.name: uuid4() for each in fields(Scene) if each.name != "data"}
    nothing = replace(scene, **ids)
    for name, call in (READS | EDITS).items():
        with pytest.raises(NotFound) as refused:
            call(session, strategist, nothing)
        assert refused.value.message == NotFound().message, name
        session.rollback()


def test_a_viewer_sees_the_workspace_they_were_let_into(session: Session, scene: Scene, viewer: Actor) -> None:
    for call in READS.values():
        call(session, viewer, scene)


def test_a_viewer_changes_nothing(session: Session, scene: Scene, viewer: Actor) -> None:
    for name, call in EDITS.items():
        assert refusal(call, session, viewer, scene) in {NotFound, Forbidden}, name
        session.rollback()


def test_a_viewer_makes_no_workspaces(session: Session, scene: Scene, viewer: Actor) -> None:
    for name in ("generations.request_generation", "workspaces.create_workspace"):
        call = OWN[name]
        assert call is not None
        with pytest.raises(Forbidden):
            call(session, viewer, scene)
        session.rollback()


def test_a_viewer_sees_no_other_workspace_of_the_agency(
    session: Session, agency: Agency, scene: Scene, viewer: Actor, new_workspace: Callable[..., Workspace]
) -> None:
    others = {name: uuid4() for name in ("job", "schedule", "file", "report", "scenario", "note")}
    other = replace(scene, workspace=new_workspace(agency, "not.yours").id, **others)
    for call in READS.values():
        with pytest.raises(NotFound):
            call(session, viewer, other)


def test_the_workspaces_own_people_may_do_it(session: Session, scene: Scene, strategist: Actor) -> None:
    for name, call in (READS | EDITS).items():
        assert refusal(call, session, strategist, scene) not in {NotFound, Forbidden}, name
        session.rollback()


def test_services_that_name_no_object_show_others_nothing_of_the_agency(
    session: Session, scene: Scene, outsider: Actor
) -> None:
    for call in OWN.values():
        if call is not None:
            with suppress(Forbidden):
                shown = repr(call(session, outsider, scene))
                assert "lena.moves" not in shown.replace("lena.moves.too", "")
                assert str(scene.workspace) not in shown
                assert str(scene.job) not in shown
            session.rollback()
    assert workspaces.find_or_add_workspace(session, outsider, "lena.moves").id != scene.workspace
