"""The task that does ``score`` jobs."""

from __future__ import annotations

from cgn_core.jobs import JobKind, claimed
from cgn_core.services import scorings
from worker.app import celery_app
from worker.lifecycle import is_stopping


@celery_app.task(name=JobKind.SCORE.value)
def score(job_id: str) -> None:
    """Claim the job and do it; a job that isn't there to be taken is left alone."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is not None:
            scorings.run(claim)
