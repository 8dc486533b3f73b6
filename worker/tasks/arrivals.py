"""The task that does ``import`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import arrivals
from worker.doing import does


@does(JobKind.IMPORT)
def import_large(claim: Claim) -> None:
    """Do the job."""
    arrivals.run(claim)
