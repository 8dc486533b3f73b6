"""The notes that explain each page: everybody puts away what they know, and has them back when they like."""

from __future__ import annotations

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import User
from cgn_core.errors import NotFound
from cgn_core.services.accounts import hidden_guides

EVERY = "*"
MOST_NAMED = 64
"""There are fewer pages; more names than that are nobody's clicks."""


def is_guided(session: Session, actor: Actor, page: str) -> bool:
    """Whether the page still explains itself to the actor."""
    hidden = hidden_guides(session, actor)
    return EVERY not in hidden and page not in hidden


def count_hidden(session: Session, actor: Actor) -> int | None:
    """How many pages explain themselves no longer; None for all."""
    hidden = hidden_guides(session, actor)
    return None if EVERY in hidden else len(hidden)


def hide_guide(session: Session, actor: Actor, page: str) -> None:
    """Put one page's note away, or all of them with ``EVERY``; twice is the same as once."""
    user = _own(session, actor)
    if page not in user.hidden_guides and len(user.hidden_guides) < MOST_NAMED:
        user.hidden_guides = [*user.hidden_guides, page]


def show_guides(session: Session, actor: Actor) -> None:
    """Have every page explain itself again."""
    _own(session, actor).hidden_guides = []


def _own(session: Session, actor: Actor) -> User:
    user = session.get(User, actor.user_id)
    if user is None or user.agency_id != actor.agency_id:
        raise NotFound
    return user
