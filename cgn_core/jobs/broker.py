"""The Celery client: publishes that a job waits, by task name, and never keeps anybody waiting for a broken Redis."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from typing import Any
from uuid import UUID

from celery import Celery

from cgn_core.jobs.kinds import JobQueue
from cgn_core.settings import settings

PUBLISH_TIMEOUT = 0.1
"""Seconds a submitting person waits for Redis at most, per operation."""
PUBLISH_PAUSE = 2.0
"""Seconds without further attempts after one failed; the reconciler publishes what was left out."""

logger = logging.getLogger(__name__)
_silent_until = 0.0
_making = threading.Lock()


def broker_url() -> str:
    """Redis' address as Celery writes it; a Unix socket in the data directory when none is configured."""
    configured = settings().redis_url
    if not configured:
        return f"redis+socket://{settings().data_dir / 'redis.sock'}"
    return configured.replace("unix://", "redis+socket://", 1)


def celery_settings(**transport_options: Any) -> dict[str, Any]:
    """What the worker and its clients must agree on."""
    return {
        "broker_url": broker_url(),
        "broker_transport_options": {"global_keyprefix": "cgn:", "socket_keepalive": True, **transport_options},
        "task_queues": {str(name): {"exchange": str(name), "exchange_type": "direct"} for name in JobQueue},
        "task_create_missing_queues": False,
        "task_default_queue": str(JobQueue.LIGHT),
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_publish_retry": False,
        "enable_utc": True,
    }


def celery_client() -> Celery:
    """The app that publishes; it knows no tasks and opens its connection at first use."""
    with _making:
        return _make_client()


@cache
def _make_client() -> Celery:
    client = Celery("cgn-client", set_as_current=False)
    client.conf.update(
        celery_settings(
            socket_timeout=PUBLISH_TIMEOUT,
            socket_connect_timeout=PUBLISH_TIMEOUT,
            # kombu would wait two seconds between attempts to connect; and 0 means for ever.
            max_retries=1,
            interval_start=0,
            interval_step=0,
            interval_max=0,
        ),
        broker_pool_limit=32,
        broker_connection_timeout=PUBLISH_TIMEOUT,
    )
    return client


def task_of(queue: str) -> str:
    """The name of the task that does a queue's jobs."""
    return f"next-{queue}"


def publish(kind: str, job_id: UUID, queue: str) -> bool:
    """Tell the workers that this job waits; whether the broker took the message.

    Which job they then do is theirs to find out: the message says no more than its queue. A failure is logged and
    otherwise ignored: the row is the truth, and the reconciler publishes it again.
    """
    told = tell(queue)
    if not told:
        logger.warning("job %s (%s) wasn't published, the reconciler will", job_id, kind)
    return told


def tell(queue: str) -> bool:
    """Tell the workers that some job of a queue waits; whether the broker took the message.

    For two seconds after a failure nothing is tried, so that a hung Redis costs one person a moment and nobody else
    anything.
    """
    global _silent_until  # noqa: PLW0603 - one breaker per process, shared by its threads
    if time.monotonic() < _silent_until:
        return False
    try:
        celery_client().send_task(
            task_of(queue), queue=str(queue), ignore_result=True, retry=False, add_to_parent=False
        )
    except Exception as error:  # noqa: BLE001 - whatever a broken broker raises, the submission stands
        _silent_until = time.monotonic() + PUBLISH_PAUSE
        logger.warning("the broker is out of reach: %s", error)
        return False
    return True


def waiting_hints(queue: str) -> int:
    """How many messages wait in a queue; raises what the broker raises when it can't be asked."""
    with celery_client().connection_for_read() as connection:
        size: int = connection.default_channel._size(queue)  # noqa: SLF001 - kombu's only count without declaring
        return size


def forget_client() -> None:
    """Drop the client and the breaker: after a fork, and between tests."""
    global _silent_until  # noqa: PLW0603 - see publish
    _silent_until = 0.0
    with _making:
        _make_client.cache_clear()
