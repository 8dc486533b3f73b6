"""A claim: one worker at a time, under a lease and a fence, ended by one transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from cgn_core.db.models import Agency, Job, JobState, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.errors import Cancelled, LostClaim, TooFewObservations
from cgn_core.jobs import Claim, JobKind, claimed, enqueue
from cgn_core.jobs.claims import take
from cgn_core.jobs.recovery import end_lapsed_claims

pytestmark = pytest.mark.usefixtures("sent_jobs", "quick")


@pytest.fixture
def quick(change_settings: Callable[..., None]) -> None:
    change_settings(job_lease=1.0, job_heartbeat=0.2)


@pytest.fixture
def job_id(agency: Agency) -> UUID:
    with transaction() as session:
        return enqueue(session, JobKind.RETRAIN, agency_id=agency.id, params={"n": 1}, key="k")


def row_of(job_id: UUID) -> Job:
    with reading() as session:
        row = session.get_one(Job, job_id)
        session.expunge(row)
        return row


def write_result(claim: Claim) -> None:
    with claim.commit() as session:
        session.add(Workspace(agency_id=claim.agency_id, handle=f"result of fence {claim.fence}"))
        claim.finish(session, {"answer": 42}, sentence="Found the answer")


def results() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Workspace)) or 0


def lapse(job_id: UUID) -> None:
    """As if the worker had been silent for longer than its lease, and the reconciler had come by."""
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(lease_until=now() - timedelta(seconds=1)))
        end_lapsed_claims(session)


def set_cancel(job_id: UUID) -> None:
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))


def test_a_claimed_job_is_done_with_its_results_in_one_transaction(job_id: UUID) -> None:
    with claimed(str(job_id)) as claim:
        assert claim is not None
        assert claim.params == {"n": 1}
        assert row_of(job_id).state is JobState.RUNNING
        write_result(claim)
    row = row_of(job_id)
    assert (row.state, row.progress, row.message, row.result) == (
        JobState.DONE,
        1.0,
        "Found the answer",
        {"answer": 42},
    )
    assert (row.fence, row.attempts, results()) == (1, 1, 1)


def test_eight_workers_that_get_the_same_message_claim_it_once(job_id: UUID) -> None:
    claims = []
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        claims.append(take(job_id))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([claim for claim in claims if claim is not None]) == 1
    assert row_of(job_id).attempts == 1


def test_a_message_about_a_job_that_is_done_or_unknown_or_nonsense_does_nothing(job_id: UUID) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        write_result(claim)
    for message in (str(job_id), str(uuid4()), "nonsense"):
        with claimed(message) as claim:
            assert claim is None
    assert results() == 1


def test_a_stale_commit_is_refused_and_writes_nothing(job_id: UUID) -> None:
    stale = take(job_id)
    assert stale is not None
    lapse(job_id)
    fresh = take(job_id)
    assert fresh is not None
    assert fresh.fence == stale.fence + 1
    with pytest.raises(LostClaim):
        write_result(stale)
    assert results() == 0
    write_result(fresh)
    with pytest.raises(LostClaim):
        write_result(stale)
    with pytest.raises(LostClaim):
        write_result(fresh)
    assert results() == 1


def test_a_commit_that_fails_halfway_writes_nothing_and_the_job_has_failed(job_id: UUID) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        with claim.commit() as session:
            session.add(Workspace(agency_id=claim.agency_id, handle="half"))
            session.flush()
            raise ValueError("in the middle")
    assert row_of(job_id).state is JobState.FAILED
    assert results() == 0


def test_the_heartbeat_renews_the_lease_and_stores_progress(job_id: UUID, wait_until: Callable[..., None]) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        first = row_of(job_id).lease_until
        claim.progress(0.5, "Halfway")
        wait_until(lambda: row_of(job_id).message == "Halfway", seconds=3, what="progress is stored")
        assert row_of(job_id).progress == 0.5
        time.sleep(1.2)  # longer than the lease
        assert row_of(job_id).lease_until > max(now(), first)
        claim.progress(7.0, "Beyond the end")
        wait_until(lambda: row_of(job_id).progress == 1.0, seconds=3, what="progress is clipped")
        write_result(claim)
    assert row_of(job_id).error == ""  # an assertion that failed above would stand here


def test_cancelling_stops_the_task_at_its_next_progress(job_id: UUID) -> None:
    began = time.monotonic()
    with claimed(job_id) as claim:
        assert claim is not None
        set_cancel(job_id)
        while time.monotonic() - began < 5:
            claim.progress(0.1, "Working")
            time.sleep(0.01)
    row = row_of(job_id)
    assert (row.state, row.message, row.finished_at is not None) == (JobState.CANCELLED, "Cancelled", True)
    assert time.monotonic() - began < 5


def test_a_job_cancelled_just_before_its_commit_has_no_results(job_id: UUID) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        set_cancel(job_id)
        with pytest.raises(Cancelled):
            write_result(claim)
        write_result(claim)
    assert row_of(job_id).state is JobState.CANCELLED
    assert results() == 0


def test_a_cancelled_waiting_job_is_not_claimed(job_id: UUID) -> None:
    set_cancel(job_id)
    assert take(job_id) is None


def test_a_lost_claim_stops_the_task_and_leaves_the_job_to_its_new_worker(job_id: UUID) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        lapse(job_id)
        fresh = take(job_id)
        assert fresh is not None
        began = time.monotonic()
        while time.monotonic() - began < 5:
            claim.progress(0.1, "Working")
            time.sleep(0.01)
    row = row_of(job_id)
    assert (row.state, row.fence) == (JobState.RUNNING, fresh.fence)
    write_result(fresh)


def test_a_worker_that_is_told_to_stop_gives_the_job_back_uncounted(job_id: UUID, sent_jobs: list[Any]) -> None:
    stopping = threading.Event()
    with claimed(job_id, giving_back=stopping.is_set) as claim:
        assert claim is not None
        sent_jobs.clear()
        stopping.set()
        began = time.monotonic()
        while row_of(job_id).state is JobState.RUNNING and time.monotonic() - began < 3:
            time.sleep(0.02)
        with pytest.raises(LostClaim):
            write_result(claim)
    row = row_of(job_id)
    assert (row.state, row.attempts) == (JobState.QUEUED, 0)
    assert [sent.job_id for sent in sent_jobs] == [job_id]
    assert results() == 0


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (TooFewObservations("There are 4 complete weeks; 8 are needed, so 4 are missing."), "4 are missing"),
        (SoftTimeLimitExceeded(), "took longer than 15 minutes"),
        (MemoryError(), "more memory"),
        (KeyError("x"), "Something went wrong on our side"),
    ],
)
def test_every_failure_ends_in_a_sentence_and_its_trace_in_the_log(
    job_id: UUID, raised: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), claimed(job_id) as claim:
        assert claim is not None
        raise raised
    row = row_of(job_id)
    assert row.state is JobState.FAILED
    assert words in row.error
    assert row.error.endswith(".")
    assert "Traceback" not in row.error
    assert str(job_id) in caplog.text
    assert ("Traceback" in caplog.text) != isinstance(raised, TooFewObservations)


def test_a_task_that_forgets_to_commit_has_failed(job_id: UUID) -> None:
    with claimed(job_id):
        pass
    assert row_of(job_id).state is JobState.FAILED


def test_when_the_database_fails_the_job_gets_another_attempt(job_id: UUID) -> None:
    with claimed(job_id) as claim:
        assert claim is not None
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))
    with transaction() as session:
        end_lapsed_claims(session)
    row = row_of(job_id)
    assert (row.state, row.attempts) == (JobState.QUEUED, 1)
