"""An account, a file to import, a trained workspace, and a worker that runs a job in the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.db.session import transaction
from cgn_core.jobs import JobKind, claimed
from cgn_core.services import (
    benchmark_tables,
    imports,
    mails,
    reports,
    retrain_all,
    retrainings,
    validations,
    whole_exports,
)
from cgn_core.services.accounts import Account, create_agency_with_owner
from cgn_core.services.data_versions import hash_daily
from cgn_core.stats.training import Training, train
from cgn_core.stats.validation import Progress
from cgn_core.tables import Daily

RUNS = {
    JobKind.BENCHMARK: benchmark_tables,
    JobKind.EXPORT: whole_exports,
    JobKind.MAIL: mails,
    JobKind.REPORT: reports,
    JobKind.RETRAIN: retrainings,
    JobKind.RETRAIN_ALL: retrain_all,
    JobKind.VALIDATE: validations,
}
FIRST_DAY = date(2025, 1, 6)
"""A Monday."""


@pytest.fixture
def account(session: Session) -> Account:
    """An owner who can sign in as mira@northlight.example."""
    made = create_agency_with_owner(
        session,
        agency="Northlight",
        email="Mira@Northlight.example ",
        name=" Mira  Engel",
        password="tangerine anvil boat",
    )
    session.commit()
    return made


@pytest.fixture
def make_csv() -> Callable[..., bytes]:
    """``make_csv("handle", days=210, per_reel=24)``: our own layout, growth that follows the posting.

    ``falls_after=224``: from that day on follows are a third of what they were.
    """

    def make(
        *handles: str,
        days: int = 210,
        per_reel: float = 24.0,
        seed: int = 5,
        start: date = FIRST_DAY,
        falls_after: int | None = None,
    ) -> bytes:
        tables = []
        for offset, handle in enumerate(handles or ("lena.moves",)):
            rng = np.random.default_rng([seed, offset])
            posts, reels, stories = rng.poisson([0.6, 0.5, 1.5], (days, 3)).T
            follows = np.rint(40 + 10 * posts + per_reel * reels + 3 * stories + rng.normal(0, 8, days)).clip(0)
            if falls_after is not None:
                follows[falls_after:] *= 0.3
            unfollows = rng.poisson(12, days)
            table = pd.DataFrame(
                {
                    "creator": handle,
                    "date": pd.date_range(start, periods=days).strftime("%Y-%m-%d"),
                    "followers": (20_000 + np.cumsum(follows - unfollows)).astype(int),
                    "follows": follows.astype(int),
                    "unfollows": unfollows,
                    "posts": posts,
                    "reels": reels,
                    "stories": stories,
                }
            )
            tables.append(table)
        return pd.concat(tables).to_csv(index=False).encode()

    return make


@pytest.fixture
def import_csv(session: Session, make_csv: Callable[..., bytes]) -> Callable[..., list[imports.Imported]]:
    """Reads and imports a file as ``actor`` and commits; ``data`` is a made one by default."""

    def run(
        actor: Actor, workspace: Workspace | None = None, *, data: bytes | None = None, key: str = "import"
    ) -> list[imports.Imported]:
        upload = imports.read_upload(
            session,
            actor,
            workspace_id=workspace.id if workspace else None,
            file_name="export.csv",
            data=make_csv() if data is None else data,
        )
        assert upload.id is not None, upload.findings
        done = imports.import_upload(session, actor, upload.id, key=key)
        session.commit()
        return done

    return run


@pytest.fixture(scope="session")
def known_trainings() -> dict[str, Training]:
    return {}


@pytest.fixture(autouse=True)
def _train_the_same_once(known_trainings: dict[str, Training], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains for real, but the same data with the same options only once in a test process."""

    def remembered(daily: Daily, *, progress: Progress, **options: Any) -> Training:
        key = f"{hash_daily(daily)} {options}"
        if key not in known_trainings:
            known_trainings[key] = train(daily, progress=progress, **options)
        progress(1.0, "Known already")
        return known_trainings[key]

    monkeypatch.setattr(retrainings, "train", remembered)


@pytest.fixture
def work(session: Session) -> Callable[[], list[UUID]]:
    """Does every waiting retraining and validation as a worker would, and returns the jobs' ids."""

    def run() -> list[UUID]:
        session.rollback()  # on SQLite a session that reads keeps writers out
        with transaction() as own:
            waiting = own.execute(
                select(Job.id, Job.kind)
                .where(Job.state == JobState.QUEUED, Job.kind.in_(RUNS))
                .order_by(Job.created_at)
            ).all()
        for job_id, kind in waiting:
            with claimed(job_id) as claim:
                assert claim is not None
                RUNS[kind].run(claim)
        return [job_id for job_id, _ in waiting]

    return run


@pytest.fixture
def trained(
    strategist: Actor,
    workspace: Workspace,
    sent_jobs: list[object],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> Workspace:
    """``workspace`` with thirty weeks of data and a model that a job made."""
    del sent_jobs
    import_csv(strategist, workspace)
    work()
    return workspace
