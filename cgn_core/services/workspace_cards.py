"""Workspaces as cards: what the portfolio and every header say of a creator, in three queries for any number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from cgn_core.db.jobs import ACTIVE
from cgn_core.db.models import DataVersion, Job, JobState, ModelVersion, Workspace
from cgn_core.jobs import JobKind
from cgn_core.services.data_versions import Overview, overview_of_version
from cgn_core.services.model_summaries import Summary, summary_of
from cgn_core.services.registry import current_model_versions

STALE_AFTER_DAYS = 8
FEW_WEEKS = 26
"""Below half a year of weeks intervals are wide, and the light says so."""


@dataclass(frozen=True)
class Light:
    """How a workspace stands."""

    state: str
    """A few words."""
    tone: str
    """good | caution | bad | neutral."""
    reason: str
    """What it means and what to do, in a sentence."""


@dataclass(frozen=True)
class JobNote:
    """The workspace's newest job, as a card shows it."""

    id: UUID
    kind: str
    state: str
    progress: float
    message: str
    error: str


@dataclass(frozen=True)
class WorkspaceCard:
    """One creator in a list. Growth and forecasts are followers per week; what is unknown is None."""

    id: UUID
    handle: str
    followers: float | None
    last_week_start: str | None
    last_week_growth: float | None
    sparkline: tuple[float | None, ...]
    weeks: int
    data_version: int
    data_last_date: date | None
    data_age_days: int | None
    """Days between the newest row and today in the workspace's time zone."""
    model: Summary | None
    """The model in force; ``model.forecast`` is next week at the usual plan."""
    is_current_data: bool
    """Whether that model was trained on the current data."""
    light: Light
    job: JobNote | None
    """The job that is waiting or running, else the newest retraining if it failed after the last model."""


def today_in(time_zone: str) -> date:
    """The local date."""
    return datetime.now(UTC).astimezone(ZoneInfo(time_zone)).date()


def cards_of(session: Session, workspaces: Sequence[Workspace]) -> list[WorkspaceCard]:
    """A card each, in the same order; the caller has authorised."""
    ids = [workspace.id for workspace in workspaces]
    # Of a version only what the cards show: all that was found in its files can be much.
    tables = {key: _Table(Overview.from_json(told), day) for key, told, day in session.execute(_TABLES, {"ids": ids})}
    models, jobs = current_model_versions(session, workspaces), _jobs(session, ids)
    return [_card(w, tables.get(w.id, NO_TABLE), models.get(w.id), jobs.get(w.id)) for w in workspaces]


def card_of(session: Session, workspace: Workspace, version: DataVersion | None) -> WorkspaceCard:
    """The card of one workspace, whose current version has been read."""
    table = _Table(overview_of_version(version), version.last_date) if version is not None else NO_TABLE
    models, jobs = current_model_versions(session, [workspace]), _jobs(session, [workspace.id])
    return _card(workspace, table, models.get(workspace.id), jobs.get(workspace.id))


class _Table(NamedTuple):
    """What a card shows of a daily table."""

    overview: Overview
    last_date: date | None


class _Job(NamedTuple):
    """What a card needs of a job, in the order in which it is read."""

    workspace_id: UUID | None
    created_at: datetime
    id: UUID
    kind: str
    state: JobState
    progress: float
    message: str
    error: str


NO_TABLE = _Table(Overview(None, None, None, (), 0, 0), None)


def _card(workspace: Workspace, table: _Table, model: ModelVersion | None, job: _Job | None) -> WorkspaceCard:
    overview, last_date = table
    age = (today_in(workspace.time_zone) - last_date).days if last_date is not None else None
    if job is not None and job.state == JobState.FAILED and model is not None and model.created_at > job.created_at:
        job = None
    is_current = model is not None and model.data_version == workspace.data_version
    light = _light(overview, age, model, job, is_current=is_current)
    return WorkspaceCard(
        id=workspace.id,
        handle=workspace.handle,
        followers=overview.followers,
        last_week_start=overview.last_week_start,
        last_week_growth=overview.last_week_growth,
        sparkline=overview.sparkline,
        weeks=overview.weeks,
        data_version=workspace.data_version,
        data_last_date=last_date,
        data_age_days=age,
        model=summary_of(model) if model else None,
        is_current_data=is_current,
        light=light,
        job=_note(job) if job else None,
    )


def _note(job: _Job) -> JobNote:
    return JobNote(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        progress=job.progress,
        message=job.message,
        error=job.error,
    )


def _light(
    overview: Overview, age: int | None, model: ModelVersion | None, job: _Job | None, *, is_current: bool
) -> Light:
    if age is None:
        return Light("No data yet", "neutral", "Import a file on the Data page.")
    if job is not None and job.kind == JobKind.RETRAIN and (job.state in ACTIVE or not is_current):
        return _training_light(job)
    if model is None:
        return Light("No model yet", "caution", "Start a retraining on the Model health page.")
    if not is_current:
        return Light("Model is older", "caution", "The data changed after this model was trained; retrain it.")
    return _model_light(overview, age, model)


def _training_light(job: _Job) -> Light:
    if job.state == JobState.QUEUED:
        return Light("Waiting to train", "neutral", "The model is trained as soon as a worker is free.")
    if job.state == JobState.RUNNING:
        return Light(f"Training {100 * job.progress:.0f} %", "neutral", job.message)
    return Light("Not trained", "bad", job.error)


def _model_light(overview: Overview, age: int, model: ModelVersion) -> Light:
    if age > STALE_AFTER_DAYS:
        sentence = "Import the newest days, so that forecasts start from today."
        return Light(f"Data {age} days old", "caution", sentence)
    if model.verdict != "beats_naive":
        sentence = "On unseen weeks no model beat the naive forecast, so the naive forecast is what is shown."
        return Light("No better than naive", "caution", sentence)
    if overview.weeks < FEW_WEEKS:
        sentence = "Intervals narrow as more weeks are imported."
        return Light(f"{overview.weeks} weeks only: wide", "neutral", sentence)
    return Light("Healthy", "good", "The model beats the naive forecast on unseen weeks and its data are fresh.")


def current_versions(session: Session, workspaces: Sequence[Workspace]) -> dict[UUID, DataVersion]:
    """Per workspace the row of its current daily table, if it has one."""
    rows = session.scalars(
        select(DataVersion)
        .join(
            Workspace,
            and_(Workspace.id == DataVersion.workspace_id, Workspace.data_version == DataVersion.number),
        )
        .where(Workspace.id.in_([workspace.id for workspace in workspaces]))
    )
    return {row.workspace_id: row for row in rows}


_TABLES = (
    select(DataVersion.workspace_id, DataVersion.report["overview"], DataVersion.last_date)
    .join(Workspace, and_(Workspace.id == DataVersion.workspace_id, Workspace.data_version == DataVersion.number))
    .where(Workspace.id.in_(bindparam("ids", expanding=True)))
)


def _of_cards() -> Select[UUID | None, datetime, UUID, str, JobState, float, str, str]:
    """The active jobs of the workspaces whose ids are given, and their last retrainings, where those failed."""
    other = aliased(Job)
    last = select(func.max(other.created_at)).where(
        other.workspace_id == Job.workspace_id, other.kind == JobKind.RETRAIN
    )
    failed_last = and_(
        Job.state == JobState.FAILED, Job.kind == JobKind.RETRAIN, Job.created_at == last.scalar_subquery()
    )
    columns = (
        Job.workspace_id, Job.created_at, Job.id, Job.kind, Job.state, Job.progress, Job.message, Job.error
    )  # fmt: skip
    return select(*columns).where(
        Job.workspace_id.in_(bindparam("ids", expanding=True)),
        Job.state.in_((*ACTIVE, JobState.FAILED)),
        or_(Job.state.in_(ACTIVE), failed_last),
    )


_JOBS = _of_cards()


def _jobs(session: Session, ids: Sequence[UUID]) -> dict[UUID, _Job]:
    """Per workspace: its active retraining, else another active job, else its last retraining if that failed."""
    candidates = [_Job(*row) for row in session.execute(_JOBS, {"ids": ids})]
    # The last one put into the dict stays: retrainings win over other kinds, running ones over waiting ones.
    candidates.sort(
        key=lambda job: (
            job.state in ACTIVE,
            job.kind == JobKind.RETRAIN,
            job.state == JobState.RUNNING,
            job.created_at,
        )
    )
    return {job.workspace_id: job for job in candidates if job.workspace_id is not None}
