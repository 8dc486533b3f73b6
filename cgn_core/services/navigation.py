"""What stands around every page: the actor's workspaces by name, and how their jobs stand, in one cheap query each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.jobs import ACTIVE, readable_jobs
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.services.jobs import title_of


@dataclass(frozen=True)
class Pulse:
    """How the jobs stand now. The revisions are texts that differ as soon as what they stand for differs."""

    count: int
    """Jobs waiting or running."""
    headline: str
    """What the one furthest along is called; "" without any."""
    progress: float
    """Mean progress of those running or waiting, 0 to 1."""
    revision: str
    """Changes with every step of progress."""
    finished: str
    """Changes when a job ends or a new one is asked for."""
    asked_at: datetime | None
    """When the newest job that waits or runs was asked for."""


@dataclass(frozen=True)
class KnownWorkspace:
    """A workspace as what stands around pages names it."""

    id: UUID
    handle: str
    data_version: int


def known_workspaces(session: Session, actor: Actor) -> list[KnownWorkspace]:
    """Every workspace the actor may see, by handle."""
    columns = (Workspace.id, Workspace.handle, Workspace.data_version)
    named = readable_workspaces(actor).with_only_columns(*columns).order_by(Workspace.handle)
    return [KnownWorkspace(*row) for row in session.execute(named)]


def workspace_names(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """Id and handle of every workspace the actor may see, by handle."""
    return [(each.id, each.handle) for each in known_workspaces(session, actor)]


def pulse(session: Session, actor: Actor) -> Pulse:
    """How the actor's jobs stand."""
    readable = readable_jobs(actor)
    active = session.execute(
        readable.with_only_columns(
            Job.id, Job.kind, Job.params, Job.state, Job.progress, Job.message, Job.created_at, Workspace.handle
        )
        .outerjoin(Workspace, Workspace.id == Job.workspace_id)
        .where(Job.state.in_(ACTIVE))
    ).all()
    # By the index of an agency's finished jobs: this is asked many times a second, however many have ended.
    ended = readable.with_only_columns(Job.finished_at).where(Job.finished_at.is_not(None))
    newest = session.scalar(ended.order_by(Job.finished_at.desc()).limit(1))
    furthest = max(active, key=lambda job: (job.state == JobState.RUNNING, job.progress), default=None)
    return Pulse(
        count=len(active),
        headline=title_of(furthest.kind, furthest.handle, furthest.params) if furthest is not None else "",
        progress=sum(job.progress for job in active) / len(active) if active else 0.0,
        revision="|".join(sorted(f"{job.id.hex[:8]}{job.state}{job.progress:.3f}{job.message}" for job in active)),
        finished=f"{len(active)}/{newest or ''}",
        asked_at=max((job.created_at for job in active), default=None),
    )
