"""Which job a worker does: one of each kind there is, light ones at once, and agencies in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from cgn_core.db.models import Agency, Job, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import JobKind, enqueue
from cgn_core.services.data_versions import hash_daily, store_version
from datagen import generate_many

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_kind_of_job_has_a_task_that_does_it() -> None:
    script = (
        "import json; from worker.app import celery_app; celery_app.loader.import_default_modules()\n"
        "from worker.doing import WORK; print(json.dumps(sorted(WORK)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    # Decorate it by ``@does(JobKind.…)``, and name its module in worker.app.
    assert json.loads(done.stdout) == sorted(JobKind)


def creators(agency: Agency, count: int) -> list[UUID]:
    """Workspaces with two years of generated days each."""
    made = []
    for number, creator in enumerate(generate_many(creators=count, days=730, seed=4, end=date(2026, 6, 28))):
        with transaction() as session:
            workspace = Workspace(agency_id=agency.id, handle=f"creator.{number}")
            session.add(workspace)
            session.flush()
            store_version(
                session,
                workspace,
                creator.daily,
                file_name="generated.csv",
                file_hash=hash_daily(creator.daily),
                report={},
                created_by=None,
            )
            made.append(workspace.id)
    return made


def retrainings(agency: Agency, workspaces: list[UUID], *, prefix: str = "", times: int = 1) -> list[UUID]:
    """Queue so many for each workspace, whatever runs already."""
    with transaction() as session:
        return [
            enqueue(
                session, JobKind.RETRAIN, agency_id=agency.id, workspace_id=workspace, key=f"{prefix}{workspace}{turn}"
            )
            for turn in range(times)
            for workspace in workspaces
        ]


@on_sqlite
@pytest.mark.usefixtures("real_reconciler")
def test_a_light_job_is_done_at_once_while_real_trainings_fill_every_slot(
    start_worker: Callable[..., Any], agency: Agency, practice: Any, wait_until: Any
) -> None:
    trainings = retrainings(agency, creators(agency, 3), times=4)
    start_worker("--concurrency", "2")
    wait_until(lambda: len(practice.running()) == 2, seconds=30, what="both slots train")
    waits = []
    for _ in range(8):
        began = time.monotonic()
        light = practice.submit("work")
        wait_until(practice.is_in(light, "done"), seconds=30, what="the light job is done")
        waits.append(time.monotonic() - began)
        time.sleep(0.4)  # some fall between two trainings, when a slot has just become free
    states = [practice.job(job_id).state for job_id in trainings]
    assert states.count("queued") >= 2, "the trainings ended too soon for this to say anything"
    assert states.count("running") <= 2
    # A training takes seconds; how long a light job waits for one of the machine's cores is the machine's affair.
    assert sorted(waits)[len(waits) // 2] < 1.0, waits


@on_sqlite
@pytest.mark.usefixtures("real_reconciler")
def test_an_agency_with_many_trainings_waiting_does_not_starve_another(
    start_worker: Callable[..., Any], agency: Agency, other_agency: Agency, practice: Any, wait_until: Any
) -> None:
    many = retrainings(agency, creators(agency, 1), times=150)
    start_worker("--queues", "training", "--concurrency", "1")
    wait_until(lambda: practice.running() == many[:1], seconds=30, what="the first of many trains")
    (one,) = retrainings(other_agency, creators(other_agency, 1))
    wait_until(practice.is_in(one, "done"), seconds=60, what="the other agency's only training is done")
    with reading() as session:
        began = select(Job.id).where(Job.started_at.is_not(None), Job.agency_id == agency.id)
        assert len(session.scalars(began).all()) <= 3, "it waited for more than the one that ran and one in turn"
