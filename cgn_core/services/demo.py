"""The demo: an agency with three creators of different profiles, made once and by the same jobs as any other."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import User
from cgn_core.services.accounts import create_agency_with_owner
from cgn_core.services.generations import request_generation
from cgn_core.services.passwords import hash_password, verify_password

AGENCY = "Northlight Agency"
EMAIL = "mira@northlight.example"
NAME = "Mira Engel"
TIME_ZONE = "Europe/Berlin"
DAYS = 730
VIRAL_RATE = 0.02


@dataclass(frozen=True)
class DemoAccount:
    """How to sign in to the demo."""

    email: str
    password: str
    created: bool
    """Whether this call made the agency."""


@dataclass(frozen=True)
class _DemoCreator:
    handle: str
    profile: str
    seed: int
    peers: int


_CREATORS = (
    _DemoCreator("sourdough.daily", "mid", 11, 8),
    _DemoCreator("trail.notes", "micro", 23, 6),
    _DemoCreator("studio.lumen", "macro", 37, 3),
)


def ensure_demo(session: Session, *, password: str) -> DemoAccount:
    """Make the demo agency, its owner and the jobs that generate its creators; a second call adds nothing.

    A password other than the stored one (the file that keeps it was lost) becomes the owner's.
    """
    owner = session.scalar(select(User).where(User.email == EMAIL))
    created = owner is None
    if owner is None:
        account = create_agency_with_owner(
            session, agency=AGENCY, email=EMAIL, name=NAME, password=password, time_zone=TIME_ZONE
        )
        owner = session.get_one(User, account.id)
    elif not verify_password(owner.password_hash, password):
        owner.password_hash = hash_password(password)
    actor = Actor(user_id=owner.id, agency_id=owner.agency_id, role=owner.role, name=owner.name)
    for creator in _CREATORS:
        request_generation(
            session,
            actor,
            profile=creator.profile,
            days=DAYS,
            seed=creator.seed,
            viral_rate=VIRAL_RATE,
            peers=creator.peers,
            handles=(creator.handle,),
            key=f"demo:{creator.handle}",
        )
    return DemoAccount(email=EMAIL, password=password, created=created)
