from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Role
from cgn_core.errors import InvalidInput
from cgn_core.services.accounts import Account, create_agency_with_owner

PASSWORD = "tangerine anvil boat"
EMAIL = "mira@northlight.example"


def test_an_agency_starts_with_one_owner_and_a_tidy_address(account: Account) -> None:
    assert (account.email, account.name, account.role, account.initials) == (EMAIL, "Mira Engel", Role.OWNER, "ME")


def test_an_address_belongs_to_one_user(session: Session, account: Account) -> None:
    with pytest.raises(InvalidInput, match=r"mira@northlight\.example already"):
        create_agency_with_owner(session, agency="Two", email=account.email, name="Mia", password=PASSWORD)


@pytest.mark.parametrize("email", ["", "mira", "mira@", "@northlight.example", "mira@example", "a b@c.example"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    with pytest.raises(InvalidInput):
        create_agency_with_owner(session, agency="One", email=email, name="Mia", password=PASSWORD)
