"""Many real jobs in a storm of faults drawn from a seed: each is done exactly once, and soon after the last fault.

A short one here; ``make chaos`` lets the long one blow and writes ``docs/reliability.md``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_processes import RealProcess
from storm import Weather, run_storm

from cgn_core.access import Actor
from cgn_core.settings import settings

LONG = os.environ.get("CHAOS_REPORT")
"""A folder for what the long storms came to."""
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1").split()]
JOBS = int(os.environ.get("CHAOS_JOBS", "500"))
MOST_SILENT, DRAINED_WITHIN = 60.0, 15.0


def weather(seed: int) -> Weather:
    if not LONG:
        return Weather(seed)
    return Weather(seed, jobs=JOBS, workers=4, most_kills=None, only_busy=False, freezes=6, wipes=7)


@pytest.mark.timeout(4000 if LONG else 400)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_job_is_done_exactly_once_whatever_dies(
    seed: int,
    owner: Actor,
    start_process: Callable[..., RealProcess],
    redis_server: Any,
    database_url: str,
    change_settings: Callable[..., None],
) -> None:
    # Nobody's fault counts against these jobs; the poisoned one has its own test, at the attempts that people have.
    change_settings(job_attempts=1000)
    if not LONG:
        change_settings(job_lease=4.0, job_heartbeat=1.0, job_republish=2.0)
    reconcilers = [start_process("worker.reconciler") for _ in range(2)]
    outcome = run_storm(
        weather(seed),
        owner=owner,
        redis=redis_server,
        start_worker=lambda: start_process("cgn_core.cli.main", "worker", "--concurrency", "1"),
        database=database_url.partition(":")[0].partition("+")[0],
    )
    print("\n".join(outcome.lines), outcome)  # noqa: T201 - pytest shows it when the test failed
    if LONG:
        name = f"{outcome.database}-{seed}.json"
        (Path(LONG) / name).write_text(json.dumps(outcome.to_json() | {"lease": settings().job_lease}), "utf-8")
    assert outcome.done_once >= weather(seed).jobs
    assert outcome.kills
    assert outcome.hit, "no fault struck a job"
    assert outcome.repeated
    assert (outcome.freezes, outcome.wipes) == (weather(seed).freezes, weather(seed).wipes)
    assert all(reconciler.process.poll() is None for reconciler in reconcilers)
    if LONG:
        assert outcome.longest_silence < MOST_SILENT
        assert outcome.drained < DRAINED_WITHIN
