"""API tokens: made by a user, shown once, never worth more than that user is now."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role, reaches
from cgn_core.db.models import ApiToken, User, Workspace, now
from cgn_core.db.session import one_or_not_found
from cgn_core.db.tokens import editable_tokens, readable_tokens
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import Forbidden, InvalidInput, NotFound
from cgn_core.services import audit
from cgn_core.services.audit import AuditAction, SubjectKind, System
from cgn_core.services.identities import clean_name

MARK = "cgn_"
"""What every token begins with, so that a scanner finds one that was committed by mistake."""
PREFIX_LENGTH = len(MARK) + 8
MOST_DAYS = 365
USUAL_DAYS = 90
MOST_PER_USER = 50
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class TokenView:
    """A token as lists show it; times are UTC."""

    id: UUID
    name: str
    prefix: str
    role: Role
    made_by: str
    is_mine: bool
    workspaces: tuple[str, ...] | None
    """Handles of those it is limited to, as far as whoever looks may see them; None is no limit."""
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    state: str
    """live, expired, revoked, or asleep while whoever made it is disabled or has a smaller role."""


@dataclass(frozen=True)
class NewToken:
    """A fresh token: ``token`` is shown to whoever made it, once, and kept nowhere."""

    token: str
    view: TokenView


@dataclass(frozen=True)
class Bearer:
    """Who stands behind a token."""

    token_id: UUID
    actor: Actor
    use_is_due: bool
    """Whether the time of last use is to be noted."""


def create_token(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: str,
    workspace_ids: Collection[UUID | str] | None = None,
    days: int = USUAL_DAYS,
) -> NewToken:
    """Make a token that acts for the actor.

    Args:
        session: the transaction.
        actor: who makes it.
        name: what it is for.
        role: what it may do; at most what the actor's own role may.
        workspace_ids: the workspaces it is limited to, of those the actor may see; None is no limit.
        days: after which it is over, 1 to 365.

    Raises:
        Forbidden: the actor's role makes no tokens, or none of this role.
        NotFound: a workspace isn't there, or not the actor's to see.
        InvalidInput: no name, no such role, no workspace, or a number of days outside its bounds.
    """
    actor.require(Action.MAKE_TOKENS)
    if role not in set(Role):
        raise InvalidInput(f"{role!r} is no role; there are {', '.join(Role)}.")
    if not reaches(actor.role, Role(role)):
        raise Forbidden(f"Your own role is {actor.role}; a token of yours can't be {role}.")
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"A token lives between 1 and {MOST_DAYS} days.")
    if workspace_ids is not None and not workspace_ids:
        raise InvalidInput("Choose at least one workspace, or all of them.")
    _require_room(session, actor)
    limit = None
    if workspace_ids is not None:
        wanted = [one_or_not_found(session, readable_workspaces(actor), each).id for each in workspace_ids]
        limit = sorted({str(each) for each in wanted})
    token = MARK + secrets.token_urlsafe(32)
    row = ApiToken(
        agency_id=actor.agency_id,
        user_id=actor.user_id,
        name=clean_name(name, "token"),
        prefix=token[:PREFIX_LENGTH],
        token_hash=_hash(token),
        role=Role(role),
        workspaces=limit,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        AuditAction.TOKEN_MADE,
        subject=(SubjectKind.TOKEN, row.id),
        role=row.role,
        days=days,
        workspaces=len(limit) if limit is not None else 0,
    )
    (view,) = _views(session, actor, [row.id])
    return NewToken(token, view)


def list_tokens(session: Session, actor: Actor) -> list[TokenView]:
    """The tokens the actor may see, newest first: their own; an owner everybody's."""
    ids = session.scalars(readable_tokens(actor).with_only_columns(ApiToken.id)).all()
    return _views(session, actor, ids)


def revoke_token(session: Session, actor: Actor, token_id: UUID | str) -> None:
    """Take a token back, for good; one that is over stays as it is.

    Raises:
        NotFound: no such token, or not the actor's.
    """
    row = one_or_not_found(session, editable_tokens(actor), token_id)
    if row.revoked_at is None:
        row.revoked_at = now()
        audit.record(session, actor, AuditAction.TOKEN_REVOKED, subject=(SubjectKind.TOKEN, row.id))


def revoke_tokens_beyond(session: Session, by: Actor | System, user_id: UUID, role: Role | None) -> int:
    """Take back what of a user's tokens may more than ``role``, all of them for None; how many those were.

    For a service that disables a user or gives them a smaller role: the caller has authorised. Such a token is refused
    anyway; this keeps it from coming alive again with the user.
    """
    too_much = [each for each in Role if role is None or not reaches(role, each)]
    ended = session.scalars(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.role.in_(too_much))
        .values(revoked_at=now())
        .returning(ApiToken.id)
    )
    found = ended.all()
    for each in found:
        audit.record(session, by, AuditAction.TOKEN_REVOKED, subject=(SubjectKind.TOKEN, each))
    return len(found)


def bearer_of(session: Session, token: str) -> Bearer | None:
    """Who stands behind a token; None when it is unknown, over, taken back, or more than its maker is now."""
    found = session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.token_hash == _hash(token), ApiToken.agency_id == User.agency_id)
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    if _state(row, user) != "live":
        return None
    actor = Actor(
        user_id=user.id,
        agency_id=user.agency_id,
        role=row.role,
        name=user.name,
        token_id=row.id,
        sees_as=user.role,
        only=None if row.workspaces is None else frozenset(UUID(each) for each in row.workspaces),
    )
    return Bearer(row.id, actor, row.last_used_at is None or now() - row.last_used_at >= _SEEN_EVERY)


def note_use(session: Session, token_id: UUID) -> None:
    """Note that a token was used just now."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now()))


def actor_with_email(session: Session, email: str) -> Actor:
    """The user of an address, for whoever administers this installation from its command line.

    Raises:
        NotFound: nobody has it, or they are disabled.
    """
    user = session.scalar(select(User).where(User.email == email.strip().casefold(), User.disabled_at.is_(None)))
    if user is None:
        raise NotFound(f"There is no user with the address {email.strip()} who may sign in.")
    return Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name)


def _require_room(session: Session, actor: Actor) -> None:
    live = (
        select(func.count())
        .select_from(ApiToken)
        .where(ApiToken.user_id == actor.user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now())
    )
    if (session.scalar(live) or 0) >= MOST_PER_USER:
        raise InvalidInput(f"You have {MOST_PER_USER} tokens already; take one back first.")


def _views(session: Session, actor: Actor, ids: Collection[UUID]) -> list[TokenView]:
    rows = session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.id.in_(ids))
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
    ).all()
    handles = {
        str(key): handle
        for key, handle in session.execute(
            readable_workspaces(actor).with_only_columns(Workspace.id, Workspace.handle)
        )
    }  # fmt: skip
    return [
        TokenView(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            role=row.role,
            made_by=user.name,
            is_mine=row.user_id == actor.user_id,
            workspaces=None
            if row.workspaces is None
            else tuple(sorted(filter(None, map(handles.get, row.workspaces)))),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            state=_state(row, user),
        )
        for row, user in rows
    ]


def _state(row: ApiToken, user: User) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= now():
        return "expired"
    if user.disabled_at is not None or not reaches(user.role, row.role):
        return "asleep"
    return "live"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
