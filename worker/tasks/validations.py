"""The task that does ``validate`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import validations
from worker.doing import does


@does(JobKind.VALIDATE)
def validate(claim: Claim) -> None:
    """Do the job."""
    validations.run(claim)
