"""Every measure of a creator among its competitors, as a table: of one workspace, or of all that somebody may see."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Competitor, Workspace, now
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput, StatisticsError
from cgn_core.figures.wording import counted
from cgn_core.ingest.storage import Cell, csv_of
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.accounts import actor_of
from cgn_core.services.competitors import benchmark
from cgn_core.services.exports import MEDIA_TYPES, ExportFormat, file_name
from cgn_core.services.files import store_file
from cgn_core.stats.benchmarks import Benchmark

COLUMNS = (
    "creator", "metric", "unit", "weeks", "value", "low", "high", "level", "peers", "percentile", "percentile_low",
    "percentile_high", "adjusted_for_size", "verdict", "sentence",
)  # fmt: skip


def request_benchmark(session: Session, actor: Actor, workspace_id: UUID | str | None, *, key: str) -> UUID:
    """Queue a table of a workspace's measures, or of all workspaces with competitors; returns the job's id.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        InvalidInput: nobody has both data and a competitor.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    one = None if workspace_id is None else one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.RUN_JOBS)
    if one is None:
        actor.require_agency()
    if session.scalar(_wanted(actor, None if one is None else one.id).limit(1)) is None:
        raise InvalidInput("Nobody has both numbers and a competitor to compare them with; add one under Competitors.")
    return enqueue(
        session,
        JobKind.BENCHMARK,
        agency_id=actor.agency_id,
        workspace_id=None if one is None else one.id,
        requested_by=actor.user_id,
        key=f"benchmark:{'all' if one is None else one.id}:{key}",
    )


def run(claim: Claim) -> None:
    """Compare creator by creator and keep the table.

    Raises:
        Cancelled: somebody asked the job to stop; nothing is kept.
        LostClaim: another worker has the job.
        NotFound: whoever asked for it is gone or disabled.
    """
    claim.progress(0.0, "Looking for competitors")
    with reading() as session:
        actor = actor_of(session, claim.requested_by)
        wanted = session.execute(
            _wanted(actor, claim.workspace_id).with_only_columns(Workspace.id, Workspace.handle)
        ).all()
    table: dict[str, list[Cell]] = {name: [] for name in COLUMNS}
    for place, (workspace_id, handle) in enumerate(wanted):
        # Everybody in the agency reads this, so it names nobody.
        claim.progress(0.95 * place / len(wanted), f"{place:,} of {len(wanted):,} creators compared")
        for row in _rows(actor, workspace_id):
            for name in COLUMNS:
                table[name].append(handle if name == "creator" else row.get(name))
    content = csv_of(table)
    one = wanted[0].handle if claim.workspace_id is not None and wanted else "all-creators"
    with claim.commit() as session:
        kept = store_file(
            session,
            claim,
            purpose="benchmark",
            name=file_name(one, f"benchmark-{now():%Y-%m-%d}", "csv"),
            media_type=MEDIA_TYPES[ExportFormat.CSV],
            content=io.BytesIO(content),
            size=len(content),
        )
        sentence = f"Compared {counted(len(wanted), 'creator')}"
        claim.finish(session, {"file": str(kept), "creators": len(wanted)}, sentence=sentence)


def _wanted(actor: Actor, workspace_id: UUID | None) -> Select[Workspace]:
    """The workspaces with data and a competitor, one of them or all that the actor may see."""
    compared = readable_workspaces(actor).where(
        Workspace.data_version > 0,
        Workspace.id.in_(readable_workspaces(actor).join(Competitor).with_only_columns(Workspace.id)),
    )
    return compared.order_by(Workspace.handle) if workspace_id is None else compared.where(Workspace.id == workspace_id)


def _rows(actor: Actor, workspace_id: UUID) -> list[dict[str, Any]]:
    """A row for each measure; one with a sentence where nothing can be compared."""
    with reading() as session:
        try:
            found = benchmark(session, actor, workspace_id)
        except StatisticsError as error:
            return [{"sentence": error.message}]
    if found is None:
        return [{"sentence": "None of the competitors has followers or follows, so growth can't be compared."}]
    return [*_measures(found), *_voice(found)]


def _measures(found: Benchmark) -> list[dict[str, Any]]:
    return [
        {
            "metric": name,
            "unit": each.unit,
            "weeks": each.weeks,
            "value": each.own,
            "low": each.own_low,
            "high": each.own_high,
            "level": found.level,
            "peers": len(each.peers),
            "percentile": found.percentiles[name].percentile,
            "percentile_low": found.percentiles[name].low,
            "percentile_high": found.percentiles[name].high,
            "adjusted_for_size": "yes" if each.adjusted_for_size else "no",
            "verdict": each.verdict,
            "sentence": each.sentence,
        }
        for name, each in found.metrics.items()
    ]


def _voice(found: Benchmark) -> list[dict[str, Any]]:
    """The creator's share of everything posted in the shared weeks."""
    return [
        {
            "metric": "share_of_voice",
            "unit": "share of pieces",
            "weeks": found.weeks,
            "value": each.share,
            "low": each.low,
            "high": each.high,
            "level": found.level,
            "peers": len(found.share_of_voice) - 1,
        }
        for each in found.share_of_voice[:1]
    ]
