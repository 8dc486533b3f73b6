"""Schedules as people see and change them: retrainings, nightly scores, and client reports with their recipients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Schedule, User, Workspace, now
from cgn_core.db.row_kinds import ScheduleKind
from cgn_core.db.schedules import editable_schedules, readable_schedules, removed_schedules
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.figures.wording import plural
from cgn_core.jobs.due_times import next_month_day, next_night, next_week_day
from cgn_core.services.audit import AuditAction, SubjectKind, record

MOST_PER_AGENCY = 100
MOST_WEEKS = 52
NIGHT_HOUR = 3
BOUNDS = {"hour": (0, 23), "day": (1, 31), "weeks": (1, MOST_WEEKS)}
MOST_RECIPIENTS = 20
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
    recipients: tuple[UUID, ...] | None = None
    """Members whom reports are mailed to; None for those who may not change it, whom they don't concern."""

    @property
    def sentence(self) -> str:
        """What it does, and when."""
        whose = f"@{self.handle}" if self.handle else "every workspace"
        clock = f"{self.hour:02d}:00"
        if self.kind is ScheduleKind.RETRAIN_MONTHLY:
            return f"Retrain {whose} on day {self.day} of each month at {clock}."
        if self.kind is ScheduleKind.RETRAIN_BEHIND:
            weeks = "a week" if self.weeks == 1 else f"{self.weeks} weeks"
            behind = f"where the data are {weeks} ahead of the last training, or growth has left its path since"
            return f"Every night at {clock}, retrain {whose} {behind}."
        if self.kind.reports:
            weekly = self.kind is ScheduleKind.REPORT_WEEKLY
            when = f"every {WEEKDAYS[self.day - 1]}" if weekly else f"on day {self.day} of each month"
            return f"Report on {whose} {when} at {clock}{self._whereto}."
        return f"Every night at {clock}, score the forecasts of {whose} whose week is complete."

    @property
    def _whereto(self) -> str:
        """Where a report goes, for those who are told."""
        if self.recipients is None:
            return ""
        return (
            f", mailed to {plural(len(self.recipients), 'member')}" if self.recipients else ", kept on its Reports page"
        )


def list_schedules(session: Session, actor: Actor) -> list[ScheduleView]:
    """The schedules that the actor may see, the agency's own first."""
    return _views(session, actor, readable_schedules(actor))


def get_schedule(session: Session, actor: Actor, schedule_id: UUID | str) -> ScheduleView:
    """One schedule that the actor may see.

    Raises:
        NotFound: no such schedule, or not the actor's.
    """
    row = one_or_not_found(session, readable_schedules(actor), schedule_id)
    return _views(session, actor, select(Schedule).where(Schedule.id == row.id))[0]


def add_schedule(
    session: Session,
    actor: Actor,
    kind: str,
    *,
    workspace_id: UUID | str | None = None,
    hour: int = NIGHT_HOUR,
    day: int = 1,
    weeks: int = 4,
    recipients: Sequence[UUID | str] = (),
) -> UUID:
    """Add a schedule of a workspace, or of the whole agency; returns its id.

    Args:
        session: the transaction.
        actor: who adds it.
        kind: one of :class:`ScheduleKind`.
        workspace_id: None makes it the agency's: it then holds for every workspace, those to come included.
        hour: local, 0 to 23.
        day: of the month, 1 to 31, for monthly ones; short months end on their last day. Of the week, 1, Monday, to
            7, for weekly ones.
        weeks: how far a model may fall behind, 1 to 52.
        recipients: members whom reports are mailed to, where there is a mail server and they may see the workspace.

    Raises:
        NotFound: no such workspace or member, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        InvalidInput: no such kind, a number outside its bounds, or recipients of what is no report.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id) if workspace_id else None
    actor.require(Action.RUN_JOBS)
    if workspace is None:
        actor.require_agency()
    if kind not in set(ScheduleKind):
        raise InvalidInput(f"{kind!r} is no schedule; there are {', '.join(ScheduleKind)}.")
    _require_times(ScheduleKind(kind), hour=hour, day=day, weeks=weeks)
    _require_room(session, actor)
    named = _members(session, actor, ScheduleKind(kind), recipients)
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
        recipients=[str(each) for each in named],
    )
    row.next_due_at = next_due(row, agency.time_zone, after=now())
    session.add(row)
    session.flush()
    _record(session, actor, AuditAction.SCHEDULE_ADDED, row)
    return row.id


def edit_schedule(
    session: Session,
    actor: Actor,
    schedule_id: UUID | str,
    *,
    hour: int,
    day: int,
    weeks: int,
    recipients: Sequence[UUID | str] | None = None,
) -> None:
    """Change when a schedule is due and whom it mails; it acts next at the first such time that lies ahead.

    Args:
        session: the transaction.
        actor: who changes it.
        schedule_id: which one.
        hour: local, 0 to 23.
        day: of the month, 1 to 31, for monthly ones.
        weeks: how far a model may fall behind, 1 to 52.
        recipients: members whom reports are mailed to from now on; None leaves them.

    Raises:
        NotFound: no such schedule or member, or not the actor's to change.
        InvalidInput: a number outside its bounds, or recipients of what is no report.
    """
    row = one_or_not_found(session, editable_schedules(actor), schedule_id)
    _require_times(row.kind, hour=hour, day=day, weeks=weeks)
    if recipients is not None:
        row.recipients = [str(each) for each in _members(session, actor, row.kind, recipients)]
    row.hour, row.day, row.weeks = hour, day, weeks
    _look_ahead(session, row)
    _record(session, actor, AuditAction.SCHEDULE_CHANGED, row)


def toggle(session: Session, actor: Actor, schedule_id: UUID | str) -> bool:
    """Pause a schedule, or let a paused one go on at its next time, not at those it missed; whether it is on now.

    Raises:
        NotFound: no such schedule, or not the actor's to change.
    """
    row = one_or_not_found(session, editable_schedules(actor), schedule_id)
    if not row.enabled:
        _look_ahead(session, row)
    row.enabled = not row.enabled
    _record(session, actor, AuditAction.SCHEDULE_CHANGED, row)
    return row.enabled


def remove_schedule(session: Session, actor: Actor, schedule_id: UUID | str) -> None:
    """Remove a schedule; jobs that it queued stay. :func:`restore_schedule` brings it back.

    Raises:
        NotFound: no such schedule, or not the actor's to change.
    """
    row = one_or_not_found(session, editable_schedules(actor), schedule_id)
    row.removed_at = now()
    _record(session, actor, AuditAction.SCHEDULE_REMOVED, row)


def restore_schedule(session: Session, actor: Actor, schedule_id: UUID | str) -> None:
    """Bring a removed schedule back as it was; it goes on at its next time, not at those it missed.

    Raises:
        NotFound: no such removed schedule, or not the actor's to change.
        InvalidInput: the agency has as many schedules as it may have.
    """
    row = one_or_not_found(session, removed_schedules(actor), schedule_id)
    _require_room(session, actor)
    row.removed_at = None
    _look_ahead(session, row)
    _record(session, actor, AuditAction.SCHEDULE_RESTORED, row)


def next_due(schedule: Schedule, time_zone: str, *, after: datetime) -> datetime:
    """The first due time later than ``after``; UTC."""
    if schedule.kind is ScheduleKind.RETRAIN_MONTHLY:
        return next_month_day(after, day=schedule.day, hour=schedule.hour, time_zone=time_zone)
    if schedule.kind is ScheduleKind.REPORT_MONTHLY:
        return next_month_day(after, day=schedule.day, hour=schedule.hour, time_zone=time_zone)
    if schedule.kind is ScheduleKind.REPORT_WEEKLY:
        return next_week_day(after, day=schedule.day, hour=schedule.hour, time_zone=time_zone)
    return next_night(after, hour=schedule.hour, time_zone=time_zone)


def _record(session: Session, actor: Actor, action: AuditAction, row: Schedule) -> None:
    times = {"kind": row.kind, "hour": row.hour, "day": row.day, "weeks": row.weeks, "enabled": row.enabled}
    subject = (SubjectKind.SCHEDULE, row.id)
    record(session, actor, action, subject=subject, workspace_id=row.workspace_id, **times)


def _look_ahead(session: Session, row: Schedule) -> None:
    row.next_due_at = next_due(row, session.get_one(Agency, row.agency_id).time_zone, after=now())


def _members(session: Session, actor: Actor, kind: ScheduleKind, recipients: Sequence[UUID | str]) -> tuple[UUID, ...]:
    """The members of the agency who were named, each once."""
    if recipients and not kind.reports:
        raise InvalidInput("Only reports are mailed; leave the recipients out.")
    if len(recipients) > MOST_RECIPIENTS:
        raise InvalidInput(f"A report is mailed to at most {MOST_RECIPIENTS} members.")
    colleagues = select(User).where(User.agency_id == actor.agency_id, User.disabled_at.is_(None))
    return tuple(dict.fromkeys(one_or_not_found(session, colleagues, each).id for each in recipients))


def _require_times(kind: ScheduleKind, **times: int) -> None:
    """Raise InvalidInput for an hour, a day or a number of weeks out of bounds; they come from a form."""
    for name, value in times.items():
        low, high = (1, len(WEEKDAYS)) if name == "day" and kind is ScheduleKind.REPORT_WEEKLY else BOUNDS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InvalidInput(f"The {name} must be a whole number between {low} and {high}.")


def _require_room(session: Session, actor: Actor) -> None:
    kept = select(func.count()).select_from(Schedule)
    kept = kept.where(Schedule.agency_id == actor.agency_id, Schedule.removed_at.is_(None))
    if (session.scalar(kept) or 0) >= MOST_PER_AGENCY:
        raise InvalidInput(f"An agency may have {MOST_PER_AGENCY} schedules; remove one first.")


def _views(session: Session, actor: Actor, wanted: Select[Schedule]) -> list[ScheduleView]:
    own = set(session.scalars(editable_schedules(actor).with_only_columns(Schedule.id)))
    rows = session.execute(
        wanted.add_columns(Workspace.handle, Agency.time_zone)
        .outerjoin(Workspace, Workspace.id == Schedule.workspace_id)
        .join(Agency, Agency.id == Schedule.agency_id)
        .order_by(Workspace.handle.is_not(None), Workspace.handle, Schedule.created_at)
    )
    return [_view(row, handle, zone, tells=row.id in own) for row, handle, zone in rows]


def _view(row: Schedule, handle: str | None, time_zone: str, *, tells: bool) -> ScheduleView:
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
        recipients=tuple(UUID(each) for each in row.recipients) if tells else None,
    )
