from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Role
from cgn_core.db.models import User, UserSession, now
from cgn_core.db.session import open_session, transaction
from cgn_core.errors import InvalidInput
from cgn_core.services import accounts
from cgn_core.services.accounts import (
    WRONG_SIGN_IN,
    Account,
    actor_for_token,
    change_password,
    create_agency_with_owner,
    list_sessions,
    sign_in,
    sign_out,
    sign_out_everywhere,
)

PASSWORD = "tangerine anvil boat"
EMAIL = "mira@northlight.example"
WRONG = "wrong wrong wrong"


@pytest.fixture
def account(session: Session) -> Account:
    made = create_agency_with_owner(
        session, agency="Northlight", email="Mira@Northlight.example ", name=" Mira  Engel", password=PASSWORD
    )
    session.commit()
    return made


def change_user(**values: object) -> None:
    with transaction() as own:
        user = own.scalars(select(User)).one()
        for name, value in values.items():
            setattr(user, name, value)


def change_session(**values: object) -> None:
    with transaction() as own:
        (row,) = own.scalars(select(UserSession)).all()
        for name, value in values.items():
            setattr(row, name, value)


def refusal(session: Session, email: str = EMAIL, password: str = WRONG) -> str:
    with pytest.raises(InvalidInput) as refused:
        sign_in(session, email, password)
    session.rollback()
    return refused.value.message


def test_an_agency_starts_with_one_owner_and_a_tidy_address(account: Account) -> None:
    assert (account.email, account.name, account.role, account.initials) == (EMAIL, "Mira Engel", Role.OWNER, "ME")


def test_an_address_belongs_to_one_user(session: Session, account: Account) -> None:
    with pytest.raises(InvalidInput, match=r"mira@northlight\.example already"):
        create_agency_with_owner(session, agency="Two", email=account.email, name="Mia", password=PASSWORD)


@pytest.mark.parametrize("email", ["", "mira", "mira@", "@northlight.example", "mira@example", "a b@c.example"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    with pytest.raises(InvalidInput):
        create_agency_with_owner(session, agency="One", email=email, name="Mia", password=PASSWORD)


def test_signing_in_gives_a_token_that_names_its_user(session: Session, account: Account) -> None:
    signed_in = sign_in(session, f" {EMAIL.upper()}", PASSWORD, device="Firefox on Linux")
    assert signed_in.user == account
    assert actor_for_token(session, signed_in.token) == account.actor
    assert signed_in.token not in session.scalars(select(UserSession.token_hash)).all()


@pytest.mark.usefixtures("account")
def test_no_token_and_a_made_up_token_name_nobody(session: Session) -> None:
    assert actor_for_token(session, "") is None
    assert actor_for_token(session, "x" * 43) is None


@pytest.mark.usefixtures("account")
def test_a_token_is_worth_nothing_after_sign_out(session: Session) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    sign_out(session, token)
    session.commit()
    assert actor_for_token(session, token) is None


@pytest.mark.usefixtures("account")
def test_signing_in_again_ends_the_session_it_replaces(session: Session) -> None:
    first = sign_in(session, EMAIL, PASSWORD).token
    second = sign_in(session, EMAIL, PASSWORD, replaces=first).token
    assert actor_for_token(session, first) is None
    assert actor_for_token(session, second) is not None


def test_signing_out_everywhere_can_spare_this_session(session: Session, account: Account) -> None:
    tokens = [sign_in(session, EMAIL, PASSWORD).token for _ in range(3)]
    assert sign_out_everywhere(session, account.actor, except_token=tokens[1]) == 2
    assert [actor_for_token(session, token) is not None for token in tokens] == [False, True, False]
    assert sign_out_everywhere(session, account.actor) == 1


@pytest.mark.usefixtures("change_settings")
def test_a_session_ends_when_nobody_uses_it(session: Session, account: Account) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    change_session(last_seen_at=now() - timedelta(hours=8, seconds=1))
    assert actor_for_token(session, token) is None
    assert list_sessions(session, account.actor, token=token) == []


def test_a_session_ends_after_a_week_even_in_use(session: Session, account: Account) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    (row,) = list_sessions(session, account.actor, token=token)
    assert row.is_current
    assert timedelta(days=6.99) < row.expires_at - now() <= timedelta(days=7)
    session.rollback()
    change_session(expires_at=now() - timedelta(seconds=1))
    assert actor_for_token(session, token) is None


@pytest.mark.usefixtures("account")
def test_a_disabled_user_is_out_at_once_and_cannot_come_back(session: Session) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    change_user(disabled_at=now())
    assert actor_for_token(session, token) is None
    session.rollback()
    assert refusal(session, password=PASSWORD).startswith(WRONG_SIGN_IN)


@pytest.mark.usefixtures("account")
def test_a_changed_role_counts_from_the_next_request(session: Session) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    change_user(role=Role.VIEWER)
    actor = actor_for_token(session, token)
    assert actor is not None
    assert actor.role is Role.VIEWER


@pytest.mark.usefixtures("account")
def test_last_seen_is_written_at_most_once_a_minute(session: Session) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    recently, longer_ago = now() - timedelta(seconds=50), now() - timedelta(seconds=70)
    for stored, is_kept in ((recently, True), (longer_ago, False)):
        session.rollback()
        change_session(last_seen_at=stored)
        actor_for_token(session, token)
        session.commit()
        assert (session.scalars(select(UserSession.last_seen_at)).one() == stored) is is_kept


def test_a_changed_password_ends_the_other_sessions(session: Session, account: Account) -> None:
    here, there = (sign_in(session, EMAIL, PASSWORD).token for _ in range(2))
    with pytest.raises(InvalidInput, match="current password is wrong"):
        change_password(session, account.actor, current="guess guess guess", new="lantern orbit plum", token=here)
    change_password(session, account.actor, current=PASSWORD, new="lantern orbit plum", token=here)
    session.commit()
    assert actor_for_token(session, here) is not None
    assert actor_for_token(session, there) is None
    refusal(session, password=PASSWORD)
    sign_in(session, EMAIL, "lantern orbit plum")


@pytest.mark.usefixtures("account")
def test_ten_wrong_passwords_lock_the_account_and_time_unlocks_it(session: Session) -> None:
    for _ in range(10):
        refusal(session)
    assert refusal(session, password=PASSWORD) == refusal(session)
    change_user(locked_until=now() - timedelta(seconds=1))
    sign_in(session, EMAIL, PASSWORD)


@pytest.mark.usefixtures("account")
def test_after_the_lock_the_count_starts_again(session: Session) -> None:
    for _ in range(10):
        refusal(session)
    change_user(locked_until=now() - timedelta(seconds=1))
    refusal(session)
    sign_in(session, EMAIL, PASSWORD)


@pytest.mark.usefixtures("account")
def test_a_success_forgives_the_failures_before_it(session: Session) -> None:
    for _ in range(3):
        for _ in range(9):
            refusal(session)
        sign_in(session, EMAIL, PASSWORD)


@pytest.mark.usefixtures("account")
def test_parallel_guesses_do_not_exceed_the_limit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.rollback()
    tried: list[str] = []
    monkeypatch.setattr(
        accounts, "verify_password", lambda stored, _: tried.append(stored) if stored is not None else None
    )

    def guess(_: int) -> None:
        with open_session() as own, pytest.raises(InvalidInput):
            sign_in(own, EMAIL, WRONG)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(40)))
    assert len(tried) == 10


@pytest.mark.usefixtures("account")
def test_every_refusal_says_the_same(session: Session) -> None:
    unknown = refusal(session, email="nobody@northlight.example")
    wrong = refusal(session)
    change_user(locked_until=now() + timedelta(minutes=5))
    locked = refusal(session, password=PASSWORD)
    change_user(locked_until=None, disabled_at=now())
    disabled = refusal(session, password=PASSWORD)
    assert unknown == wrong == locked == disabled
    assert unknown.startswith(WRONG_SIGN_IN)


@pytest.mark.usefixtures("account")
def test_refusals_take_as_long_whether_the_account_exists_or_not(
    session: Session, change_settings: Callable[..., None]
) -> None:
    change_settings(lockout_attempts=1000)
    took: dict[str, list[float]] = {EMAIL: [], "nobody@northlight.example": []}
    for _ in range(15):
        for email, times in took.items():
            start = time.perf_counter()
            refusal(session, email=email)
            times.append(time.perf_counter() - start)
    known, unknown = (median(times) for times in took.values())
    assert 0.5 < known / unknown < 2
