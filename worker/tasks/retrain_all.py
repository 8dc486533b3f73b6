"""The task that does ``retrain_all`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import retrain_all as service
from worker.doing import does


@does(JobKind.RETRAIN_ALL)
def retrain_all(claim: Claim) -> None:
    """Do the job."""
    service.run(claim)
