"""Putting a job into the table, and its id on the wire once that is committed."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cgn_core.db.jobs import ACTIVE
from cgn_core.db.models import Job, now
from cgn_core.errors import QuotaExceeded
from cgn_core.jobs import broker
from cgn_core.jobs.kinds import JobKind, queue_of
from cgn_core.settings import settings

PENDING = "cgn_hints"

logger = logging.getLogger(__name__)


class Hint(NamedTuple):
    """What is published about a job."""

    kind: str
    job_id: UUID
    queue: str


def enqueue(
    session: Session,
    kind: JobKind,
    *,
    agency_id: UUID,
    workspace_id: UUID | None = None,
    requested_by: UUID | None = None,
    params: dict[str, Any] | None = None,
    key: str,
) -> UUID:
    """Insert a job in the caller's transaction; returns its id. The same ``key`` in an agency returns the same job.

    The caller has authorised. The id is published after the caller's commit; when that fails, the reconciler does it.

    Args:
        session: the transaction that the job belongs to; when it is rolled back, there is no job.
        kind: what to do.
        agency_id: whose job it is.
        workspace_id: the workspace it is about, if it is about one.
        requested_by: the user who asked.
        params: JSON that the task reads; never data from outside that wasn't checked.
        key: idempotency key, unique within the agency.

    Raises:
        QuotaExceeded: the agency has its limit of jobs waiting or running. Several requests at the same moment may
            pass it by their number; the limit guards the queue and isn't a promise.
    """
    known = select(Job.id).where(Job.agency_id == agency_id, Job.idempotency_key == key)
    found = session.scalar(known)
    if found is not None:
        return found
    active = select(func.count()).select_from(Job).where(Job.agency_id == agency_id, Job.state.in_(ACTIVE))
    if (session.scalar(active) or 0) >= settings().job_limit_per_agency:
        raise QuotaExceeded
    job = Job(
        agency_id=agency_id,
        workspace_id=workspace_id,
        requested_by=requested_by,
        kind=str(kind),
        queue=str(queue_of(kind)),
        idempotency_key=key,
        params=params or {},
        published_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:
        found = session.scalar(known)
        if found is None:
            raise
        return found  # the same request came in twice at once; the other one was first
    publish_after_commit(session, Hint(job.kind, job.id, job.queue))
    logger.info("job %s (%s) asked for", job.id, job.kind)  # with the request's id, where a request asks
    return job.id


def publish_after_commit(session: Session, hint: Hint) -> None:
    """Publish the hint when this session's transaction is committed; forget it when it is rolled back."""
    session.info.setdefault(PENDING, []).append(hint)
    if not event.contains(session, "after_commit", _publish_pending):
        event.listen(session, "after_commit", _publish_pending)
        event.listen(session, "after_rollback", _forget_pending)


def _publish_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only a savepoint was released
    for hint in session.info.pop(PENDING, []):
        broker.publish(*hint)


def _forget_pending(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(PENDING, None)
