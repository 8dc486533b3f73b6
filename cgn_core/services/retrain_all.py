"""Retraining of all workspaces of an agency: split into parts of about 500, each trained together, stored by and by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import ModelVersion, Workspace
from cgn_core.db.session import reading
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import InvalidInput, NotFound, StatisticsError
from cgn_core.figures.wording import counted
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.registry import current_model_versions
from cgn_core.services.retrainings import EFFECT_LEVEL, INTERVAL_LEVEL, Material, material_of, store_training
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.batch_training import RANKED_TOGETHER, Trainee, train_many

PART = 500
"""Workspaces a part at most, where none has a champion that must be validated alone."""
PARTS = 8
"""Parts that fewer workspaces are split into, so that several workers share them."""
ALONE = 5
"""How many others such a one takes as long as."""
TOGETHER = 50
"""Workspaces in memory at once, and stored in one transaction."""
MOST_ALONE = 20
"""Workspaces that are retrained each by a job of its own; more are retrained together."""
MOST_NAMED = 20
"""Workspaces that a result names as left out."""


def request_retraining_of_all(
    session: Session, actor: Actor, *, key: str, workspace_ids: Sequence[UUID] | None = None
) -> UUID:
    """Queue a retraining of every workspace with data that the actor may edit; returns the job's id.

    The weekly models are ranked for many creators together, which takes a tenth of the time that one after the other
    take; a champion of another form is validated alone and stays unless it is beaten.

    Args:
        session: the transaction.
        actor: who asks.
        key: idempotency key.
        workspace_ids: only these, of those the actor may edit; None takes all.

    Raises:
        Forbidden: the actor's role runs no jobs, or their token is limited to some workspaces.
        InvalidInput: no workspace has data.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    actor.require(Action.RUN_JOBS)
    actor.require_agency()  # the job is the agency's
    wanted = editable_workspaces(actor).where(Workspace.data_version > 0)
    if workspace_ids is not None:
        wanted = wanted.where(Workspace.id.in_(workspace_ids))
    found = session.scalars(wanted.with_only_columns(Workspace.id).order_by(Workspace.id)).all()
    if not found:
        raise InvalidInput("No workspace has data to train on; import a file first.")
    return enqueue_retraining_of_all(session, actor.agency_id, found, requested_by=actor.user_id, key=key)


def enqueue_retraining_of_all(
    session: Session, agency_id: UUID, workspace_ids: Sequence[UUID], *, requested_by: UUID | None, key: str
) -> UUID:
    """Queue a retraining of these workspaces of an agency, which the caller has authorised; returns the job's id.

    Raises:
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    return enqueue(
        session,
        JobKind.RETRAIN_ALL,
        agency_id=agency_id,
        requested_by=requested_by,
        params={"workspaces": [str(each) for each in workspace_ids]},
        key=f"retrain_all:{key}",
    )


def run(claim: Claim) -> None:
    """Split what is too much for one job into parts; else train it, store it by and by, and say what came of it.

    Raises:
        Cancelled: somebody asked the job to stop; what was stored until then stays.
        LostClaim: another worker has the job.
    """
    claim.progress(0.0, "Looking for what to train")
    wanted = [UUID(each) for each in claim.params["workspaces"]]
    parts = [] if "part" in claim.params else _parts(wanted)
    if len(parts) > 1:
        _split(claim, parts)
        return
    with reading() as session:
        trained = set(session.scalars(select(ModelVersion.workspace_id).where(ModelVersion.job_id == claim.job_id)))
    left_out: list[tuple[str, str]] = []
    # What was stored before the job was begun again isn't trained again.
    open_ones = [each for each in wanted if each not in trained]
    done = len(trained)
    for first in range(0, len(open_ones), TOGETHER):
        group = open_ones[first : first + TOGETHER]
        left_out += _train_group(claim, group, done=done, of=len(wanted))
        done += len(group)
    with claim.commit() as session:
        stored = session.scalar(
            select(func.count()).select_from(ModelVersion).where(ModelVersion.job_id == claim.job_id)
        )
        result, sentence = _result(stored or 0, left_out)
        claim.finish(session, result, sentence=sentence)


def _parts(wanted: Sequence[UUID]) -> list[list[str]]:
    with reading() as session:
        workspaces = list(session.scalars(select(Workspace).where(Workspace.id.in_(wanted)).order_by(Workspace.id)))
        in_force = {key: version.chosen for key, version in current_model_versions(session, workspaces).items()}
        found = [workspace.id for workspace in workspaces]
    if not found:
        raise NotFound
    quick = {*RANKED_TOGETHER, *BASELINES, None}
    most = min(PART, max(TOGETHER, -(-len(found) // PARTS)))
    parts: list[list[str]] = [[]]
    size = 0
    for workspace_id in found:
        cost = 1 if in_force.get(workspace_id) in quick else ALONE
        if parts[-1] and size + cost > most:
            parts.append([])
            size = 0
        parts[-1].append(str(workspace_id))
        size += cost
    return parts


def _split(claim: Claim, parts: Sequence[Sequence[str]]) -> None:
    with claim.commit() as session:
        ids = [
            enqueue(
                session,
                JobKind.RETRAIN_ALL,
                agency_id=claim.agency_id,
                requested_by=claim.requested_by,
                params={"workspaces": list(part), "part": number, "of": len(parts)},
                key=f"retrain_all:{claim.job_id}:{number}",
            )
            for number, part in enumerate(parts, start=1)
        ]
        claim.finish(session, {"parts": [str(each) for each in ids]}, sentence=f"Split into {len(ids)} parts")


def _train_group(claim: Claim, group: Sequence[UUID], *, done: int, of: int) -> list[tuple[str, str]]:
    """Train and store some workspaces; those left out, with the reason."""

    def say(fraction: float, sentence: str) -> None:
        claim.progress((done + fraction * len(group)) / of, f"{done:,} of {of:,} creators done. {sentence}")

    say(0.0, "Reading the data")
    handles, materials = _materials(claim, group)
    left_out = []
    trainees = [
        Trainee(each.daily, each.champion.chosen if each.champion else None, each.minutes) for each in materials
    ]
    answers = train_many(trainees, level=EFFECT_LEVEL, interval_level=INTERVAL_LEVEL, progress=say)
    found = list(zip(materials, answers, strict=True))
    with claim.step() as session:
        for material, training in found:
            if isinstance(training, StatisticsError):
                left_out.append((handles[material.workspace_id], str(training)))
                continue
            workspace = session.get(Workspace, material.workspace_id, with_for_update=True)
            if workspace is not None:  # deleted meanwhile
                store_training(session, workspace, material, training, job_id=claim.job_id, together=True)
    return left_out


def _materials(claim: Claim, group: Sequence[UUID]) -> tuple[dict[UUID, str], list[Material]]:
    with reading() as session:
        wanted = select(Workspace).where(Workspace.id.in_(group), Workspace.agency_id == claim.agency_id)
        workspaces = list(session.scalars(wanted.order_by(Workspace.id)))
        handles = {workspace.id: workspace.handle for workspace in workspaces}
        return handles, [found for each in workspaces if (found := material_of(session, each)) is not None]


def _result(stored: int, left_out: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], str]:
    reasons = Counter(reason for _, reason in left_out)
    result = {
        "trained": stored,
        "left_out": len(left_out),
        "reasons": dict(reasons.most_common(MOST_NAMED)),
        "handles": [handle for handle, _ in left_out[:MOST_NAMED]],
    }
    sentence = f"Trained {counted(stored, 'creator')}"
    if left_out:
        named = ", ".join(f"@{handle}" for handle, _ in left_out[:3])
        more = f" and {len(left_out) - 3:,} more" if len(left_out) > 3 else ""  # noqa: PLR2004 - a few by name
        sentence += f"; left out {named}{more}: {left_out[0][1]}"
    return result, sentence
