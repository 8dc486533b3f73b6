"""The task that does ``score`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import scorings
from worker.doing import does


@does(JobKind.SCORE)
def score(claim: Claim) -> None:
    """Do the job."""
    scorings.run(claim)
