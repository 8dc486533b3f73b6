"""The second factor: time-based codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.members import editable_members
from cgn_core.db.models import Agency, RecoveryCode, SecondFactor, User, now
from cgn_core.db.session import one_or_not_found
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.guesses import code_counter, count_guess, forgive, lockout_rule, record_failure
from cgn_core.services.passwords import hash_password, verify_password
from cgn_core.services.sealing import seal, unseal
from cgn_core.services.sessions import end_sessions_of, sign_out_everywhere

ISSUER = "Growth Navigator"
STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = (0, -1, 1)
"""Steps that a clock may be off (RFC 6238, section 6)."""
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters that nobody takes for one another: a recovery code has 50 random bits."""
WRONG_CODE = "This code is wrong or was used before."


@dataclass(frozen=True)
class SecondFactorView:
    """What one's own page says."""

    set_up_at: datetime | None
    codes_left: int
    is_required: bool


@dataclass(frozen=True)
class Enrolment:
    """A half-finished set-up: the secret in letters and as the address that a QR code holds."""

    secret: str
    address: str


@dataclass(frozen=True)
class MemberView:
    """A member of the agency, and whether they have one."""

    id: UUID
    name: str
    email: str
    set_up_at: datetime | None
    is_self: bool


def get_second_factor(session: Session, actor: Actor) -> SecondFactorView:
    """The actor's own, as it stands."""
    codes = select(func.count()).where(RecoveryCode.user_id == actor.user_id, RecoveryCode.used_at.is_(None))
    return SecondFactorView(
        set_up_at=session.scalar(select(SecondFactor.confirmed_at).where(SecondFactor.user_id == actor.user_id)),
        codes_left=session.scalar(codes) or 0,
        is_required=session.get_one(Agency, actor.agency_id).second_factor_required,
    )


def begin_set_up(session: Session, actor: Actor) -> None:
    """Make a secret for the actor; nothing is asked of them until a first code of it was right.

    Raises:
        Conflict: they have a second factor.
    """
    existing = session.get(SecondFactor, actor.user_id)
    if existing is not None and existing.confirmed_at is not None:
        raise Conflict("You have a second factor. Turn it off before you set up another.")
    if existing is not None:
        session.delete(existing)
        session.flush()
    sealed = seal(pyotp.random_base32(), of=str(actor.user_id))
    session.add(SecondFactor(user_id=actor.user_id, secret=sealed))


def get_set_up(session: Session, actor: Actor) -> Enrolment | None:
    """The half-finished set-up to show; None where none was begun or it is finished."""
    begun = session.get(SecondFactor, actor.user_id)
    if begun is None or begun.confirmed_at is not None:
        return None
    secret = unseal(begun.secret, of=str(actor.user_id))
    if secret is None:
        return None
    email = session.get_one(User, actor.user_id).email
    return Enrolment(secret=secret, address=pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def finish_set_up(session: Session, actor: Actor, code: str, *, token: str = "", device_token: str = "") -> list[str]:
    """Turn the second factor on with a first code, and end the actor's other sessions.

    Returns: the recovery codes, which are shown this once.

    Raises:
        Conflict: no set-up was begun.
        InvalidInput: the code is wrong.
    """
    begun = session.get(SecondFactor, actor.user_id)
    if begun is None or begun.confirmed_at is not None:
        raise Conflict("There is no set-up to finish. Begin again.")
    step = _step_of(begun, _clean(code))
    if step is None:
        raise InvalidInput("This code is wrong. Enter the newest one; your phone's clock must be right.")
    begun.confirmed_at, begun.last_step = now(), step
    record(session, actor, AuditAction.SECOND_FACTOR_SET)
    sign_out_everywhere(session, actor, except_token=token, except_device=device_token)
    return _new_codes(session, actor.user_id)


def renew_codes(session: Session, actor: Actor, code: str, *, device_token: str = "") -> list[str]:
    """Make new recovery codes for the actor; the old ones are worth nothing from now on. Commits on its own.

    Raises:
        InvalidInput: the code is wrong, or too many were.
    """
    _check_own(session, actor, code, device_token=device_token)
    record(session, actor, AuditAction.RECOVERY_CODES_MADE)
    return _new_codes(session, actor.user_id)


def turn_off(session: Session, actor: Actor, code: str, *, token: str = "", device_token: str = "") -> None:
    """Remove the actor's second factor and end their other sessions. Commits on its own.

    Where the agency asks for one they are led to set it up anew.

    Raises:
        InvalidInput: the code is wrong, or too many were.
    """
    _check_own(session, actor, code, device_token=device_token)
    _remove(session, actor.user_id)
    record(session, actor, AuditAction.SECOND_FACTOR_REMOVED)
    sign_out_everywhere(session, actor, except_token=token, except_device=device_token)


def require_of_all(session: Session, actor: Actor, *, required: bool) -> None:
    """Ask everybody in the agency for a second factor, or no longer.

    Raises:
        Forbidden: the actor is no owner.
        Conflict: the owner has none: they would be the first to be led away.
    """
    actor.require(Action.REQUIRE_SECOND_FACTOR)
    if required and get_second_factor(session, actor).set_up_at is None:
        raise Conflict("Set up your own second factor first.")
    session.get_one(Agency, actor.agency_id).second_factor_required = required
    record(session, actor, AuditAction.SETTINGS_CHANGED, second_factor_required=int(required))


def list_members(session: Session, actor: Actor) -> list[MemberView]:
    """Who in the agency has a second factor.

    Raises:
        Forbidden: the actor is no owner.
    """
    actor.require(Action.REQUIRE_SECOND_FACTOR)
    rows = session.execute(
        select(User, SecondFactor.confirmed_at)
        .join(SecondFactor, SecondFactor.user_id == User.id, isouter=True)
        .where(User.agency_id == actor.agency_id, User.disabled_at.is_(None))
        .order_by(User.name)
    )
    return [MemberView(user.id, user.name, user.email, at, user.id == actor.user_id) for user, at in rows]


def remove_of_member(session: Session, actor: Actor, user_id: UUID) -> None:
    """Remove a member's second factor, who lost it with their recovery codes, and end their sessions.

    Raises:
        Forbidden: the actor is no owner.
        NotFound: no such member, or the owner themselves, who has codes to do it with.
    """
    actor.require(Action.REQUIRE_SECOND_FACTOR)
    member = one_or_not_found(session, editable_members(actor), user_id)
    if member.id == actor.user_id:
        raise NotFound
    reset(session, member, by=actor)


def reset(session: Session, user: User, *, by: Actor | System) -> None:
    """Remove a user's second factor and end their sessions; for whoever has the server or administers the user."""
    _remove(session, user.id)
    record(session, by, AuditAction.SECOND_FACTOR_REMOVED, subject=(SubjectKind.USER, user.id))
    end_sessions_of(session, user.id)


def reset_by_email(session: Session, email: str) -> str:
    """Remove the second factor of whoever has this address, for the server's administrator; returns the address.

    Raises:
        InvalidInput: nobody has it.
    """
    user = session.scalar(select(User).where(User.email == email.strip().casefold()))
    if user is None:
        raise InvalidInput(f"There is no user with the address {email.strip()}.")
    reset(session, user, by=System(user.agency_id))
    return user.email


def use_code(session: Session, user_id: UUID, code: str) -> bool:
    """Whether the code is right; uses it up. Commits before the slow part; the caller commits the rest."""
    cleaned = _clean(code)
    if len(cleaned) == DIGITS and cleaned.isdigit():
        return _use_time_code(session, user_id, cleaned)
    codes = session.execute(
        select(RecoveryCode.id, RecoveryCode.code_hash).where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
        )
    ).all()
    session.commit()
    found = next(
        (id_ for id_, hashed in codes if len(cleaned) == RECOVERY_LENGTH and verify_password(hashed, cleaned)), None
    )
    used = session.scalar(
        update(RecoveryCode)
        .where(RecoveryCode.id == found, RecoveryCode.used_at.is_(None))
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    if used is not None:
        user = session.get_one(User, user_id)
        record(session, System(user.agency_id), AuditAction.RECOVERY_CODE_USED, subject=(SubjectKind.USER, user_id))
    return used is not None


def _use_time_code(session: Session, user_id: UUID, code: str) -> bool:
    factor = session.get(SecondFactor, user_id, populate_existing=True)
    step = _step_of(factor, code) if factor is not None and factor.confirmed_at is not None else None
    if step is None:
        return False
    # One statement, so that a code that comes twice at once is taken once.
    taken = session.scalar(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.user_id)
    )
    return taken is not None


def _step_of(factor: SecondFactor, code: str) -> int | None:
    """The half-minute whose code this is, if it is one about now and newer than the last one used."""
    secret = unseal(factor.secret, of=str(factor.user_id))
    if secret is None:
        return None
    totp, current = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), int(now().timestamp()) // STEP_SECONDS
    typed = code.encode()  # digits of any script come in, and texts that aren't ASCII can't be compared
    steps = (current + offset for offset in TOLERANCE if current + offset > factor.last_step)
    return next((step for step in steps if compare_digest(totp.generate_otp(step).encode(), typed)), None)


def _check_own(session: Session, actor: Actor, code: str, *, device_token: str) -> None:
    counter = code_counter(session, actor.user_id, device_token)
    may_try = count_guess(session, counter)
    session.commit()
    is_right = may_try and use_code(session, actor.user_id, code)
    if may_try and not is_right:
        record_failure(session, session.get_one(User, actor.user_id), counter)
    if not is_right:
        raise InvalidInput(f"{WRONG_CODE} {lockout_rule('codes')}")
    forgive(session, counter)


def _remove(session: Session, user_id: UUID) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


def _new_codes(session: Session, user_id: UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    made = ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=hash_password(code)) for code in made)
    half = RECOVERY_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in made]


def _clean(code: str) -> str:
    return re.sub(r"[\s-]+", "", code).lower()[: 2 * RECOVERY_LENGTH]
