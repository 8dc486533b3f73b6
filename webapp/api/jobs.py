"""Jobs: ask for one, look how far it is, stop it, try again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, Field, RootModel

from cgn_core.jobs import JobKind
from cgn_core.services import (
    benchmark_tables,
    generations,
    jobs,
    mails,
    reports,
    retrain_all,
    retrainings,
    scorings,
    validations,
    whole_exports,
)
from cgn_core.services.jobs import JobPlace, JobView
from cgn_core.services.validations import ValidationSettings
from webapp.api.answers import IDEMPOTENCY_KEY, Body, Id, Paging, read_cursor, reply, write_cursor
from webapp.api.description import PREFIX, operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
TAG = "Jobs"
Weeks = Annotated[int, Field(ge=1, le=520)]


class Job(BaseModel):
    """A piece of heavy work; times are UTC."""

    id: UUID
    kind: str
    title: str
    workspace_id: UUID | None
    state: str = Field(description="queued, running, done, failed or cancelled.")
    progress: float = Field(description="0 to 1.")
    message: str
    error: str = Field(description='What went wrong, in words; "" unless it failed.')
    result: dict[str, Any] = Field(description="What came of it, by kind: a model's number, a file's id …")
    file_id: UUID | None = Field(description="The file it made; get it at /files/{file_id}.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    requested_by: str
    attempts: int
    cancel_requested: bool


class JobList(BaseModel):
    """Jobs, newest first."""

    items: list[Job]
    next: str | None


class JobQuery(Paging):
    """Which jobs."""

    workspace_id: Id | None = Field(default=None, description="Only this workspace's.")


class Retrain(Body):
    """Train all models on a workspace's data and rank them."""

    kind: Literal[JobKind.RETRAIN]
    workspace_id: Id
    model: Literal["daily", "single_lever", "ols", "huber", "tukey"] | None = Field(
        default=None, description="Try only this form, against the model in force."
    )


class RetrainAll(Body):
    """Train the models of many workspaces together."""

    kind: Literal[JobKind.RETRAIN_ALL]
    workspace_ids: list[Id] | None = Field(default=None, min_length=1, max_length=20_000)


class Validate(Body):
    """Validate one model by rolling origin. All counts are weeks."""

    kind: Literal[JobKind.VALIDATE]
    workspace_id: Id
    model: Literal["daily", "single_lever", "ols", "huber", "tukey"] = "daily"
    initial: Annotated[int, Field(ge=6, le=520)] | None = None
    horizon: Weeks = 1
    step: Weeks = 1
    gap: Annotated[int, Field(ge=0, le=520)] = 0
    window: Annotated[int, Field(ge=6, le=520)] | None = None
    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.9


class Score(Body):
    """Score the kept forecasts whose week is complete."""

    kind: Literal[JobKind.SCORE]
    workspace_id: Id


class Report(Body):
    """Make a client report, as PDF, HTML and Excel."""

    kind: Literal[JobKind.REPORT]
    workspace_id: Id
    rebuild: Id | None = Field(
        default=None, description="The earlier report whose data version and model version to report on."
    )


class Export(Body):
    """Everything of every creator that the token sees, as one ZIP."""

    kind: Literal[JobKind.EXPORT]


class BenchmarkTable(Body):
    """Every measure of one creator, or of all, among its competitors, as a table."""

    kind: Literal[JobKind.BENCHMARK]
    workspace_id: Id | None = None


class Mail(Body):
    """Mail a file to a member of the agency who may see it."""

    kind: Literal[JobKind.MAIL]
    file_id: Id
    to: Id = Field(description="The member's id.")


class Generate(Body):
    """Make synthetic creators whose true effects are known."""

    kind: Literal[JobKind.GENERATE]
    profile: Literal["nano", "micro", "mid", "macro", "mega"] = "micro"
    days: Annotated[int, Field(ge=28, le=3650)] = 730
    creators: Annotated[int, Field(ge=1, le=20)] = 1
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    viral_rate: Annotated[float, Field(ge=0, le=0.2)] | None = None
    effects: dict[str, float] | None = None
    peers: Annotated[int, Field(ge=0, le=20)] = 0
    handles: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(default=[], max_length=20)


AnyJob = Retrain | RetrainAll | Validate | Score | Report | Export | BenchmarkTable | Mail | Generate


class NewJob(RootModel[Annotated[AnyJob, Field(discriminator="kind")]]):
    """A job to do; `kind` says which."""


@blueprint.get("")
@operation(TAG, JobList)
def list_jobs(query: JobQuery) -> Response:
    """List jobs, newest first."""
    after = read_cursor(query.cursor)
    found = jobs.list_jobs(
        db(),
        actor(),
        workspace_id=query.workspace_id,
        limit=query.limit + 1,
        after=JobPlace.parse(after) if after is not None else None,
    )
    page = found[: query.limit]
    following = write_cursor(str(JobPlace.of(page[-1]))) if len(found) > len(page) else None
    return reply(JobList(items=[shown(job) for job in page], next=following))


@blueprint.post("")
@operation(TAG, Job, status=202, idempotent=True)
def create_job(json: NewJob) -> Response:
    """Ask for a job. It is done by a worker; read it until its state is done."""
    given = request.headers.get(IDEMPOTENCY_KEY)
    made = _ask_for(json.root, f"api:{g.api_token}:{given}" if given else str(uuid4()))
    return reply(_read(made), 202, location=f"{PREFIX}/jobs/{made}")


@blueprint.get("/<job_id>")
@operation(TAG, Job)
def read_job(job_id: str) -> Response:
    """Read a job: its state, how far it is, and what came of it."""
    return reply(_read(identifier(job_id)))


@blueprint.post("/<job_id>/cancel")
@operation(TAG, Job)
def cancel_job(job_id: str) -> Response:
    """Cancel a waiting job, or ask a running one to stop; one that has ended stays as it is."""
    wanted = identifier(job_id)
    jobs.cancel_job(db(writes=True), actor(), wanted)
    return reply(_read(wanted))


@blueprint.post("/<job_id>/retry")
@operation(TAG, Job, status=202, conflicts=True)
def retry_job(job_id: str) -> Response:
    """Queue a failed or cancelled job again, as a new one."""
    made = jobs.retry_job(db(writes=True), actor(), identifier(job_id))
    return reply(_read(made), 202, location=f"{PREFIX}/jobs/{made}")


def shown(view: JobView) -> Job:
    """A job as the API shows it."""
    file = view.file_id
    return Job.model_validate(
        {name: getattr(view, name) for name in Job.model_fields if name not in {"requested_by", "file_id"}}
        | {"requested_by": view.requested_by_name, "file_id": file}
    )


def _read(job_id: UUID) -> Job:
    return shown(jobs.get_job(db(), actor(), job_id))


def _ask_for(asked: AnyJob, key: str) -> UUID:  # noqa: PLR0911 - one line for each kind of job
    session, who = db(writes=True), actor()
    match asked:
        case Retrain():
            return retrainings.request_retraining(session, who, asked.workspace_id, key=key, model=asked.model)
        case RetrainAll():
            return retrain_all.request_retraining_of_all(session, who, key=key, workspace_ids=asked.workspace_ids)
        case Validate():
            wanted = ValidationSettings(**asked.model_dump(exclude={"kind", "workspace_id"}))
            return validations.request_validation(session, who, asked.workspace_id, settings=wanted, key=key)
        case Score():
            return scorings.request_scoring(session, who, asked.workspace_id, key=key)
        case Report():
            return reports.request_report(session, who, asked.workspace_id, key=key, rebuild=asked.rebuild)
        case Export():
            return whole_exports.request_whole_export(session, who, key=key)
        case BenchmarkTable():
            return benchmark_tables.request_benchmark(session, who, asked.workspace_id, key=key)
        case Mail():
            return mails.request_mail(session, who, asked.file_id, asked.to, key=key)
        case Generate():
            return generations.request_generation(session, who, **asked.model_dump(exclude={"kind"}), key=key)
