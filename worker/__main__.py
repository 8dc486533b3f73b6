"""``python -m worker``: a Celery worker with the options that these jobs need."""

from __future__ import annotations

import argparse

from cgn_core.jobs.kinds import JobQueue
from cgn_core.settings import settings
from worker import slots
from worker.app import celery_app


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
    celery_app.worker_main(
        [
            "worker",
            "--pool=prefork",
            f"--queues={chosen.queues}",
            f"--concurrency={slots.processes_for(queues, chosen.concurrency)}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=INFO",
        ]
    )


if __name__ == "__main__":
    run()
