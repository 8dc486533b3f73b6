"""Many jobs, faults drawn from a seed: each job done exactly once, and the queue drained soon after the last fault.

For the long run, and for how long the queue took to drain: ``CHAOS_SEEDS="1 2 3" CHAOS_JOBS=500 CHAOS_KILLS=20
CHAOS_FREEZES=6 CHAOS_WIPES=7 CHAOS_WORKERS=4 CHAOS_DRAINED_WITHIN=15 pytest tests/chaos/test_chaos.py -s``.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1").split()]
JOBS = int(os.environ.get("CHAOS_JOBS", "60"))
KILLS = int(os.environ.get("CHAOS_KILLS", "5"))
FREEZES = int(os.environ.get("CHAOS_FREEZES", "1"))
WIPES = int(os.environ.get("CHAOS_WIPES", "2"))
WORKERS = int(os.environ.get("CHAOS_WORKERS", "3"))
SECONDS_BETWEEN_FAULTS = 2.0
FREEZE_SECONDS = 3.0  # past the lease of two
DRAINED_WITHIN = float(os.environ.get("CHAOS_DRAINED_WITHIN", "90"))  # 15 on a machine that does nothing else


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_job_is_done_exactly_once_whatever_dies(
    seed: int,
    start_process: Callable[..., Any],
    redis_server: Any,
    practice: Any,
    wait_until: Any,
    change_settings: Callable[..., None],
) -> None:
    chance = random.Random(seed)
    change_settings(job_attempts=KILLS + FREEZES + 3)  # this is about losing nothing; the poison has its own test
    reconciler = start_process("worker.reconciler")
    practice_folder = str(Path(__file__).parent.parent / "practice")
    paths = os.pathsep.join(filter(None, [practice_folder, os.environ.get("PYTHONPATH")]))

    def new_worker() -> Any:
        return start_process("worker", "--include", "practice_tasks", "--concurrency", "1", PYTHONPATH=paths)

    workers = [new_worker() for _ in range(WORKERS)]
    jobs = [practice.submit("work", seconds=chance.uniform(0.2, 1.2)) for _ in range(JOBS)]
    faults = ["kill"] * KILLS + ["freeze"] * FREEZES + ["wipe"] * (WIPES - 1) + ["restart"]
    chance.shuffle(faults)
    frozen: list[tuple[float, Any]] = []
    for fault in faults:
        time.sleep(SECONDS_BETWEEN_FAULTS)
        victim = busy_worker(workers, practice, wait_until) if fault in {"kill", "freeze"} else 0
        if fault == "kill":
            workers[victim].kill()
            workers[victim] = new_worker()
        elif fault == "freeze":
            os.killpg(workers[victim].pid, signal.SIGSTOP)
            frozen.append((time.monotonic() + FREEZE_SECONDS, workers[victim]))
            workers[victim] = new_worker()
        elif fault == "wipe":
            redis_server.wipe()
        else:
            redis_server.stop()
            time.sleep(1)
            redis_server.start()
    for until, worker in frozen:
        time.sleep(max(0.0, until - time.monotonic()))
        os.killpg(worker.pid, signal.SIGCONT)
    began = time.monotonic()
    wait_until(lambda: not {"queued", "running"} & set(practice.states()), seconds=DRAINED_WITHIN, what="drained")
    assert practice.states() == {"done": JOBS}
    repeated = sum(practice.job(job_id).attempts > 1 for job_id in jobs)
    print(f"seed {seed}: drained in {time.monotonic() - began:.1f} s, {repeated} jobs needed another attempt")  # noqa: T201 - the report
    assert repeated > 0, "no fault hit a job"
    assert {practice.results(job_id) for job_id in jobs} == {1}
    assert reconciler.process.poll() is None


def busy_worker(workers: list[Any], practice: Any, wait_until: Any) -> int:
    """The number of a worker that is in the middle of a job: faults that hit idle workers prove nothing."""
    found: list[int] = []

    def look() -> bool:
        running = [f"job {job_id} (work) claimed" for job_id in practice.running()]
        found[:] = [n for n, worker in enumerate(workers) if any(line in worker.log for line in running)]
        return bool(found)

    wait_until(look, seconds=60, what="a worker is busy")
    return found[0]
