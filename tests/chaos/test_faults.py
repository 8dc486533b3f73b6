"""One fault at a time, on real processes: what was accepted is done, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from cgn_core.db.heartbeats import RECONCILER
from cgn_core.db.models import Heartbeat
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind, enqueue

pytestmark = pytest.mark.usefixtures("quick")
# What depends on the broker or on the process alone is tested on one of the databases.
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_job_that_kills_its_worker_has_failed_after_three_attempts_while_others_finish(
    start_worker: Callable[..., Any], real_reconciler: Any, practice: Any, wait_until: Any
) -> None:
    worker = start_worker("--concurrency", "2")
    poison = practice.submit("poison")
    others = [practice.submit("work", seconds=0.3) for _ in range(8)]
    for job_id in others:
        wait_until(practice.is_in(job_id, "done"), seconds=60, what="the others are done")
    wait_until(practice.is_in(poison, "failed"), seconds=60, what="the poison has failed")
    job = practice.job(poison)
    assert (job.attempts, job.fence) == (3, 3)
    assert "stopped the worker that ran it 3 times" in job.error
    assert [practice.results(job_id) for job_id in others] == [1] * 8
    assert practice.results(poison) == 0
    assert worker.process.poll() is None
    assert real_reconciler.process.poll() is None


@on_sqlite
def test_a_job_submitted_while_redis_is_down_runs_once_it_is_back(
    real_worker: Any, real_reconciler: Any, redis_server: Any, practice: Any, wait_until: Any
) -> None:
    redis_server.stop()
    job_id = practice.submit("work")
    time.sleep(2)
    assert practice.job(job_id).state == "queued"
    redis_server.start()
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    assert (practice.results(job_id), practice.job(job_id).attempts) == (1, 1)
    assert real_worker.process.poll() is None
    assert real_reconciler.process.poll() is None


@on_postgresql
def test_jobs_whose_messages_were_wiped_run_nevertheless(
    real_worker: Any, real_reconciler: Any, redis_server: Any, practice: Any, wait_until: Any
) -> None:
    jobs = [practice.submit("work", seconds=1.5), *[practice.submit("work") for _ in range(5)]]
    wait_until(practice.is_in(jobs[0], "running"), seconds=30, what="the first runs")
    redis_server.wipe()
    for job_id in jobs:
        wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    assert [practice.results(job_id) for job_id in jobs] == [1] * 6
    assert real_worker.process.poll() is None
    assert real_reconciler.process.poll() is None


def test_a_worker_killed_in_mid_job_and_redis_wiped_meanwhile_the_job_is_done_once(
    start_worker: Callable[..., Any], real_reconciler: Any, redis_server: Any, practice: Any, wait_until: Any
) -> None:
    first = start_worker("--concurrency", "1")
    job_id = practice.submit("work", seconds=4)
    wait_until(practice.is_in(job_id, "running"), seconds=30, what="the job runs")
    first.kill()
    redis_server.wipe()
    start_worker("--concurrency", "1")
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    job = practice.job(job_id)
    assert (job.attempts, job.fence, practice.results(job_id)) == (2, 2, 1)
    assert real_reconciler.process.poll() is None


@on_postgresql
def test_the_reconciler_killed_another_takes_over(
    start_process: Callable[..., Any], real_reconciler: Any, practice: Any, wait_until: Any
) -> None:
    wait_until(lambda: " acts" in real_reconciler.log, seconds=60, what="the first acts")
    second = start_process("worker.reconciler")
    wait_until(lambda: " started" in second.log, seconds=60, what="the second has started")
    time.sleep(1)
    assert " acts" not in second.log
    real_reconciler.kill()
    wait_until(lambda: " acts" in second.log, seconds=60, what="the second acts")
    third = start_process("worker.reconciler")
    wait_until(lambda: " started" in third.log, seconds=60, what="the third has started")
    second.stop()
    with reading() as session:
        holder = session.get_one(Heartbeat, RECONCILER).holder
    assert f":{second.pid}:" not in holder, "it gave its lease up instead of letting it lapse"
    wait_until(lambda: " acts" in third.log, seconds=30, what="the third acts")
    assert practice.states() == {}


@on_sqlite
def test_a_child_that_dies_is_replaced_and_its_job_done(
    real_worker: Any, real_reconciler: Any, practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("work", seconds=4)
    wait_until(practice.is_in(job_id, "running"), seconds=30, what="the job runs")
    with open(f"/proc/{real_worker.pid}/task/{real_worker.pid}/children", encoding="ascii") as file:  # noqa: PTH123 - not a file on a disk
        children = [int(pid) for pid in file.read().split()]
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    assert (practice.results(job_id), practice.job(job_id).attempts) == (1, 2)
    assert real_reconciler.process.poll() is None


@on_sqlite
def test_submitting_stays_quick_while_redis_hangs_and_the_job_runs_afterwards(
    real_worker: Any, real_reconciler: Any, redis_server: Any, agency: Any, practice: Any, wait_until: Any
) -> None:
    redis_server.freeze()
    try:
        waits = []
        for number in range(40):
            began = time.perf_counter()
            with transaction() as session:
                enqueue(session, JobKind.GENERATE, agency_id=agency.id, params={"profile": "?"}, key=str(number))
            waits.append(time.perf_counter() - began)
            time.sleep(0.05)
        job_id = practice.submit("work")
    finally:
        redis_server.thaw()
    assert sorted(waits)[len(waits) // 2] < 0.3, waits  # those that wait for Redis are few, however busy the machine is
    assert max(waits) < 10, waits
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    assert practice.results(job_id) == 1
    assert real_worker.process.poll() is None
    assert real_reconciler.process.poll() is None


@on_sqlite
def test_a_worker_whose_redis_died_between_a_message_and_its_receipt_works_on(
    start_worker: Callable[..., Any], practice: Any, wait_until: Any
) -> None:
    worker = start_worker("--include", "lost_receipt", "--queues", "light", "--concurrency", "1")
    jobs = [practice.submit("work") for _ in range(3)]
    for job_id in jobs:
        wait_until(practice.is_in(job_id, "done"), seconds=20, what="the job is done")
    assert "Couldn't ack" in worker.log, "no receipt was lost"
