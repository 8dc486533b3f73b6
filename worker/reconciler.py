"""``python -m worker.reconciler``: puts right what a fault left behind. Several may run; one of them acts."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from datetime import timedelta
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from cgn_core.db.arrivals import forget_arrivals
from cgn_core.db.files import forget_files
from cgn_core.db.heartbeats import forget_silent, hold_lease, release_lease
from cgn_core.db.invitations import forget_invitations
from cgn_core.db.models import now
from cgn_core.db.reports import forget_reports
from cgn_core.db.schedules import due_schedules
from cgn_core.db.scope import Crossing, set_for_process
from cgn_core.db.session import reading, transaction
from cgn_core.db.sign_ins import forget_devices, forget_pending, forget_sessions
from cgn_core.db.uploads import forget_uploads
from cgn_core.jobs import broker
from cgn_core.jobs.recovery import end_lapsed_claims, forgotten_queues, unclaimed_hints, unclaimed_queues
from cgn_core.logs.configuration import configure
from cgn_core.services import kept_answers, password_resets
from cgn_core.services.retention import apply_retention
from cgn_core.settings import settings

SHORTEST_LEASE = 3.0
PERIODS_PER_LEASE = 3
UPLOADS_KEPT = timedelta(days=1)
INVITATIONS_KEPT = timedelta(days=30)
"""After they expired."""
SESSIONS_KEPT = timedelta(days=30)
DEVICES_KEPT = timedelta(days=400)
"""As long as a browser keeps the cookie."""
CLEANING_PERIOD = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class Reconciler:
    """One candidate for the lease; acts only while it holds it."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._cleaned_at = now() - CLEANING_PERIOD

    def step(self) -> bool:
        """Do one round; whether this reconciler was the one to act."""
        with transaction() as session:
            if not hold_lease(session, self.holder, lease=self._lease()):
                return False
            end_lapsed_claims(session)
        self._run_schedules()
        self._answer_reset_requests()
        self._publish_unclaimed()
        if now() - self._cleaned_at >= CLEANING_PERIOD:
            self._clean()
        return True

    def leave(self) -> None:
        """Give the lease up, so that another needn't wait for it to lapse."""
        with transaction() as session:
            release_lease(session, self.holder)

    def _lease(self) -> float:
        return max(SHORTEST_LEASE, PERIODS_PER_LEASE * settings().reconciler_period)

    def _run_schedules(self) -> None:
        moment = now()
        with reading() as session:
            if session.scalars(due_schedules(moment).limit(1)).first() is None:
                return
        # Brings the statistics along, which a reconciler otherwise never needs.
        from cgn_core.services import schedule_runs

        with transaction() as session:
            if hold_lease(session, self.holder, lease=self._lease()):
                schedule_runs.run_due(session, moment=moment)

    def _answer_reset_requests(self) -> None:
        with reading() as session:
            if not password_resets.requests_wait(session):
                return
        with transaction() as session:
            if hold_lease(session, self.holder, lease=self._lease()):
                password_resets.answer_requests(session)

    def _publish_unclaimed(self) -> None:
        with reading() as session:
            waiting = unclaimed_queues(session)
        forgotten = forgotten_queues(waiting)  # asks Redis, so outside any transaction
        if not forgotten:
            return
        with transaction() as session:
            if not hold_lease(session, self.holder, lease=self._lease()):
                return
            hints = unclaimed_hints(session, forgotten)
        for hint in hints:
            if not broker.publish(*hint):
                return  # the broker is out of reach; all of them are due again in a few seconds

    def _clean(self) -> None:
        with transaction() as session:
            session.execute(forget_uploads(before=now() - UPLOADS_KEPT))
            session.execute(forget_arrivals(before=now() - UPLOADS_KEPT))
            session.execute(forget_silent(before=now() - UPLOADS_KEPT))
            session.execute(forget_invitations(before=now() - INVITATIONS_KEPT))
            files_kept = now() - timedelta(days=settings().files_kept_days)
            session.execute(forget_reports(before=files_kept))
            session.execute(forget_files(before=files_kept))
            session.execute(forget_sessions(before=now() - SESSIONS_KEPT))
            session.execute(forget_pending(before=now()))
            session.execute(forget_devices(unused_since=now() - DEVICES_KEPT))
            password_resets.forget_resets(session)
            kept_answers.forget_answers(session)
        with transaction() as session:
            apply_retention(session, moment=now())
        self._cleaned_at = now()


def run() -> None:
    """Reconcile until told to stop."""
    configure("reconciler")
    set_for_process(Crossing.EVERYTHING)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    reconciler = Reconciler()
    logger.info("reconciler %s started", reconciler.holder)
    acted = False
    while not told_to_stop.is_set():
        try:
            acts = reconciler.step()
        except SQLAlchemyError:
            logger.exception("a round failed, trying again")
        else:
            if acts != acted:
                logger.info("reconciler %s %s", reconciler.holder, "acts" if acts else "stands by")
            acted = acts
        told_to_stop.wait(settings().reconciler_period)
    try:
        reconciler.leave()
    except SQLAlchemyError:
        logger.exception("the lease couldn't be given up; it will lapse")


if __name__ == "__main__":
    run()
