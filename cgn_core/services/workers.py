"""The workers: who shows signs of life, who fell silent, and what each does for the actor's agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.heartbeats import WORKER_PREFIX, workers_seen
from cgn_core.db.jobs import readable_jobs
from cgn_core.db.models import Job, JobState, Workspace, now
from cgn_core.services.health import WORKER_SILENCE
from cgn_core.services.jobs import title_of

SILENT_SHOWN = timedelta(hours=1)
"""A worker that fell silent is shown for so long; one that left in good order isn't."""


@dataclass(frozen=True)
class WorkerView:
    """One worker, ready for a page; times are UTC."""

    name: str
    """Host and process id."""
    seen_at: datetime
    is_silent: bool
    works_on: tuple[tuple[str, UUID | None], ...]
    """Title and workspace of each job of the actor's agency that it has; other agencies' work isn't told."""


def list_workers(session: Session, actor: Actor) -> list[WorkerView]:
    """The workers seen within the last hour, those that fell silent first.

    Raises:
        Forbidden: the role runs no jobs.
    """
    actor.require(Action.RUN_JOBS)
    moment = now()
    rows = session.execute(
        readable_jobs(actor)
        .with_only_columns(Job.worker, Job.kind, Job.params, Job.workspace_id, Workspace.handle)
        .outerjoin(Workspace, Workspace.id == Job.workspace_id)
        .where(Job.state == JobState.RUNNING)
        .order_by(Job.started_at)
    )
    busy: dict[str, list[tuple[str, UUID | None]]] = {}
    for row in rows:
        busy.setdefault(row.worker, []).append((title_of(row.kind, row.handle, row.params), row.workspace_id))
    views = [
        WorkerView(
            name=beat.name.removeprefix(WORKER_PREFIX),
            seen_at=beat.seen_at,
            is_silent=moment - beat.seen_at > timedelta(seconds=WORKER_SILENCE),
            works_on=tuple(busy.get(beat.name, ())),
        )
        for beat in session.scalars(workers_seen(since=moment - SILENT_SHOWN))
    ]
    return sorted(views, key=lambda view: (not view.is_silent, view.name))
