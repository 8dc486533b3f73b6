"""The task that does ``export`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import whole_exports
from worker.doing import does


@does(JobKind.EXPORT)
def export_all(claim: Claim) -> None:
    """Do the job."""
    whole_exports.run(claim)
