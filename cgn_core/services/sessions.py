"""Who is signed in where: sessions live in the database, the cookie holds a random token and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.orm import Session, load_only

from cgn_core.access import Actor
from cgn_core.db.models import Agency, KnownDevice, SecondFactor, User, UserSession, now
from cgn_core.errors import NotFound
from cgn_core.services.audit import AuditAction, record
from cgn_core.settings import settings

FRESH = timedelta(minutes=10)
"""How long after proving who they are somebody may change how they sign in without proving it again."""
LONGEST_DEVICE = 200
_SEEN_EVERY = timedelta(minutes=1)
_SHOWN_OF_HASH = 16


@dataclass(frozen=True)
class Visitor:
    """Whoever a token belongs to."""

    actor: Actor
    must_enrol: bool
    """Their agency asks for a second factor and they have none."""
    is_fresh: bool
    """They proved who they are a moment ago."""
    number_format: str
    """How numbers and days are written for them, as they chose."""


@dataclass(frozen=True)
class SessionView:
    """One of the user's sessions; ``id`` is the start of the token's hash."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


def hash_token(token: str) -> str:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def stamp_of(user: User) -> str:
    """Changes with the user's password and role, whoever changes them; a session with another stamp is over."""
    return hashlib.sha256(f"{user.password_hash} {user.role}".encode()).hexdigest()[:32]


def open_for(session: Session, user: User, *, device: str, replaces: str = "") -> str:
    """Begin a session of the user and return its token; the one of the token ``replaces`` ends."""
    if replaces:
        sign_out(session, replaces)
    token = secrets.token_urlsafe(32)
    expires_at = now() + timedelta(seconds=settings().session_absolute)
    session.add(
        UserSession(
            token_hash=hash_token(token),
            user_id=user.id,
            stamp=stamp_of(user),
            expires_at=expires_at,
            device=device[:LONGEST_DEVICE],
        )
    )
    return token


_VISITOR = (
    select(UserSession, User, Agency.second_factor_required, SecondFactor.confirmed_at)
    .join(User, User.id == UserSession.user_id)
    .join(Agency, Agency.id == User.agency_id)
    .join(SecondFactor, SecondFactor.user_id == User.id, isouter=True)
    .where(UserSession.token_hash == bindparam("token_hash"))
    .options(
        load_only(
            UserSession.stamp, UserSession.expires_at, UserSession.last_seen_at, UserSession.created_at,
            UserSession.revoked_at,
        ),
        load_only(
            User.agency_id, User.password_hash, User.name, User.role, User.disabled_at, User.number_format
        ),
    )
)  # fmt: skip
"""Who comes with a token; every request asks."""


def visitor_for_token(session: Session, token: str) -> Visitor | None:
    """Whoever the token's session belongs to.

    Returns: None when it is unknown, over or revoked, when its user is disabled, or when their password or role has
        changed since it began.
    """
    found = session.execute(_VISITOR, {"token_hash": hash_token(token)}).one_or_none()
    if found is None:
        return None
    seen, user, is_required, enrolled_at = found
    time = now()
    idle_since = time - timedelta(seconds=settings().session_idle)
    if seen.revoked_at or user.disabled_at or seen.expires_at <= time or seen.last_seen_at <= idle_since:
        return None
    if not secrets.compare_digest(seen.stamp, stamp_of(user)):
        return None
    if time - seen.last_seen_at >= _SEEN_EVERY:
        seen.last_seen_at = time
    return Visitor(
        actor=Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name),
        must_enrol=is_required and enrolled_at is None,
        is_fresh=time - seen.created_at < FRESH,
        number_format=user.number_format,
    )


def sign_out(session: Session, token: str) -> None:
    """End this session; a copy of its cookie is worth nothing from now on."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == hash_token(token), UserSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def sign_out_everywhere(session: Session, actor: Actor, *, except_token: str = "", except_device: str = "") -> int:
    """End the actor's sessions, all or all but the given one; returns how many were ended.

    The devices that were used before are forgotten too, but for the one whose device token is given.
    """
    session.execute(
        delete(KnownDevice).where(
            KnownDevice.user_id == actor.user_id, KnownDevice.token_hash != hash_token(except_device)
        )
    )
    ended = _end(session, actor.user_id, UserSession.token_hash != hash_token(except_token))
    record(session, actor, AuditAction.SIGNED_OUT_EVERYWHERE, sessions=ended)
    return ended


def end_session(session: Session, actor: Actor, shown_id: str) -> None:
    """End one of the actor's own sessions.

    Raises:
        NotFound: it isn't theirs, is over, or never was.
    """
    if len(shown_id) != _SHOWN_OF_HASH or not _end(
        session, actor.user_id, UserSession.token_hash.startswith(shown_id, autoescape=True)
    ):
        raise NotFound


def end_sessions_of(session: Session, user_id: UUID) -> int:
    """End every session of a user and forget the devices; for whoever may administer them."""
    session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id))
    return _end(session, user_id)


def list_sessions(session: Session, actor: Actor, *, token: str = "") -> list[SessionView]:
    """The actor's live sessions, newest first; the one of ``token`` is marked."""
    time = now()
    stamp = stamp_of(session.get_one(User, actor.user_id))
    rows = session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == actor.user_id,
            UserSession.revoked_at.is_(None),
            UserSession.stamp == stamp,
            UserSession.expires_at > time,
            UserSession.last_seen_at > time - timedelta(seconds=settings().session_idle),
        )
        .order_by(UserSession.created_at.desc())
    )
    return [
        SessionView(
            id=row.token_hash[:_SHOWN_OF_HASH],
            device=row.device,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            is_current=row.token_hash == hash_token(token),
        )
        for row in rows
    ]


def _end(session: Session, user_id: UUID, *which: ColumnElement[bool]) -> int:
    ended = session.scalars(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None), *which)
        .values(revoked_at=now())
        .returning(UserSession.token_hash)
    )
    return len(ended.all())
