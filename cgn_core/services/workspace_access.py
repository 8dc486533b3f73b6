"""Who is let into a workspace: restricting it, letting members in and out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.members import readable_members
from cgn_core.db.models import User, Workspace, WorkspaceMember
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, SubjectKind, record


@dataclass(frozen=True)
class Person:
    """A member as lists of access name them."""

    id: UUID
    name: str
    role: Role


@dataclass(frozen=True)
class WorkspaceAccess:
    """Who may see one workspace, and who else could be let in."""

    id: UUID
    handle: str
    restricted: bool
    """Only owners and those let in see it; else every strategist does too."""
    let_in: tuple[Person, ...]
    others: tuple[Person, ...]
    """Those whom letting in would change something for: owners, and strategists of an open workspace, see it anyway."""


@dataclass(frozen=True)
class AccessLine:
    """One workspace in the list of all."""

    id: UUID
    handle: str
    restricted: bool
    viewers: int
    strategists: int
    """Let in; of a workspace that isn't restricted it makes no difference."""


def list_access(session: Session, actor: Actor) -> list[AccessLine]:
    """Every workspace with how many were let in, by handle.

    Raises:
        Forbidden: the actor's role doesn't manage access.
    """
    actor.require(Action.MANAGE_ACCESS)
    counted: dict[UUID, dict[Role, int]] = {}
    tally = (
        select(WorkspaceMember.workspace_id, User.role, func.count())
        .join(User, User.id == WorkspaceMember.user_id)
        .where(User.agency_id == actor.agency_id, User.removed_at.is_(None))
        .group_by(WorkspaceMember.workspace_id, User.role)
    )
    for workspace_id, role, number in session.execute(tally):
        counted.setdefault(workspace_id, {})[role] = number
    return [
        AccessLine(
            id=each.id,
            handle=each.handle,
            restricted=each.restricted,
            viewers=counted.get(each.id, {}).get(Role.VIEWER, 0),
            strategists=counted.get(each.id, {}).get(Role.STRATEGIST, 0),
        )
        for each in session.scalars(editable_workspaces(actor).order_by(Workspace.handle))
    ]


def get_access(session: Session, actor: Actor, workspace_id: UUID | str) -> WorkspaceAccess:
    """Who may see a workspace.

    Raises:
        Forbidden: the actor's role doesn't manage access.
        NotFound: no such workspace, or not the actor's.
    """
    actor.require(Action.MANAGE_ACCESS)
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    inside = set(
        session.scalars(select(WorkspaceMember.user_id).where(WorkspaceMember.workspace_id == workspace.id)).all()
    )
    people = [
        Person(each.id, each.name, each.role)
        for each in session.scalars(readable_members(actor).order_by(User.name))
        if each.role is not Role.OWNER
    ]
    return WorkspaceAccess(
        id=workspace.id,
        handle=workspace.handle,
        restricted=workspace.restricted,
        let_in=tuple(each for each in people if each.id in inside),
        others=tuple(
            each for each in people if each.id not in inside and (workspace.restricted or each.role is Role.VIEWER)
        ),
    )


def set_restricted(session: Session, actor: Actor, workspace_id: UUID | str, *, restricted: bool) -> str:
    """Keep a workspace to owners and those let in, or open it to every strategist; returns its handle.

    Raises:
        Forbidden, NotFound: as :func:`get_access`.
    """
    actor.require(Action.MANAGE_ACCESS)
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    if workspace.restricted != restricted:
        workspace.restricted = restricted
        action = AuditAction.WORKSPACE_RESTRICTED if restricted else AuditAction.WORKSPACE_OPENED
        record(session, actor, action, workspace_id=workspace.id)
    return workspace.handle


def grant_access(session: Session, actor: Actor, workspace_id: UUID | str, user_id: UUID | str) -> str:
    """Let a member in; returns their name. Twice is once.

    Raises:
        Forbidden: the actor's role doesn't manage access.
        NotFound: no such workspace or member, or not of the actor's agency.
        InvalidInput: they are an owner, who sees everything.
    """
    workspace, member = _pair(session, actor, workspace_id, user_id)
    if member.role is Role.OWNER:
        raise InvalidInput(f"{member.name} is an owner and sees every workspace.")
    if session.get(WorkspaceMember, (workspace.id, member.id)) is None:
        session.add(WorkspaceMember(workspace_id=workspace.id, user_id=member.id))
        session.flush()
        _note(session, actor, AuditAction.MEMBER_ADDED, workspace, member)
    return member.name


def revoke_access(session: Session, actor: Actor, workspace_id: UUID | str, user_id: UUID | str) -> str:
    """Let a member out; returns their name. Their next request finds it gone.

    Raises:
        Forbidden, NotFound: as :func:`grant_access`.
    """
    workspace, member = _pair(session, actor, workspace_id, user_id)
    let_out = session.scalars(
        delete(WorkspaceMember)
        .where(WorkspaceMember.workspace_id == workspace.id, WorkspaceMember.user_id == member.id)
        .returning(WorkspaceMember.user_id)
    )
    if let_out.all():
        _note(session, actor, AuditAction.MEMBER_REMOVED, workspace, member)
    return member.name


def _note(session: Session, actor: Actor, action: AuditAction, workspace: Workspace, member: User) -> None:
    record(session, actor, action, subject=(SubjectKind.USER, member.id), workspace_id=workspace.id)


def _pair(session: Session, actor: Actor, workspace_id: UUID | str, user_id: UUID | str) -> tuple[Workspace, User]:
    actor.require(Action.MANAGE_ACCESS)
    # Locked, so that two who let the same person in at once don't both insert.
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    return workspace, one_or_not_found(session, readable_members(actor), user_id)
