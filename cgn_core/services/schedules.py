"""Schedules: monthly retrainings, retrainings of models that fell behind, nightly scores; each due time acts once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Schedule, ScheduleKind, Workspace, now
from cgn_core.db.schedules import due_schedules, editable_schedules, readable_schedules
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import InvalidInput, QuotaExceeded
from cgn_core.jobs import JobKind, enqueue
from cgn_core.jobs.due_times import next_month_day, next_night
from cgn_core.services.data_versions import current_version, overview_of_version
from cgn_core.services.model_summaries import summary_of
from cgn_core.services.registry import current_model_versions
from cgn_core.services.retrainings import enqueue_retraining

MOST_PER_AGENCY = 100
MOST_WEEKS = 52
NIGHT_HOUR = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScheduleView:
    """One schedule; times are UTC, ``hour`` and ``day`` are local to the agency."""

    id: UUID
    workspace_id: UUID | None
    handle: str | None
    kind: ScheduleKind
    hour: int
    day: int
    weeks: int
    time_zone: str
    next_due_at: datetime
    last_due_at: datetime | None
    enabled: bool

    @property
    def sentence(self) -> str:
        """What it does, and when."""
        whose = f"@{self.handle}" if self.handle else "every workspace"
        clock = f"{self.hour:02d}:00"
        if self.kind is ScheduleKind.RETRAIN_MONTHLY:
            return f"Retrain {whose} on day {self.day} of each month at {clock}."
        if self.kind is ScheduleKind.RETRAIN_BEHIND:
            weeks = "a week" if self.weeks == 1 else f"{self.weeks} weeks"
            return f"Every night at {clock}, retrain {whose} where the model is {weeks} behind the data."
        return f"Every night at {clock}, score the forecasts of {whose} whose week is complete."


def list_schedules(session: Session, actor: Actor) -> list[ScheduleView]:
    """The schedules that the actor may see, the agency's own first."""
    rows = session.execute(
        readable_schedules(actor)
        .add_columns(Workspace.handle, Agency.time_zone)
        .outerjoin(Workspace, Workspace.id == Schedule.workspace_id)
        .join(Agency, Agency.id == Schedule.agency_id)
        .order_by(Workspace.handle.is_not(None), Workspace.handle, Schedule.created_at)
    )
    return [_view(row, handle, zone) for row, handle, zone in rows]


def add_schedule(
    session: Session,
    actor: Actor,
    kind: str,
    *,
    workspace_id: UUID | str | None = None,
    hour: int = NIGHT_HOUR,
    day: int = 1,
    weeks: int = 4,
) -> UUID:
    """Add a schedule of a workspace, or of the whole agency; returns its id.

    Args:
        session: the transaction.
        actor: who adds it.
        kind: one of :class:`ScheduleKind`.
        workspace_id: None makes it the agency's: it then holds for every workspace, those to come included.
        hour: local, 0 to 23.
        day: of the month, 1 to 31, for monthly ones; short months end on their last day.
        weeks: how far a model may fall behind, 1 to 52.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        InvalidInput: no such kind, or a number outside its bounds.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id) if workspace_id else None
    actor.require(Action.RUN_JOBS)
    if kind not in set(ScheduleKind):
        raise InvalidInput(f"{kind!r} is no schedule; there are {', '.join(ScheduleKind)}.")
    for name, value, low, high in (("hour", hour, 0, 23), ("day", day, 1, 31), ("weeks", weeks, 1, MOST_WEEKS)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InvalidInput(f"The {name} must be a whole number between {low} and {high}.")
    if len(session.scalars(select(Schedule.id).where(Schedule.agency_id == actor.agency_id)).all()) >= MOST_PER_AGENCY:
        raise InvalidInput(f"An agency may have {MOST_PER_AGENCY} schedules; remove one first.")
    agency = session.get_one(Agency, actor.agency_id)
    row = Schedule(
        agency_id=actor.agency_id,
        workspace_id=workspace.id if workspace else None,
        kind=ScheduleKind(kind),
        hour=hour,
        day=day,
        weeks=weeks,
        next_due_at=now(),
        created_by=actor.user_id,
    )
    row.next_due_at = next_due(row, agency.time_zone, after=now())
    session.add(row)
    session.flush()
    return row.id


def toggle(session: Session, actor: Actor, schedule_id: UUID | str) -> bool:
    """Pause a schedule, or let a paused one go on at its next time, not at those it missed; whether it is on now.

    Raises:
        NotFound: no such schedule, or not the actor's to change.
    """
    row = one_or_not_found(session, editable_schedules(actor), schedule_id)
    if not row.enabled:
        row.next_due_at = next_due(row, session.get_one(Agency, row.agency_id).time_zone, after=now())
    row.enabled = not row.enabled
    return row.enabled


def remove_schedule(session: Session, actor: Actor, schedule_id: UUID | str) -> None:
    """Remove a schedule; jobs that it queued stay.

    Raises:
        NotFound: no such schedule, or not the actor's to change.
    """
    session.delete(one_or_not_found(session, editable_schedules(actor), schedule_id))


def next_due(schedule: Schedule, time_zone: str, *, after: datetime) -> datetime:
    """The first due time later than ``after``; UTC."""
    if schedule.kind is ScheduleKind.RETRAIN_MONTHLY:
        return next_month_day(after, day=schedule.day, hour=schedule.hour, time_zone=time_zone)
    return next_night(after, hour=schedule.hour, time_zone=time_zone)


def run_due(session: Session, *, moment: datetime) -> int:
    """Queue the jobs of every schedule that is due; how many schedules acted.

    A due time acts once, whoever asks: it is taken by moving it on, and the jobs' keys name it. After a standstill only
    the due time that is there acts, and the next one lies ahead: a night that was missed for a week runs once.

    Args:
        session: the transaction; everything or nothing.
        moment: the time it is.
    """
    due = session.execute(
        due_schedules(moment).add_columns(Agency.time_zone).join(Agency, Agency.id == Schedule.agency_id)
    ).all()
    acted = 0
    for schedule, zone in due:
        was_due = schedule.next_due_at
        taken = session.execute(
            update(Schedule)
            .where(Schedule.id == schedule.id, Schedule.next_due_at == was_due, Schedule.enabled.is_(True))
            .values(next_due_at=next_due(schedule, zone, after=moment), last_due_at=was_due)
            .returning(Schedule.id)
        ).first()
        if taken is None:
            continue
        try:
            _queue(session, schedule, was_due)
        except QuotaExceeded:
            logger.warning("schedule %s: the agency has its limit of jobs waiting; next time again", schedule.id)
        acted += 1
    return acted


def _queue(session: Session, schedule: Schedule, due: datetime) -> None:
    key = f"schedule:{schedule.id}:{due:%Y%m%dT%H%M}"
    if schedule.kind is ScheduleKind.SCORE_NIGHTLY:
        enqueue(session, JobKind.SCORE, agency_id=schedule.agency_id, workspace_id=schedule.workspace_id, key=key)
        return
    wanted = select(Workspace).where(Workspace.agency_id == schedule.agency_id, Workspace.data_version > 0)
    if schedule.workspace_id is not None:
        wanted = wanted.where(Workspace.id == schedule.workspace_id)
    for workspace in session.scalars(wanted.order_by(Workspace.handle).with_for_update()).all():
        if schedule.kind is ScheduleKind.RETRAIN_MONTHLY or _behind(session, workspace) >= schedule.weeks:
            enqueue_retraining(session, workspace, requested_by=None, key=key)


def _behind(session: Session, workspace: Workspace) -> int:
    """Complete weeks that the data have and the model in force hasn't."""
    version = current_version(session, workspace)
    model = current_model_versions(session, [workspace]).get(workspace.id)
    weeks = overview_of_version(version).weeks if version is not None else 0
    return weeks - (summary_of(model).weeks if model is not None else 0)


def _view(row: Schedule, handle: str | None, time_zone: str) -> ScheduleView:
    return ScheduleView(
        id=row.id,
        workspace_id=row.workspace_id,
        handle=handle,
        kind=row.kind,
        hour=row.hour,
        day=row.day,
        weeks=row.weeks,
        time_zone=time_zone,
        next_due_at=row.next_due_at,
        last_due_at=row.last_due_at,
        enabled=row.enabled,
    )
