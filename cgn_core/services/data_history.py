"""The versions of a workspace's daily table: what each was read from, and going back to any of them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.data_versions import readable_data_versions
from cgn_core.db.models import DataVersion, User, Workspace
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.uploads import readable_uploads
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.ingest.storage import formula_safe
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.data_versions import current_version, overview_of_version
from cgn_core.services.imports import Imported
from cgn_core.services.registry import current_model_versions, keep_what_is_shown
from cgn_core.services.retrainings import enqueue_retraining


@dataclass(frozen=True)
class DataVersionView:
    """One version of a daily table."""

    id: UUID
    number: int
    file_name: str
    rows: int
    first_date: date
    last_date: date
    weeks: int
    created_at: datetime
    created_by: str
    """The importer's name; "" where a job made it."""
    is_current: bool
    can_undo: bool
    """Whether undoing now would leave this version for another."""
    file_hash: str
    """SHA-256 of the file, or over those of several."""
    report: dict[str, Any]


def data_versions(session: Session, actor: Actor, workspace_id: UUID | str) -> list[DataVersionView]:
    """All versions of a workspace's daily table, newest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    question = ("data versions", actor, str(workspace_id))
    return list(kept(session, question, lambda: _data_versions(session, actor, workspace_id)))


def _data_versions(session: Session, actor: Actor, workspace_id: UUID | str) -> list[DataVersionView]:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        readable_data_versions(actor)
        .add_columns(User.name)
        .outerjoin(User, User.id == DataVersion.created_by)
        .where(DataVersion.workspace_id == workspace.id)
        .order_by(DataVersion.number.desc())
    )
    return [
        DataVersionView(
            id=row.id,
            number=row.number,
            file_name=row.file_name,
            rows=row.rows,
            first_date=row.first_date,
            last_date=row.last_date,
            weeks=overview_of_version(row).weeks,
            created_at=row.created_at,
            created_by=creator or "",
            is_current=row.number == workspace.data_version,
            can_undo=row.number == workspace.data_version and row.based_on > 0,
            file_hash=row.file_hash,
            report=row.report,
        )
        for row, creator in rows
    ]


def restore_version(session: Session, actor: Actor, workspace_id: UUID | str, number: int, *, key: str) -> Imported:
    """Put any version in force, older or newer; all stay in the list.

    The model trained on that version is in force again; without one, a retraining is queued.

    Raises:
        NotFound: no such workspace, not the actor's to edit, or no such version of it.
        Forbidden: the actor's role imports nothing.
        InvalidInput: that version is the current one.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.IMPORT_DATA)
    wanted = session.scalar(select(DataVersion).filter_by(workspace_id=workspace.id, number=number))
    if wanted is None:
        raise NotFound
    if number == workspace.data_version:
        raise InvalidInput(f"{workspace.handle} is at version {number} already.")
    said = f"version {workspace.data_version} stays in the list"
    return _go_to(session, actor, workspace, number, key=key, said=said)


def undo_import(session: Session, actor: Actor, workspace_id: UUID | str, *, key: str) -> Imported:
    """Go back to the version that the current one was joined with; the undone version stays in the list.

    The model trained on that version is in force again; without one, a retraining is queued.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role imports nothing.
        InvalidInput: there is no earlier version.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.IMPORT_DATA)
    version = current_version(session, workspace)
    if version is None or version.based_on == 0:
        raise InvalidInput("There is no earlier version to go back to.")
    return _go_to(session, actor, workspace, version.based_on, key=key, said=f"{version.file_name} was undone")


def version_rejects(session: Session, actor: Actor, workspace_id: UUID | str, number: int) -> tuple[str, bytes]:
    """The rows that a version's files held and that were left out: a CSV's name and bytes.

    Raises:
        NotFound: no such workspace, not the actor's, or no such version.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    query = readable_data_versions(actor).where(DataVersion.workspace_id == workspace.id, DataVersion.number == number)
    version = session.scalar(query)
    if version is None:
        raise NotFound
    return f"version-{number}-left-out.csv", rejects_csv(version.report)


def upload_rejects(session: Session, actor: Actor, upload_id: UUID | str) -> tuple[str, bytes]:
    """The same of files that await a decision.

    Raises:
        NotFound: no such upload, or not the actor's.
    """
    return "left-out.csv", rejects_csv(one_or_not_found(session, readable_uploads(actor), upload_id).report)


def count_rejects(report: dict[str, Any]) -> int:
    """How many rows of a report's files were left out."""
    return sum(len(rejects["rows"]) for _, rejects in _rejects(report))


def rejects_csv(report: dict[str, Any]) -> bytes:
    """Rows that were left out, each with its file, line and reason; no spreadsheet takes a cell for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    found = _rejects(report)
    for name, rejects in found:
        writer.writerow(["file", *(formula_safe(str(each)) for each in rejects["header"])])
        for line, reason, *cells in rejects["rows"]:
            writer.writerow([formula_safe(name), line, reason, *(formula_safe(str(cell)) for cell in cells)])
    if not found:
        writer.writerow(["file", "line", "reason"])
    return text.getvalue().encode()


def _rejects(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """By file; files with none aren't there."""
    files = report.get("files") or [report]
    return [(str(each.get("file_name", "")), each["rejects"]) for each in files if each.get("rejects")]


def _go_to(session: Session, actor: Actor, workspace: Workspace, number: int, *, key: str, said: str) -> Imported:
    details = {"data_version": number, "before": workspace.data_version}
    record(session, actor, AuditAction.IMPORT_UNDONE, subject=None, workspace_id=workspace.id, **details)
    workspace.data_version = number
    session.flush()
    in_force = current_model_versions(session, [workspace]).get(workspace.id)
    is_trained = in_force is not None and in_force.data_version == number
    if is_trained:
        keep_what_is_shown(session, workspace)
    job_id = (
        None
        if is_trained
        else enqueue_retraining(session, workspace, requested_by=actor.user_id, key=f"{key}:v{number}")
    )
    return Imported(
        workspace_id=workspace.id,
        handle=workspace.handle,
        changed=True,
        data_version=number,
        job_id=job_id,
        message=f"{workspace.handle} is at version {number} again; {said}.",
    )
