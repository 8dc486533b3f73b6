"""Tasks that misbehave on purpose; a worker knows them only when a test includes them."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from cgn_core.db.models import Workspace
from cgn_core.jobs import Claim, claimed
from worker.app import celery_app
from worker.lifecycle import is_stopping


def commit_a_trace(claim: Claim) -> None:
    """Results that can be counted: each commit leaves a workspace named after the job and its fence."""
    with claim.commit() as session:
        session.add(Workspace(agency_id=claim.agency_id, handle=f"{claim.job_id}/{claim.fence}"))
        claim.finish(session, {"fence": claim.fence})


@celery_app.task(name="work")
def work(job_id: str) -> None:
    """Report progress for ``seconds`` (0 unless told), then commit."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is None:
            return
        began = time.monotonic()
        seconds: float = claim.params.get("seconds", 0.0)
        while (spent := time.monotonic() - began) < seconds:
            claim.progress(spent / seconds, f"Working for {spent:.1f} s")
            time.sleep(0.05)
        commit_a_trace(claim)


@celery_app.task(name="brood")
def brood(job_id: str) -> None:
    """Compute for ``seconds`` without ever reporting progress, then try to commit."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is not None:
            time.sleep(claim.params["seconds"])
            commit_a_trace(claim)


@celery_app.task(name="poison")
def poison(job_id: str) -> None:
    """Kill the process that runs it."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is not None:
            os.kill(os.getpid(), signal.SIGKILL)


@celery_app.task(name="stumble")
def stumble(job_id: str) -> None:
    """Fail as a mistake in the code does."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is not None:
            nothing: dict[str, Any] = {}
            nothing["what was expected"] += 1


@celery_app.task(name="inventory")
def inventory(job_id: str) -> None:
    """Commit which modules were there before anything was computed."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is not None:
            with claim.commit() as session:
                claim.finish(session, {"modules": sorted(sys.modules), "pid": os.getpid(), "parent": os.getppid()})
