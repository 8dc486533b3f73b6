"""Notes on weeks: what somebody knows of a week that its numbers don't say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import User, WeekNote, Workspace, now
from cgn_core.db.notes import editable_notes, readable_notes, removed_notes
from cgn_core.db.row_kinds import Change
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.data_versions import current_version

LONGEST_NOTE = 500
MOST_NOTES = 1000
"""Of one workspace; a script that writes more is no person."""
AHEAD = timedelta(weeks=53)
"""How far beyond the data a note may lie: campaigns are planned."""


@dataclass(frozen=True)
class NoteView:
    """A note on a week."""

    id: UUID
    week_start: date
    """A Monday."""
    text: str
    made_by: str
    """Name; "" where that person is gone."""
    changed_at: datetime


def list_notes(session: Session, actor: Actor, workspace_id: UUID | str) -> list[NoteView]:
    """The notes of a workspace, the newest week first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    return list(kept(session, ("notes", actor, str(workspace_id)), lambda: _notes(session, actor, workspace_id)))


def _notes(session: Session, actor: Actor, workspace_id: UUID | str) -> list[NoteView]:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        readable_notes(actor)
        .where(WeekNote.workspace_id == workspace.id)
        .outerjoin(User, User.id == WeekNote.created_by)
        .add_columns(User.name)
        .order_by(WeekNote.week_start.desc(), WeekNote.created_at)
    )
    return [_view(row, name) for row, name in rows]


def get_note(session: Session, actor: Actor, note_id: UUID | str) -> NoteView:
    """One note.

    Raises:
        NotFound: no such note, or not the actor's to see.
    """
    row = one_or_not_found(session, readable_notes(actor), note_id)
    return _view(row, session.scalar(select(User.name).where(User.id == row.created_by)))


def pin_note(session: Session, actor: Actor, workspace_id: UUID | str, *, day: str, text: str) -> UUID:
    """Pin a note to the week that holds a day; returns its id.

    Args:
        session: the transaction.
        actor: who writes it.
        workspace_id: whose week it is.
        day: ISO date, any day of the week.
        text: of the note.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        Forbidden: the actor's role writes no notes.
        InvalidInput: no text or too much of it, no day, a day far from the data, or too many notes.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.WRITE_NOTES)
    kept = select(func.count()).where(WeekNote.workspace_id == workspace.id, WeekNote.removed_at.is_(None))
    if (session.scalar(kept) or 0) >= MOST_NOTES:
        raise InvalidInput(f"{MOST_NOTES:,} notes are kept already; remove some first.")
    row = WeekNote(
        workspace_id=workspace.id,
        week_start=_monday(session, workspace, day),
        text=_clean_text(text),
        created_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    _record(session, actor, row, Change.SAVED)
    return row.id


def edit_note(session: Session, actor: Actor, note_id: UUID | str, text: str) -> None:
    """Change what a note says.

    Raises:
        NotFound: no such note, or not the actor's to change.
        InvalidInput: no text or too much of it.
    """
    row = one_or_not_found(session, editable_notes(actor).with_for_update(), note_id)
    row.text, row.changed_at = _clean_text(text), now()
    _record(session, actor, row, Change.EDITED)


def remove_note(session: Session, actor: Actor, note_id: UUID | str) -> None:
    """Take a note away; it can be brought back.

    Raises:
        NotFound: no such note, or not the actor's to change.
    """
    row = one_or_not_found(session, editable_notes(actor).with_for_update(), note_id)
    row.removed_at = now()
    _record(session, actor, row, Change.REMOVED)


def restore_note(session: Session, actor: Actor, note_id: UUID | str) -> None:
    """Bring a removed note back as it was.

    Raises:
        NotFound: no such removed note, or not the actor's to change.
    """
    row = one_or_not_found(session, removed_notes(actor).with_for_update(), note_id)
    row.removed_at = None
    _record(session, actor, row, Change.RESTORED)


def _record(session: Session, actor: Actor, row: WeekNote, change: Change) -> None:
    week = row.week_start
    record(session, actor, AuditAction.WORKSPACE_CHANGED, workspace_id=row.workspace_id, week=week, note=change)


def _view(row: WeekNote, made_by: str | None) -> NoteView:
    return NoteView(
        id=row.id, week_start=row.week_start, text=row.text, made_by=made_by or "", changed_at=row.changed_at
    )


def _monday(session: Session, workspace: Workspace, day: str) -> date:
    try:
        chosen = date.fromisoformat(day.strip())
    except ValueError:
        raise InvalidInput("Choose the week by one of its days, written as year-month-day.") from None
    version = current_version(session, workspace)
    if version is None:
        raise InvalidInput("There are no weeks to note anything on yet; import data first.")
    first, last = version.first_date - timedelta(days=version.first_date.weekday()), version.last_date + AHEAD
    if not first <= chosen <= last:
        raise InvalidInput(f"A note can be pinned to weeks from {first} to {last}; {chosen} is none of them.")
    return chosen - timedelta(days=chosen.weekday())


def _clean_text(text: str) -> str:
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not cleaned or len(cleaned) > LONGEST_NOTE:
        raise InvalidInput(f"A note has between 1 and {LONGEST_NOTE} characters.")
    return cleaned
