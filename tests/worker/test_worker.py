"""A real Celery worker: takes jobs, reports, gives back, and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from cgn_core.db.heartbeats import living_workers
from cgn_core.db.models import Agency, Job, JobState, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import broker


@pytest.fixture
def submit(agency: Agency) -> Callable[..., UUID]:
    """Stores and publishes a job of tests/practice."""

    def put(kind: str, *, publish: bool = True, **params: float) -> UUID:
        job = Job(
            agency_id=agency.id,
            workspace_id=None,
            requested_by=None,
            kind=kind,
            queue="light",
            idempotency_key=f"{kind}-{now().timestamp()}",
            params=params,
            published_at=now(),
        )
        job_id = job.id
        with transaction() as session:
            session.add(job)
        if publish:
            broker.publish(kind, job_id, "light")
        return job_id

    return put


def job_of(job_id: UUID) -> Job:
    with reading() as session:
        job = session.get_one(Job, job_id)
        session.expunge(job)
        return job


def is_in(job_id: UUID, *states: JobState) -> Callable[[], bool]:
    return lambda: job_of(job_id).state in states


def results_of(job_id: UUID) -> int:
    with reading() as session:
        traces = select(func.count()).select_from(Workspace).where(Workspace.handle.startswith(f"{job_id}/"))
        return session.scalar(traces) or 0


@pytest.fixture
def quick(change_settings: Callable[..., None]) -> None:
    change_settings(job_lease=2.0, job_heartbeat=0.4, job_republish=1.0, reconciler_period=0.2, worker_grace=2.0)


@pytest.mark.usefixtures("quick")
def test_a_job_is_done_with_its_results_and_the_worker_shows_that_it_lives(
    real_worker: Any, submit: Callable[..., UUID], wait_until: Any
) -> None:
    job_id = submit("work")
    wait_until(is_in(job_id, JobState.DONE), seconds=10, what="the job is done")
    job = job_of(job_id)
    assert (job.attempts, job.fence, job.progress, job.result) == (1, 1, 1.0, {"fence": 1})
    assert job.finished_at is not None
    assert results_of(job_id) == 1
    with reading() as session:
        names = [row.name for row in session.scalars(living_workers(within=30))]
    assert names
    assert names[0].endswith(f":{real_worker.pid}")
