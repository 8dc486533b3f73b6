"""Whose turn it is: which waiting job of a queue is done next, fair between agencies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from cgn_core.db.models import Job, JobState, now
from cgn_core.jobs.kinds import JobKind

REMEMBERED = timedelta(hours=1)
"""An agency that was served longer ago than this counts as one that wasn't served."""


def whose_turn(queue: str, *, kinds: Collection[str]) -> Select[UUID]:
    """The one waiting job of a queue that is to be done next; locked until the caller's transaction ends.

    Of the agency that has the fewest of this queue running; among those the one whose last job began longest ago, so
    that a worker with a single process takes turns too; of that agency the oldest job. A job that another worker is
    taking at this moment is passed over, and so is a retraining of a workspace in which one runs.

    Args:
        queue: which one.
        kinds: what the caller can do; others are left to workers that can.
    """
    running = (
        select(Job.agency_id, func.count().label("jobs"))
        .where(Job.state == JobState.RUNNING, Job.queue == queue)
        .group_by(Job.agency_id)
        .subquery()
    )
    # A claim sets the lease and nothing clears it, so the index of states and leases finds what was lately done.
    ended_or_running = [state for state in JobState if state is not JobState.QUEUED]
    lately = and_(Job.state.in_(ended_or_running), Job.lease_until > now() - REMEMBERED, Job.queue == queue)
    served = (
        select(Job.agency_id, func.max(Job.started_at).label("began")).where(lately).group_by(Job.agency_id).subquery()
    )
    other = aliased(Job)
    same_workspace = and_(other.workspace_id == Job.workspace_id, other.kind == JobKind.RETRAIN)
    retrained_now = exists().where(same_workspace, other.state == JobState.RUNNING)
    return (
        select(Job.id)
        .outerjoin(running, running.c.agency_id == Job.agency_id)
        .outerjoin(served, served.c.agency_id == Job.agency_id)
        .where(
            Job.state == JobState.QUEUED,
            Job.queue == queue,
            Job.kind.in_(kinds),
            Job.cancel_requested.is_(False),
            or_(Job.kind != JobKind.RETRAIN, ~retrained_now),
        )
        .order_by(func.coalesce(running.c.jobs, 0), served.c.began.asc().nulls_first(), Job.created_at, Job.id)
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
