"""A user's own profile."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import User
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.figures.locales import BROWSER, HOUSE, OFFERED
from cgn_core.services.identities import clean_name


def rename(session: Session, actor: Actor, name: str) -> str:
    """Change the actor's own name, as others see it; returns it as it is kept.

    Raises:
        InvalidInput: nothing is left of it.
    """
    user = _own(session, actor)
    user.name = clean_name(name, "user")
    return user.name


def number_format(session: Session, actor: Actor) -> str:
    """How numbers and days are written for the actor: a code of ``OFFERED``, or ``BROWSER``."""
    return _own(session, actor).number_format


def choose_number_format(session: Session, actor: Actor, code: str) -> None:
    """Have numbers and days written so from now on.

    Raises:
        InvalidInput: there is no such way.
    """
    if code != BROWSER and code not in OFFERED:
        raise InvalidInput(f"Numbers are written as in one of {', '.join(OFFERED)}, or as the browser asks.")
    _own(session, actor).number_format = code


def number_format_of_reports(session: Session, user_id: UUID | None) -> str:
    """How a report is written for whoever asked for it; the house's way where nobody did or a browser would say."""
    user = session.get(User, user_id) if user_id is not None else None
    return user.number_format if user is not None and user.number_format in OFFERED else HOUSE


def _own(session: Session, actor: Actor) -> User:
    user = session.get(User, actor.user_id)
    if user is None or user.agency_id != actor.agency_id:
        raise NotFound
    return user
