"""``cgn worker``: becomes a worker that does what people and schedules asked for, until told to stop."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cgn_core.errors import SetupError
from cgn_core.jobs.kinds import JobQueue
from cgn_core.settings import settings


def worker(
    *,
    queues: Annotated[str, typer.Option(help="Queues to work on, separated by commas: training, light.")] = ",".join(
        JobQueue
    ),
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Jobs done at once.  [default: CGN_WORKER_CONCURRENCY]")
    ] = None,
) -> None:
    """Do the jobs that wait in the queues until told to stop; any number of workers on any number of machines.

    Raises:
        BadParameter: a queue that there isn't.
        SetupError: there is no Redis to hear of jobs from.
    """
    wanted = [name.strip() for name in queues.split(",")]
    unknown = [name for name in wanted if name not in set(JobQueue)]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no queue; there are {', '.join(JobQueue)}.", param_hint="--queues")
    if not settings().redis_url and not (settings().data_dir / "redis.sock").exists():
        raise SetupError(
            "There is no Redis to hear of jobs from; name it in CGN_REDIS_URL, or name the data directory of a running "
            "`cgn up` in CGN_DATA_DIR."
        )
    processes = ["--concurrency", str(concurrency)] if concurrency is not None else []
    # Another process image, because this package doesn't know the worker's; a signal then reaches the worker itself.
    command = [sys.executable, "-P", "-m", "worker", "--queues", ",".join(wanted), *processes]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted
