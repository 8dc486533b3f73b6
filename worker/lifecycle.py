"""A worker's life: its sign of life, its children after a fork, and its end."""

from __future__ import annotations

import logging
import mmap
import os
import signal
import socket
import threading
import time
from typing import Any

from celery import bootsteps
from celery.signals import worker_process_init, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from cgn_core.db.heartbeats import WORKER_PREFIX, beat, forget_heartbeat
from cgn_core.db.session import forget_engine, transaction
from cgn_core.jobs import broker
from cgn_core.settings import settings

BEAT_SECONDS = 5.0

logger = logging.getLogger(__name__)

# One byte shared with the children. Not a multiprocessing.Event: a child killed while it holds the event's lock would
# hang everybody else.
_stopping = mmap.mmap(-1, 1)


def is_stopping() -> bool:
    """Whether this worker was told to stop; children ask, so that they give their jobs back."""
    return _stopping[0] == 1


_parent = os.getpid()  # when this is imported; its children are forked later


def heartbeat_name() -> str:
    """The name under which this worker shows that it lives; the same in its children."""
    return f"{WORKER_PREFIX}{socket.gethostname()}:{_parent}"


class Pulse(bootsteps.StartStopStep):
    """Writes the worker's sign of life from the parent's event loop.

    From the loop and not from a thread, because children are forked from the same loop: a child forked while a thread
    is inside SQLite would inherit its locks.
    """

    requires = ("celery.worker.components:Pool", "celery.worker.components:Timer")

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._timer: Any = None

    def start(self, worker: Any) -> None:
        """Begin when the pool is up."""
        self.beat()
        self._timer = worker.timer.call_repeatedly(BEAT_SECONDS, self.beat, priority=10)

    def stop(self, _worker: Any) -> None:
        """End with the worker."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def beat(self) -> None:
        """Write it, and leave no connection open that a child could inherit."""
        try:
            with transaction() as session:
                beat(session, heartbeat_name())
        except SQLAlchemyError as error:
            logger.warning("the worker's sign of life wasn't written, trying again: %s", error)
        finally:
            forget_engine()


def follow_lifecycle() -> None:
    """Listen for the moments of a worker's life."""
    worker_process_init.connect(_begin_child)
    worker_shutting_down.connect(_begin_to_stop)


def _begin_child(**_: Any) -> None:
    forget_engine(forked=True)
    broker.forget_client()


def _begin_to_stop(**_: Any) -> None:
    """In a signal handler: only raise the flag; the rest happens in a thread."""
    if is_stopping():
        return
    _stopping[0] = 1
    threading.Thread(target=_leave, name="farewell", daemon=True).start()


def _leave() -> None:
    """Take leave, then end whatever is still computing: its job was given back, and its fence is void.

    The children die with their parent, as the pool arranges.
    """
    began = time.monotonic()
    try:
        with transaction() as session:
            session.execute(forget_heartbeat(heartbeat_name()))
    except SQLAlchemyError as error:
        logger.warning("the worker's sign of life wasn't removed: %s", error)
    time.sleep(max(0.0, settings().worker_grace - (time.monotonic() - began)))
    logger.warning("tasks that wouldn't stop are ended; their jobs were given back")
    os.kill(os.getpid(), signal.SIGKILL)
