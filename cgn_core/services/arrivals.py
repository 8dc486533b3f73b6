"""Large files: they come in pieces, a job reads them, and another imports what was read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.arrivals import forget_arrivals, own_arrivals
from cgn_core.db.models import Arrival, ArrivalPiece, Upload, now
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.uploads import readable_uploads
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import Conflict, FileTooLarge, InvalidInput, NotFound
from cgn_core.figures.wording import counted
from cgn_core.ingest.large import read_large
from cgn_core.ingest.reading import shown_name
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.accounts import actor_of
from cgn_core.services.imports import (
    UPLOADS_KEPT,
    habits_of,
    import_upload,
    latest_date_on_earth,
    prepare_import,
    upload_of,
)
from cgn_core.services.jobs import JobView, get_job
from cgn_core.services.upload_previews import UploadView, preview
from cgn_core.settings import settings

PIECE_BYTES = 4 * 1024 * 1024
"""Bytes of each piece but the last."""
_MOST_OPEN = 3
"""Large files of one person that may be on their way at once; the oldest goes for the next."""
_VIEW: TypeAdapter[UploadView] = TypeAdapter(UploadView)


@dataclass(frozen=True)
class ArrivalView:
    """A large file, as its page shows it."""

    id: UUID
    file_name: str
    size: int
    job: JobView | None
    """What reads or imports it; None while it still comes in."""
    found: UploadView | None
    """What was read in it."""


def begin_arrival(
    session: Session, actor: Actor, *, workspace_id: UUID | str | None = None, file_name: str, size: int
) -> UUID:
    """Make room for a large file; returns its id.

    Args:
        session: the transaction.
        actor: who uploads.
        workspace_id: the workspace it was dropped on; None lets the file's creators name theirs.
        file_name: as the browser gave it.
        size: bytes of the whole file.

    Raises:
        Forbidden: the actor's role imports nothing, or their token is limited to some workspaces.
        NotFound: no such workspace, or not the actor's to edit.
        InvalidInput: the size is no number of bytes.
        FileTooLarge: more than the limit for large files.
    """
    actor.require(Action.IMPORT_DATA)
    actor.require_agency()  # the job imports as the user may, not as the token is limited
    limit = settings().large_upload_limit_bytes
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise InvalidInput("The file's size isn't known; choose the file again.")
    if size > limit:
        raise FileTooLarge(
            f"{shown_name(file_name)} has {size / 1024**2:,.0f} MB and a file may have {limit / 1024**2:,.0f} MB; "
            "split it by year and import the parts."
        )
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id) if workspace_id else None
    session.execute(forget_arrivals(before=now() - UPLOADS_KEPT))
    for old in session.scalars(own_arrivals(actor).order_by(Arrival.created_at.desc()).offset(_MOST_OPEN - 1)):
        session.delete(old)
    arrival = Arrival(
        agency_id=actor.agency_id,
        workspace_id=workspace.id if workspace else None,
        uploaded_by=actor.user_id,
        file_name=shown_name(file_name),
        size=size,
    )
    session.add(arrival)
    session.flush()
    return arrival.id


def add_piece(session: Session, actor: Actor, arrival_id: UUID | str, *, number: int, content: bytes) -> None:
    """Store a piece of a large file; the same piece twice is one, so that a browser may send it again.

    Args:
        session: the transaction.
        actor: who began.
        arrival_id: from :func:`begin_arrival`.
        number: of the piece, from 0.
        content: its bytes, :data:`PIECE_BYTES` of them unless it is the last.

    Raises:
        NotFound: no such file on its way, or not the actor's.
        Conflict: it is being read already.
        InvalidInput: the file has no such piece, or not of this size.
    """
    arrival = one_or_not_found(session, own_arrivals(actor), arrival_id)
    if arrival.job_id is not None:
        raise Conflict(f"{arrival.file_name} has arrived whole already; reload the page.")
    expected = min(PIECE_BYTES, arrival.size - number * PIECE_BYTES)
    if number < 0 or expected < 1 or len(content) != expected:
        raise InvalidInput(f"A piece of {arrival.file_name} didn't arrive whole; upload the file again.")
    session.merge(ArrivalPiece(arrival_id=arrival.id, number=number, content=content))


def request_reading(
    session: Session, actor: Actor, arrival_id: UUID | str, *, answers: Mapping[str, str] | None = None, key: str
) -> UUID:
    """Queue the reading of a large file that has arrived whole; returns the job's id.

    Args:
        session: the transaction.
        actor: who uploaded it.
        arrival_id: from :func:`begin_arrival`.
        answers: to the questions of an earlier reading.
        key: idempotency key.

    Raises:
        NotFound: no such file on its way, or not the actor's.
        InvalidInput: pieces are missing.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    arrival = one_or_not_found(session, own_arrivals(actor), arrival_id)
    pieces = session.scalar(select(func.count()).where(ArrivalPiece.arrival_id == arrival.id))
    if pieces != -(-arrival.size // PIECE_BYTES):
        raise InvalidInput(f"{arrival.file_name} hasn't arrived whole; upload it again.")
    given = {str(question): str(answer) for question, answer in (answers or {}).items()}
    params = {"arrival": str(arrival.id), "file": arrival.file_name, "answers": given}
    return _follow(session, actor, arrival, params, key=f"read:{arrival.id}:{key}")


def request_import(
    session: Session, actor: Actor, arrival_id: UUID | str, *, handles: Mapping[str, str] | None = None
) -> UUID:
    """Queue the import of what was read in a large file; returns the job's id. Twice is the same job.

    Args:
        session: the transaction.
        actor: who uploaded it.
        arrival_id: from :func:`begin_arrival`.
        handles: as for :func:`cgn_core.services.imports.import_upload`.

    Raises:
        NotFound: no such file on its way, not the actor's, or nothing importable was read in it.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    arrival = one_or_not_found(session, own_arrivals(actor), arrival_id)
    if arrival.upload_id is None:
        raise NotFound
    params = {"upload": str(arrival.upload_id), "file": arrival.file_name, "handles": dict(handles or {})}
    return _follow(session, actor, arrival, params, key=f"import:{arrival.upload_id}")


def get_arrival(session: Session, actor: Actor, arrival_id: UUID | str) -> ArrivalView:
    """A large file with what is being done about it.

    Raises:
        NotFound: no such file on its way, or not the actor's.
    """
    arrival = one_or_not_found(session, own_arrivals(actor), arrival_id)
    return ArrivalView(
        id=arrival.id,
        file_name=arrival.file_name,
        size=arrival.size,
        job=get_job(session, actor, arrival.job_id) if arrival.job_id is not None else None,
        found=_VIEW.validate_python(arrival.view) if arrival.view is not None else None,
    )


def discard_arrival(session: Session, actor: Actor, arrival_id: UUID | str) -> None:
    """Forget a large file and what was read in it.

    Raises:
        NotFound: no such file on its way, or not the actor's.
    """
    _forget(session, one_or_not_found(session, own_arrivals(actor), arrival_id))


def run(claim: Claim) -> None:
    """Read a large file, or import what was read in one.

    Raises:
        Cancelled: somebody asked the job to stop; nothing was stored.
        LostClaim: another worker has the job.
        NotFound: the file was discarded, or whoever uploaded it may no longer import.
    """
    with reading() as session:
        actor = actor_of(session, claim.requested_by)
    if "upload" in claim.params:
        _import(claim, actor)
    else:
        _read(claim, actor)


def _follow(session: Session, actor: Actor, arrival: Arrival, params: Mapping[str, Any], *, key: str) -> UUID:
    arrival.job_id = enqueue(
        session,
        JobKind.IMPORT,
        agency_id=actor.agency_id,
        workspace_id=arrival.workspace_id,
        requested_by=actor.user_id,
        params=dict(params),
        key=key,
    )
    return arrival.job_id


def _read(claim: Claim, actor: Actor) -> None:
    claim.progress(0.0, "Fetching the file")
    with reading() as session:
        arrival = one_or_not_found(session, own_arrivals(actor), claim.params["arrival"])
        session.expunge(arrival)
    time_zone, remembered = habits_of(actor, arrival.workspace_id)
    with tempfile.TemporaryFile() as whole:
        _fetch(claim, arrival, whole)
        drop = read_large(
            whole,
            size=arrival.size,
            file_name=arrival.file_name,
            today=latest_date_on_earth(),
            time_zone=time_zone,
            answers={**remembered, **claim.params["answers"]},
            new_file=tempfile.TemporaryFile,
            progress=lambda share, sentence: claim.progress(0.1 + 0.8 * share, sentence),
        )
    claim.progress(0.9, "Comparing with what is there")
    upload = None
    with reading() as session:
        workspace = (
            one_or_not_found(session, editable_workspaces(actor), arrival.workspace_id)
            if arrival.workspace_id
            else None
        )
        if drop.importable:
            upload = upload_of(actor, workspace, drop)
        view = preview(session, actor, workspace, drop, upload_id=upload.id if upload else None)
    with claim.commit() as session:
        kept = session.get(Arrival, arrival.id)
        if kept is None:
            raise NotFound
        if kept.upload_id is not None:  # read before, with other answers
            session.delete(session.get_one(Upload, kept.upload_id))
        if upload is not None:
            session.add(upload)
            session.flush()
        kept.upload_id, kept.view = upload.id if upload else None, _VIEW.dump_python(view, mode="json")
        sentence = _read_sentence(view)
        claim.finish(session, {"arrival": str(arrival.id), "creators": len(view.creators)}, sentence=sentence)


def _read_sentence(view: UploadView) -> str:
    if view.importable:
        rows, creators = int(view.report["rows"]), len(view.creators)
        return f"Read {rows:,} rows of {counted(creators, 'creator')}; nothing is imported yet"
    return "The file can't be imported as it is; nothing was stored"


def _fetch(claim: Claim, arrival: Arrival, whole: IO[bytes]) -> None:
    """Put the pieces together, one in memory at a time."""
    pieces = -(-arrival.size // PIECE_BYTES)
    for number in range(pieces):
        claim.progress(0.1 * number / pieces, "Fetching the file")
        with reading() as session:
            piece = session.get(ArrivalPiece, (arrival.id, number))
            if piece is None:
                raise NotFound
            whole.write(piece.content)
    whole.seek(0)


def _import(claim: Claim, actor: Actor) -> None:
    handles, wanted = claim.params["handles"], UUID(claim.params["upload"])
    prepared = prepare_import(
        actor, wanted, handles=handles, progress=lambda share, sentence: claim.progress(0.9 * share, sentence)
    )
    named = f"\N{LEFT DOUBLE QUOTATION MARK}{claim.params['file']}\N{RIGHT DOUBLE QUOTATION MARK}"
    claim.progress(0.9, f"Importing {named}")
    with claim.commit() as session:
        upload = one_or_not_found(session, readable_uploads(actor), wanted)
        done = import_upload(session, actor, upload.id, key=str(claim.job_id), handles=handles, prepared=prepared)
        changed = sum(one.changed for one in done)
        arrival = session.scalar(select(Arrival).where(Arrival.upload_id == upload.id))
        session.delete(upload)
        if arrival is not None:  # stays a while without its bytes, to say what came of it
            session.execute(delete(ArrivalPiece).where(ArrivalPiece.arrival_id == arrival.id))
            arrival.upload_id, arrival.view = None, None
        sentence = f"Imported {changed:,} of {len(done):,} creators; the others held everything already"
        if changed == len(done):
            sentence = f"Imported {counted(changed, 'creator')}"
        claim.finish(session, {"workspaces": len(done), "changed": changed}, sentence=sentence)


def _forget(session: Session, arrival: Arrival) -> None:
    if arrival.upload_id is not None:
        session.delete(session.get_one(Upload, arrival.upload_id))
    session.delete(arrival)
