from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as package_version
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, JobState, ModelVersion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.errors import NotFound
from cgn_core.jobs import claimed
from cgn_core.services import data_history, imports, retrainings
from cgn_core.services.forecasts import predict, predictor_view
from cgn_core.services.models import current_model, model_versions
from cgn_core.services.retrainings import request_retraining
from cgn_core.services.workspaces import get_workspace

MakeCsv = Callable[..., bytes]
ImportCsv = Callable[..., list[imports.Imported]]
Work = Callable[[], list[UUID]]

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_a_retraining_stores_a_model_that_names_its_data_and_code(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    model = current_model(session, strategist, trained.id)
    assert model is not None
    (version,) = data_history.data_versions(session, strategist, trained.id)
    row = session.scalars(select(ModelVersion)).one()
    assert (model.number, model.data_version, model.is_current_data) == (1, version.number, True)
    assert (model.code_version, row.job_id is not None) == (package_version("creator-growth-navigator"), True)
    assert model.training.weeks == 30
    forecast = model.summary.forecast
    assert forecast.low <= forecast.median <= forecast.high
    assert forecast.week_start == "2025-08-04"
    usual = predict(session, strategist, trained.id, {}, level=forecast.level)
    assert (usual.median, usual.low, usual.high) == (forecast.median, forecast.low, forecast.high)
    job = session.get_one(Job, row.job_id)
    assert (job.state, job.result["model_number"]) == (JobState.DONE, 1)


def test_the_workspaces_card_shows_the_models_forecast(session: Session, strategist: Actor, trained: Workspace) -> None:
    card = get_workspace(session, strategist, trained.id).card
    assert card.model is not None
    assert card.is_current_data
    assert card.light.state.startswith("Data ")  # the test's data end in 2025
    assert len(card.sparkline) == 16
    assert card.sparkline[-1] == card.last_week_growth


def test_a_second_request_joins_the_one_already_waiting(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    (done,) = import_csv(strategist, workspace)
    assert request_retraining(session, strategist, workspace.id, key="another") == done.job_id


def test_requests_at_the_same_moment_are_one_retraining(
    strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    import_csv(strategist, workspace)
    with transaction() as own:
        own.execute(delete(Job))
    together = threading.Barrier(6)

    def ask(number: int) -> UUID:
        together.wait()
        with transaction() as own:
            return request_retraining(own, strategist, workspace.id, key=f"click {number}")

    with ThreadPoolExecutor(6) as pool:
        asked = set(pool.map(ask, range(6)))
    with reading() as own:
        assert asked == set(own.scalars(select(Job.id)))
    assert len(asked) == 1


def test_an_import_while_training_gets_a_retraining_of_its_own(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    (first,) = import_csv(strategist, workspace, data=make_csv(days=200))
    with claimed(first.job_id) as claim:  # whatever is raised in here ends in the job, so nothing is asserted in here
        joined = request_retraining(session, strategist, workspace.id, key="same data")
        session.commit()
        (second,) = import_csv(strategist, workspace, data=make_csv(days=210))
        if claim is not None:
            retrainings.run(claim)
    assert joined == first.job_id
    assert second.job_id != first.job_id
    work()
    model = current_model(session, strategist, workspace.id)
    assert model is not None
    assert (model.number, model.data_version, model.is_current_data) == (2, 2, True)


def test_the_same_key_names_the_same_job_and_another_key_another(
    session: Session, strategist: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> None:
    first = request_retraining(session, strategist, trained.id, key="k")
    session.commit()
    work()
    assert request_retraining(session, strategist, trained.id, key="k") == first
    assert request_retraining(session, strategist, trained.id, key="m") != first


def test_keys_of_two_workspaces_do_not_meet(
    session: Session, agency: Agency, strategist: Actor, trained: Workspace, new_workspace: Callable[..., Workspace]
) -> None:
    other = new_workspace(agency, "other")
    here = request_retraining(session, strategist, trained.id, key="k")
    assert request_retraining(session, strategist, other.id, key="k") != here


def test_training_on_thirty_rows_is_refused_naming_the_missing_weeks(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    (done,) = import_csv(strategist, workspace, data=make_csv(days=30))
    work()
    job = session.get_one(Job, done.job_id)
    assert job.state is JobState.FAILED
    assert "4" in job.error
    assert "week" in job.error
    assert session.scalars(select(ModelVersion)).all() == []
    card = get_workspace(session, strategist, workspace.id).card
    assert (card.light.state, card.light.reason, card.model) == ("Not trained", job.error, None)
    assert len(imports.load_daily(session, strategist, workspace.id).frame) == 30


def test_training_without_data_is_refused_in_words(
    session: Session, strategist: Actor, workspace: Workspace, work: Callable[[], list[UUID]]
) -> None:
    job_id = request_retraining(session, strategist, workspace.id, key="k")
    session.commit()
    work()
    assert "import a file" in session.get_one(Job, job_id).error


def test_a_changed_file_changes_the_models_numbers(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    before = predict(session, strategist, trained.id, {"reels": 6})
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    stale = predictor_view(session, strategist, trained.id)
    assert stale is not None
    assert not stale.is_current_data
    assert get_workspace(session, strategist, trained.id).card.light.state == "Waiting to train"
    work()
    after = predict(session, strategist, trained.id, {"reels": 6})
    fresh = predictor_view(session, strategist, trained.id)
    assert fresh is not None
    assert fresh.is_current_data
    assert after.median - before.median > 100
    assert [version.is_in_force for version in model_versions(session, strategist, trained.id)] == [True, False]


def test_undoing_an_import_brings_its_model_back_without_training(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    before = predict(session, strategist, trained.id, {"reels": 6})
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    work()
    undone = data_history.undo_import(session, strategist, trained.id, key="undo")
    session.commit()
    assert undone.job_id is None
    model = current_model(session, strategist, trained.id)
    assert model is not None
    assert (model.number, model.is_current_data) == (1, True)
    assert predict(session, strategist, trained.id, {"reels": 6}) == before


def test_a_lost_claim_stores_no_model(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    (done,) = import_csv(strategist, workspace)
    with claimed(done.job_id) as claim:
        assert claim is not None
        with transaction() as own:
            own.get_one(Job, done.job_id).fence += 1
        retrainings.run(claim)
    assert session.scalars(select(ModelVersion)).all() == []


def test_a_cancelled_job_stores_no_model(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    (done,) = import_csv(strategist, workspace)
    with claimed(done.job_id) as claim:
        assert claim is not None
        with transaction() as own:
            own.get_one(Job, done.job_id).cancel_requested = True
        retrainings.run(claim)
    assert session.get_one(Job, done.job_id).state is JobState.CANCELLED
    assert session.scalars(select(ModelVersion)).all() == []


def test_a_viewer_cannot_start_a_retraining(session: Session, viewer: Actor, workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        request_retraining(session, viewer, workspace.id, key="k")


def test_a_member_of_another_agency_cannot_retrain(
    session: Session, outsider: Actor, workspace: Workspace, sent_jobs: list[Any]
) -> None:
    with pytest.raises(NotFound):
        request_retraining(session, outsider, workspace.id, key="k")
    session.commit()
    assert sent_jobs == []
