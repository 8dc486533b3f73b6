"""The members of an agency: who they are, what they may, and how they leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.members import editable_members, readable_members, removed_members
from cgn_core.db.models import Agency, User, UserSession, Workspace, WorkspaceMember, now
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.sessions import end_sessions_of
from cgn_core.services.tokens import revoke_tokens_beyond


@dataclass(frozen=True)
class Member:
    """A member of the agency, as its team page shows them."""

    id: UUID
    name: str
    email: str
    role: Role
    disabled: bool
    is_self: bool
    last_seen_at: datetime | None
    """When they last used the portal; None where they never did."""
    workspaces: tuple[str, ...]
    """Handles of those they were let into, of which the actor may see. Owners need no letting in."""


def list_members(session: Session, actor: Actor) -> list[Member]:
    """The agency's members, owners first, then by name.

    Raises:
        Forbidden: the actor's role doesn't see the team.
    """
    actor.require(Action.SEE_TEAM)
    users = session.scalars(readable_members(actor)).all()
    last_uses = (
        select(UserSession.user_id, func.max(UserSession.last_seen_at))
        .where(UserSession.user_id.in_([each.id for each in users]))
        .group_by(UserSession.user_id)
    )
    seen = dict(session.execute(last_uses).all())
    let_into: dict[UUID, list[str]] = {}
    visible = readable_workspaces(actor).with_only_columns(Workspace.id)
    memberships = (
        select(WorkspaceMember.user_id, Workspace.handle)
        .join(Workspace, Workspace.id == WorkspaceMember.workspace_id)
        .where(Workspace.id.in_(visible))
        .order_by(Workspace.handle)
    )
    for user_id, handle in session.execute(memberships):
        let_into.setdefault(user_id, []).append(handle)
    order = {role: place for place, role in enumerate(Role)}
    return [
        Member(
            id=each.id,
            name=each.name,
            email=each.email,
            role=each.role,
            disabled=each.disabled_at is not None,
            is_self=each.id == actor.user_id,
            last_seen_at=seen.get(each.id),
            workspaces=() if each.role is Role.OWNER else tuple(let_into.get(each.id, ())),
        )
        for each in sorted(users, key=lambda each: (order[each.role], each.name.casefold()))
    ]


def get_member(session: Session, actor: Actor, user_id: UUID | str) -> Member:
    """One member that the actor may see.

    Raises:
        Forbidden: the actor's role doesn't see the team.
        NotFound: no such member, or not of the actor's agency.
    """
    actor.require(Action.SEE_TEAM)
    wanted = one_or_not_found(session, readable_members(actor), user_id).id
    return next(each for each in list_members(session, actor) if each.id == wanted)


def change_role(session: Session, actor: Actor, user_id: UUID | str, role: Role) -> str:
    """Give a member another role and end their sessions and API tokens at once; returns their name.

    Raises:
        Forbidden: the actor's role doesn't manage the team.
        NotFound: no such member, or not of the actor's agency.
        InvalidInput: they are the last owner.
    """
    member = _editable(session, actor, user_id)
    if member.role is role:
        return member.name
    if member.role is Role.OWNER:
        _another_owner_remains(session, member)
    record(
        session, actor, AuditAction.ROLE_CHANGED, subject=(SubjectKind.USER, member.id), before=member.role, after=role
    )
    member.role = role
    _end_access(session, actor, member.id)
    return member.name


def disable_member(session: Session, actor: Actor, user_id: UUID | str) -> str:
    """Keep a member from signing in, and end their sessions and API tokens at once; returns their name.

    Raises:
        Forbidden, NotFound, InvalidInput: as :func:`change_role`.
    """
    member = _editable(session, actor, user_id)
    if member.disabled_at is None:
        _another_owner_remains(session, member)
        member.disabled_at = now()
        record(session, actor, AuditAction.USER_DISABLED, subject=(SubjectKind.USER, member.id))
        _end_access(session, actor, member.id)
    return member.name


def enable_member(session: Session, actor: Actor, user_id: UUID | str) -> str:
    """Let a disabled member sign in again; returns their name.

    Raises:
        Forbidden, NotFound: as :func:`change_role`.
    """
    member = _editable(session, actor, user_id)
    if member.disabled_at is not None:
        member.disabled_at = None
        record(session, actor, AuditAction.USER_ENABLED, subject=(SubjectKind.USER, member.id))
    return member.name


def remove_member(session: Session, actor: Actor, user_id: UUID | str) -> str:
    """Take a member out of the agency, and end their sessions and API tokens at once; returns their name.

    What they made stays.

    Raises:
        Forbidden, NotFound, InvalidInput: as :func:`change_role`.
    """
    member = _editable(session, actor, user_id)
    if member.disabled_at is None:
        _another_owner_remains(session, member)
    member.removed_at = now()
    # The same moment tells that removing disabled them, so that bringing them back enables them too.
    member.disabled_at = member.disabled_at or member.removed_at
    record(session, actor, AuditAction.USER_REMOVED, subject=(SubjectKind.USER, member.id))
    _end_access(session, actor, member.id)
    return member.name


def restore_member(session: Session, actor: Actor, user_id: UUID | str) -> str:
    """Bring a removed member back as they were; returns their name.

    Raises:
        Forbidden, NotFound: as :func:`change_role`.
    """
    actor.require(Action.MANAGE_TEAM)
    member = one_or_not_found(session, removed_members(actor).with_for_update(), user_id)
    if member.disabled_at == member.removed_at:
        member.disabled_at = None
    member.removed_at = None
    record(session, actor, AuditAction.USER_RESTORED, subject=(SubjectKind.USER, member.id))
    return member.name


def _end_access(session: Session, by: Actor, user_id: UUID) -> None:
    """End everything that lets a member in without signing in anew.

    For good: a token must not come alive again with its user, who may have forgotten it.
    """
    end_sessions_of(session, user_id)
    revoke_tokens_beyond(session, by, user_id, None)


def _editable(session: Session, actor: Actor, user_id: UUID | str) -> User:
    actor.require(Action.MANAGE_TEAM)
    # Two owners who demote each other at the same moment would leave none: changes of a team come one by one.
    session.execute(select(Agency.id).where(Agency.id == actor.agency_id).with_for_update(key_share=True))
    return one_or_not_found(session, editable_members(actor).with_for_update(), user_id)


def _another_owner_remains(session: Session, member: User) -> None:
    if member.role is not Role.OWNER:
        return
    others = select(func.count()).where(
        User.agency_id == member.agency_id,
        User.id != member.id,
        User.role == Role.OWNER,
        User.disabled_at.is_(None),
        User.removed_at.is_(None),
    )
    if not session.scalar(others):
        raise InvalidInput(f"{member.name} is the agency's last owner; make somebody else an owner first.")
