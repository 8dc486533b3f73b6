"""Everything of every creator that somebody may see, as one ZIP made by a job."""

from __future__ import annotations

import tempfile
import zipfile
from os import SEEK_END
from typing import IO
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.files import EVERYTHING
from cgn_core.db.models import Workspace, now
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.figures.wording import counted
from cgn_core.ingest.storage import Cell, csv_of
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.accounts import actor_of
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.exports import ExportFormat, ExportTable, export_table, file_name
from cgn_core.services.files import store_file
from cgn_core.services.workspace_archives import write_archive

INDEX = "index.csv"


def request_whole_export(session: Session, actor: Actor, *, key: str) -> UUID:
    """Queue an export of every workspace with data that the actor may see; returns the job's id.

    Raises:
        Forbidden: the actor's role runs no jobs.
        InvalidInput: no workspace has data.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    actor.require(Action.RUN_JOBS)
    actor.require_agency()  # the job sees what the user sees, not what the token is limited to
    if session.scalar(_wanted(actor).limit(1)) is None:
        raise InvalidInput("No workspace has data to export; import a file first.")
    return enqueue(session, JobKind.EXPORT, agency_id=actor.agency_id, requested_by=actor.user_id, key=f"export:{key}")


def run(claim: Claim) -> None:
    """Write the ZIP, creator by creator, and keep it for whoever asked.

    Raises:
        Cancelled: somebody asked the job to stop; nothing is kept.
        LostClaim: another worker has the job.
        NotFound: whoever asked for it is gone or disabled.
        FileTooLarge: it is more than is kept.
    """
    claim.progress(0.0, "Looking for what to export")
    if claim.workspace_id is not None:
        _run_of_one(claim, claim.workspace_id)
        return
    with reading() as session:
        actor = actor_of(session, claim.requested_by)
        wanted = list(session.execute(_wanted(actor).with_only_columns(Workspace.id, Workspace.handle)))
    with tempfile.TemporaryFile() as file:
        _write(claim, actor, [(workspace_id, handle) for workspace_id, handle in wanted], file)
        size = file.seek(0, SEEK_END)
        file.seek(0)
        claim.progress(0.95, "Keeping the file")
        name = f"all-creators-{now():%Y-%m-%d}.zip"
        with claim.commit() as session:
            kept = store_file(
                session, claim, purpose="export", name=name, media_type="application/zip", content=file, size=size
            )
            record(session, actor, AuditAction.EXPORTED, subject=(SubjectKind.FILE, kept), workspaces=len(wanted))
            sentence = f"Exported {counted(len(wanted), 'creator')}"
            claim.finish(session, {"file": str(kept), "creators": len(wanted)}, sentence=sentence)


def _run_of_one(claim: Claim, workspace_id: UUID) -> None:
    with reading() as session:
        actor = actor_of(session, claim.requested_by)
        handle = one_or_not_found(session, readable_workspaces(actor), workspace_id).handle
    with tempfile.TemporaryFile() as file:
        rows = write_archive(claim, actor, workspace_id, file)
        size = file.seek(0, SEEK_END)
        file.seek(0)
        name = file_name(handle, f"everything-{now():%Y-%m-%d}", "zip")
        with claim.commit() as session:
            kept = store_file(
                session, claim, purpose=EVERYTHING, name=name, media_type="application/zip", content=file, size=size
            )
            subject = (SubjectKind.FILE, kept)
            record(session, actor, AuditAction.EXPORTED, subject=subject, workspace_id=workspace_id, rows=rows)
            claim.finish(session, {"file": str(kept)}, sentence=f"Exported everything of {handle}")


def _wanted(actor: Actor) -> Select[Workspace]:
    return readable_workspaces(actor).where(Workspace.data_version > 0).order_by(Workspace.handle)


def _write(claim: Claim, actor: Actor, wanted: list[tuple[UUID, str]], file: IO[bytes]) -> None:
    index: dict[str, list[Cell]] = {"creator": [], "table": [], "file": []}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (workspace_id, handle) in enumerate(wanted):
            claim.progress(0.95 * place / len(wanted), f"{place:,} of {len(wanted):,} creators exported")
            with reading() as session:
                for table in ExportTable:
                    made = export_table(session, actor, workspace_id, table=table, form=ExportFormat.CSV)
                    # Handles that differ only in marks a file name can't have must not meet in one file.
                    path = f"{place + 1:04d}-{made.name}"
                    archive.writestr(path, made.content)
                    for name, cell in (("creator", handle), ("table", table.value), ("file", path)):
                        index[name].append(cell)
        archive.writestr(INDEX, csv_of(index))
