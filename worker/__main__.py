"""``python -m worker``: a Celery worker with the options that these jobs need."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from functools import partial
from typing import Any

from celery.signals import setup_logging

from cgn_core.jobs.kinds import JobQueue
from cgn_core.logs.configuration import configure
from cgn_core.settings import settings
from worker import slots
from worker.app import celery_app
from worker.succession import Succession

NICE = 10
"""How far a worker steps back, of 19."""


def run(arguments: list[str] | None = None) -> None:
    """Work until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--queues", default=",".join(JobQueue), help="queues to work on, separated by commas")
    parser.add_argument("--concurrency", type=int, default=settings().worker_concurrency, help="jobs done at once")
    parser.add_argument("--include", action="append", default=[], help="a further module of tasks")
    chosen = parser.parse_args(arguments)
    celery_app.conf.include = [*celery_app.conf.include, *chosen.include]
    queues = chosen.queues.split(",")
    slots.limit_trainings(chosen.concurrency)
    options = [
        "--quiet",  # its banner is no log line
        "worker",
        "--pool=prefork",
        f"--queues={chosen.queues}",
        f"--concurrency={slots.processes_for(queues, chosen.concurrency)}",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--loglevel=INFO",
    ]
    configure("worker")
    yield_to_pages()
    # Whoever listens to this signal has set the lines up: Celery then leaves them alone.
    setup_logging.connect(leave_lines_alone)
    # Heavy imports before any fork: neither the first job nor the worker that follows a killed one pays for them.
    celery_app.loader.import_default_modules()
    celery_app.finalize()
    gc.freeze()
    sys.exit(Succession(partial(celery_app.worker_main, options)).last())


def yield_to_pages() -> None:
    """Have pages come before jobs on a machine that both share: somebody waits for a page while it is drawn."""
    os.nice(NICE)


def leave_lines_alone(**_: Any) -> None:
    """Celery would write them in a form of its own."""


if __name__ == "__main__":
    run()
