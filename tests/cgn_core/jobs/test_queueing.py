"""Jobs go into the table with the business, and onto the wire after the commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.db.models import Agency, Job, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import QuotaExceeded
from cgn_core.jobs import JobKind, broker, enqueue


def test_a_job_is_published_after_the_commit_and_not_before(
    session: Session, agency: Agency, sent_jobs: list[Any]
) -> None:
    job_id = enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="k")
    assert sent_jobs == []
    session.commit()
    assert [(sent.kind, sent.job_id, sent.queue) for sent in sent_jobs] == [("retrain", job_id, "training")]


def test_a_rolled_back_request_leaves_no_job_and_sends_nothing(
    session: Session, agency: Agency, sent_jobs: list[Any]
) -> None:
    enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="k")
    session.rollback()
    session.commit()
    assert session.scalar(select(func.count()).select_from(Job)) == 0
    assert sent_jobs == []


def test_a_released_savepoint_publishes_nothing_yet(session: Session, agency: Agency, sent_jobs: list[Any]) -> None:
    with session.begin_nested():
        enqueue(session, JobKind.VALIDATE, agency_id=agency.id, key="k")
    assert sent_jobs == []
    session.commit()
    assert len(sent_jobs) == 1


def test_a_failed_savepoint_keeps_the_hints_of_what_came_before(
    session: Session, agency: Agency, sent_jobs: list[Any]
) -> None:
    job_id = enqueue(session, JobKind.VALIDATE, agency_id=agency.id, key="k")
    with session.begin_nested() as savepoint:
        savepoint.rollback()
    session.commit()
    assert [sent.job_id for sent in sent_jobs] == [job_id]


def test_the_same_key_gives_the_same_job(
    session: Session, agency: Agency, other_agency: Agency, sent_jobs: list[Any]
) -> None:
    first = enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="k")
    session.commit()
    again = enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="k")
    elsewhere = enqueue(session, JobKind.RETRAIN, agency_id=other_agency.id, key="k")
    session.commit()
    assert again == first
    assert elsewhere != first
    assert len(sent_jobs) == 2


def test_the_same_key_from_eight_threads_gives_one_job(agency: Agency, sent_jobs: list[Any]) -> None:
    found = []
    start = threading.Barrier(8)

    def submit() -> None:
        start.wait()
        with transaction() as own:
            found.append(enqueue(own, JobKind.RETRAIN, agency_id=agency.id, key="k"))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(sent_jobs) == 1


def test_an_agency_with_its_limit_of_active_jobs_is_refused_and_others_are_not(
    session: Session,
    agency: Agency,
    other_agency: Agency,
    sent_jobs: list[Any],
    change_settings: Callable[..., None],
) -> None:
    del sent_jobs
    change_settings(job_limit_per_agency=2)
    enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="1")
    second = enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="2")
    with pytest.raises(QuotaExceeded):
        enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="3")
    assert enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key="2") == second
    enqueue(session, JobKind.RETRAIN, agency_id=other_agency.id, key="1")


def test_the_broker_learns_of_the_queue_and_of_nothing_else(
    session: Session, agency: Agency, workspace: Workspace, redis_url: str
) -> None:
    job_id = enqueue(
        session, JobKind.RETRAIN, agency_id=agency.id, workspace_id=workspace.id, params={"secret": "plan"}, key="k"
    )
    session.commit()
    assert broker.waiting_hints("training") == 1
    assert broker.waiting_hints("light") == 0
    with redis.Redis.from_url(redis_url) as client:
        message = client.lindex("cgn:training", 0)
    assert isinstance(message, bytes)
    assert b"next-training" in message
    assert not [word for word in (b"plan", b"retrain", str(job_id).encode()) if word in message]


@pytest.mark.parametrize("fault", ["down", "hung", "hung from the start"])
def test_a_broken_redis_delays_nobody_and_loses_no_job(
    session: Session, agency: Agency, redis_server: Any, fault: str
) -> None:
    if fault != "hung from the start":
        assert broker.publish("retrain", agency.id, "training")  # a connection is open when the fault strikes
    if fault == "down":
        redis_server.stop()
    else:
        redis_server.freeze()
    try:
        waits = []
        for number in range(30):
            began = time.perf_counter()
            enqueue(session, JobKind.RETRAIN, agency_id=agency.id, key=str(number))
            session.commit()
            waits.append(time.perf_counter() - began)
            time.sleep(0.1)  # long enough in all for the pause after a failure to end and another attempt to be made
    finally:
        if fault != "down":
            redis_server.thaw()
    assert sorted(waits)[len(waits) // 2] < 0.3, waits  # those that wait for Redis are few, however busy the machine is
    assert max(waits) < 10, waits
    assert session.scalar(select(func.count()).select_from(Job)) == 30
