"""A user's own profile."""

from __future__ import annotations

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import User
from cgn_core.errors import NotFound
from cgn_core.services.identities import clean_name


def rename(session: Session, actor: Actor, name: str) -> str:
    """Change the actor's own name, as others see it; returns it as it is kept.

    Raises:
        InvalidInput: nothing is left of it.
    """
    user = session.get(User, actor.user_id)
    if user is None or user.agency_id != actor.agency_id:
        raise NotFound
    user.name = clean_name(name, "user")
    return user.name
