"""Signing in at an OpenID provider: which user of ours somebody is whom the provider names."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.db.models import OutsideIdentity, User
from cgn_core.errors import InvalidInput
from cgn_core.services.sign_ins import Browser, CodeNeeded, SignedIn, admit


@dataclass(frozen=True)
class Claims:
    """What a verified ID token says about somebody."""

    issuer: str
    subject: str
    """Their id at the provider; never given to anybody else."""
    email: str
    email_is_verified: bool


def sign_in_from_outside(session: Session, claims: Claims, *, browser: Browser) -> SignedIn | CodeNeeded:
    """Let in whoever a provider vouches for; commits on its own.

    The first time they are found by the address that the provider has verified, from then on by their subject. Nobody
    is made a user: that takes an invitation. A second factor set up here is asked for after this too.

    Raises:
        InvalidInput: they are no user here, a disabled one, or their address is somebody else's.
    """
    user = _linked(session, claims) or _found_by_address(session, claims)
    if user.disabled_at:
        raise InvalidInput("Your account here is disabled. Ask an owner of your agency.")
    result = admit(session, user, browser=browser)
    session.commit()
    return result


def _linked(session: Session, claims: Claims) -> User | None:
    return session.scalar(
        select(User)
        .join(OutsideIdentity, OutsideIdentity.user_id == User.id)
        .where(OutsideIdentity.issuer == claims.issuer, OutsideIdentity.subject == claims.subject)
    )


def _found_by_address(session: Session, claims: Claims) -> User:
    if not claims.email_is_verified or not claims.email:
        raise InvalidInput("Your e-mail address isn't verified there, so nobody can be found by it here.")
    user = session.scalar(select(User).where(User.email == claims.email.strip().casefold()))
    if user is None:
        raise InvalidInput(
            f"Nobody here has the address {claims.email[:254]}. Ask an owner of your agency to invite you."
        )
    linked = select(OutsideIdentity.subject).where(
        OutsideIdentity.issuer == claims.issuer, OutsideIdentity.user_id == user.id
    )
    if session.scalar(linked) is not None:
        # The address changed hands at the provider: whoever has it now isn't whoever had it then.
        raise InvalidInput(f"Somebody else signed in here with the address {user.email}. Ask an owner of your agency.")
    session.add(OutsideIdentity(issuer=claims.issuer, subject=claims.subject, user_id=user.id))
    return user
