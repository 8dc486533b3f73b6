"""Agencies and their users."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cgn_core.access import OPERATOR, Actor, Role
from cgn_core.db.models import Agency, Schedule, User, now
from cgn_core.db.row_kinds import ScheduleKind
from cgn_core.db.session import kept
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.jobs.due_times import next_night
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.identities import clean_email, clean_name
from cgn_core.services.passwords import check_password_choice, hash_password

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
    return account_of(owner, owned)


def actor_of(session: Session, user_id: UUID | None) -> Actor:
    """The user on whose behalf a job runs, with the role they have now.

    Raises:
        NotFound: nobody asked for it, or whoever did is gone or disabled.
    """
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.disabled_at:
        raise NotFound
    return Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name)


def actor_of_agency(session: Session, agency_id: UUID) -> Actor:
    """The agency itself, on whose behalf its schedules act: nobody's account, but what its owners see."""
    agency = session.get_one(Agency, agency_id)
    return Actor(user_id=OPERATOR, agency_id=agency.id, role=Role.OWNER, name=agency.name)


def get_account(session: Session, actor: Actor) -> Account:
    """The actor's own account."""
    return _own(session, actor)[0]


def hidden_guides(session: Session, actor: Actor) -> list[str]:
    """The pages whose explaining note the actor has put away."""
    return _own(session, actor)[1]


_OWN = (
    select(User.hidden_guides, User.id, Agency.id, Agency.name, User.email, User.name, User.role)
    .join(Agency, Agency.id == User.agency_id)
    .where(User.id == bindparam("user"), User.agency_id == bindparam("agency"))
)


def _own(session: Session, actor: Actor) -> tuple[Account, list[str]]:
    """Every page shows both: who looks stands in its header, and what it explains depends on them."""

    def found() -> tuple[Account, list[str]]:
        row = session.execute(_OWN, {"user": actor.user_id, "agency": actor.agency_id}).one_or_none()
        if row is None:
            raise NotFound
        hidden, *account = row
        return Account(*account), hidden

    return kept(session, ("own account", actor), found)


def account_of(user: User, agency: Agency) -> Account:
    """The user as pages show them."""
    return Account(
        id=user.id, agency_id=agency.id, agency=agency.name, email=user.email, name=user.name, role=user.role
    )
