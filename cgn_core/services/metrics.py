"""What an operator watches: jobs by state and age, queues, workers, and whether forecasts hold what they promise.

For no actor: these figures cross agencies, say nothing about any of them, and are read by a monitoring system. The
database is asked, so that every web process gives the same answer and no worker needs a door of its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from cgn_core.db.heartbeats import RECONCILER, living_workers
from cgn_core.db.models import Heartbeat, Job, JobState, LedgerEntry, LedgerScore, now
from cgn_core.db.row_kinds import Occasion
from cgn_core.jobs import broker
from cgn_core.jobs.kinds import JobQueue
from cgn_core.services.health import WORKER_SILENCE, redis_answers

ENDED_WITHIN = timedelta(hours=1)
COVERED_WEEKS = 26
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """One gauge: its name, what it means, and its values by the labels' values."""

    name: str
    help: str
    values: tuple[tuple[tuple[str, ...], float], ...]
    labels: tuple[str, ...] = ()


def figures_of_parts() -> list[Figure]:
    """What needs no database: whether Redis answers, and how many messages wait in each queue."""
    answers = redis_answers()
    lengths: list[tuple[tuple[str, ...], float]] = []
    if answers:
        try:
            lengths = [((str(queue),), float(broker.waiting_hints(queue))) for queue in JobQueue]
        except Exception as error:  # noqa: BLE001 - whatever a broken broker raises, the other figures stand
            logger.warning("the broker can't be asked how long its queues are: %s", error)
    return [
        Figure("cgn_redis_up", "Whether Redis answers.", (((), float(answers)),)),
        Figure(
            "cgn_queue_messages", "Messages in Redis that a job waits; the jobs themselves are in cgn_jobs.",
            tuple(lengths), ("queue",),
        ),
    ]  # fmt: skip


def figures_of_jobs(session: Session) -> list[Figure]:
    """What the database knows."""
    return [*_active(session), *_ended(session), *_alive(session), *_coverage(session)]


def _active(session: Session) -> list[Figure]:
    since = case((Job.state == JobState.QUEUED, Job.created_at), else_=Job.started_at)
    rows = session.execute(
        select(Job.queue, Job.kind, Job.state, func.count(), func.min(since))
        .where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .group_by(Job.queue, Job.kind, Job.state)
    ).all()
    counts = {(queue, kind, state.value): count for queue, kind, state, count, _ in rows}
    moment, states = now(), (JobState.QUEUED, JobState.RUNNING)
    ages = {(str(queue), state.value): 0.0 for queue in JobQueue for state in states}
    for queue, _kind, state, _count, oldest in rows:
        if oldest is not None:
            ages[queue, state.value] = max(ages.get((queue, state.value), 0.0), (moment - oldest).total_seconds())
    return [
        Figure(
            "cgn_jobs", "Jobs that wait (queued) or run, by queue and kind.",
            tuple((key, float(count)) for key, count in sorted(counts.items())), ("queue", "kind", "state"),
        ),
        Figure(
            "cgn_job_age_seconds", "Age of the job that has waited, or run, for the longest; 0 where there is none.",
            tuple(sorted(ages.items())), ("queue", "state"),
        ),
    ]  # fmt: skip


def _ended(session: Session) -> list[Figure]:
    moment = now()
    # A claim sets the lease and nothing clears it, so the index of states and leases finds what ran lately.
    lately = and_(
        Job.state.in_(ENDED), Job.lease_until > moment - 2 * ENDED_WITHIN, Job.finished_at > moment - ENDED_WITHIN
    )
    rows = session.execute(select(Job.kind, Job.state, Job.started_at, Job.finished_at).where(lately)).all()
    counts: dict[tuple[str, ...], float] = {}
    longest: dict[tuple[str, ...], float] = {}
    for kind, state, started, finished in rows:
        counts[kind, state.value] = counts.get((kind, state.value), 0.0) + 1
        if started is not None and finished is not None and state is JobState.DONE:
            longest[(kind,)] = max(longest.get((kind,), 0.0), (finished - started).total_seconds())
    return [
        Figure(
            "cgn_jobs_ended_last_hour", "Jobs that ended within the last hour, by kind and how.",
            tuple(sorted(counts.items())), ("kind", "state"),
        ),
        Figure(
            "cgn_job_seconds_longest_last_hour", "Seconds that the longest job done within the last hour took.",
            tuple(sorted(longest.items())), ("kind",),
        ),
    ]  # fmt: skip


def _alive(session: Session) -> list[Figure]:
    workers = session.scalar(select(func.count()).select_from(living_workers(within=WORKER_SILENCE).subquery()))
    seen = session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == RECONCILER, Heartbeat.holder != ""))
    silent = () if seen is None else (((), max(0.0, (now() - seen).total_seconds())),)
    return [
        Figure("cgn_workers_alive", "Workers that gave a sign of life within 30 s.", (((), float(workers or 0)),)),
        Figure(
            "cgn_reconciler_silent_seconds", "Since when the reconciler that acts was silent; absent where none acts.",
            silent,
        ),
    ]  # fmt: skip


def _coverage(session: Session) -> list[Figure]:
    held: ColumnElement[int] = case((LedgerScore.actual.between(LedgerEntry.low, LedgerEntry.high), 1), else_=0)
    newest_first = func.row_number().over(
        partition_by=(LedgerEntry.workspace_id, LedgerEntry.week_start), order_by=LedgerEntry.number.desc()
    )
    since = (now() - timedelta(weeks=COVERED_WEEKS)).date()
    shown = (
        select(LedgerEntry.level, held.label("held"), newest_first.label("place"))
        .join(LedgerScore, LedgerScore.entry_id == LedgerEntry.id)
        .where(LedgerEntry.occasion == Occasion.USUAL, LedgerEntry.week_start >= since)
        .subquery()
    )
    rows = session.execute(
        select(shown.c.level, func.count(), func.sum(shown.c.held)).where(shown.c.place == 1).group_by(shown.c.level)
    ).all()
    found = sorted((f"{level:g}", float(count), float(inside)) for level, count, inside in rows)
    return [
        Figure(
            "cgn_forecasts_scored", "Weeks of the last 26 that were forecast and whose growth is known, by level.",
            tuple(((level,), count) for level, count, _ in found), ("level",),
        ),
        Figure(
            "cgn_forecast_coverage_ratio", "The share of them whose growth fell into the interval; the level is due.",
            tuple(((level,), inside / count) for level, count, inside in found), ("level",),
        ),
    ]  # fmt: skip
