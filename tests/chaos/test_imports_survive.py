"""A web server or a worker is killed at any moment of an import: the old version stays whole, or the new one is."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from uuid import UUID

import dying_imports
import pytest
from real_processes import RealProcess
from sqlalchemy import delete, func, select

from cgn_core.access import Actor
from cgn_core.db.models import Arrival, ArrivalPiece, DataVersion, Job, JobState, Upload, Workspace
from cgn_core.db.session import forget_engine, reading, transaction
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.services import arrivals
from cgn_core.services.data_history import undo_import
from cgn_core.services.data_versions import hash_daily

KILLED = -9
pytestmark = pytest.mark.timeout(300)


def numbers(handle: str, first: date, days: int, followers: int) -> bytes:
    rows = [f"{handle},{first + timedelta(days=day)},{followers + 9 * day},{day % 2}" for day in range(days)]
    return "\n".join(["creator,date,followers,reels", *rows]).encode()


@pytest.fixture
def newer(workspace: Workspace, owner: Actor, database_url: str) -> bytes:
    """A fortnight more than the 120 days that the workspace has by then."""
    older = numbers(workspace.handle, date(2026, 3, 1), 120, 60_000)
    assert dying_imports.run(database_url, dying_imports.read, owner, workspace.id, older) == 0
    (upload,) = waiting(workspace.id)
    assert dying_imports.run(database_url, dying_imports.take_in, owner, upload, "first") == 0
    with transaction() as session:
        session.execute(delete(Upload))
        session.execute(delete(Job))
    forget_engine()
    return numbers(workspace.handle, date(2026, 6, 29), 14, 70_000)


def whole_state(workspace_id: UUID) -> tuple[int, int, int]:
    """Current version, its days and how many retrainings there are; fails where any of it isn't whole."""
    with reading() as session:
        workspace = session.get_one(Workspace, workspace_id)
        versions = {
            row.number: row for row in session.scalars(select(DataVersion).filter_by(workspace_id=workspace_id))
        }
        assert sorted(versions) == list(range(1, len(versions) + 1))
        for version in versions.values():
            daily = daily_from_bytes(version.table)
            assert hash_daily(daily) == version.data_hash
            assert len(daily.frame) == version.rows
        jobs = session.scalar(select(func.count()).select_from(Job).where(Job.workspace_id == workspace_id)) or 0
        return workspace.data_version, versions[workspace.data_version].rows, jobs


def waiting(workspace_id: UUID) -> list[UUID]:
    with reading() as session:
        return list(session.scalars(select(Upload.id).where(Upload.workspace_id == workspace_id)))


def test_an_import_killed_before_any_of_its_statements_changes_nothing_and_can_be_done_again(
    owner: Actor,
    workspace: Workspace,
    database_url: str,
    newer: bytes,
) -> None:
    before = whole_state(workspace.id)
    for at in range(100):
        code = dying_imports.run(database_url, dying_imports.read, owner, workspace.id, newer, at=at)
        uploads = waiting(workspace.id)
        assert whole_state(workspace.id) == before
        assert (code, len(uploads)) in {(KILLED, 0), (0, 1)}
        if code == 0:
            break
    assert at > 2, "there is more than one moment to be killed at"
    (upload,) = uploads

    for at in range(100):
        code = dying_imports.run(database_url, dying_imports.take_in, owner, upload, "k", at=at)
        after = whole_state(workspace.id)
        if code == 0:
            break
        assert (code, after) == (KILLED, before)
    assert at > 5, "there is more than one moment to be killed at"
    assert after == (2, 134, before[2] + 1)


def hash_of_current(workspace_id: UUID) -> str:
    with reading() as session:
        number = session.get_one(Workspace, workspace_id).data_version
        version = session.scalars(select(DataVersion).filter_by(workspace_id=workspace_id, number=number)).one()
        return version.data_hash


def test_an_import_killed_after_any_while_is_done_or_not_and_can_be_undone_and_done_again(
    owner: Actor,
    workspace: Workspace,
    database_url: str,
    newer: bytes,
) -> None:
    assert dying_imports.run(database_url, dying_imports.read, owner, workspace.id, newer) == 0
    (upload,) = waiting(workspace.id)
    old = hash_of_current(workspace.id)
    before, moments = whole_state(workspace.id), random.Random(5)
    after = (2, 134, before[2] + 1)
    whole = whole_state(workspace.id)
    for place in range(24):
        # Spread over an import, whose length the machine decides: each begins where the one before was killed.
        seconds = 0.01 * place + moments.uniform(0.0, 0.01)
        dying_imports.run(database_url, dying_imports.take_in, owner, upload, "k", seconds=seconds)
        assert whole_state(workspace.id) in ({before, after} if whole == before else {after})
        whole = whole_state(workspace.id)
    assert dying_imports.run(database_url, dying_imports.take_in, owner, upload, "k") == 0
    assert whole_state(workspace.id) == after
    new = hash_of_current(workspace.id)

    with transaction() as session:
        undo_import(session, owner, workspace.id, key="undo")
    assert whole_state(workspace.id)[1] == before[1]
    assert hash_of_current(workspace.id) == old
    assert dying_imports.run(database_url, dying_imports.read, owner, workspace.id, newer) == 0
    again = next(each for each in waiting(workspace.id) if each != upload)
    assert dying_imports.run(database_url, dying_imports.take_in, owner, again, "again") == 0
    assert whole_state(workspace.id)[1] == after[1]
    assert hash_of_current(workspace.id) == new


CREATORS, LONGEST = 12, 240.0


def counts() -> tuple[int, ...]:
    """Workspaces, versions, files read and large files whose bytes are still there."""
    pieces = select(func.count(ArrivalPiece.arrival_id.distinct()))
    with reading() as session:
        rows = [session.scalar(select(func.count()).select_from(each)) for each in (Workspace, DataVersion, Upload)]
        return (*(row or 0 for row in rows), session.scalar(pieces) or 0)


def finish_under_fire(worker: RealProcess, job_id: UUID, moments: random.Random, allowed: set[tuple[int, ...]]) -> int:
    """Kill the worker again and again at some moment of the job, ever later, until it is done; how often."""
    killed, give_up = 0, time.monotonic() + LONGEST
    while True:
        assert time.monotonic() < give_up, "it is never done"
        with reading() as session:
            job = session.get_one(Job, job_id)
            state, fence, error = job.state, job.fence, job.error
        assert counts() in allowed
        if state == JobState.DONE:
            return killed
        assert state in {JobState.QUEUED, JobState.RUNNING}, error
        if state == JobState.RUNNING and fence == killed + 1:  # a claim that nobody was killed at yet
            time.sleep(moments.uniform(0.0, 0.4) * (1 + killed))
            for child in worker.children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            killed += 1
        time.sleep(0.02)


def test_a_worker_killed_again_and_again_reads_and_imports_a_large_file_once(
    owner: Actor,
    database_url: str,
    start_process: Callable[..., RealProcess],
    change_settings: Callable[..., None],
) -> None:
    del database_url
    change_settings(job_attempts=1000, job_lease=2.0, job_heartbeat=0.5, job_republish=1.0)
    lines = ["creator,date,followers,reels"]
    for creator in range(CREATORS):
        lines += numbers(f"big.{creator}", date(2026, 3, 1), 120, 60_000).decode().splitlines()[1:]
    data = "\n".join(lines).encode()
    worker, moments = start_process("worker", "--concurrency", "1", "--queues", "light"), random.Random(7)
    start_process("worker.reconciler")
    with transaction() as session:
        arrival = arrivals.begin_arrival(session, owner, file_name="all.csv", size=len(data))
        arrivals.add_piece(session, owner, arrival, number=0, content=data)
        reads = arrivals.request_reading(session, owner, arrival, key="k")
    nothing, read, imported = (0, 0, 0, 1), (0, 0, 1, 1), (CREATORS, CREATORS, 0, 0)
    killed = finish_under_fire(worker, reads, moments, {nothing, read})
    assert counts() == read
    with transaction() as session:
        imports = arrivals.request_import(session, owner, arrival)
    killed += finish_under_fire(worker, imports, moments, {read, imported})
    assert counts() == imported
    assert killed >= 2, "nobody was killed in the middle"
    with reading() as session:
        assert set(session.scalars(select(DataVersion.rows))) == {120}
        assert session.get_one(Arrival, arrival).view is None
        assert session.scalar(select(func.count()).where(Job.kind == "retrain")) == CREATORS
