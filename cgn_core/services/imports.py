"""Imports: read a file, show what it would change, take it in, undo it, hand the data out again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Upload, Workspace, now
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.uploads import forget_uploads, readable_uploads
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import FileTooLarge, InvalidInput
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.isolation import read_drop_apart
from cgn_core.ingest.questions import NO_ANSWERS, Answers, is_about_layout
from cgn_core.ingest.storage import daily_from_bytes, daily_to_csv
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.data_versions import (
    Change,
    ReadyTable,
    change_between,
    current_daily,
    current_version,
    hash_daily,
    join_daily,
    make_ready,
    store_version,
)
from cgn_core.services.retrain_all import MOST_ALONE, request_retraining_of_all
from cgn_core.services.retrainings import enqueue_retraining
from cgn_core.services.upload_previews import (
    UploadView,
    hash_of,
    pack_tables,
    preview,
    report_of,
    unpack_table,
    without_others,
)
from cgn_core.services.workspaces import find_or_add_workspace
from cgn_core.settings import settings
from cgn_core.tables import Daily

UPLOADS_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Imported:
    """What an import did to one workspace."""

    workspace_id: UUID
    handle: str
    changed: bool
    """False when the workspace already held everything: then no version was made and nothing retrains."""
    data_version: int
    job_id: UUID | None
    """The retraining that follows."""
    message: str


@dataclass(frozen=True)
class _Ready:
    """What an import would write into one workspace."""

    joined_to: UUID | None
    """The version that it builds upon; None for the first."""
    table: ReadyTable | None
    """None where the workspace holds everything already."""
    change: Change


Prepared = Mapping[str, _Ready]
"""By the creator's name in the file."""
Progress = Callable[[float, str], None]
"""Takes a share from 0 to 1 and a sentence; may raise to stop."""


def _silent(_share: float, _sentence: str) -> None:
    """Tell nobody."""


def read_upload(
    session: Session, actor: Actor, *, workspace_id: UUID | str | None = None, file_name: str, data: bytes
) -> UploadView:
    """:func:`read_uploads` of a single file."""
    return read_uploads(session, actor, workspace_id=workspace_id, files=[(file_name, data)])


def read_uploads(
    session: Session,
    actor: Actor,
    *,
    workspace_id: UUID | str | None = None,
    files: Sequence[tuple[str, bytes]],
    answers: Answers = NO_ANSWERS,
) -> UploadView:
    """Read files that were dropped together and say what importing them would change; errors in them store nothing.

    Several files of one account are one daily table. They are read in a process of their own, under limits.

    Args:
        session: the transaction.
        actor: who uploads.
        workspace_id: the workspace they were dropped on; None lets the files' creators name theirs.
        files: name, as the browser gave it, and bytes of each.
        answers: to the questions of an earlier reading.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role imports nothing.
        FileTooLarge: more than the limit.
    """
    actor.require(Action.IMPORT_DATA)
    if workspace_id is None:
        actor.require_agency()
    if not files:
        raise InvalidInput("There is no file; choose one.")
    if any(len(data) > settings().upload_limit_bytes for _, data in files):
        raise FileTooLarge
    # Read before the first query: on SQLite this transaction keeps every other writer waiting from then on.
    time_zone, remembered = habits_of(actor, workspace_id)
    drop = read_drop_apart(files, today=latest_date_on_earth(), time_zone=time_zone, answers={**remembered, **answers})
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id) if workspace_id else None
    if not drop.importable:
        return preview(session, actor, workspace, drop, upload_id=None)
    session.execute(forget_uploads(before=now() - UPLOADS_KEPT))
    upload = upload_of(actor, workspace, drop)
    session.add(upload)
    session.flush()
    return preview(session, actor, workspace, drop, upload_id=upload.id)


def upload_of(actor: Actor, workspace: Workspace | None, drop: Drop) -> Upload:
    """What is kept of files that were read, until somebody decides about them; not stored yet."""
    return Upload(
        agency_id=actor.agency_id,
        workspace_id=workspace.id if workspace else None,
        uploaded_by=actor.user_id,
        file_name=drop.name,
        file_hash=hash_of(drop),
        report=report_of(drop),
        tables=pack_tables(drop),
    )


def prepare_import(
    actor: Actor, upload_id: UUID | str, *, handles: Mapping[str, str] | None = None, progress: Progress = _silent
) -> Prepared:
    """Do what takes long of an import before its transaction, which keeps every other writer of SQLite waiting.

    Whatever it doesn't find is for :func:`import_upload` to refuse or to make. What ``progress`` raises ends it.
    """
    ready: dict[str, _Ready] = {}
    with reading() as session:
        upload = session.scalar(readable_uploads(actor).where(Upload.id == upload_id))
        packed = upload.tables["creators"] if upload is not None else []
        for place, (name, table) in enumerate(packed):
            progress(place / len(packed), f"{place:,} of {len(packed):,} creators prepared")
            wanted = editable_workspaces(actor)
            if len(packed) == 1 and upload is not None and upload.workspace_id is not None:
                wanted = wanted.where(Workspace.id == upload.workspace_id)
            else:
                # As written: a handle that no workspace can have is refused by the import itself.
                wanted = wanted.where(Workspace.handle == (handles or {}).get(name, name).strip().removeprefix("@"))
            ready[name] = _make_ready(session, session.scalar(wanted), table)
    return ready


def import_upload(
    session: Session,
    actor: Actor,
    upload_id: UUID | str,
    *,
    key: str,
    handles: Mapping[str, str] | None = None,
    prepared: Prepared | None = None,
) -> list[Imported]:
    """Take a file in: one workspace a creator, each with its next data version and a retraining.

    A file with one creator goes into the workspace it was dropped on. Importing the same twice changes nothing.

    Args:
        session: the transaction; everything or nothing.
        actor: who uploaded it.
        upload_id: from :func:`read_upload`.
        key: idempotency key of the retrainings.
        handles: handles by the creator's name in the file, where it names none or another is wanted.
        prepared: by :func:`prepare_import`; prepared here where it is None.

    Raises:
        NotFound: no such upload, or not the actor's.
        Forbidden: a workspace has to be made and the actor's role makes none.
        InvalidInput: the file names no creator and no handle was given.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    if prepared is None:
        prepared = prepare_import(actor, upload_id, handles=handles)
    upload = one_or_not_found(session, readable_uploads(actor), upload_id)
    packed = upload.tables["creators"]
    done = []
    for name, table in packed:
        if upload.workspace_id is not None and len(packed) == 1:
            workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), upload.workspace_id)
        else:
            handle = (handles or {}).get(name, name)
            if not handle:
                raise InvalidInput(f"{upload.file_name} names no creator; say whose numbers these are.")
            workspace = find_or_add_workspace(session, actor, handle)
        ready = prepared.get(name)
        before = current_version(session, workspace)
        if ready is None or ready.joined_to != (before.id if before else None):
            ready = _make_ready(session, workspace, table)
        done.append(_take_in(session, actor, workspace, ready, upload, alone=len(packed) == 1))
    return _with_retrainings(session, actor, done, key=key)


def _with_retrainings(session: Session, actor: Actor, done: Sequence[Imported], *, key: str) -> list[Imported]:
    """The imports with the retrainings that follow: one for each, or one job for very many."""
    changed = [one.workspace_id for one in done if one.changed]
    together = None
    if len(changed) > MOST_ALONE:
        together = request_retraining_of_all(session, actor, key=key, workspace_ids=changed)
    followed = []
    for one in done:
        job_id = together if one.changed else None
        if one.changed and job_id is None:
            workspace = session.get_one(Workspace, one.workspace_id)
            job_id = enqueue_retraining(
                session, workspace, requested_by=actor.user_id, key=f"{key}:v{workspace.data_version}"
            )
        followed.append(replace(one, job_id=job_id))
    return followed


def discard_upload(session: Session, actor: Actor, upload_id: UUID | str) -> None:
    """Forget a file that was read.

    Raises:
        NotFound: no such upload, or not the actor's.
    """
    session.delete(one_or_not_found(session, readable_uploads(actor), upload_id))


def load_daily(session: Session, actor: Actor, workspace_id: UUID | str) -> Daily:
    """The workspace's current daily table.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    return current_daily(session, one_or_not_found(session, readable_workspaces(actor), workspace_id))


def export_csv(session: Session, actor: Actor, workspace_id: UUID | str) -> tuple[str, bytes]:
    """The current daily table as a CSV that can be imported again: its file name and its bytes.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    actor.require(Action.EXPORT)
    daily = current_daily(session, workspace)
    name = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in workspace.handle)
    return f"{name}-daily.csv", daily_to_csv(replace(daily, creator=workspace.handle))


def habits_of(actor: Actor, workspace_id: UUID | str | None) -> tuple[str, Answers]:
    """In which time zone a download's seconds become days, and what was answered about such files before."""
    with reading() as session:
        if workspace_id is not None:
            workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
            return workspace.time_zone, workspace.answers
        return session.get_one(Agency, actor.agency_id).time_zone, NO_ANSWERS


def latest_date_on_earth() -> date:
    """The date where the day began first; a row dated later than this is in the future everywhere."""
    return (now() + timedelta(hours=14)).date()


def _make_ready(session: Session, workspace: Workspace | None, packed: str) -> _Ready:
    """What importing a creator's table into a workspace, None for one that is yet to be made, would write."""
    daily = unpack_table(packed)
    before = current_version(session, workspace, with_table=True) if workspace else None
    if before is None:
        return _Ready(None, make_ready(daily), change_between(None, daily))
    current = daily_from_bytes(before.table)
    joined = join_daily(current, daily)
    if hash_daily(joined) == before.data_hash:
        return _Ready(before.id, None, change_between(current, daily))
    return _Ready(before.id, make_ready(joined), change_between(current, daily))


def _take_in(
    session: Session, actor: Actor, workspace: Workspace, ready: _Ready, upload: Upload, *, alone: bool
) -> Imported:
    if ready.table is None:
        return Imported(
            workspace_id=workspace.id,
            handle=workspace.handle,
            changed=False,
            data_version=workspace.data_version,
            job_id=None,
            message=f"{workspace.handle} holds everything in {upload.file_name} already; nothing changed.",
        )
    layout = {name: value for name, value in upload.report["answers"].items() if is_about_layout(name)}
    workspace.answers = {**workspace.answers, **layout}
    version = store_version(
        session,
        workspace,
        ready.table,
        file_name=upload.file_name,
        file_hash=upload.file_hash,
        # Rows that were left out may be another creator's, whom not everybody here may see.
        report=upload.report if alone else without_others(upload.report),
        created_by=actor.user_id,
    )
    record(
        session,
        actor,
        AuditAction.IMPORTED,
        workspace_id=workspace.id,
        data_version=version.number,
        rows=version.rows,
        file_hash=version.file_hash,
    )
    return Imported(
        workspace_id=workspace.id,
        handle=workspace.handle,
        changed=True,
        data_version=version.number,
        job_id=None,
        message=f"{workspace.handle}: {ready.change.sentence} A retraining is queued.",
    )
