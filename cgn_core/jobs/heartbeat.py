"""The thread that keeps a claim alive while the task computes."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from cgn_core.db.models import Job, JobState, now
from cgn_core.db.scope import Crossing, enter
from cgn_core.db.session import transaction
from cgn_core.jobs import broker
from cgn_core.settings import settings

GLANCE = 0.2
"""Seconds between two looks at whether to stop or to give the job back."""

logger = logging.getLogger(__name__)


def still_ours(job_id: UUID, fence: int) -> ColumnElement[bool]:
    """The condition under which a claim may write to its job's row."""
    return and_(Job.id == job_id, Job.fence == fence, Job.state == JobState.RUNNING)


def within_limits() -> None:
    """For processes whose jobs nobody limits."""


class ClaimHeartbeat(threading.Thread):
    """Renews the lease, stores progress and reads the wish to cancel, each ``job_heartbeat`` seconds.

    When the worker is told to stop, it gives the job back at once: waiting again, this attempt not counted. A job that
    overruns its limits has failed, and this process, which doesn't stop by itself, is killed.
    """

    def __init__(
        self, job_id: UUID, fence: int, *, giving_back: Callable[[], bool], overrun: Callable[[], str | None]
    ) -> None:
        super().__init__(name=f"heartbeat-{job_id}", daemon=True)
        self.job_id = job_id
        self.fence = fence
        self.cancelled = False
        self.lost = False
        self._giving_back = giving_back
        self._overrun = overrun
        self._progress: tuple[float, str] | None = None
        self._ended = threading.Event()

    def report(self, fraction: float, sentence: str) -> None:
        """Remember progress for the next beat."""
        self._progress = (min(max(fraction, 0.0), 1.0), sentence)

    def end(self) -> None:
        """Stop beating; the claim is over."""
        self._ended.set()

    def run(self) -> None:
        """Beat until the claim ends or is no longer ours."""
        enter(Crossing.QUEUE)
        structlog.contextvars.bind_contextvars(job_id=str(self.job_id))  # a thread begins with none
        next_beat = time.monotonic() + settings().job_heartbeat
        while not self._ended.wait(GLANCE) and not self.lost:
            try:
                if self._giving_back():
                    self._give_back()
                elif (sentence := self._overrun()) is not None:
                    self._fail(sentence)
                elif time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + settings().job_heartbeat
                    self._beat()
            except SQLAlchemyError as error:
                logger.warning("job %s: heartbeat failed, trying again: %s", self.job_id, error)

    def _beat(self) -> None:
        values: dict[str, object] = {"lease_until": now() + timedelta(seconds=settings().job_lease)}
        if self._progress is not None:
            values["progress"], values["message"] = self._progress
        with transaction() as session:
            row = session.execute(
                update(Job).where(still_ours(self.job_id, self.fence)).values(values).returning(Job.cancel_requested)
            ).first()
        if row is None:
            self.lost = True
        elif row[0]:
            self.cancelled = True

    def _fail(self, sentence: str) -> None:
        with transaction() as session:
            session.execute(
                update(Job)
                .where(still_ours(self.job_id, self.fence))
                .values(state=JobState.FAILED, message="Failed", error=sentence, finished_at=now())
            )
        logger.error("job %s has failed and its process is killed: %s", self.job_id, sentence)
        os.kill(os.getpid(), signal.SIGKILL)

    def _give_back(self) -> None:
        with transaction() as session:
            row = session.execute(
                update(Job)
                .where(still_ours(self.job_id, self.fence))
                .values(
                    state=JobState.QUEUED,
                    attempts=Job.attempts - 1,
                    progress=0.0,
                    message="Waiting for a worker again: the one that had it was told to stop",
                    published_at=now(),
                )
                .returning(Job.kind, Job.queue)
            ).first()
        self.lost = True
        if row is not None:
            logger.info("job %s was given back: this worker is stopping", self.job_id)
            broker.publish(row[0], self.job_id, row[1])
