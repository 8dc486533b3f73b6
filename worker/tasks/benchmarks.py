"""The task that does ``benchmark`` jobs."""

from __future__ import annotations

from cgn_core.jobs import Claim, JobKind
from cgn_core.services import benchmark_tables
from worker.doing import does


@does(JobKind.BENCHMARK)
def benchmark(claim: Claim) -> None:
    """Do the job."""
    benchmark_tables.run(claim)
