"""The reconciler puts right what faults leave behind, and one of them acts at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from report_services import make_report
from sqlalchemy import func, select, update

from cgn_core.access import Actor
from cgn_core.db.heartbeats import hold_lease
from cgn_core.db.models import Agency, Arrival, Heartbeat, Job, JobState, Report, StoredFile, Upload, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind, broker, enqueue
from cgn_core.jobs.claims import take
from cgn_core.settings import settings
from worker.reconciler import Reconciler


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many messages the broker holds per queue, as the reconciler is told; none unless the test says so."""
    held: dict[str, int] = {}
    monkeypatch.setattr(broker, "waiting_hints", lambda queue: held.get(queue, 0))
    return held


@pytest.fixture
def queue_job(agency: Agency, sent_jobs: list[Any], hints: dict[str, int]) -> Callable[..., UUID]:
    del hints

    def put(key: str = "k", kind: JobKind = JobKind.RETRAIN) -> UUID:
        with transaction() as session:
            job_id = enqueue(session, kind, agency_id=agency.id, key=key)
        sent_jobs.clear()
        return job_id

    return put


def set_row(job_id: UUID, **values: object) -> None:
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(values))


def row_of(job_id: UUID) -> Job:
    with reading() as session:
        row = session.get_one(Job, job_id)
        session.expunge(row)
        return row


def long_ago() -> Any:
    return now() - timedelta(hours=1)


def test_a_lapsed_job_waits_again_and_is_published(queue_job: Callable[..., UUID], sent_jobs: list[Any]) -> None:
    job_id = queue_job()
    take(job_id)
    set_row(job_id, lease_until=long_ago(), progress=0.7)
    assert Reconciler().step()
    row = row_of(job_id)
    assert (row.state, row.progress, row.attempts) == (JobState.QUEUED, 0.0, 1)
    assert "stopped answering" in row.message
    assert [sent.job_id for sent in sent_jobs] == [job_id]


def test_a_running_job_with_a_lease_is_left_alone(queue_job: Callable[..., UUID], sent_jobs: list[Any]) -> None:
    job_id = queue_job()
    take(job_id)
    Reconciler().step()
    assert row_of(job_id).state is JobState.RUNNING
    assert sent_jobs == []


def test_after_three_attempts_a_job_has_failed_with_a_sentence(
    queue_job: Callable[..., UUID], sent_jobs: list[Any]
) -> None:
    job_id = queue_job()
    reconciler = Reconciler()
    for attempt in (1, 2, 3):
        assert row_of(job_id).state is JobState.QUEUED
        assert take(job_id) is not None
        set_row(job_id, lease_until=long_ago())
        reconciler.step()
        assert row_of(job_id).attempts == attempt
    row = row_of(job_id)
    assert row.state is JobState.FAILED
    assert "stopped the worker that ran it 3 times" in row.error
    assert row.finished_at is not None
    assert len(sent_jobs) == 2


def test_a_lapsed_or_waiting_job_whose_cancellation_was_asked_for_is_cancelled(
    queue_job: Callable[..., UUID],
) -> None:
    lapsed, waiting = queue_job("lapsed"), queue_job("waiting")
    take(lapsed)
    set_row(lapsed, lease_until=long_ago(), cancel_requested=True)
    set_row(waiting, cancel_requested=True)
    Reconciler().step()
    assert row_of(lapsed).state is JobState.CANCELLED
    assert row_of(waiting).state is JobState.CANCELLED


def test_every_overdue_waiting_job_is_published_again_and_then_not_for_a_while(
    queue_job: Callable[..., UUID], sent_jobs: list[Any]
) -> None:
    jobs = [queue_job(str(number)) for number in range(3)]
    light = queue_job("light", JobKind.GENERATE)
    reconciler = Reconciler()
    reconciler.step()
    assert sent_jobs == []  # published a moment ago
    for job_id in (*jobs, light):
        set_row(job_id, published_at=long_ago())
    reconciler.step()
    assert {sent.job_id for sent in sent_jobs} == {*jobs, light}
    assert [sent.job_id for sent in sent_jobs if sent.queue == "training"] == jobs  # oldest first
    reconciler.step()
    assert len(sent_jobs) == 4


def test_a_queue_that_holds_a_message_for_each_job_is_not_flooded(
    queue_job: Callable[..., UUID], sent_jobs: list[Any], hints: dict[str, int]
) -> None:
    for number in range(3):
        set_row(queue_job(str(number)), published_at=long_ago())
    hints["training"] = 3
    Reconciler().step()
    assert sent_jobs == []
    hints["training"] = 2  # one was lost; which one can't be told
    Reconciler().step()
    assert sent_jobs == []  # the first reconciler still holds the lease
    with transaction() as session:
        session.execute(update(Heartbeat).values(seen_at=long_ago()))
    Reconciler().step()
    assert len(sent_jobs) == 3


def test_a_broker_out_of_reach_stops_nothing_else(
    queue_job: Callable[..., UUID], sent_jobs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(queue: str) -> int:
        raise ConnectionError(queue)

    job_id = queue_job()
    set_row(job_id, published_at=long_ago())
    monkeypatch.setattr(broker, "waiting_hints", refuse)
    assert Reconciler().step()
    assert sent_jobs == []
    assert row_of(job_id).published_at < now() - timedelta(minutes=1)  # still due


def test_one_of_two_reconcilers_acts_and_the_other_takes_over_when_it_leaves(database_url: str) -> None:
    del database_url
    first, second = Reconciler(), Reconciler()
    assert first.step()
    assert not second.step()
    assert first.step()
    first.leave()
    assert second.step()
    assert not first.step()


def test_the_lease_of_a_reconciler_that_died_lapses(database_url: str) -> None:
    del database_url
    first, second = Reconciler(), Reconciler()
    assert first.step()
    with transaction() as session:
        session.execute(update(Heartbeat).values(seen_at=long_ago()))
    assert second.step()
    assert not first.step()


def test_of_eight_that_reach_for_the_lease_at_once_one_gets_it(database_url: str) -> None:
    del database_url
    start = threading.Barrier(8)
    got = []

    def reach(holder: str) -> None:
        start.wait()
        with transaction() as session:
            got.append(hold_lease(session, holder, lease=60))

    for _ in range(2):  # the row is new the first time, and free the second
        got.clear()
        threads = [threading.Thread(target=reach, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [False] * 7 + [True]
        with transaction() as session:
            session.execute(update(Heartbeat).values(seen_at=long_ago()))


def test_an_upload_nobody_decided_about_is_forgotten_after_a_day(owner: Actor, sent_jobs: list[Any]) -> None:
    del sent_jobs
    with transaction() as session:
        for age in (1, 23, 25, 200):
            session.add(
                Upload(
                    agency_id=owner.agency_id,
                    workspace_id=None,
                    uploaded_by=owner.user_id,
                    file_name=f"{age}.csv",
                    file_hash="0",
                    report={},
                    tables={},
                    created_at=now() - timedelta(hours=age),
                )
            )
            session.add(
                Arrival(
                    agency_id=owner.agency_id,
                    workspace_id=None,
                    uploaded_by=owner.user_id,
                    file_name=f"{age}.csv",
                    size=1,
                    created_at=now() - timedelta(hours=age),
                )
            )
    Reconciler().step()
    with reading() as session:
        assert set(session.scalars(select(Upload.file_name))) == {"1.csv", "23.csv"}
        assert session.scalar(select(func.count()).select_from(Upload)) == 2
        assert set(session.scalars(select(Arrival.file_name))) == {"1.csv", "23.csv"}


def test_a_report_goes_with_its_files_when_they_are_kept_no_longer(
    owner: Actor, workspace: Workspace, sent_jobs: list[Any]
) -> None:
    del sent_jobs
    kept = timedelta(days=settings().files_kept_days)
    with transaction() as session:
        for age in (kept - timedelta(days=1), kept + timedelta(days=1)):
            report_id, file_id = make_report(session, owner, workspace.id, None)
            for row in (session.get_one(Report, report_id), session.get_one(StoredFile, file_id)):
                row.created_at = now() - age
            if age < kept:
                young = report_id, file_id
    Reconciler().step()
    with reading() as session:
        assert (session.scalars(select(Report.id)).all(), session.scalars(select(StoredFile.id)).all()) == (
            [young[0]],
            [young[1]],
        )
