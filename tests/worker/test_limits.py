"""A job that takes too long or too much memory has failed with a sentence, at its first attempt; the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("quick")
# What depends on the process alone is tested on one of the databases.
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_postgresql
def test_a_job_that_takes_too_long_is_stopped_and_not_tried_again(
    change_settings: Callable[..., None],
    start_worker: Callable[..., Any],
    real_reconciler: Any,
    practice: Any,
    wait_until: Any,
) -> None:
    change_settings(job_soft_time_limit_light=1, job_soft_time_limit=60)
    worker = start_worker("--concurrency", "1")
    job_id = practice.submit("brood", seconds=60)
    wait_until(practice.is_in(job_id, "failed"), seconds=30, what="the job has failed")
    job = practice.job(job_id)
    assert job.error == (
        "This took longer than 1 second and was stopped. Try again with a shorter history or fewer creators."
    )
    assert (job.attempts, practice.results(job_id)) == (1, 0)
    assert worker.process.poll() is real_reconciler.process.poll() is None


@on_sqlite
def test_a_job_that_will_not_stop_is_ended_with_its_process_and_not_tried_again(
    change_settings: Callable[..., None],
    start_worker: Callable[..., Any],
    real_reconciler: Any,
    practice: Any,
    wait_until: Any,
) -> None:
    change_settings(job_soft_time_limit_light=1, job_hard_limit_after=1)
    worker = start_worker("--queues", "light", "--concurrency", "1")
    began = time.monotonic()
    stubborn, after = practice.submit("stubborn", seconds=60), practice.submit("work")
    wait_until(practice.is_in(stubborn, "failed"), seconds=30, what="the job has failed")
    assert time.monotonic() - began < 10
    wait_until(practice.is_in(after, "done"), seconds=30, what="the next job is done by another process")
    time.sleep(3)  # longer than the lease
    job = practice.job(stubborn)
    assert (job.state, job.attempts, practice.results(stubborn)) == ("failed", 1, 0)
    assert "took longer than 2 seconds and was ended" in job.error
    assert worker.process.poll() is real_reconciler.process.poll() is None


@on_sqlite
def test_a_job_that_wants_too_much_memory_is_ended_and_one_that_needs_less_is_done(
    change_settings: Callable[..., None],
    start_worker: Callable[..., Any],
    real_reconciler: Any,
    practice: Any,
    wait_until: Any,
) -> None:
    change_settings(job_memory_limit=700)
    worker = start_worker("--queues", "light", "--concurrency", "1")
    modest = practice.submit("devour", megabytes=100, seconds=0.6)
    greedy = practice.submit("devour", megabytes=900, seconds=60)
    after = practice.submit("work")
    wait_until(practice.is_in(greedy, "failed"), seconds=30, what="the job has failed")
    for job_id in (modest, after):
        wait_until(practice.is_in(job_id, "done"), seconds=30, what="the others are done")
    time.sleep(3)  # longer than the lease
    job = practice.job(greedy)
    assert (job.state, job.attempts, practice.results(greedy)) == ("failed", 1, 0)
    assert "needed more memory than the 700 MB that a job may have" in job.error
    assert worker.process.poll() is real_reconciler.process.poll() is None


@on_sqlite
def test_a_process_that_held_much_memory_is_replaced_after_its_job(
    change_settings: Callable[..., None], start_worker: Callable[..., Any], practice: Any, wait_until: Any
) -> None:
    change_settings(worker_max_memory_per_child=500)
    start_worker("--queues", "light", "--concurrency", "1")

    def process_of_a_job() -> int:
        job_id = practice.submit("inventory")
        wait_until(practice.is_in(job_id, "done"), seconds=30, what="the job is done")
        return int(practice.job(job_id).result["pid"])

    first = process_of_a_job()
    assert process_of_a_job() == first
    greedy = practice.submit("devour", megabytes=600, seconds=0)
    wait_until(practice.is_in(greedy, "done"), seconds=30, what="the job is done")
    assert process_of_a_job() != first
