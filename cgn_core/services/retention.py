"""How long an agency keeps what jobs made and the jobs themselves; the reconciler deletes what is older."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Job, JobState, Report, StoredFile
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, System, record
from cgn_core.settings import settings

LEAST_JOB_DAYS = 7
"""A job's idempotency key goes with it: the same request would be done again."""
MOST_DAYS = 3650
AT_ONCE = 1000
"""Rows deleted in one transaction, so that nobody waits long."""


@dataclass(frozen=True)
class Retention:
    """What an agency chose; days."""

    files_kept_days: int | None
    """None: as long as the installation keeps files."""
    jobs_kept_days: int | None
    """None: jobs are kept."""
    installation_files_days: float
    """The longest that files can be kept."""
    may_edit: bool


def get_retention(session: Session, actor: Actor) -> Retention:
    """How long the actor's agency keeps what."""
    agency = session.get_one(Agency, actor.agency_id)
    return Retention(
        files_kept_days=agency.files_kept_days,
        jobs_kept_days=agency.jobs_kept_days,
        installation_files_days=settings().files_kept_days,
        may_edit=actor.may(Action.EDIT_AGENCY),
    )


def set_retention(session: Session, actor: Actor, *, files_kept_days: int | None, jobs_kept_days: int | None) -> None:
    """Choose how long files and ended jobs are kept; what is older goes within minutes.

    Args:
        session: the transaction.
        actor: an owner.
        files_kept_days: at least 1; None leaves it to the installation.
        jobs_kept_days: at least 7; None keeps them.

    Raises:
        Forbidden: the actor's role doesn't change the agency's settings.
        InvalidInput: no whole number of days, or too few or too many.
    """
    actor.require(Action.EDIT_AGENCY)
    _require_days("Files", files_kept_days, least=1)
    _require_days("Jobs", jobs_kept_days, least=LEAST_JOB_DAYS)
    agency = session.scalars(select(Agency).where(Agency.id == actor.agency_id).with_for_update(key_share=True)).one()
    agency.files_kept_days, agency.jobs_kept_days = files_kept_days, jobs_kept_days
    record(session, actor, AuditAction.SETTINGS_CHANGED, files_kept_days=files_kept_days, jobs_kept_days=jobs_kept_days)


def apply_retention(session: Session, *, moment: datetime) -> int:
    """Delete what is older than its agency keeps, at most a thousand rows of each kind and agency; how many went.

    Models, forecasts and files outlive the job that made them. With nothing left it does nothing.
    """
    chosen = select(Agency).where(or_(Agency.files_kept_days.is_not(None), Agency.jobs_kept_days.is_not(None)))
    removed = 0
    for agency in session.scalars(chosen.order_by(Agency.id)).all():
        gone = 0
        if agency.files_kept_days is not None:
            old = select(StoredFile.id).where(
                StoredFile.agency_id == agency.id,
                StoredFile.created_at < moment - timedelta(days=agency.files_kept_days),
            )
            gone += _delete(session, StoredFile, old)
            old = select(Report.id).where(
                Report.agency_id == agency.id,
                Report.created_at < moment - timedelta(days=agency.files_kept_days),
            )
            gone += _delete(session, Report, old)
        if agency.jobs_kept_days is not None:
            ended = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
            old = select(Job.id).where(
                Job.agency_id == agency.id,
                Job.state.in_(ended),
                Job.finished_at < moment - timedelta(days=agency.jobs_kept_days),
            )
            gone += _delete(session, Job, old)
        if gone:
            record(session, System(agency.id), AuditAction.RETENTION_APPLIED, removed=gone)
        removed += gone
    return removed


def _delete(session: Session, model: type[StoredFile | Report | Job], old: object) -> int:
    ids = session.scalars(old.limit(AT_ONCE)).all()  # type: ignore[attr-defined]  # a select of ids, of either table
    if ids:
        session.execute(delete(model).where(model.id.in_(ids)))
    return len(ids)


def _require_days(what: str, days: object, *, least: int) -> None:
    if days is None:
        return
    if isinstance(days, bool) or not isinstance(days, int) or not least <= days <= MOST_DAYS:
        raise InvalidInput(
            f"{what} are kept for a whole number of days, {least} to {MOST_DAYS}; leave it empty for none."
        )
