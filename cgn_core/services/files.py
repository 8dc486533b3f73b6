"""Files that jobs made: kept for a while, fetched by whoever may see what is in them."""

from __future__ import annotations

from datetime import timedelta
from typing import IO
from uuid import UUID

from sqlalchemy.orm import Session, undefer

from cgn_core.access import Actor
from cgn_core.db.files import forget_files, readable_files
from cgn_core.db.models import StoredFile, now
from cgn_core.db.reports import forget_reports
from cgn_core.db.session import one_or_not_found
from cgn_core.errors import FileTooLarge
from cgn_core.jobs import Claim
from cgn_core.services.exports import ExportFile
from cgn_core.settings import settings

MOST_BYTES = 200 * 1024 * 1024
"""More than a database row should hold."""


def store_file(
    session: Session,
    claim: Claim,
    *,
    purpose: str,
    name: str,
    media_type: str,
    content: IO[bytes],
    size: int,
    report_id: UUID | None = None,
) -> UUID:
    """Keep a file that a job made, within the transaction that ends the job; returns its id.

    Args:
        session: from :meth:`Claim.commit`.
        claim: of the job; its workspace and whoever asked for it decide who may fetch the file.
        purpose: what it is, in a word.
        name: to save it under.
        media_type: of its content.
        content: positioned at its beginning.
        size: its bytes.
        report_id: the report that it is a form of.

    Raises:
        FileTooLarge: more than is kept.
    """
    if size > MOST_BYTES:
        raise FileTooLarge(
            f"{name} would have {size / 1024**2:,.0f} MB, more than the {MOST_BYTES // 1024**2} MB that are kept; "
            "export the workspaces one by one."
        )
    oldest = now() - timedelta(days=settings().files_kept_days)
    session.execute(forget_files(before=oldest))
    session.execute(forget_reports(before=oldest))
    kept = StoredFile(
        agency_id=claim.agency_id,
        workspace_id=claim.workspace_id,
        job_id=claim.job_id,
        made_for=claim.requested_by,
        report_id=report_id,
        purpose=purpose,
        name=name,
        media_type=media_type,
        size=size,
        content=content.read(),
    )
    session.add(kept)
    session.flush()
    return kept.id


def fetch_file(session: Session, actor: Actor, file_id: UUID | str) -> ExportFile:
    """A file that a job made.

    Raises:
        NotFound: no such file, too old, or not the actor's to see.
    """
    found = one_or_not_found(session, readable_files(actor).options(undefer(StoredFile.content)), file_id)
    return ExportFile(found.name, found.content, found.media_type)
