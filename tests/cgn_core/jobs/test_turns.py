"""Agencies take turns, and no waiting job is given to two workers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from cgn_core.db.models import Agency, Job, JobState, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind, enqueue
from cgn_core.jobs.claims import Claim, take, take_next

pytestmark = pytest.mark.usefixtures("sent_jobs")
KINDS = tuple(JobKind)
WORKER = "worker:here:1"


@pytest.fixture
def put(database_url: str) -> Callable[..., UUID]:
    del database_url

    def enqueued(agency: Agency, key: str, kind: JobKind = JobKind.RETRAIN) -> UUID:
        with transaction() as session:
            return enqueue(session, kind, agency_id=agency.id, key=key)

    return enqueued


def next_one(queue: str = "training", kinds: tuple[str, ...] = KINDS) -> Claim:
    claim = take_next(queue, kinds=kinds, worker=WORKER)
    assert claim is not None
    return claim


def end(claim: Claim) -> None:
    with transaction() as session:
        session.execute(update(Job).where(Job.id == claim.job_id).values(state=JobState.DONE, finished_at=now()))


def test_an_agency_with_fewer_running_comes_first_whoever_asked_first(
    agency: Agency, other_agency: Agency, put: Callable[..., UUID]
) -> None:
    first = [put(agency, str(number)) for number in range(4)]
    second = [put(other_agency, str(number)) for number in range(2)]
    taken = [next_one().job_id for _ in range(6)]
    assert taken == [first[0], second[0], first[1], second[1], first[2], first[3]]
    assert take_next("training", kinds=KINDS, worker=WORKER) is None


def test_agencies_take_turns_where_one_process_does_everything(
    agency: Agency, other_agency: Agency, put: Callable[..., UUID]
) -> None:
    first = [put(agency, str(number)) for number in range(4)]
    end(next_one())
    end(next_one())
    second = [put(other_agency, str(number)) for number in range(3)]
    taken = []
    for _ in range(5):
        claim = next_one()
        taken.append(claim.job_id)
        end(claim)
    assert taken == [second[0], first[2], second[1], first[3], second[2]]


def test_what_runs_in_the_other_queue_or_ran_long_ago_does_not_count(
    agency: Agency, other_agency: Agency, put: Callable[..., UUID]
) -> None:
    put(agency, "light", JobKind.SCORE)
    next_one("light")
    put(other_agency, "before")
    end(next_one())
    with transaction() as session:
        yesterday = now() - timedelta(days=1)
        long_ago = update(Job).where(Job.state == JobState.DONE)
        session.execute(long_ago.values(started_at=yesterday, lease_until=yesterday))
    newer = put(agency, "newer")
    put(other_agency, "newest")
    assert next_one().job_id == newer, "neither agency was served lately, so the older job is next"


def test_a_worker_leaves_what_it_cannot_do_and_what_was_cancelled(agency: Agency, put: Callable[..., UUID]) -> None:
    retraining, cancelled, validation = (put(agency, "r"), put(agency, "c"), put(agency, "v", JobKind.VALIDATE))
    with transaction() as session:
        session.execute(update(Job).where(Job.id == cancelled).values(cancel_requested=True))
    assert next_one(kinds=("validate",)).job_id == validation
    assert take_next("training", kinds=("validate",), worker=WORKER) is None
    assert next_one().job_id == retraining
    assert take_next("training", kinds=KINDS, worker=WORKER) is None


def test_many_workers_at_once_take_each_job_once(
    agency: Agency, other_agency: Agency, put: Callable[..., UUID]
) -> None:
    jobs = {put(whose, f"{number}") for number in range(12) for whose in (agency, other_agency)}

    def take_all(_: int) -> list[UUID]:
        found = []
        while (claim := take_next("training", kinds=KINDS, worker=WORKER)) is not None:
            found.append(claim.job_id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [job_id for found in pool.map(take_all, range(4)) for job_id in found]
    assert len(taken) == len(jobs)
    assert set(taken) == jobs
    with reading() as session:
        assert set(session.scalars(select(Job.attempts))) == {1}


def test_one_retraining_of_a_workspace_runs_at_a_time_and_the_next_one_after_it(
    agency: Agency, workspace: Workspace, put: Callable[..., UUID]
) -> None:
    first, second, elsewhere = put(agency, "1"), put(agency, "2"), put(agency, "3")
    with transaction() as session:
        session.execute(update(Job).where(Job.id.in_((first, second))).values(workspace_id=workspace.id))
    running = next_one()
    assert running.job_id == first
    assert take(second) is None, "also when it is asked for by name"
    assert next_one().job_id == elsewhere
    assert take_next("training", kinds=KINDS, worker=WORKER) is None
    end(running)
    assert next_one().job_id == second
    with reading() as session:
        assert session.get_one(Job, second).worker == WORKER
