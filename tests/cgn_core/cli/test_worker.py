from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgn_core.db.models import Workspace
from cgn_core.db.session import transaction
from cgn_core.jobs import JobKind, enqueue

CGN = Path(sys.executable).with_name("cgn")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.usefixtures("quick")
def test_it_becomes_a_real_worker_that_does_jobs_and_stops_when_asked(
    start_process: Callable[..., Any], workspace: Workspace, practice: Any, wait_until: Any
) -> None:
    worker = start_process("cgn_core.cli.main", "worker", "--queues", "light", "--concurrency", "1")
    wait_until(lambda: " ready." in worker.log or worker.process.poll() is not None, seconds=60, what="ready")
    assert Path(f"/proc/{worker.pid}/cmdline").read_text().split("\0")[2:4] == ["-m", "worker"]
    with transaction() as session:
        score = enqueue(session, JobKind.SCORE, agency_id=workspace.agency_id, workspace_id=workspace.id, key="scoring")
        training = enqueue(
            session, JobKind.RETRAIN, agency_id=workspace.agency_id, workspace_id=workspace.id, key="training"
        )
    wait_until(lambda: practice.job(score).state not in {"queued", "running"}, seconds=30, what="the job has ended")
    assert practice.job(training).state == "queued", "a queue that it was not told to work on"
    assert worker.stop() < 8


def test_what_cannot_be_started_is_refused_in_a_sentence(tmp_path: Path) -> None:
    def refusal(*options: str) -> tuple[int, str]:
        environment = {**os.environ, "CGN_DATA_DIR": str(tmp_path)}
        done = subprocess.run(
            [CGN, "worker", *options], capture_output=True, text=True, check=False, timeout=30, env=environment
        )
        return done.returncode, done.stderr

    code, said = refusal()
    assert (code, said.startswith("There is no Redis to hear of jobs from; name it in CGN_REDIS_URL, or")) == (1, True)
    code, said = refusal("--queues", "light,heavy")
    assert (code, "'heavy' is no queue; there are training, light." in said) == (2, True)
