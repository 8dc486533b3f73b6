"""Agencies, their users, and who is signed in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Schedule, User, UserSession, now
from cgn_core.db.row_kinds import ScheduleKind
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.jobs.due_times import next_night
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.identities import LONGEST_TEXT, clean_email, clean_name
from cgn_core.services.passwords import check_password_choice, hash_password, verify_password
from cgn_core.settings import settings

WRONG_SIGN_IN = "E-mail address or password is wrong."
_SEEN_EVERY = timedelta(minutes=1)
SCORING_HOUR = 2
"""Local hour at which a new agency's kept forecasts are scored."""


@dataclass(frozen=True)
class Account:
    """A user with the agency, as pages show them."""

    id: UUID
    agency_id: UUID
    agency: str
    email: str
    name: str
    role: Role

    @property
    def actor(self) -> Actor:
        """The user as the one who acts."""
        return Actor(user_id=self.id, agency_id=self.agency_id, role=self.role, name=self.name)

    @property
    def initials(self) -> str:
        """Up to two letters for the header."""
        words = self.name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: the token goes into the cookie and nowhere else."""

    token: str
    user: Account


@dataclass(frozen=True)
class SessionView:
    """One of the user's sessions; ``id`` is the start of the token's hash."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


def create_agency_with_owner(
    session: Session, *, agency: str, email: str, name: str, password: str, time_zone: str = "UTC"
) -> Account:
    """Create an agency and its first owner.

    Raises:
        InvalidInput: the address is malformed or taken, a name is empty, or the password is weak.
    """
    address = clean_email(email)
    check_password_choice(password, email=address, name=name)
    if session.scalar(select(User.id).where(User.email == address)) is not None:
        raise InvalidInput(f"There is a user with the address {address} already.")
    owned = Agency(name=clean_name(agency, "agency"), time_zone=time_zone)
    session.add(owned)
    session.flush()
    owner = User(
        agency_id=owned.id,
        email=address,
        name=clean_name(name, "user"),
        role=Role.OWNER,
        password_hash=hash_password(password),
    )
    session.add(owner)
    session.add(
        Schedule(
            agency_id=owned.id,
            workspace_id=None,
            kind=ScheduleKind.SCORE_NIGHTLY,
            hour=SCORING_HOUR,
            day=1,
            weeks=1,
            next_due_at=next_night(now(), hour=SCORING_HOUR, time_zone=time_zone),
        )
    )
    session.flush()
    record(session, System(owned.id), AuditAction.AGENCY_CREATED)
    record(session, System(owned.id), AuditAction.USER_CREATED, subject=(SubjectKind.USER, owner.id), role=owner.role)
    return _account(owner, owned)


def sign_in(session: Session, email: str, password: str, *, device: str = "", replaces: str = "") -> SignedIn:
    """Check a password and open a session; commits on its own, so that no rollback undoes a counted failure.

    Each attempt is counted before its password is looked at, so that parallel guesses can't exceed the limit.
    An unknown address, a wrong password, a disabled and a locked account look alike and take as long.

    Args:
        session: one that may write, outside any ``begin()`` block.
        email: in any case, with blanks around it or not.
        password: as typed.
        device: the browser as the list of sessions names it.
        replaces: the token the browser held until now; that session ends.

    Raises:
        InvalidInput: with the same sentence whatever the cause.
    """
    user = session.scalar(select(User).where(User.email == email.strip().casefold()))
    may_try = user is not None and user.disabled_at is None and _count_attempt(session, user.id)
    stored = user.password_hash if user is not None and may_try else None
    session.commit()  # before the slow part, which on SQLite would keep every other writer waiting
    matches = verify_password(stored, password)
    if user is not None and may_try and not matches:
        _record_failure(session, user.id)
    if user is None or not matches:
        raise InvalidInput(f"{WRONG_SIGN_IN} {_lockout_rule()}")
    session.execute(update(User).where(User.id == user.id).values(failed_sign_ins=0, locked_until=None))
    if replaces:
        sign_out(session, replaces)
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=_hash_token(token),
            user_id=user.id,
            expires_at=now() + timedelta(seconds=settings().session_absolute),
            device=device[:LONGEST_TEXT],
        )
    )
    signed_in = SignedIn(token=token, user=_account(user, session.get_one(Agency, user.agency_id)))
    record(session, signed_in.user.actor, AuditAction.SIGNED_IN)
    session.commit()
    return signed_in


def actor_for_token(session: Session, token: str) -> Actor | None:
    """Whoever the token's session belongs to; None when it is unknown, over, revoked or its user disabled."""
    found = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == _hash_token(token))
    ).one_or_none()
    if found is None:
        return None
    seen, user = found
    time = now()
    idle_since = time - timedelta(seconds=settings().session_idle)
    if seen.revoked_at or user.disabled_at or seen.expires_at <= time or seen.last_seen_at <= idle_since:
        return None
    if time - seen.last_seen_at >= _SEEN_EVERY:
        seen.last_seen_at = time
    return Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name)


def actor_of(session: Session, user_id: UUID | None) -> Actor:
    """The user on whose behalf a job runs, with the role they have now.

    Raises:
        NotFound: nobody asked for it, or whoever did is gone or disabled.
    """
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.disabled_at:
        raise NotFound
    return Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name)


def sign_out(session: Session, token: str) -> None:
    """End this session; a copy of its cookie is worth nothing from now on."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == _hash_token(token), UserSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def sign_out_everywhere(session: Session, actor: Actor, *, except_token: str = "") -> int:
    """End the actor's sessions, all or all but the given one; returns how many were ended."""
    ended = session.scalars(
        update(UserSession)
        .where(
            UserSession.user_id == actor.user_id,
            UserSession.revoked_at.is_(None),
            UserSession.token_hash != _hash_token(except_token),
        )
        .values(revoked_at=now())
        .returning(UserSession.token_hash)
    )
    count = len(ended.all())
    record(session, actor, AuditAction.SIGNED_OUT_EVERYWHERE, sessions=count)
    return count


def list_sessions(session: Session, actor: Actor, *, token: str = "") -> list[SessionView]:
    """The actor's live sessions, newest first; the one of ``token`` is marked."""
    time = now()
    rows = session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == actor.user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > time,
            UserSession.last_seen_at > time - timedelta(seconds=settings().session_idle),
        )
        .order_by(UserSession.created_at.desc())
    )
    return [
        SessionView(
            id=row.token_hash[:12],
            device=row.device,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            is_current=row.token_hash == _hash_token(token),
        )
        for row in rows
    ]


def get_account(session: Session, actor: Actor) -> Account:
    """The actor's own account."""
    user = session.get(User, actor.user_id)
    if user is None or user.agency_id != actor.agency_id:
        raise NotFound
    return _account(user, session.get_one(Agency, user.agency_id))


def change_password(session: Session, actor: Actor, *, current: str, new: str, token: str = "") -> None:
    """Change the actor's password and end all sessions but the one of ``token``.

    Raises:
        InvalidInput: the current password is wrong or the new one too weak.
    """
    user = session.get(User, actor.user_id)
    if user is None or not verify_password(user.password_hash, current):
        raise InvalidInput("The current password is wrong.")
    check_password_choice(new, email=user.email, name=user.name)
    user.password_hash = hash_password(new)
    record(session, actor, AuditAction.PASSWORD_CHANGED)
    sign_out_everywhere(session, actor, except_token=token)


def _count_attempt(session: Session, user_id: UUID) -> bool:
    """Count one attempt on the account; False when it is locked. The last attempt allowed locks it."""
    time = now()
    count = case((User.locked_until.is_not(None), 1), else_=User.failed_sign_ins + 1)
    until = time + timedelta(seconds=settings().lockout_duration)
    counted = session.scalar(
        update(User)
        .where(User.id == user_id, or_(User.locked_until.is_(None), User.locked_until <= time))
        .values(failed_sign_ins=count, locked_until=case((count >= settings().lockout_attempts, until), else_=None))
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return counted is not None


def _record_failure(session: Session, user_id: UUID) -> None:
    """Keep that somebody failed to sign in, on its own: what follows is a refusal. A locked account adds no lines."""
    user = session.get_one(User, user_id)
    action = AuditAction.SIGN_IN_LOCKED if user.locked_until is not None else AuditAction.SIGN_IN_FAILED
    record(session, System(user.agency_id), action, subject=(SubjectKind.USER, user.id), attempts=user.failed_sign_ins)
    session.commit()


def _lockout_rule() -> str:
    minutes = round(settings().lockout_duration / 60)
    return f"After {settings().lockout_attempts} wrong passwords an account is locked for {minutes} minutes."


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _account(user: User, agency: Agency) -> Account:
    return Account(
        id=user.id, agency_id=agency.id, agency=agency.name, email=user.email, name=user.name, role=user.role
    )
