"""An agency chooses how long files and ended jobs are kept; what is older goes, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import AuditLine, Job, StoredFile, now
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.services.retention import apply_retention, get_retention, set_retention
from worker.reconciler import Reconciler


def job(actor: Actor, *, finished: datetime | None, state: str = "done") -> Job:
    return Job(
        agency_id=actor.agency_id, workspace_id=None, requested_by=None, kind="export", queue="light",
        idempotency_key=uuid4().hex, state=state, finished_at=finished,
    )  # fmt: skip


def file(actor: Actor, *, made: datetime) -> StoredFile:
    return StoredFile(
        agency_id=actor.agency_id, workspace_id=None, job_id=None, made_for=None, purpose="export", name="x",
        media_type="text/csv", size=1, content=b"x", created_at=made,
    )  # fmt: skip


@pytest.fixture
def aged(session: Session, owner: Actor, outsider: Actor) -> dict[str, Any]:
    old = now() - timedelta(days=20)
    rows = {
        "old job": job(owner, finished=old),
        "old failure": job(owner, finished=old, state="failed"),
        "young job": job(owner, finished=now()),
        "waiting job": job(owner, finished=None, state="queued"),
        "another agency's old job": job(outsider, finished=old),
        "old file": file(owner, made=old),
        "young file": file(owner, made=now()),
        "another agency's old file": file(outsider, made=old),
    }
    session.add_all(rows.values())
    session.commit()
    return {name: row.id for name, row in rows.items()}


def kept(session: Session, aged: dict[str, Any]) -> set[str]:
    found = {*session.scalars(select(Job.id)), *session.scalars(select(StoredFile.id))}
    return {name for name, key in aged.items() if key in found}


def test_nothing_goes_while_nothing_is_chosen(session: Session, aged: dict[str, Any]) -> None:
    assert apply_retention(session, moment=now()) == 0
    assert kept(session, aged) == set(aged)


def test_the_reconciler_deletes_what_is_older_than_the_agency_keeps(
    session: Session, owner: Actor, aged: dict[str, Any]
) -> None:
    set_retention(session, owner, files_kept_days=10, jobs_kept_days=10)
    session.commit()
    reconciler = Reconciler()
    reconciler.step()
    reconciler.leave()
    assert set(aged) - kept(session, aged) == {"old job", "old failure", "old file"}
    actions = session.execute(select(AuditLine.action, AuditLine.details).order_by(AuditLine.number)).all()
    assert [tuple(one) for one in actions] == [
        ("settings_changed", {"files_kept_days": 10, "jobs_kept_days": 10}),
        ("retention_applied", {"removed": 3}),
    ]


def test_each_of_the_two_is_chosen_by_itself(session: Session, owner: Actor, aged: dict[str, Any]) -> None:
    set_retention(session, owner, files_kept_days=None, jobs_kept_days=10)
    assert apply_retention(session, moment=now()) == 2
    assert "old file" in kept(session, aged)
    assert get_retention(session, owner).files_kept_days is None


@pytest.mark.parametrize("days", [0, -1, 3651, 2.5, "7", True])
def test_days_that_make_no_sense_are_refused(session: Session, owner: Actor, days: Any) -> None:
    with pytest.raises(InvalidInput, match="whole number of days"):
        set_retention(session, owner, files_kept_days=days, jobs_kept_days=None)
    with pytest.raises(InvalidInput, match="whole number of days"):
        set_retention(session, owner, files_kept_days=None, jobs_kept_days=days if days != "7" else 6)


def test_only_owners_choose(session: Session, strategist: Actor, viewer: Actor) -> None:
    for actor in (strategist, viewer):
        assert not get_retention(session, actor).may_edit
        with pytest.raises(Forbidden):
            set_retention(session, actor, files_kept_days=5, jobs_kept_days=None)
