"""Whoever runs the installation: acts for an agency as an owner would, without being a member of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import OPERATOR, Actor, Role
from cgn_core.db.models import Agency, User, Workspace
from cgn_core.errors import InvalidInput, NotFound


def operator_for(session: Session, agency: str | None = None) -> Actor:
    """The operator, acting for the agency of that name, or for the only one there is.

    Raises:
        NotFound: there is no such agency, or none at all.
        InvalidInput: there are several, and none or one of two of the same name was named.
    """
    wanted = select(Agency).order_by(Agency.name)
    found = session.scalars(wanted.where(Agency.name == agency) if agency is not None else wanted).all()
    if not found:
        none = "There is no agency yet; make one with `cgn user create-owner`."
        raise NotFound(none if agency is None else f"There is no agency called {agency}.")
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise InvalidInput(f"There are several agencies ({names}); say which with --agency.")
    return _acting_for(found[0].id)


def operator_of(session: Session, email: str) -> tuple[Actor, UUID]:
    """The operator, acting for a user's agency, and the user's id.

    Raises:
        NotFound: there is no user with this address.
    """
    user = session.scalar(select(User).where(User.email == email.strip().casefold(), User.removed_at.is_(None)))
    if user is None:
        raise NotFound(f"There is no user with the address {email.strip()}.")
    return _acting_for(user.agency_id), user.id


def workspace_called(session: Session, operator: Actor, handle: str) -> UUID:
    """The id of the agency's workspace of this handle.

    Raises:
        NotFound: there is none.
    """
    wanted = handle.strip().removeprefix("@")
    found = session.scalar(
        select(Workspace.id).where(Workspace.agency_id == operator.agency_id, Workspace.handle == wanted)
    )
    if found is None:
        raise NotFound(f"There is no workspace called {wanted}.")
    return found


def _acting_for(agency_id: UUID) -> Actor:
    return Actor(user_id=OPERATOR, agency_id=agency_id, role=Role.OWNER, name="the command line")
