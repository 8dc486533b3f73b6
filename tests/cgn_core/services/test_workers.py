"""Who works: last signs of life, what each does for the actor's agency, and who fell silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.heartbeats import RECONCILER, beat
from cgn_core.db.models import Agency, Heartbeat, Workspace, now
from cgn_core.errors import Forbidden
from cgn_core.jobs import JobKind, enqueue
from cgn_core.jobs.claims import take_next
from cgn_core.services.workers import list_workers

pytestmark = pytest.mark.usefixtures("sent_jobs")


def seen(session: Session, name: str, *, seconds_ago: float) -> None:
    beat(session, name)
    session.flush()
    at = now() - timedelta(seconds=seconds_ago)
    session.execute(update(Heartbeat).where(Heartbeat.name == name).values(seen_at=at))


def take_one(session: Session, agency: Agency, workspace: Workspace | None, worker: str) -> None:
    about = workspace.id if workspace else None
    enqueue(session, JobKind.SCORE, agency_id=agency.id, workspace_id=about, key=worker)
    session.commit()
    assert take_next("light", kinds=tuple(JobKind), worker=worker) is not None


def test_each_worker_is_shown_with_its_last_sign_of_life_and_what_it_does(
    session: Session, agency: Agency, owner: Actor, strategist: Actor, workspace: Workspace
) -> None:
    seen(session, "worker:alpha:11", seconds_ago=3)
    seen(session, "worker:beta:12", seconds_ago=100)
    seen(session, "worker:gone:13", seconds_ago=2 * 3600)
    seen(session, RECONCILER, seconds_ago=1)
    take_one(session, agency, workspace, "worker:alpha:11")
    views = list_workers(session, owner)
    assert [(view.name, view.is_silent) for view in views] == [("beta:12", True), ("alpha:11", False)]
    assert views[1].works_on == ((f"Scoring of @{workspace.handle}", workspace.id),)
    assert views[0].works_on == ()
    assert 90 < (now() - views[0].seen_at).total_seconds() < 120
    assert list_workers(session, strategist) == views


def test_what_a_worker_does_for_another_agency_is_not_told(
    session: Session, owner: Actor, other_agency: Agency, other_workspace: Any
) -> None:
    seen(session, "worker:alpha:11", seconds_ago=3)
    take_one(session, other_agency, other_workspace, "worker:alpha:11")
    (view,) = list_workers(session, owner)
    assert view.works_on == ()


def test_a_viewer_sees_no_workers(session: Session, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        list_workers(session, viewer)
