"""What is done about schedules that are due: each due time acts once, and a standstill is caught up by one run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cgn_core.db.models import Agency, Job, Schedule, Workspace
from cgn_core.db.row_kinds import ScheduleKind
from cgn_core.db.schedules import due_schedules
from cgn_core.errors import QuotaExceeded
from cgn_core.jobs import JobKind, enqueue
from cgn_core.services.data_versions import overview_of_version
from cgn_core.services.model_summaries import summary_of
from cgn_core.services.registry import newest_trainings
from cgn_core.services.reports import enqueue_report
from cgn_core.services.retrain_all import MOST_ALONE, enqueue_retraining_of_all
from cgn_core.services.retrainings import enqueue_drift_look, enqueue_retraining
from cgn_core.services.schedules import next_due
from cgn_core.services.workspace_cards import current_versions

TRY_AGAIN = timedelta(hours=1)
"""After a schedule that failed in a way nobody foresaw."""

logger = logging.getLogger(__name__)


def run_due(session: Session, *, moment: datetime) -> int:
    """Queue the jobs of every schedule that is due; how many schedules acted.

    A due time acts once, whoever asks: it is taken by moving it on, and the jobs' keys name it. After a standstill only
    the due time that is there acts, and the next one lies ahead: a night that was missed for a week runs once. Where
    the agency has its limit of jobs waiting, the due time stays; what it couldn't queue follows as the queue empties.

    Args:
        session: the transaction; everything or nothing.
        moment: the time it is.
    """
    due = session.execute(
        due_schedules(moment).add_columns(Agency.time_zone).join(Agency, Agency.id == Schedule.agency_id)
    ).all()
    acted, full = 0, set[UUID]()
    for schedule, zone in due:
        if schedule.agency_id in full:
            continue
        schedule_id, was_due, acted_before = schedule.id, schedule.next_due_at, schedule.last_due_at
        try:
            with session.begin_nested():
                following = next_due(schedule, zone, after=moment)
                if not _move(session, schedule_id, was_due, to=following, acted_at=was_due):
                    continue  # another reconciler was first
                if _queue(session, schedule, was_due):
                    acted += 1
                else:
                    # What fitted stays queued, and by its keys isn't queued twice when this goes on.
                    full.add(schedule.agency_id)
                    _move(session, schedule_id, following, to=was_due, acted_at=acted_before)
        except SQLAlchemyError:
            raise  # the database is ill, not the schedule
        except Exception:
            # One schedule that can't act mustn't keep all others from acting.
            logger.exception("schedule %s failed; it is tried again in an hour", schedule_id)
            _move(session, schedule_id, was_due, to=moment + TRY_AGAIN, acted_at=acted_before)
    return acted


def _move(session: Session, schedule_id: UUID, was_due: datetime, *, to: datetime, acted_at: datetime | None) -> bool:
    """Move a due time on; False where somebody else has moved it, paused or removed the schedule."""
    taken = session.execute(
        update(Schedule)
        .where(Schedule.id == schedule_id, Schedule.next_due_at == was_due)
        .where(Schedule.enabled.is_(True), Schedule.removed_at.is_(None))
        .values(next_due_at=to, last_due_at=acted_at)
        .returning(Schedule.id)
    )
    return taken.first() is not None


def _queue(session: Session, schedule: Schedule, due: datetime) -> bool:
    """Queue what a schedule asks for; False where the agency has its limit of jobs waiting before all was queued."""
    key = f"schedule:{schedule.id}:{due:%Y%m%dT%H%M}"
    try:
        if schedule.kind is ScheduleKind.SCORE_NIGHTLY:
            enqueue(session, JobKind.SCORE, agency_id=schedule.agency_id, workspace_id=schedule.workspace_id, key=key)
        elif schedule.kind.reports:
            _queue_reports(session, schedule, key)
        else:
            _queue_retrainings(session, schedule, key)
    except QuotaExceeded:
        logger.warning("schedule %s: the agency has its limit of jobs waiting, the rest follows", schedule.id)
        return False
    return True


def _queue_reports(session: Session, schedule: Schedule, key: str) -> None:
    for workspace in _to_do(session, schedule, key):
        enqueue_report(session, workspace, key=key, mail_to=schedule.recipients, written_for=schedule.created_by)


def _to_do(session: Session, schedule: Schedule, key: str) -> Sequence[Workspace]:
    """The schedule's workspaces with data, without those for which this due time has queued its job already."""
    wanted = select(Workspace).where(Workspace.agency_id == schedule.agency_id, Workspace.data_version > 0)
    if schedule.workspace_id is not None:
        wanted = wanted.where(Workspace.id == schedule.workspace_id)
    queued = select(Job.workspace_id).where(
        Job.agency_id == schedule.agency_id,
        Job.workspace_id.is_not(None),
        Job.idempotency_key.endswith(f":{key}", autoescape=True),
    )
    return session.scalars(wanted.where(Workspace.id.not_in(queued)).order_by(Workspace.handle)).all()


def _queue_retrainings(session: Session, schedule: Schedule, key: str) -> None:
    found = _to_do(session, schedule, key)
    due = found
    if schedule.kind is ScheduleKind.RETRAIN_BEHIND:
        due, unseen = _behind(session, found, weeks=schedule.weeks)
        for workspace in unseen:
            enqueue_drift_look(session, _locked(session, workspace))
    if len(due) > MOST_ALONE:
        ids = [workspace.id for workspace in due]
        enqueue_retraining_of_all(session, schedule.agency_id, ids, requested_by=None, key=key)
        return
    for workspace in due:
        enqueue_retraining(session, _locked(session, workspace), requested_by=None, key=key)


def _behind(session: Session, found: Sequence[Workspace], *, weeks: int) -> tuple[list[Workspace], list[Workspace]]:
    """Those whose data are so many weeks ahead of the last training, and others with data that it hasn't seen.

    Of the newest training, not of the model in force: one put back by hand isn't retrained the night after.
    """
    tables, trained = current_versions(session, found), newest_trainings(session, found)
    due, unseen = [], []
    for workspace in found:
        table, newest = tables.get(workspace.id), trained.get(workspace.id)
        known = overview_of_version(table).weeks if table is not None else 0
        if known - (summary_of(newest).weeks if newest is not None else 0) >= weeks:
            due.append(workspace)
        elif newest is not None and newest.data_version != workspace.data_version:
            unseen.append(workspace)
    return due, unseen


def _locked(session: Session, workspace: Workspace) -> Workspace:
    """The same row, locked and read again, so that requests at the same moment see each other's job."""
    return session.get_one(Workspace, workspace.id, with_for_update=True)
