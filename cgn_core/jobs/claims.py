"""A worker's hold on a job: taken under a lease, kept by a heartbeat, ended by one transaction under a fence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from cgn_core.db.models import Job, JobState, now
from cgn_core.db.scope import Crossing, acting_for
from cgn_core.db.session import transaction
from cgn_core.errors import Cancelled, CgnError, LostClaim
from cgn_core.jobs.heartbeat import ClaimHeartbeat, still_ours, within_limits
from cgn_core.jobs.limits import memory_sentence, stopped_sentence
from cgn_core.jobs.turns import whose_turn
from cgn_core.settings import settings

logger = logging.getLogger(__name__)


def never() -> bool:
    """For processes that aren't told to stop while they work."""
    return False


@dataclass
class Claim:
    """One worker's hold on one job; what the task needs to know about it."""

    job_id: UUID
    fence: int
    kind: str
    agency_id: UUID
    workspace_id: UUID | None
    requested_by: UUID | None
    params: dict[str, Any]
    queue: str
    committed: bool = False
    heartbeat: ClaimHeartbeat | None = field(default=None, repr=False)

    def progress(self, fraction: float, sentence: str) -> None:
        """Say how far the work is; stored with the next heartbeat. Call it often: it costs nothing.

        Args:
            fraction: 0 to 1; clipped.
            sentence: what is being done, for the person who waits.

        Raises:
            Cancelled: someone asked for the job to be cancelled.
            LostClaim: the job is no longer this worker's.
        """
        if self.heartbeat is None:
            return
        if self.heartbeat.lost:
            raise LostClaim
        if self.heartbeat.cancelled:
            raise Cancelled
        self.heartbeat.report(fraction, sentence)

    @contextmanager
    def commit(self) -> Iterator[Session]:
        """The one transaction that writes the results and sets the job done: both, or neither.

        Raises:
            Cancelled: someone cancelled the job before this; nothing is written.
            LostClaim: the job is no longer this worker's; nothing is written.
        """
        with transaction() as session:
            won = session.execute(
                update(Job)
                .where(still_ours(self.job_id, self.fence), Job.cancel_requested.is_(False))
                .values(state=JobState.DONE, progress=1.0, message="Done", error="", finished_at=now())
                .returning(Job.id)
            ).first()
            if won is None:
                raise Cancelled if self._asked_to_stop(session) else LostClaim
            yield session
        self.committed = True

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction that writes a part of the results while the job goes on; refused as ``commit`` is.

        What it writes is kept if the job is begun again: the task finds it by the job's id and doesn't write it twice.

        Raises:
            Cancelled: someone cancelled the job before this; nothing is written.
            LostClaim: the job is no longer this worker's; nothing is written.
        """
        with transaction() as session:
            held = update(Job).where(still_ours(self.job_id, self.fence), Job.cancel_requested.is_(False))
            lease = now() + timedelta(seconds=settings().job_lease)
            if session.execute(held.values(lease_until=lease).returning(Job.id)).first() is None:
                raise Cancelled if self._asked_to_stop(session) else LostClaim
            yield session

    def _asked_to_stop(self, session: Session) -> bool:
        return bool(session.scalar(select(Job.cancel_requested).where(still_ours(self.job_id, self.fence))))

    def check_committed(self) -> None:
        """Raise RuntimeError when the task ended without committing: a mistake in the task."""
        if not self.committed:
            raise RuntimeError("the task ended without committing its results")

    def finish(self, session: Session, result: dict[str, Any], *, sentence: str = "Done") -> None:
        """Store what the job led to, within ``commit``: ``result`` as JSON and a sentence for the list of jobs."""
        session.execute(update(Job).where(Job.id == self.job_id).values(result=result, message=sentence))


def take(job_id: UUID) -> Claim | None:
    """Claim one job; None when somebody else has it, or when it no longer waits."""
    with acting_for(Crossing.QUEUE), transaction() as session:
        return _take(session, job_id)


def take_next(queue: str, *, kinds: Collection[str], worker: str) -> Claim | None:
    """Claim the waiting job of a queue whose turn it is (see ``whose_turn``) for a worker; None when none may start."""
    with acting_for(Crossing.QUEUE), transaction() as session:
        job_id = session.scalar(whose_turn(queue, kinds=kinds))
        return None if job_id is None else _take(session, job_id, worker=worker)


def _take(session: Session, job_id: UUID, *, worker: str = "") -> Claim | None:
    taking = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.QUEUED, Job.cancel_requested.is_(False))
        .values(
            state=JobState.RUNNING,
            fence=Job.fence + 1,
            attempts=Job.attempts + 1,
            lease_until=now() + timedelta(seconds=settings().job_lease),
            started_at=now(),
            worker=worker,
            progress=0.0,
            message="Starting",
        )
        .returning(Job.fence, Job.kind, Job.agency_id, Job.workspace_id, Job.requested_by, Job.params, Job.queue)
    )
    try:
        with session.begin_nested():
            row = session.execute(taking).first()
    except IntegrityError:
        return None  # another worker has begun a retraining of the same workspace this very moment
    return None if row is None else Claim(job_id, *row)


@contextmanager
def claimed(job_id: str | UUID, *, giving_back: Callable[[], bool] = never) -> Iterator[Claim | None]:
    """Hold one certain job while the body works on it; None when it isn't there to be taken.

    Args:
        job_id: from a message, so anything.
        giving_back: see ``holding``.
    """
    try:
        wanted = job_id if isinstance(job_id, UUID) else UUID(job_id)
    except ValueError:
        logger.warning("a message named no job: %r", job_id)
        yield None
        return
    claim = take(wanted)
    if claim is None:
        logger.info("job %s isn't there to be taken", wanted)
        yield None
        return
    with holding(claim, giving_back=giving_back):
        yield claim


@contextmanager
def holding(
    claim: Claim, *, giving_back: Callable[[], bool] = never, overrun: Callable[[], str | None] = within_limits
) -> Iterator[None]:
    """Keep a claim alive while the body works on its job, on behalf of the job's agency.

    Whatever the body raises ends here: in a state of the job, and a sentence that its owner understands. The trace goes
    to the log under the job's id.

    Args:
        claim: just taken.
        giving_back: asked several times a second; when true, the job goes back to the queue at once.
        overrun: asked as often; when it answers with a sentence, the job has failed with it and this process is killed.
    """
    claim.heartbeat = ClaimHeartbeat(claim.job_id, claim.fence, giving_back=giving_back, overrun=overrun)
    claim.heartbeat.start()
    bound = structlog.contextvars.bind_contextvars(job_id=str(claim.job_id))
    logger.info("job %s (%s) claimed with fence %d", claim.job_id, claim.kind, claim.fence)
    try:
        with acting_for(claim.agency_id):
            yield
        claim.check_committed()
        logger.info("job %s done", claim.job_id)
    except LostClaim:
        logger.info("job %s is no longer ours (fence %d)", claim.job_id, claim.fence)
    except Cancelled:
        logger.info("job %s cancelled", claim.job_id)
        _end(claim, JobState.CANCELLED, message="Cancelled")
    except CgnError as error:
        logger.info("job %s refused: %s", claim.job_id, error)
        _end(claim, JobState.FAILED, message="Failed", error=error.message)
    except OperationalError:
        # The database was out of reach or busy: nobody's fault, so the reconciler lets another attempt be made.
        logger.exception("job %s: the database failed", claim.job_id)
        _write_end(claim, lease_until=now())
    except Exception as error:
        logger.exception("job %s failed", claim.job_id)
        _end(claim, JobState.FAILED, message="Failed", error=sentence_for(error, claim))
    finally:
        claim.heartbeat.end()
        structlog.contextvars.reset_contextvars(**bound)


def sentence_for(error: Exception, claim: Claim) -> str:
    """What to tell the person who waits about a failure that isn't of their making."""
    if isinstance(error, SoftTimeLimitExceeded):
        return stopped_sentence(claim.queue)
    if isinstance(error, MemoryError):
        return memory_sentence()
    return f"Something went wrong on our side. Try again; if it fails again, tell support this number: {claim.job_id}."


def _end(claim: Claim, state: JobState, *, message: str, error: str = "") -> None:
    _write_end(claim, state=state, message=message, error=error, finished_at=now())


def _write_end(claim: Claim, **values: object) -> None:
    """Write how the claim ended, unless the job is no longer ours."""
    if claim.heartbeat is not None:
        claim.heartbeat.end()
    try:
        with acting_for(Crossing.QUEUE), transaction() as session:
            session.execute(update(Job).where(still_ours(claim.job_id, claim.fence)).values(values))
    except SQLAlchemyError:
        logger.exception("job %s: its end couldn't be written; its lease will lapse", claim.job_id)
