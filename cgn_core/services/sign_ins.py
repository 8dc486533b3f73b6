"""Proving who one is: the password, then a code where a second factor is set up.

What is guessed at is counted before it is looked at, and the count is committed on its own, so that no rollback undoes
it and guesses made side by side can't exceed the limit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, PendingSignIn, SecondFactor, User, now
from cgn_core.errors import CgnError, InvalidInput, NotFound
from cgn_core.services import known_devices, sessions
from cgn_core.services.accounts import Account, account_of
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.guesses import code_counter, count_guess, forgive, lockout_rule, password_counter, record_failure
from cgn_core.services.passwords import check_password_choice, hash_password, verify_password
from cgn_core.services.second_factors import use_code
from cgn_core.services.sessions import hash_token, stamp_of

WRONG_SIGN_IN = "E-mail address or password is wrong."
WRONG_PASSWORD = "The current password is wrong."  # noqa: S105 - a sentence, no password
WRONG_CODE = "This code is wrong or was used before."
CODE_WITHIN = timedelta(minutes=10)


class SignInOver(CgnError):
    """Your sign-in took too long. Start again."""


@dataclass(frozen=True)
class Browser:
    """Where somebody signs in."""

    device: str = ""
    """As the list of sessions names it."""
    token: str = ""
    """Of the session it holds until now, which a new one replaces."""
    device_token: str = ""
    """Of the device cookie, if it has one."""


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: the tokens go into cookies and nowhere else."""

    token: str
    device_token: str
    user: Account


@dataclass(frozen=True)
class CodeNeeded:
    """The password was right and a second factor is set up: the token names the half-finished sign-in."""

    token: str


def sign_in(session: Session, email: str, password: str, *, browser: Browser = Browser()) -> SignedIn | CodeNeeded:
    """Check a password; commits on its own.

    An unknown address, a wrong password, a disabled and a locked account look alike and take as long.

    Args:
        session: one that may write, outside any ``begin()`` block.
        email: in any case, with blanks around it or not.
        password: as typed.
        browser: where it was typed.

    Raises:
        InvalidInput: with the same sentence whatever the cause.
    """
    user = session.scalar(select(User).where(User.email == email.strip().casefold()))
    counter = password_counter(session, user.id, browser.device_token) if user is not None else None
    may_try = user is not None and counter is not None and user.disabled_at is None and count_guess(session, counter)
    stored = user.password_hash if user is not None and may_try else None
    session.commit()  # before the slow part, which on SQLite would keep every other writer waiting
    matches = verify_password(stored, password)
    if may_try and not matches and user is not None and counter is not None:
        record_failure(session, user, counter)
    if user is None or counter is None or not matches:
        raise InvalidInput(f"{WRONG_SIGN_IN} {lockout_rule('passwords')}")
    result = admit(session, user, browser=browser)
    # A known device counts passwords and codes together: only both show that nobody is guessing.
    if isinstance(result, SignedIn) or not counter.is_device:
        forgive(session, counter)
    session.commit()
    return result


def admit(session: Session, user: User, *, browser: Browser) -> SignedIn | CodeNeeded:
    """Let a user in whose first factor was right, or ask for the second one."""
    enrolled = session.scalar(
        select(SecondFactor.user_id).where(SecondFactor.user_id == user.id, SecondFactor.confirmed_at.is_not(None))
    )
    if enrolled is None:
        return _finish(session, user, browser=browser)
    token = secrets.token_urlsafe(32)
    session.execute(delete(PendingSignIn).where(PendingSignIn.user_id == user.id, PendingSignIn.expires_at <= now()))
    session.add(
        PendingSignIn(
            token_hash=hash_token(token), user_id=user.id, stamp=stamp_of(user), expires_at=now() + CODE_WITHIN
        )
    )
    return CodeNeeded(token)


def enter_code(session: Session, pending: str, code: str, *, browser: Browser = Browser()) -> SignedIn:
    """Finish a sign-in with a code of the authenticator or a recovery code; commits on its own.

    Raises:
        SignInOver: the password was entered more than ten minutes ago, or has changed since.
        InvalidInput: the code is wrong or used, or too many were; always the same sentence.
    """
    found = session.execute(
        select(PendingSignIn, User)
        .join(User, User.id == PendingSignIn.user_id)
        .where(PendingSignIn.token_hash == hash_token(pending), PendingSignIn.expires_at > now())
    ).one_or_none()
    if found is None or found[1].disabled_at or found[0].stamp != stamp_of(found[1]):
        raise SignInOver
    user = found[1]
    counter = code_counter(session, user.id, browser.device_token)
    may_try = count_guess(session, counter)
    session.commit()
    is_right = may_try and use_code(session, user.id, code)
    if may_try and not is_right:
        record_failure(session, user, counter)
    if not is_right:
        raise InvalidInput(f"{WRONG_CODE} {lockout_rule('codes')}")
    session.execute(delete(PendingSignIn).where(PendingSignIn.token_hash == hash_token(pending)))
    forgive(session, counter)
    signed_in = _finish(session, user, browser=browser)
    session.commit()
    return signed_in


def confirm_password(session: Session, actor: Actor, password: str, *, browser: Browser = Browser()) -> str:
    """Have the actor prove once more who they are; returns the token of the session that replaces theirs.

    Raises:
        InvalidInput: the password is wrong, or too many were.
    """
    user = _check_password(session, actor, password, browser=browser)
    token = sessions.open_for(session, user, device=browser.device, replaces=browser.token)
    session.commit()
    return token


def change_password(session: Session, actor: Actor, *, current: str, new: str, browser: Browser = Browser()) -> str:
    """Change the actor's password and end every session; returns the token of a new one.

    Raises:
        InvalidInput: the current password is wrong or the new one too weak.
    """
    user = _check_password(session, actor, current, browser=browser)
    check_password_choice(new, email=user.email, name=user.name)
    if new == current:
        raise InvalidInput("The new password is the current one.")
    user.password_hash = hash_password(new)
    record(session, actor, AuditAction.PASSWORD_CHANGED)
    sessions.sign_out_everywhere(session, actor, except_device=browser.device_token)
    token = sessions.open_for(session, user, device=browser.device)
    session.commit()
    return token


def _check_password(session: Session, actor: Actor, password: str, *, browser: Browser) -> User:
    user = session.get(User, actor.user_id)
    if user is None or user.disabled_at:
        raise NotFound
    counter = password_counter(session, user.id, browser.device_token)
    may_try = count_guess(session, counter)
    stored = user.password_hash if may_try else None
    session.commit()
    matches = verify_password(stored, password)
    if may_try and not matches:
        record_failure(session, user, counter)
    if not matches:
        raise InvalidInput(f"{WRONG_PASSWORD} {lockout_rule('passwords')}")
    forgive(session, counter)
    return user


def _finish(session: Session, user: User, *, browser: Browser) -> SignedIn:
    token = sessions.open_for(session, user, device=browser.device, replaces=browser.token)
    device_token = known_devices.remember(session, user.id, browser.device_token)
    account = account_of(user, session.get_one(Agency, user.agency_id))
    record(session, account.actor, AuditAction.SIGNED_IN)
    return SignedIn(token, device_token, account)
