"""Jobs as people see them, stop them and try them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from cgn_core.figures.locales import written_as
from cgn_core.jobs import JobKind, enqueue
from cgn_core.jobs.claims import take
from cgn_core.services.jobs import JobPlace, cancel_job, get_job, list_jobs, retry_job, title_of

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def queue_job(session: Session, owner: Actor, workspace: Workspace) -> Callable[..., UUID]:
    def put(kind: JobKind = JobKind.RETRAIN, *, key: str = "k", workspace_id: UUID | None = workspace.id) -> UUID:
        job_id = enqueue(
            session,
            kind,
            agency_id=owner.agency_id,
            workspace_id=workspace_id,
            requested_by=owner.user_id,
            params={"creators": 3},
            key=key,
        )
        session.commit()
        return job_id

    return put


def set_row(session: Session, job_id: UUID, **values: object) -> None:
    session.execute(update(Job).where(Job.id == job_id).values(values))
    session.commit()


def test_a_job_is_listed_with_words_a_person_understands(
    session: Session, queue_job: Callable[..., UUID], owner: Actor, workspace: Workspace
) -> None:
    first = queue_job()
    second = queue_job(JobKind.GENERATE, key="g", workspace_id=None)
    views = list_jobs(session, owner)
    assert [view.id for view in views] == [second, first]
    assert [view.title for view in views] == ["Generating 3 creators", "Retraining of @lena.moves"]
    assert views[1].handle == "lena.moves"
    assert views[1].requested_by_name == owner.name
    assert (views[1].state, views[1].message, views[1].is_active) == ("queued", "Waiting for a worker", True)
    assert [view.id for view in list_jobs(session, owner, workspace_id=workspace.id)] == [first]
    assert [view.id for view in list_jobs(session, owner, limit=1)] == [second]


def test_another_agencys_jobs_are_not_found(
    session: Session, queue_job: Callable[..., UUID], outsider: Actor, workspace: Workspace
) -> None:
    job_id = queue_job()
    assert list_jobs(session, outsider) == []
    for attempt in (get_job, cancel_job, retry_job):
        with pytest.raises(NotFound):
            attempt(session, outsider, job_id)
    with pytest.raises(NotFound):
        list_jobs(session, outsider, workspace_id=workspace.id)


def test_viewers_see_the_jobs_of_their_workspace_and_touch_none(
    session: Session, viewer: Actor, queue_job: Callable[..., UUID]
) -> None:
    job_id = queue_job()
    assert get_job(session, viewer, job_id).id == job_id
    for attempt in (cancel_job, retry_job):
        with pytest.raises(Forbidden):
            attempt(session, viewer, job_id)


def test_a_waiting_job_is_cancelled_at_once(session: Session, queue_job: Callable[..., UUID], owner: Actor) -> None:
    job_id = queue_job()
    cancel_job(session, owner, job_id)
    session.commit()
    assert get_job(session, owner, job_id).state == "cancelled"
    session.rollback()
    assert take(job_id) is None


def test_a_running_job_is_asked_to_stop(session: Session, queue_job: Callable[..., UUID], owner: Actor) -> None:
    job_id = queue_job()
    assert take(job_id) is not None
    cancel_job(session, owner, job_id)
    session.commit()
    view = get_job(session, owner, job_id)
    assert (view.state, view.cancel_requested, view.message) == ("running", True, "Stopping")


def test_cancelling_a_job_that_has_ended_changes_nothing(
    session: Session, queue_job: Callable[..., UUID], owner: Actor
) -> None:
    job_id = queue_job()
    set_row(session, job_id, state=JobState.DONE, message="Done")
    cancel_job(session, owner, job_id)
    session.commit()
    view = get_job(session, owner, job_id)
    assert (view.state, view.message, view.cancel_requested) == ("done", "Done", False)


def test_a_failed_job_is_tried_again_as_a_new_one_and_once(
    session: Session, queue_job: Callable[..., UUID], owner: Actor, sent_jobs: list[Any]
) -> None:
    job_id = queue_job(JobKind.VALIDATE)
    set_row(session, job_id, state=JobState.FAILED)
    assert get_job(session, owner, job_id).may_be_retried
    again = retry_job(session, owner, job_id)
    assert retry_job(session, owner, job_id) == again
    session.commit()
    assert again != job_id
    view = get_job(session, owner, again)
    assert (view.state, view.kind) == ("queued", "validate")
    assert [sent.job_id for sent in sent_jobs] == [job_id, again]


def test_a_retraining_tried_again_joins_the_one_that_waits(
    session: Session, queue_job: Callable[..., UUID], owner: Actor
) -> None:
    job_id = queue_job(key="first")
    set_row(session, job_id, state=JobState.CANCELLED)
    waiting = queue_job(key="second")
    assert retry_job(session, owner, job_id) == waiting


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.DONE])
def test_only_what_failed_or_was_cancelled_is_tried_again(
    session: Session, queue_job: Callable[..., UUID], owner: Actor, state: JobState
) -> None:
    job_id = queue_job()
    set_row(session, job_id, state=state)
    with pytest.raises(Conflict):
        retry_job(session, owner, job_id)


def test_a_job_of_several_workspaces_names_none_to_those_who_didnt_ask_for_it(
    session: Session, queue_job: Callable[..., UUID], owner: Actor, strategist: Actor
) -> None:
    job_id = queue_job(JobKind.RETRAIN_ALL, key="all", workspace_id=None)
    set_row(
        session,
        job_id,
        state=JobState.FAILED,
        message="Trained 2 creators; left out @secret.creator",
        error="@secret.creator has no data",
        result={"handles": ["secret.creator"]},
    )
    assert "secret.creator" in str(get_job(session, owner, job_id))
    assert "secret.creator" not in str(get_job(session, strategist, job_id))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-01T00:00:00"])
def test_a_place_in_the_list_that_no_database_knows_is_refused(moment: str) -> None:
    with pytest.raises(InvalidInput):
        JobPlace.parse(f"{moment} {uuid4()}")


def test_a_title_has_its_numbers_as_they_are_written_where_it_is_shown() -> None:
    params = {"workspaces": ["one"] * 1204, "part": 1, "of": 3}
    assert title_of(JobKind.RETRAIN_ALL, None, params) == "Retraining of 1,204 creators, part 1 of 3"
    with written_as("de"):
        assert title_of(JobKind.RETRAIN_ALL, None, params) == "Retraining of 1.204 creators, part 1 of 3"
        assert title_of(JobKind.GENERATE, None, {"creators": 1500}) == "Generating 1.500 creators"
