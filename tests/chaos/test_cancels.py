"""Real jobs of every kind cancelled at random moments: none is both cancelled and with results, and each stops soon.

For the long run: ``CANCELS=100 CANCEL_SEED=1 pytest tests/chaos/test_cancels.py -s``.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, LedgerScore, ModelVersion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind, enqueue
from cgn_core.services.data_versions import hash_daily, store_version
from cgn_core.services.jobs import cancel_job
from datagen import generate_many

CANCELS = int(os.environ.get("CANCELS", "20"))
SEED = int(os.environ.get("CANCEL_SEED", "1"))
AT_ONCE = 4
STOPPED_WITHIN = float(os.environ.get("CANCEL_STOPPED_WITHIN", "10"))
KINDS: dict[JobKind, tuple[dict[str, Any], float]] = {
    JobKind.RETRAIN: ({}, 8.0),
    JobKind.VALIDATE: ({"model": "huber"}, 3.0),
    JobKind.GENERATE: ({"profile": "mid", "creators": 20, "days": 730, "end": "2026-06-28"}, 2.0),
    JobKind.SCORE: ({}, 0.1),
}
"""What each kind is asked for, and about how many seconds it takes at most; moments are drawn up to a little more than
that, early ones more often, because a machine that has nothing else to do is several times as fast."""


@dataclass
class Doomed:
    """A job, when it is to be cancelled, and when it was and had ended; seconds of the monotonic clock."""

    job_id: UUID
    at: float
    asked: float = 0.0
    ended: float = 0.0


@pytest.mark.usefixtures("quick", "real_reconciler")
def test_a_job_cancelled_at_any_moment_has_results_or_is_cancelled_and_stops_soon(
    start_worker: Callable[..., Any],
    agency: Agency,
    owner: Actor,
    change_settings: Callable[..., None],
) -> None:
    # As in production: what is measured is how long a person waits. A generation that ends queues its retrainings.
    change_settings(job_lease=8.0, job_heartbeat=2.0, job_limit_per_agency=100_000)
    dice = random.Random(SEED)
    workspaces = creators(agency, AT_ONCE)
    worker = start_worker("--concurrency", "2")
    kinds = (list(KINDS) * (CANCELS // len(KINDS) + 1))[:CANCELS]
    dice.shuffle(kinds)
    gone: list[Doomed] = []
    for start in range(0, CANCELS, AT_ONCE):
        batch = []
        for number, kind in enumerate(kinds[start : start + AT_ONCE]):
            params, seconds = KINDS[kind]
            with transaction() as session:
                job_id = enqueue(
                    session,
                    kind,
                    agency_id=agency.id,
                    workspace_id=None if kind is JobKind.GENERATE else workspaces[number],
                    params=params,
                    key=f"{start}/{number}",
                )
            batch.append(Doomed(job_id, time.monotonic() + 1.3 * seconds * dice.random() ** 3))
        end_batch(batch, owner)
        forget_followers(owner)
        gone += batch
    states = check_results(gone)
    waits = sorted(doomed.ended - doomed.asked for doomed in gone)
    p95 = waits[min(len(waits) - 1, round(0.95 * len(waits)))]
    print(f"seed {SEED}: {states}, p95 {p95:.2f} s, longest {waits[-1]:.2f} s")  # noqa: T201 - the report
    assert states.get("cancelled", 0) > CANCELS / 10, "too few were hit for this to say anything"
    assert set(states) <= {"cancelled", "done"}
    assert p95 < STOPPED_WITHIN
    assert worker.process.poll() is None


def creators(agency: Agency, count: int) -> list[UUID]:
    """Workspaces with two years of generated days each."""
    made = []
    for number, creator in enumerate(generate_many(creators=count, days=730, seed=4, end=date(2026, 6, 28))):
        with transaction() as session:
            workspace = Workspace(agency_id=agency.id, handle=f"kept.{number}")
            session.add(workspace)
            session.flush()
            hashed = hash_daily(creator.daily)
            store_version(
                session, workspace, creator.daily, file_name="x.csv", file_hash=hashed, report={}, created_by=None
            )
            made.append(workspace.id)
    return made


def end_batch(batch: list[Doomed], owner: Actor) -> None:
    """Cancel each at its moment; return when all have ended."""
    give_up = time.monotonic() + 120
    while not all(doomed.ended for doomed in batch):
        assert time.monotonic() < give_up, "a cancelled job goes on"
        for doomed in batch:
            if not doomed.asked and time.monotonic() >= doomed.at:
                with transaction() as session:
                    cancel_job(session, owner, doomed.job_id)
                doomed.asked = time.monotonic()
            if doomed.asked and not doomed.ended:
                with reading() as session:
                    state = session.scalar(select(Job.state).where(Job.id == doomed.job_id))
                if state not in {"queued", "running"}:
                    doomed.ended = time.monotonic()
        time.sleep(0.05)


def forget_followers(owner: Actor) -> None:
    """Cancel the retrainings that a generation queued when it was done: they are nobody's subject here."""
    with reading() as session:
        waiting = session.scalars(select(Job.id).where(Job.state.in_(("queued", "running")))).all()
    for job_id in waiting:
        with transaction() as session:
            cancel_job(session, owner, job_id)


def check_results(gone: list[Doomed]) -> dict[str, int]:
    """How many ended in which state; fails where what is stored doesn't agree with the state."""
    states: dict[str, int] = {}
    ids = {doomed.job_id for doomed in gone}
    with reading() as session:
        rows = select(Job.id, Job.kind, Job.state, Job.result).where(Job.id.in_(ids))
        jobs = {row.id: row for row in session.execute(rows)}
        models = {job_id for job_id in session.scalars(select(ModelVersion.job_id)) if job_id in ids}
        made = session.scalar(select(func.count()).select_from(Workspace).where(~Workspace.handle.startswith("kept.")))
        assert not session.scalars(select(LedgerScore)).all(), "there were no forecasts to score"
    generated = 0
    for job_id in ids:
        job = jobs[job_id]
        states[str(job.state)] = states.get(str(job.state), 0) + 1
        done = job.state == "done"
        assert bool(job.result) == done, (job.kind, job.state, job.result)
        assert (job_id in models) == (done and job.kind == JobKind.RETRAIN), (job.kind, job.state)
        generated += 20 * (done and job.kind == JobKind.GENERATE)
    assert made == generated
    return states
