"""Which schedules an actor may see and change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, false, or_, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Schedule, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces


def readable_schedules(actor: Actor) -> Select[Schedule]:
    """The schedules ``actor`` may see: those of workspaces they may see, and the agency's own if they may run jobs."""
    reachable = Schedule.workspace_id.in_(readable_workspaces(actor).with_only_columns(Workspace.id))
    may = actor.may(Action.RUN_JOBS) and actor.sees_the_agency
    whole_agency = Schedule.workspace_id.is_(None) if may else false()
    own = and_(Schedule.agency_id == actor.agency_id, or_(reachable, whole_agency))
    return select(Schedule).where(own, Schedule.removed_at.is_(None))


def editable_schedules(actor: Actor) -> Select[Schedule]:
    """The schedules ``actor`` may change."""
    return _changeable(actor).where(Schedule.removed_at.is_(None))


def removed_schedules(actor: Actor) -> Select[Schedule]:
    """The removed schedules that ``actor`` may bring back."""
    return _changeable(actor).where(Schedule.removed_at.is_not(None))


def _changeable(actor: Actor) -> Select[Schedule]:
    if not actor.may(Action.RUN_JOBS):
        return select(Schedule).where(false())
    reachable = Schedule.workspace_id.in_(editable_workspaces(actor).with_only_columns(Workspace.id))
    own = or_(reachable, Schedule.workspace_id.is_(None) if actor.sees_the_agency else false())
    return select(Schedule).where(and_(Schedule.agency_id == actor.agency_id, own))


def due_schedules(moment: datetime) -> Select[Schedule]:
    """Those that are due at ``moment``, the longest overdue first; for the reconciler, which crosses agencies."""
    return (
        select(Schedule)
        .where(Schedule.enabled.is_(True), Schedule.removed_at.is_(None), Schedule.next_due_at <= moment)
        .order_by(Schedule.next_due_at, Schedule.id)
    )
