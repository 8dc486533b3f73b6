"""A real retraining, its worker killed in the middle and Redis wiped meanwhile: done, once, with one model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from cgn_core.access import Actor
from cgn_core.db.models import Job, ModelVersion, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.services.data_versions import hash_daily, store_version
from cgn_core.services.jobs import get_job
from cgn_core.services.retrainings import request_retraining
from datagen import generate_many


@pytest.fixture
def two_years(workspace: Workspace) -> Workspace:
    """The workspace with two years of a generated creator's days."""
    daily = generate_many(creators=1, days=730, profile="mid", seed=4, end=date(2026, 6, 28))[0].daily
    with transaction() as session:
        store_version(
            session,
            session.get_one(Workspace, workspace.id),
            daily,
            file_name="two-years.csv",
            file_hash=hash_daily(daily),
            report={},
            created_by=None,
        )
    return workspace


@pytest.mark.usefixtures("quick")
def test_a_retraining_survives_its_worker_and_redis(
    two_years: Workspace,
    owner: Actor,
    redis_server: Any,
    start_process: Callable[..., Any],
    start_worker: Callable[..., Any],
    wait_until: Any,
    change_settings: Callable[..., None],
) -> None:
    change_settings(job_lease=4.0)  # a busy machine may starve a heartbeat for a while
    reconciler = start_process("worker.reconciler")
    first = start_worker("--concurrency", "1")
    with transaction() as session:
        job_id = request_retraining(session, owner, two_years.id, key="k")

    def job() -> Job:
        with reading() as session:
            row = session.get_one(Job, job_id)
            session.expunge(row)
            return row

    wait_until(lambda: job().progress > 0, seconds=30, what="the retraining is under way")
    assert job().state == "running"
    first.kill()
    redis_server.wipe()
    start_worker("--concurrency", "1")
    wait_until(lambda: job().state != "running" or job().fence > 1, seconds=30, what="another worker has it")
    wait_until(lambda: job().state not in {"running", "queued"}, seconds=120, what="the retraining is done")
    assert (job().state, job().error) == ("done", "")
    assert job().attempts == job().fence >= 2
    assert models_of(two_years.id) == [(1, job_id)]
    with reading() as session:
        assert get_job(session, owner, job_id).result["model_number"] == 1
    assert reconciler.process.poll() is None


def models_of(workspace_id: UUID) -> list[tuple[int, UUID | None]]:
    with reading() as session:
        found = select(ModelVersion.number, ModelVersion.job_id).where(ModelVersion.workspace_id == workspace_id)
        return [(number, job_id) for number, job_id in session.execute(found)]
