"""Counts guesses at passwords and codes in the database, and locks what is guessed at.

A browser that its user signed in with before has a count of its own: strangers who lock an account don't lock it out
(OWASP, "Slow down online guessing attacks with device cookies").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, or_, select, update
from sqlalchemy.orm import Session

from cgn_core.db.models import KnownDevice, SecondFactor, User, now
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.sessions import hash_token
from cgn_core.settings import settings


@dataclass(frozen=True)
class Counter:
    """Where guesses are counted: a row with ``failed_sign_ins`` and ``locked_until``."""

    model: type[User | KnownDevice | SecondFactor]
    key: UUID

    @property
    def is_device(self) -> bool:
        """Whether a known device counts for itself, passwords and codes alike."""
        return self.model is KnownDevice

    @property
    def row(self) -> ColumnElement[bool]:
        """Picks the row."""
        model: Any = self.model
        column: ColumnElement[UUID] = model.user_id if self.model is SecondFactor else model.id
        return column == self.key


def password_counter(session: Session, user_id: UUID, device_token: str) -> Counter:
    """Counts guesses at the user's password made from this browser."""
    return _device_counter(session, user_id, device_token) or Counter(User, user_id)


def code_counter(session: Session, user_id: UUID, device_token: str) -> Counter:
    """Counts guesses at the user's codes made from this browser."""
    return _device_counter(session, user_id, device_token) or Counter(SecondFactor, user_id)


def count_guess(session: Session, counter: Counter) -> bool:
    """Count one guess before it is looked at; False when no more may be made. The last one allowed locks.

    One statement, so that guesses made side by side can't exceed the limit. The caller commits at once.
    """
    model: Any = counter.model
    time = now()
    count = case((model.locked_until.is_not(None), 1), else_=model.failed_sign_ins + 1)
    until = time + timedelta(seconds=settings().lockout_duration)
    counted = session.scalar(
        update(model)
        .where(counter.row, or_(model.locked_until.is_(None), model.locked_until <= time))
        .values(failed_sign_ins=count, locked_until=case((count >= settings().lockout_attempts, until), else_=None))
        .returning(model.failed_sign_ins)
        .execution_options(synchronize_session=False)
    )
    return counted is not None


def record_failure(session: Session, user: User, counter: Counter) -> None:
    """Keep that a counted guess was wrong; what was locked already adds no lines. Commits: a refusal follows."""
    attempts, locked_until = session.execute(
        select(counter.model.failed_sign_ins, counter.model.locked_until).where(counter.row)
    ).one()
    action = AuditAction.SIGN_IN_LOCKED if locked_until is not None else AuditAction.SIGN_IN_FAILED
    record(session, System(user.agency_id), action, subject=(SubjectKind.USER, user.id), attempts=attempts)
    session.commit()


def forgive(session: Session, counter: Counter) -> None:
    """Forget the guesses: somebody knew it."""
    session.execute(
        update(counter.model)
        .where(counter.row)
        .values(failed_sign_ins=0, locked_until=None)
        .execution_options(synchronize_session=False)
    )


def lockout_rule(what: str) -> str:
    """What every refusal says, locked or not: ``what`` is "passwords" or "codes"."""
    minutes = round(settings().lockout_duration / 60)
    return f"After {settings().lockout_attempts} wrong {what} an account is locked for {minutes} minutes."


def _device_counter(session: Session, user_id: UUID, device_token: str) -> Counter | None:
    known = session.scalar(
        select(KnownDevice.id).where(KnownDevice.token_hash == hash_token(device_token), KnownDevice.user_id == user_id)
    )
    return Counter(KnownDevice, known) if known is not None and device_token else None
