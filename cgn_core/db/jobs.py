"""Which jobs an actor may see and change, and which are still to be done."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, and_, false, or_, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces

ACTIVE = (JobState.QUEUED, JobState.RUNNING)


def readable_jobs(actor: Actor) -> Select[Job]:
    """The jobs ``actor`` may see: those of workspaces they may see, and the agency's own if they may run jobs."""
    reachable = Job.workspace_id.in_(readable_workspaces(actor).with_only_columns(Workspace.id))
    whole_agency = Job.workspace_id.is_(None) if actor.may(Action.RUN_JOBS) and actor.sees_the_agency else false()
    return select(Job).where(and_(Job.agency_id == actor.agency_id, or_(reachable, whole_agency)))


def editable_jobs(actor: Actor) -> Select[Job]:
    """The jobs ``actor`` may cancel and retry."""
    if not actor.may(Action.RUN_JOBS):
        return select(Job).where(false())
    reachable = Job.workspace_id.in_(editable_workspaces(actor).with_only_columns(Workspace.id))
    whole_agency = Job.workspace_id.is_(None) if actor.sees_the_agency else false()
    return select(Job).where(and_(Job.agency_id == actor.agency_id, or_(reachable, whole_agency)))


def active_jobs(*, workspace_id: UUID, kind: str) -> Select[Job]:
    """The waiting or running jobs of one kind in one workspace, oldest first; the caller has authorised already."""
    return (
        select(Job)
        .where(Job.workspace_id == workspace_id, Job.kind == kind, Job.state.in_(ACTIVE))
        .order_by(Job.created_at)
    )
