"""The task that does ``retrain`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import retrainings
from worker.doing import does


@does(JobKind.RETRAIN)
def retrain(claim: Claim) -> None:
    """Do the job."""
    retrainings.run(claim)
