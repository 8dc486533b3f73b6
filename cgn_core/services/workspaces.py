"""Creators' workspaces: the portfolio's cards, one workspace's header, and their settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, load_only

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.data_versions import current_version, overview_of_version
from cgn_core.services.workspace_cards import WorkspaceCard, card_of, cards_of
from cgn_core.tables import CONTENT_TYPES, DEFAULT_MINUTES

LONGEST_HANDLE = 60
MOST_MINUTES = 24 * 60.0
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class WorkspaceView:
    """One workspace's header and settings."""

    id: UUID
    handle: str
    time_zone: str
    minutes: dict[str, float]
    """Minutes of work per piece, for every content type that takes any."""
    may_edit: bool
    data_version: int
    first_date: date | None
    rows: int
    provisional_days: int
    card: WorkspaceCard


def list_workspaces(session: Session, actor: Actor) -> list[WorkspaceCard]:
    """Every workspace the actor may see, by handle."""
    of_cards = load_only(Workspace.handle, Workspace.time_zone, Workspace.data_version)
    workspaces = session.scalars(readable_workspaces(actor).order_by(Workspace.handle).options(of_cards)).all()
    return cards_of(session, workspaces)


def get_workspace(session: Session, actor: Actor, workspace_id: UUID | str) -> WorkspaceView:
    """One workspace.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    return kept(session, ("workspace", actor, str(workspace_id)), lambda: _workspace(session, actor, workspace_id))


def _workspace(session: Session, actor: Actor, workspace_id: UUID | str) -> WorkspaceView:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    return WorkspaceView(
        id=workspace.id,
        handle=workspace.handle,
        time_zone=workspace.time_zone,
        minutes=minutes_of(workspace),
        may_edit=_may_edit(session, actor, workspace.id),
        data_version=workspace.data_version,
        first_date=version.first_date if version else None,
        rows=version.rows if version else 0,
        provisional_days=overview_of_version(version).provisional_days if version else 0,
        card=card_of(session, workspace, version),
    )


def _may_edit(session: Session, actor: Actor, workspace_id: UUID) -> bool:
    try:
        one_or_not_found(session, editable_workspaces(actor), workspace_id)
    except NotFound:
        return False
    return True


def create_workspace(session: Session, actor: Actor, handle: str) -> UUID:
    """Make an empty workspace in the actor's agency; returns its id.

    Raises:
        Forbidden: the actor's role makes none.
        InvalidInput: the handle is empty, too long or taken.
    """
    actor.require(Action.CREATE_WORKSPACE)
    cleaned = clean_handle(handle)
    taken = select(Workspace.id).where(Workspace.agency_id == actor.agency_id, Workspace.handle == cleaned)
    known = InvalidInput(f"Your agency has a workspace called {cleaned} already.")
    if session.scalar(taken) is not None:
        raise known
    try:
        with session.begin_nested():
            made = _make_workspace(session, actor, cleaned)
    except IntegrityError:
        raise known from None  # made a moment ago by somebody else
    return made.id


def set_minutes(session: Session, actor: Actor, workspace_id: UUID | str, minutes: Mapping[str, float]) -> None:
    """Set how many minutes a piece takes, per content type; types left out keep theirs.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        InvalidInput: an unknown type, or minutes outside 0 to a day.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    checked = checked_minutes(minutes)
    workspace.minutes = dict(workspace.minutes) | checked
    record(session, actor, AuditAction.WORKSPACE_CHANGED, workspace_id=workspace.id, minutes=len(minutes))


def checked_minutes(minutes: Mapping[str, float]) -> dict[str, float]:
    """Minutes of work per piece as a person entered them.

    Raises:
        InvalidInput: an unknown type, or minutes outside 0 to a day.
    """
    for name, value in minutes.items():
        if name not in CONTENT_TYPES:
            raise InvalidInput(f"{name!r} is no content type; there are {', '.join(CONTENT_TYPES)}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_MINUTES:
            raise InvalidInput(f"Minutes for {name} must be a number above 0 and at most {MOST_MINUTES:.0f}.")
    return {name: float(value) for name, value in minutes.items()}


def set_time_zone(session: Session, actor: Actor, workspace_id: UUID | str, time_zone: str) -> None:
    """Set the zone in which the workspace's days are cut.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
        InvalidInput: no such zone.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    if time_zone not in available_timezones():
        raise InvalidInput(f"{time_zone!r} is no time zone; write one like Europe/Berlin.")
    workspace.time_zone = time_zone
    record(session, actor, AuditAction.WORKSPACE_CHANGED, workspace_id=workspace.id, time_zone=True)


def clean_handle(handle: str) -> str:
    """A handle without @ and blanks around it.

    Raises:
        InvalidInput: nothing is left, or too much.
    """
    cleaned = _UNPRINTABLE.sub("", handle).strip().removeprefix("@").strip()
    if not cleaned or len(cleaned) > LONGEST_HANDLE:
        raise InvalidInput(f"A handle has between 1 and {LONGEST_HANDLE} characters.")
    return cleaned


def add_workspace(session: Session, agency_id: UUID, handle: str) -> Workspace:
    """Insert an empty workspace with the agency's time zone; the caller has authorised this and freed the handle."""
    agency = session.get_one(Agency, agency_id)
    workspace = Workspace(agency_id=agency_id, handle=handle, time_zone=agency.time_zone)
    session.add(workspace)
    session.flush()
    return workspace


def find_or_add_workspace(session: Session, actor: Actor, handle: str) -> Workspace:
    """The agency's workspace of this handle, locked for a change; made when there is none.

    Raises:
        Forbidden: it has to be made and the actor's role makes none.
        Conflict: it exists but isn't the actor's to edit.
    """
    cleaned = clean_handle(handle)
    found = session.scalar(editable_workspaces(actor).where(Workspace.handle == cleaned).with_for_update())
    if found is not None:
        return found
    actor.require(Action.CREATE_WORKSPACE)
    taken = select(Workspace.id).where(Workspace.agency_id == actor.agency_id, Workspace.handle == cleaned)
    if session.scalar(taken) is not None:
        raise Conflict(f"The handle {cleaned} is taken in your agency; ask an owner for access to its workspace.")
    return _make_workspace(session, actor, cleaned)


def _make_workspace(session: Session, actor: Actor, handle: str) -> Workspace:
    workspace = add_workspace(session, actor.agency_id, handle)
    record(session, actor, AuditAction.WORKSPACE_CREATED, workspace_id=workspace.id)
    return workspace


def minutes_of(workspace: Workspace) -> dict[str, float]:
    """Minutes per piece: the workspace's own where set, the defaults elsewhere."""
    return DEFAULT_MINUTES | {name: float(value) for name, value in workspace.minutes.items()}
