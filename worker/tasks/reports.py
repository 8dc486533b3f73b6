"""The task that does ``report`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import reports
from worker.doing import does


@does(JobKind.REPORT)
def make_report(claim: Claim) -> None:
    """Do the job."""
    reports.run(claim)
