"""Client reports: made by a job, kept as files, sent by mail or downloaded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.files import editable_files, readable_files
from cgn_core.db.models import Job, StoredFile, User, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.reporting.document import to_html
from cgn_core.services.accounts import actor_of
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.exports import file_name
from cgn_core.services.files import store_file
from cgn_core.services.registry import current_model_versions
from cgn_core.services.report_contents import compose
from cgn_core.services.workspace_cards import today_in

PURPOSE = "report"


@dataclass(frozen=True)
class ReportView:
    """A report that was made and is kept."""

    id: UUID
    name: str
    size: int
    """Bytes."""
    created_at: datetime
    made_for: str
    """The name of whoever asked; "" where they are gone."""
    data_version: int | None
    """None where the job that made it is forgotten."""
    model_number: int | None
    """None where it was made without a model."""


def request_report(session: Session, actor: Actor, workspace_id: UUID | str, *, key: str) -> UUID:
    """Queue a report of a workspace as it is when the job runs; returns the job's id.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        InvalidInput: the workspace has no data.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.RUN_JOBS)
    if workspace.data_version == 0:
        raise InvalidInput("There is nothing to report yet; import a file first.")
    return enqueue(
        session,
        JobKind.REPORT,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=actor.user_id,
        key=f"report:{workspace.id}:{key}",
    )


def list_reports(session: Session, actor: Actor, workspace_id: UUID | str) -> list[ReportView]:
    """A workspace's reports, newest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        readable_files(actor)
        .add_columns(User.name, Job.result)
        .outerjoin(User, User.id == StoredFile.made_for)
        .outerjoin(Job, Job.id == StoredFile.job_id)
        .where(StoredFile.workspace_id == workspace.id, StoredFile.purpose == PURPOSE)
        .order_by(StoredFile.created_at.desc())
    )
    return [
        ReportView(
            id=file.id,
            name=file.name,
            size=file.size,
            created_at=file.created_at,
            made_for=made_for or "",
            data_version=(result or {}).get("data_version"),
            model_number=(result or {}).get("model_number"),
        )
        for file, made_for, result in rows
    ]


def remove_report(session: Session, actor: Actor, file_id: UUID | str) -> None:
    """Delete a report; another one can be made at any time.

    Raises:
        NotFound: no such report, or not the actor's to edit.
        Forbidden: the actor's role edits nothing.
    """
    file = one_or_not_found(session, editable_files(actor).where(StoredFile.purpose == PURPOSE), file_id)
    actor.require(Action.EDIT_WORKSPACE)
    record(
        session, actor, AuditAction.FILE_DELETED, subject=(SubjectKind.FILE, file.id), workspace_id=file.workspace_id
    )
    session.delete(file)


def run(claim: Claim) -> None:
    """Make the report and keep it.

    Raises:
        Cancelled: somebody asked the job to stop; nothing is kept.
        LostClaim: another worker has the job.
        NotFound: the workspace or whoever asked for the report is gone.
    """
    assert claim.workspace_id is not None
    claim.progress(0.1, "Collecting the numbers")
    with reading() as session:
        actor = actor_of(session, claim.requested_by)
        workspace = one_or_not_found(session, readable_workspaces(actor), claim.workspace_id)
        today = today_in(workspace.time_zone)
        made_of = _made_of(session, workspace)
        document = compose(session, actor, workspace.id, today=today)
        name = file_name(workspace.handle, f"report-{today:%Y-%m-%d}", "html")
    claim.progress(0.8, "Writing the report")
    content = to_html(document).encode()
    with claim.commit() as session:
        kept = store_file(
            session,
            claim,
            purpose=PURPOSE,
            name=name,
            media_type="text/html",
            content=io.BytesIO(content),
            size=len(content),
        )
        subject = (SubjectKind.FILE, kept)
        record(session, actor, AuditAction.REPORT_MADE, subject=subject, workspace_id=claim.workspace_id, **made_of)
        claim.finish(session, {"file": str(kept), **made_of}, sentence=f"{name} is ready")


def _made_of(session: Session, workspace: Workspace) -> dict[str, int]:
    model = current_model_versions(session, [workspace]).get(workspace.id)
    return {"data_version": workspace.data_version} | ({"model_number": model.number} if model else {})
