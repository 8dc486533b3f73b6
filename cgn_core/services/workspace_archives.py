"""Everything that is stored of one workspace, as one ZIP made by a job: its tables as CSV, and every row as it is."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Competitor, DataVersion, LedgerEntry, Model, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.ingest.storage import daily_from_bytes, daily_to_csv
from cgn_core.jobs import Claim, JobKind, enqueue

LEFT_OUT = frozenset({"files", "uploads", "arrivals"})
"""What was made from the rest and can be fetched on its own, and what nobody has decided about yet."""


def request_workspace_export(session: Session, actor: Actor, workspace_id: UUID | str, *, key: str) -> UUID:
    """Queue an export of everything that is stored of a workspace; returns the job's id.

    Raises:
        Forbidden: the actor isn't an owner.
        NotFound: no such workspace, or not the actor's.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    actor.require(Action.DELETE_WORKSPACE)  # whoever may take it away may take it with them
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    return enqueue(
        session,
        JobKind.EXPORT,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=actor.user_id,
        key=f"export:{workspace.id}:{key}",
    )


def write_archive(claim: Claim, actor: Actor, workspace_id: UUID, file: IO[bytes]) -> int:
    """Write the ZIP; how many rows are in it.

    Raises:
        NotFound: the workspace is gone, or the actor may not see it any more.
        Forbidden: the actor is no owner any more.
    """
    actor.require(Action.DELETE_WORKSPACE)
    count = 0
    tables = list(_tables())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, reading() as session:
        workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
        _write_rows(archive, "workspaces", [_plain(workspace)])
        for place, (table, model) in enumerate(tables):
            claim.progress(0.9 * place / len(tables), f"{place} of {len(tables)} tables written")
            rows = []
            for row in session.scalars(_rows_of(table, model, workspace)).yield_per(50):
                rows.append(_plain(row))
                _write_numbers(archive, row)
            _write_rows(archive, table.name, rows)
            count += len(rows)
    return count


def _tables() -> Iterator[tuple[Table, Any]]:
    """Every table whose rows are a workspace's, itself or through another of its tables; new ones are written too."""
    for mapper in Model.registry.mappers:
        table: Any = mapper.local_table
        parents = {key.column.table.name for key in table.foreign_keys}
        if table.name not in LEFT_OUT and ("workspaces" in parents or table.name == "ledger_scores"):
            yield table, mapper.class_


def _rows_of(table: Table, model: Any, workspace: Workspace) -> Any:
    if table.name == "ledger_scores":
        return select(model).join(LedgerEntry).where(LedgerEntry.workspace_id == workspace.id)
    return select(model).where(table.columns["workspace_id"] == workspace.id).order_by(*table.primary_key.columns)


def _plain(row: Model) -> dict[str, Any]:
    names = [attribute.key for attribute in row.__mapper__.column_attrs]
    return {name: value for name in names if not isinstance(value := getattr(row, name), bytes)}


def _write_rows(archive: zipfile.ZipFile, name: str, rows: list[dict[str, Any]]) -> None:
    archive.writestr(f"rows/{name}.json", json.dumps(rows, indent=1, ensure_ascii=False, default=str))


def _write_numbers(archive: zipfile.ZipFile, row: Any) -> None:
    match row:
        case DataVersion():
            archive.writestr(f"data/version-{row.number:04d}.csv", daily_to_csv(daily_from_bytes(row.table)))
        case Competitor():
            archive.writestr(f"competitors/{row.id}.csv", daily_to_csv(daily_from_bytes(row.table)))
