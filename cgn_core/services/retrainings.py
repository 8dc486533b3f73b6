"""Retraining: validate, rank, choose, store the next model version, and put it in force where that improves."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version as package_version
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.jobs import active_jobs
from cgn_core.db.models import JobState, ModelVersion, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.data_versions import current_version
from cgn_core.services.drift_watch import LastLook, last_look, look
from cgn_core.services.ledger import score_complete_weeks
from cgn_core.services.model_summaries import summarise
from cgn_core.services.registry import Champion, champion_of, newest_trainings, settle
from cgn_core.services.validations import MODELS
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.training import Training, train
from cgn_core.tables import Daily

EFFECT_LEVEL = 0.95
INTERVAL_LEVEL = 0.9


def request_retraining(
    session: Session, actor: Actor, workspace_id: UUID | str, *, key: str, model: str | None = None
) -> UUID:
    """Queue a retraining; returns the job's id. The same ``key`` twice returns the same job.

    While a retraining of the same data waits or runs, the request joins it.

    Args:
        session: the transaction.
        actor: who asks.
        workspace_id: whose model.
        key: idempotency key.
        model: a form to train as challenger of the one in force; None ranks all.

    Raises:
        InvalidInput: no such form.
        Conflict: a challenger is asked for while another training waits or runs.
        NotFound: no such workspace, or not the actor's to edit (alike on purpose).
        Forbidden: the actor's role runs no jobs.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    # Locked, so that two requests at once see each other's job.
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.RUN_JOBS)
    if model is not None and model not in MODELS:
        raise InvalidInput(f"{model!r} is no model; there are {', '.join(MODELS)}.")
    return enqueue_retraining(session, workspace, requested_by=actor.user_id, key=key, model=model)


def enqueue_retraining(
    session: Session, workspace: Workspace, *, requested_by: UUID | None, key: str, model: str | None = None
) -> UUID:
    """Queue or join a retraining of a workspace the caller has authorised and locked; returns the job's id.

    Raises:
        Conflict: a challenger is asked for while another training waits or runs.
    """
    session.flush()
    for job in session.scalars(active_jobs(workspace_id=workspace.id, kind=JobKind.RETRAIN)):
        if job.params.get("only_on_drift"):
            continue  # it may come to nothing
        if job.params.get("model") != model:
            if model is None:
                continue  # a challenger's training doesn't stand in for the one that follows an import
            raise Conflict("A training of this workspace waits or runs; try the challenger when it is done.")
        # A waiting job reads the data when it starts; a running one has read what was current when it was asked for.
        if job.state == JobState.QUEUED or job.params.get("data_version") == workspace.data_version:
            return job.id
    return enqueue(
        session,
        JobKind.RETRAIN,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=requested_by,
        params={"data_version": workspace.data_version} | ({"model": model} if model else {}),
        key=f"retrain:{workspace.id}:{key}",
    )


def enqueue_drift_look(session: Session, workspace: Workspace) -> UUID:
    """Queue a retraining that only takes place if growth has left its path since the last one; returns the job's id.

    Each version of the data is looked at once: its number is in the key. A retraining that waits or runs already
    stands in for it. The caller has authorised and locked the workspace.

    Raises:
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    session.flush()
    for job in session.scalars(active_jobs(workspace_id=workspace.id, kind=JobKind.RETRAIN)):
        if not job.params.get("model"):
            return job.id
    return enqueue(
        session,
        JobKind.RETRAIN,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        params={"data_version": workspace.data_version, "only_on_drift": True},
        key=f"retrain:{workspace.id}:drift:v{workspace.data_version}",
    )


@dataclass(frozen=True)
class Stored:
    """A model version that was stored."""

    number: int
    decision: str
    """Whether it came into force, and why."""


@dataclass(frozen=True)
class Material:
    """What a training of a workspace needs to know."""

    workspace_id: UUID
    minutes: dict[str, float]
    data_version: int
    data_hash: str
    daily: Daily
    champion: Champion | None


def run(claim: Claim) -> None:
    """Train on the workspace's current data and store the model, unless the claim is lost meanwhile.

    A job that is only to train on drift ends without a model where no alarm is new.

    Raises:
        TooFewObservations: naming the weeks that are missing.
        Cancelled: somebody asked the job to stop.
        LostClaim: another worker has the job.
    """
    claim.progress(0.0, "Reading the data")
    material = _read(claim)
    cause = ""
    if claim.params.get("only_on_drift"):
        drift = look(material.daily)
        if not _last_look(material.workspace_id).is_news(drift):
            with claim.commit() as session:
                claim.finish(session, {"decision": f"No new change of level, so nothing was trained. {drift.sentence}"})
            return
        cause = f"{drift.sentence} "
    training = train(
        material.daily,
        model=claim.params.get("model"),
        champion=material.champion.chosen if material.champion else None,
        level=EFFECT_LEVEL,
        interval_level=INTERVAL_LEVEL,
        minutes=material.minutes,
        progress=claim.progress,
    )
    with claim.commit() as session:
        # Locked, so that two retrainings that end together number their versions one after the other.
        workspace = session.get_one(Workspace, material.workspace_id, with_for_update=True)
        stored = store_training(
            session, workspace, material, training, job_id=claim.job_id, model=claim.params.get("model")
        )
        claim.finish(
            session,
            {
                "model_number": stored.number,
                "chosen": training.chosen,
                "verdict": training.verdict,
                "reason": training.reason,
                "decision": f"{cause}{stored.decision}",
                "data_version": material.data_version,
            },
        )


def store_training(
    session: Session,
    workspace: Workspace,
    material: Material,
    training: Training,
    *,
    job_id: UUID | None,
    model: str | None = None,
    together: bool = False,
) -> Stored:
    """Store a training as the next model version of a workspace the caller has locked, and settle what is in force.

    Args:
        session: the transaction of the job's results.
        workspace: whose.
        material: what was trained on.
        training: what came of it.
        job_id: of the job; None where it was no job.
        model: the form that was asked for; None where all were ranked.
        together: whether the ranking was that of many creators at once.
    """
    newest = session.scalar(select(func.max(ModelVersion.number)).where(ModelVersion.workspace_id == workspace.id))
    version = ModelVersion(
        workspace_id=workspace.id,
        number=(newest or 0) + 1,
        job_id=job_id,
        data_version=material.data_version,
        data_hash=material.data_hash,
        code_version=package_version("creator-growth-navigator"),
        settings={
            "effect_level": EFFECT_LEVEL,
            "interval_level": INTERVAL_LEVEL,
            "minutes": material.minutes,
            "model": model,
        }
        | ({"ranked_together": True} if together else {}),
        chosen=training.chosen,
        verdict=training.verdict,
        training=training.to_json(),
        summary=summarise(training, level=INTERVAL_LEVEL),
    )
    session.add(version)
    session.flush()
    score_complete_weeks(session, workspace, material.daily)
    decision = settle(session, workspace, version, training, material.daily, champion=material.champion)
    record(
        session,
        System(workspace.agency_id),
        AuditAction.TRAINED,
        subject=(SubjectKind.MODEL_VERSION, version.id),
        workspace_id=workspace.id,
        model_number=version.number,
        data_version=version.data_version,
        job=job_id,
    )
    return Stored(version.number, decision)


def _last_look(workspace_id: UUID) -> LastLook:
    with reading() as session:
        workspace = session.get_one(Workspace, workspace_id)
        return last_look(newest_trainings(session, [workspace]).get(workspace_id))


def _read(claim: Claim) -> Material:
    with reading() as session:
        workspace = session.get(Workspace, claim.workspace_id) if claim.workspace_id else None
        if workspace is None:
            raise NotFound
        material = material_of(session, workspace)
    if material is None:
        raise NotFound("There are no data to train on; import a file first.")
    return material


def material_of(session: Session, workspace: Workspace) -> Material | None:
    """What a training of the workspace's current data needs; None where there are none."""
    version = current_version(session, workspace, with_table=True)
    if version is None:
        return None
    return Material(
        workspace_id=workspace.id,
        minutes=minutes_of(workspace),
        data_version=version.number,
        data_hash=version.data_hash,
        daily=daily_from_bytes(version.table),
        champion=champion_of(session, workspace),
    )
