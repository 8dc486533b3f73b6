"""Scoring on request and by night: every kept forecast whose week is complete by now."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import LedgerEntry, LedgerScore, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.data_versions import current_daily
from cgn_core.services.ledger import score_complete_weeks
from cgn_core.tables import Daily


def request_scoring(session: Session, actor: Actor, workspace_id: UUID | str, *, key: str) -> UUID:
    """Queue the scoring of a workspace's kept forecasts; returns the job's id.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.RUN_JOBS)
    return enqueue(
        session,
        JobKind.SCORE,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=actor.user_id,
        key=f"score:{workspace.id}:{key}",
    )


def run(claim: Claim) -> None:
    """Score the open forecasts of the job's workspace, or of all of its agency's.

    Raises:
        Cancelled: somebody asked the job to stop.
        LostClaim: another worker has the job.
    """
    claim.progress(0.0, "Looking for weeks that are complete")
    with reading() as session:
        found = _waiting(session, claim)
        tables = {}
        for place, workspace in enumerate(found):
            # Everybody in the agency reads this, so it names nobody.
            claim.progress(place / len(found), f"{place:,} of {len(found):,} creators read")
            tables[workspace.id] = (workspace.data_version, current_daily(session, workspace))
    with claim.commit() as session:
        scored = sum(_score(session, workspace_id, *read) for workspace_id, read in tables.items())
        claim.finish(session, {"scored": scored, "workspaces": len(tables)})


def _waiting(session: Session, claim: Claim) -> list[Workspace]:
    """The workspaces that have data and a forecast without a score."""
    unscored = (
        select(LedgerEntry.workspace_id)
        .outerjoin(LedgerScore, LedgerScore.entry_id == LedgerEntry.id)
        .where(LedgerScore.entry_id.is_(None))
    )
    wanted = select(Workspace).where(
        Workspace.agency_id == claim.agency_id, Workspace.data_version > 0, Workspace.id.in_(unscored)
    )
    if claim.workspace_id is not None:
        wanted = wanted.where(Workspace.id == claim.workspace_id)
    return list(session.scalars(wanted.order_by(Workspace.handle)))


def _score(session: Session, workspace_id: UUID, data_version: int, daily: Daily) -> int:
    workspace = session.get(Workspace, workspace_id, with_for_update=True)
    if workspace is None or workspace.data_version != data_version:
        return 0  # deleted, or imported into meanwhile: that import's retraining scores
    return score_complete_weeks(session, workspace, daily)
