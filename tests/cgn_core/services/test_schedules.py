from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, JobState, Schedule, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.jobs import JobKind
from cgn_core.services import imports, schedules
from cgn_core.services.schedules import add_schedule, list_schedules, run_due, toggle
from worker.reconciler import Reconciler

pytestmark = pytest.mark.usefixtures("sent_jobs")


def make_due(session: Session, schedule_id: UUID, *, since: timedelta = timedelta(minutes=1)) -> datetime:
    moment = now().replace(microsecond=0) - since
    session.execute(update(Schedule).where(Schedule.id == schedule_id).values(next_due_at=moment))
    session.commit()
    return moment


def jobs_of(kind: JobKind) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == str(kind))) or 0


def test_a_due_schedule_queues_its_job_once_and_names_its_next_time(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly", hour=2)
    was = make_due(session, schedule_id)
    assert [run_due(session, moment=now()) for _ in range(3)] == [1, 0, 0]
    session.commit()
    (view,) = list_schedules(session, strategist)
    assert view.last_due_at == was
    assert now() < view.next_due_at <= now() + timedelta(hours=25)
    assert jobs_of(JobKind.SCORE) == 1


def test_a_standstill_of_weeks_is_made_up_for_by_one_run(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly")
    make_due(session, schedule_id, since=timedelta(days=20))
    run_due(session, moment=now())
    run_due(session, moment=now())
    session.commit()
    assert jobs_of(JobKind.SCORE) == 1


def test_a_monthly_retraining_of_the_agency_covers_every_workspace_with_data(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    agency: Agency,
    new_workspace: Callable[..., Workspace],
) -> None:
    new_workspace(agency, "empty")
    before = jobs_of(JobKind.RETRAIN)
    make_due(session, add_schedule(session, strategist, "retrain_monthly", day=31))
    run_due(session, moment=now())
    session.commit()
    waiting = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all()
    assert [job.workspace_id for job in waiting] == [trained.id]
    assert waiting[0].requested_by is None
    assert jobs_of(JobKind.RETRAIN) == before + 1


def test_a_model_is_retrained_by_night_only_when_it_fell_far_enough_behind(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, trained, data=make_csv(days=224))  # two weeks more, and its retraining comes to nothing
    session.execute(update(Job).where(Job.state == JobState.QUEUED).values(state=JobState.CANCELLED))
    session.commit()
    for weeks, queued in ((3, 0), (2, 1)):
        make_due(session, add_schedule(session, strategist, "retrain_behind", workspace_id=trained.id, weeks=weeks))
        run_due(session, moment=now())
        session.commit()
        waiting = session.scalar(select(func.count()).select_from(Job).where(Job.state == JobState.QUEUED))
        assert waiting == queued, weeks


def test_a_paused_schedule_is_silent_and_goes_on_at_its_next_time(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly")
    assert not toggle(session, strategist, schedule_id)
    make_due(session, schedule_id)
    assert run_due(session, moment=now()) == 0
    assert toggle(session, strategist, schedule_id)
    assert run_due(session, moment=now()) == 0
    schedules.remove_schedule(session, strategist, schedule_id)
    session.commit()
    assert list_schedules(session, strategist) == []


def test_bad_schedules_are_refused_in_a_sentence(session: Session, strategist: Actor, viewer: Actor) -> None:
    with pytest.raises(InvalidInput, match="is no schedule"):
        add_schedule(session, strategist, "hourly")
    wrong: dict[str, Any]
    for wrong in ({"hour": 24}, {"hour": None}, {"day": 0}, {"day": 1.5}, {"weeks": True}, {"weeks": 53}):
        with pytest.raises(InvalidInput, match="must be a whole number between"):
            add_schedule(session, strategist, "retrain_monthly", **wrong)
    with pytest.raises(Forbidden):
        add_schedule(session, viewer, "score_nightly")
    for _ in range(schedules.MOST_PER_AGENCY):
        add_schedule(session, strategist, "score_nightly")
    with pytest.raises(InvalidInput, match="remove one first"):
        add_schedule(session, strategist, "score_nightly")


def test_two_reconcilers_at_once_act_on_each_due_time_once(
    session: Session, strategist: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time machine: an hour of the schedule by the second is a year by the night."""
    start = now().replace(minute=30, second=0, microsecond=0)
    clock = [start]
    for module in ("worker.reconciler", "cgn_core.services.schedules"):
        monkeypatch.setattr(f"{module}.now", lambda: clock[0])
    ids = [add_schedule(session, strategist, "score_nightly", hour=hour) for hour in (1, 9, 17)]
    session.commit()
    nights = 20
    rivals = [Reconciler(), Reconciler()]
    for _ in range(nights * 24):
        clock[0] += timedelta(hours=1)
        both = [threading.Thread(target=rival._run_schedules) for rival in rivals]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    with transaction() as own:
        keys = own.scalars(select(Job.idempotency_key).where(Job.kind == str(JobKind.SCORE))).all()
    assert len(keys) == len(set(keys)) == nights * len(ids)
    assert {key.split(":")[1] for key in keys} == {str(each) for each in ids}


def test_a_new_agency_scores_its_forecasts_by_night(session: Session) -> None:
    from cgn_core.services.accounts import create_agency_with_owner

    create_agency_with_owner(
        session, agency="Fjord", email="o@fjord.example", name="O", password="a long enough one", time_zone="Asia/Tokyo"
    )
    row = session.scalars(select(Schedule)).one()
    assert (row.kind, row.next_due_at.astimezone(UTC).hour, row.enabled) == ("score_nightly", 17, True)
