"""Forgotten passwords: asking for a link, handing one out, and setting a new password with it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.members import editable_members
from cgn_core.db.models import PasswordReset, ResetRequest, User, now
from cgn_core.db.session import one_or_not_found
from cgn_core.errors import InvalidInput, InvalidLink, NotFound, QuotaExceeded
from cgn_core.jobs import JobKind, enqueue
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.identities import LONGEST_TEXT
from cgn_core.services.mail_server import can_mail_links
from cgn_core.services.one_time_links import hash_of, new_token
from cgn_core.services.passwords import check_password_choice, hash_password
from cgn_core.services.sessions import end_sessions_of
from cgn_core.settings import settings

MOST_REQUESTS = 1000
"""Requests that wait for the reconciler; more is a flood, and those beyond are forgotten."""
MAIL_EVERY = timedelta(minutes=5)
"""An address is mailed at most so often, however often somebody types it in."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResetLink:
    """A link that an owner hands over: the token goes into it, and nowhere else."""

    name: str
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class OpenReset:
    """Whose password a link sets."""

    email: str


def ask_for_reset(session: Session, email: str) -> None:
    """Note that somebody forgot their password; for anybody, so it answers alike and does the same work for all.

    Whether there is such an account is looked at by the reconciler a moment later, out of the asker's sight.
    """
    waiting = session.scalar(select(func.count()).select_from(ResetRequest)) or 0
    if waiting < MOST_REQUESTS:
        session.add(ResetRequest(email=email.strip().casefold()[:LONGEST_TEXT]))


def answer_requests(session: Session) -> int:
    """Queue a mail for each noted address that has an account, and forget the notes; how many were queued."""
    noted = session.scalars(delete(ResetRequest).returning(ResetRequest.email)).all()
    if not can_mail_links():
        return 0
    queued = 0
    for email in set(noted):
        user = session.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
        if user is None:
            continue
        moment = int(now().timestamp() // MAIL_EVERY.total_seconds())
        try:
            enqueue(
                session,
                JobKind.MAIL,
                agency_id=user.agency_id,
                params={"reset": str(user.id)},
                key=f"reset:{user.id}:{moment}",
            )
        except QuotaExceeded:
            logger.warning("the queue of agency %s is full; a reset of user %s isn't mailed", user.agency_id, user.id)
        else:
            queued += 1
    return queued


def requests_wait(session: Session) -> bool:
    """Whether there is anything to answer; a look without a lock."""
    return session.scalars(select(ResetRequest.id).limit(1)).first() is not None


def issue_reset_link(session: Session, actor: Actor, user_id: UUID | str) -> ResetLink:
    """A link for a member of the agency, to be handed over by an owner.

    Raises:
        Forbidden: the actor's role doesn't manage the team.
        NotFound: no such member, or not of the actor's agency.
        InvalidInput: they are disabled.
    """
    actor.require(Action.MANAGE_TEAM)
    member = one_or_not_found(session, editable_members(actor), user_id)
    if member.disabled_at is not None:
        raise InvalidInput(f"{member.name} is disabled; enable them first.")
    record(session, actor, AuditAction.RESET_LINK_MADE, subject=(SubjectKind.USER, member.id))
    return ResetLink(member.name, *_new_link(session, member.id))


def link_for_mail(session: Session, user_id: UUID | str) -> tuple[User, str]:
    """A user with a token for the mail; for the job that sends it.

    Raises:
        NotFound: they are gone or disabled meanwhile.
    """
    user = session.get(User, UUID(str(user_id)))
    if user is None or user.disabled_at is not None:
        raise NotFound("The account is gone or disabled; nothing was mailed.")
    record(session, System(user.agency_id), AuditAction.RESET_LINK_MADE, subject=(SubjectKind.USER, user.id))
    return user, _new_link(session, user.id)[0]


def open_reset(session: Session, token: str) -> OpenReset:
    """Whose password a link sets; for whoever has it.

    Raises:
        InvalidLink: there is no such link, or it doesn't work any more.
    """
    return OpenReset(_by_token(session, token).email)


def reset_password(session: Session, token: str, new: str) -> UUID:
    """Set a new password with a link, once; returns the user's id.

    All their sessions and other links end, and a lock after wrong passwords is lifted.

    Raises:
        InvalidLink: there is no such link, or it doesn't work any more.
        InvalidInput: the password is too weak.
    """
    user = _by_token(session, token, lock=True)
    check_password_choice(new, email=user.email, name=user.name)
    user.password_hash = hash_password(new)
    user.failed_sign_ins, user.locked_until = 0, None
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))
    end_sessions_of(session, user.id)
    record(session, System(user.agency_id), AuditAction.PASSWORD_RESET, subject=(SubjectKind.USER, user.id))
    return user.id


def forget_resets(session: Session) -> None:
    """Delete the links that have expired."""
    session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= now()))


def _new_link(session: Session, user_id: UUID) -> tuple[str, datetime]:
    token, expires_at = new_token(), now() + timedelta(seconds=settings().reset_lifetime)
    session.add(PasswordReset(token_hash=hash_of(token), user_id=user_id, expires_at=expires_at))
    session.flush()
    return token, expires_at


def _by_token(session: Session, token: str, *, lock: bool = False) -> User:
    named = (
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(
            PasswordReset.token_hash == hash_of(token),
            PasswordReset.expires_at > now(),
            User.disabled_at.is_(None),
        )
    )
    # Of two who follow the link at once the second waits, and then finds it used.
    found = session.scalar(named.with_for_update() if lock else named)
    if found is None:
        raise InvalidLink
    return found
