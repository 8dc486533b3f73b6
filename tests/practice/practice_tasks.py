"""Tasks that misbehave on purpose; a worker knows them only when a test includes them."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from cgn_core.db.models import Workspace
from cgn_core.jobs import Claim
from worker.doing import does


def commit_a_trace(claim: Claim) -> None:
    """Results that can be counted: each commit leaves a workspace named after the job and its fence."""
    with claim.commit() as session:
        session.add(Workspace(agency_id=claim.agency_id, handle=f"{claim.job_id}/{claim.fence}"))
        claim.finish(session, {"fence": claim.fence})


@does("work")
def work(claim: Claim) -> None:
    """Report progress for ``seconds`` (0 unless told), then commit."""
    began = time.monotonic()
    seconds: float = claim.params.get("seconds", 0.0)
    while (spent := time.monotonic() - began) < seconds:
        claim.progress(spent / seconds, f"Working for {spent:.1f} s")
        time.sleep(0.05)
    commit_a_trace(claim)


@does("brood")
def brood(claim: Claim) -> None:
    """Compute for ``seconds`` without ever reporting progress, then try to commit."""
    time.sleep(claim.params["seconds"])
    commit_a_trace(claim)


@does("stubborn")
def stubborn(claim: Claim) -> None:
    """Go on for ``seconds`` whoever asks it to stop, then try to commit."""
    until = time.monotonic() + claim.params["seconds"]
    while time.monotonic() < until:
        with suppress(SoftTimeLimitExceeded):
            time.sleep(0.05)
    commit_a_trace(claim)


@does("devour")
def devour(claim: Claim) -> None:
    """Take ``megabytes`` of memory and keep them for a while, then try to commit."""
    kept = [bytearray(b"x" * 1024 * 1024) for _ in range(int(claim.params["megabytes"]))]
    time.sleep(claim.params["seconds"])
    del kept
    commit_a_trace(claim)


@does("poison")
def poison(claim: Claim) -> None:
    """Kill the process that runs it."""
    del claim
    os.kill(os.getpid(), signal.SIGKILL)


@does("stumble")
def stumble(claim: Claim) -> None:
    """Fail as a mistake in the code does."""
    del claim
    nothing: dict[str, Any] = {}
    nothing["what was expected"] += 1


@does("inventory")
def inventory(claim: Claim) -> None:
    """Commit which modules were there before anything was computed."""
    with claim.commit() as session:
        claim.finish(session, {"modules": sorted(sys.modules), "pid": os.getpid(), "parent": os.getppid()})
