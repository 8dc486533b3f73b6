"""The Celery app: what the workers run, and how."""

from __future__ import annotations

from typing import Any

from celery import Celery

from cgn_core.jobs.broker import celery_settings, task_of
from cgn_core.jobs.kinds import JobQueue
from cgn_core.jobs.limits import hard_limit, soft_limit
from cgn_core.settings import settings
from worker.lifecycle import Pulse, follow_lifecycle
from worker.slots import ORDER

TASK_MODULES = (
    "worker.doing",
    "worker.tasks.arrivals",
    "worker.tasks.benchmarks",
    "worker.tasks.exports",
    "worker.tasks.generations",
    "worker.tasks.mails",
    "worker.tasks.reports",
    "worker.tasks.retrain_all",
    "worker.tasks.retrainings",
    "worker.tasks.scorings",
    "worker.tasks.validations",
)
POLLING_INTERVAL = 0.25
"""Seconds after which Redis is asked anew; until then a worker whose last training ended hears of no further one."""
BACKSTOP = 15.0
"""Seconds after the hard limit at which Celery kills a process that couldn't end itself."""
KILOBYTES = 1024


def configuration() -> dict[str, Any]:
    """Celery's settings, read from ours when the worker starts."""
    transport = {"socket_timeout": 5, "socket_connect_timeout": 2, "health_check_interval": 10}
    ours = {"queue_order_strategy": ORDER, "polling_interval": POLLING_INTERVAL}
    return celery_settings(**transport, **ours) | {
        # The message is only a hint: acknowledged at once, because late acknowledgements crash when Redis vanishes.
        "task_acks_late": False,
        # Disabling prefetch alone bounds what is taken: a count would wait for ever for a receipt that Redis never got.
        "worker_prefetch_multiplier": 0,
        "worker_disable_prefetch": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_annotations": {
            task_of(queue): {"soft_time_limit": soft_limit(queue), "time_limit": hard_limit(queue) + BACKSTOP}
            for queue in JobQueue
        },
        "worker_max_tasks_per_child": 200,
        "worker_max_memory_per_child": settings().worker_max_memory_per_child * KILOBYTES,
        "worker_concurrency": settings().worker_concurrency,
        "worker_enable_remote_control": False,
        "worker_redirect_stdouts": False,
    }


celery_app = Celery("cgn", include=list(TASK_MODULES))
celery_app.add_defaults(configuration)
celery_app.steps["worker"].add(Pulse)
follow_lifecycle()
