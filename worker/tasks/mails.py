"""The task that does ``mail`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import mails
from worker.doing import does


@does(JobKind.MAIL)
def mail(claim: Claim) -> None:
    """Do the job."""
    mails.run(claim)
