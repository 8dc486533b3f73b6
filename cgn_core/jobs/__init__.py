"""Jobs: the table is the truth, the broker only carries hints.

A job is a row. Whoever wants it done inserts it in the transaction of the business; that it waits is published after
the commit, and again by the reconciler when nobody took it. A worker that hears of it claims the row whose turn it is,
under a lease and a fence, and writes its results in one transaction that only goes through while the fence is its own.
"""

from cgn_core.jobs.claims import Claim, claimed
from cgn_core.jobs.kinds import JobKind, queue_of
from cgn_core.jobs.queueing import enqueue

__all__ = ["Claim", "JobKind", "claimed", "enqueue", "queue_of"]
