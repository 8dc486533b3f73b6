"""Jobs as people see them: what runs, how far it is, and how to stop it or try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.jobs import ACTIVE, active_jobs, editable_jobs, readable_jobs
from cgn_core.db.models import Job, JobState, User, Workspace, now
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import Conflict, InvalidInput
from cgn_core.figures.wording import count, plural
from cgn_core.jobs import JobKind, enqueue

MAILED = "mailed"
"""In a report's result: to how many it was mailed, in words for those who run jobs."""
FORETELLS = 0.05
"""The share of a job that must be done before its pace says when it will end."""


@dataclass(frozen=True)
class JobView:
    """One job, ready for a page; times are UTC, ``progress`` is 0 to 1."""

    id: UUID
    kind: str
    title: str
    workspace_id: UUID | None
    handle: str | None
    state: str
    progress: float
    message: str
    error: str
    result: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    requested_by_name: str
    attempts: int
    cancel_requested: bool
    is_mine: bool
    """Whether whoever looks asked for it."""

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def may_be_retried(self) -> bool:
        """Whether it ended without results."""
        return self.state in {JobState.FAILED, JobState.CANCELLED}

    @property
    def file_id(self) -> str | None:
        """The file it made, where whoever looks may fetch it: one of several workspaces is its maker's alone."""
        return self.result.get("file") if self.state == JobState.DONE and (self.workspace_id or self.is_mine) else None

    def time_left(self, at: datetime) -> timedelta | None:
        """How long it will run on at the pace so far; None before that says anything."""
        if self.state != JobState.RUNNING or self.started_at is None or not FORETELLS <= self.progress < 1:
            return None
        return (at - self.started_at) * (1 - self.progress) / self.progress


@dataclass(frozen=True)
class JobPlace:
    """Where a job stands in the list, newest first; jobs that come later move no other."""

    created_at: datetime
    id: UUID

    @classmethod
    def of(cls, job: JobView) -> JobPlace:
        """A job's place."""
        return cls(job.created_at, job.id)

    @classmethod
    def parse(cls, text: str) -> JobPlace:
        """The inverse of ``str``; untrusted.

        Raises:
            InvalidInput: it names no place.
        """
        moment, _, identifier = text.partition(" ")
        try:
            place = cls(datetime.fromisoformat(moment), UUID(identifier))
            place.created_at.astimezone(UTC)  # the database is asked in UTC, which the first hours of year 1 don't have
        except (ValueError, OverflowError):
            raise InvalidInput("There is no such place in the list of jobs.") from None
        if place.created_at.tzinfo is None:
            raise InvalidInput("There is no such place in the list of jobs.")
        return place

    def __str__(self) -> str:
        """For :meth:`parse`."""
        return f"{self.created_at.isoformat()} {self.id}"


def list_jobs(
    session: Session,
    actor: Actor,
    *,
    workspace_id: UUID | str | None = None,
    limit: int = 50,
    after: JobPlace | None = None,
) -> list[JobView]:
    """The newest jobs the actor may see, of one workspace or of all, from the one after a place on.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    jobs = readable_jobs(actor)
    if workspace_id is not None:
        workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
        jobs = jobs.where(Job.workspace_id == workspace.id)
    if after is not None:
        older = and_(Job.created_at == after.created_at, Job.id > after.id)
        jobs = jobs.where(or_(Job.created_at < after.created_at, older))
    return _views(session, actor, jobs.order_by(Job.created_at.desc(), Job.id).limit(limit))


def get_job(session: Session, actor: Actor, job_id: UUID | str) -> JobView:
    """One job the actor may see; raises NotFound."""
    job = one_or_not_found(session, readable_jobs(actor), job_id)
    return _views(session, actor, select(Job).where(Job.id == job.id))[0]


def cancel_job(session: Session, actor: Actor, job_id: UUID | str) -> None:
    """Cancel a waiting job at once, ask a running one to stop; one that has ended stays as it is.

    Raises:
        Forbidden: the role runs no jobs.
        NotFound: no such job, or not the actor's.
    """
    actor.require(Action.RUN_JOBS)
    job = one_or_not_found(session, editable_jobs(actor), job_id)
    waiting = update(Job).where(Job.id == job.id, Job.state == JobState.QUEUED)
    session.execute(
        waiting.values(
            state=JobState.CANCELLED, cancel_requested=True, message="Cancelled before it started", finished_at=now()
        )
    )
    # A worker may have claimed it a moment ago: then this one finds it running.
    running = update(Job).where(Job.id == job.id, Job.state == JobState.RUNNING)
    session.execute(running.values(cancel_requested=True, message="Stopping"))


def retry_job(session: Session, actor: Actor, job_id: UUID | str) -> UUID:
    """Queue a failed or cancelled job again as a new one; returns its id. Asking twice returns the same new job.

    Raises:
        Forbidden: the role runs no jobs.
        NotFound: no such job, or not the actor's.
        Conflict: it still waits or runs, or it is done.
        QuotaExceeded: the agency has its limit of jobs waiting.
    """
    actor.require(Action.RUN_JOBS)
    job = one_or_not_found(session, editable_jobs(actor), job_id)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise Conflict("Only a job that failed or was cancelled can be tried again; reload the page.")
    if job.workspace_id is not None and job.kind == JobKind.RETRAIN:
        running = session.scalars(active_jobs(workspace_id=job.workspace_id, kind=job.kind)).first()
        if running is not None:
            return running.id  # one retraining per workspace: this request joins it
    return enqueue(
        session,
        JobKind(job.kind),
        agency_id=job.agency_id,
        workspace_id=job.workspace_id,
        requested_by=actor.user_id,
        params=job.params,
        key=f"retry:{job.id}",
    )


def _views(session: Session, actor: Actor, jobs: Select[Job]) -> list[JobView]:
    rows = session.execute(
        jobs.add_columns(Workspace.handle, User.name)
        .outerjoin(Workspace, Workspace.id == Job.workspace_id)
        .outerjoin(User, User.id == Job.requested_by)
    )
    return [_view(actor, job, handle, name) for job, handle, name in rows]


def _is_told(actor: Actor, job: Job) -> bool:
    """Whether an actor who may see a job may know of what: one of several workspaces may name one closed to them."""
    return job.workspace_id is not None or job.requested_by == actor.user_id or actor.role is Role.OWNER


def _view(actor: Actor, job: Job, handle: str | None, requested_by_name: str | None) -> JobView:
    is_told = _is_told(actor, job)
    params = job.params if is_told else {key: value for key, value in job.params.items() if key != "file"}
    result = dict(job.result) if is_told else {}
    mailed = result.pop(MAILED, "")
    said = "; ".join(filter(None, (job.message, mailed if actor.may(Action.RUN_JOBS) else "")))
    return JobView(
        id=job.id,
        kind=job.kind,
        title=title_of(job.kind, handle, params),
        workspace_id=job.workspace_id,
        handle=handle,
        state=str(job.state),
        progress=job.progress,
        message=said if is_told else str(job.state).capitalize(),
        error=job.error if is_told else "",
        result=result,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        requested_by_name=requested_by_name or "",
        attempts=job.attempts,
        cancel_requested=job.cancel_requested,
        is_mine=job.requested_by == actor.user_id,
    )


DOES = {
    JobKind.BENCHMARK: "Benchmark",
    JobKind.EXPORT: "Export",
    JobKind.REPORT: "Report",
    JobKind.RETRAIN: "Retraining",
    JobKind.SCORE: "Scoring",
    JobKind.VALIDATE: "Validation",
}


def title_of(kind: str, handle: str | None, params: dict[str, Any]) -> str:
    """What a job is called: what it does, and to whom, with numbers as they are written here."""
    if kind == JobKind.GENERATE:
        return f"Generating {_creators(params.get('creators', 1))}"
    if kind == JobKind.MAIL:
        letter = "an invitation" if "invitation" in params else "a link for a new password"
        return f"Mail of {params.get('name', letter)}"
    if kind == JobKind.IMPORT:
        return f"{'Import' if 'upload' in params else 'Reading'} of {params.get('file', 'a large file')}"
    if kind == JobKind.RETRAIN_ALL:
        part = f", part {count(params['part'])} of {count(params['of'])}" if "part" in params else ""
        return f"Retraining of {_creators(len(params.get('workspaces', ())))}{part}"
    does = "Look for a change of level" if params.get("only_on_drift") else DOES[JobKind(kind)]
    return f"{does} of {f'@{handle}' if handle else 'all workspaces'}"


def _creators(number: int) -> str:
    return "one creator" if number == 1 else plural(number, "creator")
