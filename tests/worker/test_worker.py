"""A real Celery worker: takes jobs, reports, gives back, and ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from real_processes import children_of, is_alive
from sqlalchemy import update

from cgn_core.db.heartbeats import living_workers
from cgn_core.db.models import Job
from cgn_core.db.session import reading, transaction
from worker.__main__ import NICE

pytestmark = pytest.mark.usefixtures("quick")
# What depends on the broker or on the process alone is tested on one of the databases.
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_job_is_done_with_its_results_and_the_worker_shows_that_it_lives(
    real_worker: Any, practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("work")
    wait_until(practice.is_in(job_id, "done"), seconds=30, what="the job is done")
    job = practice.job(job_id)
    assert (job.attempts, job.fence, job.progress, job.result) == (1, 1, 1.0, {"fence": 1})
    assert job.finished_at is not None
    assert practice.results(job_id) == 1
    with reading() as session:
        names = [row.name for row in session.scalars(living_workers(within=30))]
    assert [name.rsplit(":", 1)[1] for name in names] == [str(real_worker.pid)]


@on_sqlite
def test_the_first_task_finds_the_heavy_modules_imported(real_worker: Any, practice: Any, wait_until: Any) -> None:
    job_id = practice.submit("inventory")
    wait_until(practice.is_in(job_id, "done"), seconds=30, what="the job is done")
    found = practice.job(job_id).result
    assert [found["parent"]] == real_worker.children()
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in (found["parent"], *children_of(found["parent"]))} == {
        min(os.nice(0) + NICE, 19)
    }, "whoever waits for a page comes first"
    heavy = {"numpy", "pandas", "pyarrow", "scipy.special", "cgn_core.stats.training", "cgn_core.services.retrainings"}
    assert heavy <= set(found["modules"])
    assert not {"flask", "dash", "plotly"} & set(found["modules"])


def test_a_killed_worker_is_followed_at_once_by_another_that_imports_nothing_and_can_be_stopped(
    real_worker: Any, real_reconciler: Any, practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("inventory", seconds=60)
    wait_until(practice.is_in(job_id, "done"), seconds=30, what="a job is done")
    (killed,) = real_worker.children()
    pool = children_of(killed)
    time.sleep(2)  # the shortest life of a worker
    os.kill(killed, signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: real_worker.log.count(" ready.") == 2, seconds=20, what="another is ready")
    assert time.monotonic() - began < 2, "it had everything to import anew"
    assert "was ended by SIGKILL; another begins" in real_worker.log
    wait_until(lambda: not any(is_alive(pid) for pid in pool), seconds=2, what="the killed one left no child")
    job_id = practice.submit("inventory")
    wait_until(practice.is_in(job_id, "done"), seconds=30, what="it does jobs")
    assert practice.job(job_id).result["parent"] != killed
    assert real_worker.stop() < 8
    assert real_reconciler.process.poll() is None


def test_the_same_message_delivered_many_times_runs_the_job_once(
    start_worker: Callable[..., Any], practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("work", seconds=0.3)
    for _ in range(9):
        practice.publish("work", job_id)
    start_worker("--concurrency", "2")
    last = practice.submit("work")
    wait_until(practice.is_in(last, "done"), seconds=30, what="the last job is done")
    wait_until(practice.is_in(job_id, "done"), seconds=30, what="the job is done")
    assert (practice.results(job_id), practice.job(job_id).attempts) == (1, 1)


@on_postgresql
def test_progress_is_seen_while_it_works_and_a_cancelled_job_stops(
    real_worker: Any, practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("work", seconds=60)
    wait_until(lambda: practice.job(job_id).message.startswith("Working"), seconds=30, what="progress is seen")
    assert 0 < practice.job(job_id).progress < 1
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))
    began = time.monotonic()
    wait_until(practice.is_in(job_id, "cancelled"), seconds=20, what="the job is cancelled")
    assert time.monotonic() - began < 4
    assert practice.results(job_id) == 0
    assert real_worker.process.poll() is None


@on_sqlite
def test_a_mistake_in_a_task_ends_in_a_sentence_and_the_trace_is_in_the_log(
    real_worker: Any, practice: Any, wait_until: Any
) -> None:
    job_id = practice.submit("stumble")
    wait_until(practice.is_in(job_id, "failed"), seconds=30, what="the job has failed")
    assert str(job_id) in practice.job(job_id).error
    assert "Something went wrong on our side" in practice.job(job_id).error
    wait_until(lambda: "KeyError: 'what was expected'" in real_worker.log, seconds=20, what="the trace is in the log")
    assert f"job {job_id} failed" in real_worker.log


@pytest.mark.parametrize("kind", ["work", "brood"])
def test_a_worker_told_to_stop_gives_its_job_back_at_once_and_ends(
    start_worker: Callable[..., Any], real_reconciler: Any, practice: Any, wait_until: Any, kind: str
) -> None:
    first = start_worker("--concurrency", "1")
    job_id = practice.submit(kind, seconds=60)
    wait_until(practice.is_in(job_id, "running"), seconds=30, what="the job runs")
    children = [one for child in first.children() for one in (child, *children_of(child))]
    first.process.terminate()
    began = time.monotonic()
    wait_until(practice.is_in(job_id, "queued"), seconds=20, what="the job was given back")
    assert time.monotonic() - began < 4
    assert practice.job(job_id).attempts == 0
    first.process.wait(10)
    assert time.monotonic() - began < 10
    wait_until(lambda: not any(is_alive(pid) for pid in children), seconds=2, what="no child is left")
    with reading() as session:
        assert list(session.scalars(living_workers(within=30))) == []
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(params={"seconds": 0.1}))
    start_worker("--concurrency", "1")
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="another worker did it")
    assert practice.results(job_id) == 1
    assert real_reconciler.process.poll() is None  # it repeats the message that a dying worker takes with it


def test_a_worker_thawed_after_its_lease_commits_nothing(
    start_worker: Callable[..., Any], real_reconciler: Any, practice: Any, wait_until: Any
) -> None:
    frozen = start_worker("--concurrency", "1")
    job_id = practice.submit("work", seconds=3)
    wait_until(practice.is_in(job_id, "running"), seconds=30, what="the job runs")
    os.killpg(frozen.pid, signal.SIGSTOP)
    start_worker("--concurrency", "1")
    wait_until(lambda: practice.job(job_id).fence == 2, seconds=60, what="another worker has it")
    os.killpg(frozen.pid, signal.SIGCONT)
    wait_until(practice.is_in(job_id, "done"), seconds=60, what="the job is done")
    wait_until(lambda: f"job {job_id} is no longer ours (fence 1)" in frozen.log, seconds=30, what="it noticed")
    assert practice.job(job_id).result == {"fence": 2}
    assert practice.results(job_id) == 1
    assert real_reconciler.process.poll() is None
