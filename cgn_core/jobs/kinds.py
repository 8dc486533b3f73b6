"""The kinds of jobs, and the queue each waits in."""

from __future__ import annotations

from enum import StrEnum


class JobKind(StrEnum):
    """What a job does; also the name of the Celery task that does it."""

    BENCHMARK = "benchmark"
    EXPORT = "export"
    GENERATE = "generate"
    IMPORT = "import"
    MAIL = "mail"
    REPORT = "report"
    VALIDATE = "validate"
    RETRAIN = "retrain"
    RETRAIN_ALL = "retrain_all"
    SCORE = "score"


class JobQueue(StrEnum):
    """Two queues, so that quick work needn't wait behind trainings."""

    TRAINING = "training"
    LIGHT = "light"


QUEUES: dict[JobKind, JobQueue] = {
    JobKind.BENCHMARK: JobQueue.LIGHT,
    JobKind.EXPORT: JobQueue.LIGHT,
    JobKind.GENERATE: JobQueue.LIGHT,
    JobKind.IMPORT: JobQueue.LIGHT,  # somebody waits before the page for it
    JobKind.MAIL: JobQueue.LIGHT,
    JobKind.REPORT: JobQueue.LIGHT,
    JobKind.VALIDATE: JobQueue.TRAINING,
    JobKind.RETRAIN: JobQueue.TRAINING,
    JobKind.RETRAIN_ALL: JobQueue.TRAINING,
    JobKind.SCORE: JobQueue.LIGHT,
}


def queue_of(kind: JobKind) -> JobQueue:
    """The queue that jobs of this kind wait in."""
    return QUEUES[kind]
