from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import KnownDevice, User, UserSession, now
from cgn_core.db.session import open_session, transaction
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import sign_ins
from cgn_core.services.accounts import Account, create_agency_with_owner
from cgn_core.services.known_devices import KEPT
from cgn_core.services.sessions import (
    end_session,
    end_sessions_of,
    list_sessions,
    sign_out,
    sign_out_everywhere,
    visitor_for_token,
)
from cgn_core.services.sign_ins import WRONG_SIGN_IN, Browser, change_password, confirm_password, sign_in

PASSWORD = "tangerine anvil boat"
"""The account's, which the folder's conftest makes."""
EMAIL = "mira@northlight.example"
WRONG = "wrong wrong wrong"


def change_user(**values: object) -> None:
    with transaction() as own:
        user = own.scalars(select(User)).one()
        for name, value in values.items():
            setattr(user, name, value)


def change_user_of(identifier: UUID, **values: object) -> None:
    with transaction() as own:
        own.execute(update(User).where(User.id == identifier).values(**values))


def change_session(**values: object) -> None:
    with transaction() as own:
        (row,) = own.scalars(select(UserSession)).all()
        for name, value in values.items():
            setattr(row, name, value)


def actor_for_token(session: Session, token: str) -> Actor | None:
    visitor = visitor_for_token(session, token)
    return visitor.actor if visitor is not None else None


def refusal(session: Session, email: str = EMAIL, password: str = WRONG) -> str:
    with pytest.raises(InvalidInput) as refused:
        sign_in(session, email, password)
    session.rollback()
    return refused.value.message


def test_signing_in_gives_a_token_that_names_its_user(session: Session, account: Account) -> None:
    signed_in = sign_in(session, f" {EMAIL.upper()}", PASSWORD, browser=Browser("Firefox on Linux"))
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
    second = sign_in(session, EMAIL, PASSWORD, browser=Browser(token=first)).token
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
@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"password_hash": "another"}])
def test_whoever_changes_role_or_password_ends_the_sessions_that_began_before(
    session: Session, change: dict[str, object]
) -> None:
    token = sign_in(session, EMAIL, PASSWORD).token
    assert actor_for_token(session, token) is not None
    session.rollback()
    change_user(**change)
    assert actor_for_token(session, token) is None


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


def test_a_changed_password_ends_every_session_and_begins_a_new_one(session: Session, account: Account) -> None:
    here, there = (sign_in(session, EMAIL, PASSWORD).token for _ in range(2))
    with pytest.raises(InvalidInput, match="current password is wrong"):
        change_password(session, account.actor, current="guess guess guess", new="lantern orbit plum")
    with pytest.raises(InvalidInput, match="at least 12"):
        change_password(session, account.actor, current=PASSWORD, new="short")
    with pytest.raises(InvalidInput, match="is the current one"):
        change_password(session, account.actor, current=PASSWORD, new=PASSWORD)
    token = change_password(session, account.actor, current=PASSWORD, new="lantern orbit plum")
    assert [actor_for_token(session, each) is not None for each in (here, there, token)] == [False, False, True]
    refusal(session, password=PASSWORD)
    sign_in(session, EMAIL, "lantern orbit plum")


def test_a_password_confirmed_once_more_replaces_the_token(session: Session, account: Account) -> None:
    here = sign_in(session, EMAIL, PASSWORD).token
    session.rollback()
    change_session(created_at=now() - timedelta(minutes=11))
    stale = visitor_for_token(session, here)
    assert stale is not None
    assert not stale.is_fresh
    with pytest.raises(InvalidInput, match="current password is wrong"):
        confirm_password(session, account.actor, WRONG, browser=Browser(token=here))
    proven = confirm_password(session, account.actor, PASSWORD, browser=Browser(token=here))
    assert visitor_for_token(session, here) is None
    fresh = visitor_for_token(session, proven)
    assert fresh is not None
    assert fresh.is_fresh


def test_guesses_at_a_confirmation_count_like_those_at_sign_in(session: Session, account: Account) -> None:
    for _ in range(10):
        with pytest.raises(InvalidInput):
            confirm_password(session, account.actor, WRONG)
        session.rollback()
    with pytest.raises(InvalidInput):
        confirm_password(session, account.actor, PASSWORD)
    session.rollback()
    refusal(session, password=PASSWORD)


def test_one_session_can_be_ended_and_nobody_elses(session: Session, account: Account) -> None:
    other = create_agency_with_owner(
        session, agency="Southshore", email="ida@southshore.example", name="Ida", password=PASSWORD
    )
    here, there = (sign_in(session, EMAIL, PASSWORD).token for _ in range(2))
    shown = next(one for one in list_sessions(session, account.actor, token=here) if not one.is_current)
    for nothing in ("", "%", "_" * 16, shown.id[:8], "0" * 16):
        with pytest.raises(NotFound):
            end_session(session, account.actor, nothing)
    with pytest.raises(NotFound):
        end_session(session, other.actor, shown.id)
    end_session(session, account.actor, shown.id)
    assert [actor_for_token(session, each) is not None for each in (here, there)] == [True, False]
    with pytest.raises(NotFound):
        end_session(session, account.actor, shown.id)
    assert end_sessions_of(session, account.id) == 1
    assert actor_for_token(session, here) is None


def lock_out(session: Session) -> None:
    for _ in range(10):
        refusal(session)


@pytest.mark.usefixtures("account")
def test_a_device_used_before_still_gets_in_while_the_account_is_locked(session: Session) -> None:
    known = Browser(device_token=sign_in(session, EMAIL, PASSWORD).device_token)
    lock_out(session)
    refusal(session, password=PASSWORD)
    with pytest.raises(InvalidInput):
        sign_in(session, EMAIL, PASSWORD, browser=Browser(device_token="planted by somebody"))
    again = sign_in(session, EMAIL, PASSWORD, browser=known)
    assert again.device_token == known.device_token
    refusal(session, password=PASSWORD)  # and strangers stay locked out


@pytest.mark.usefixtures("account")
def test_a_device_used_before_has_a_lock_of_its_own(session: Session) -> None:
    known = Browser(device_token=sign_in(session, EMAIL, PASSWORD).device_token)
    for _ in range(10):
        with pytest.raises(InvalidInput):
            sign_in(session, EMAIL, WRONG, browser=known)
        session.rollback()
    with pytest.raises(InvalidInput):
        sign_in(session, EMAIL, PASSWORD, browser=known)
    session.rollback()
    sign_in(session, EMAIL, PASSWORD)  # from elsewhere, where nobody guessed


def test_somebody_elses_device_is_no_device_of_ones_own(session: Session, account: Account) -> None:
    create_agency_with_owner(session, agency="S", email="ida@southshore.example", name="Ida", password=PASSWORD)
    session.commit()
    theirs = Browser(device_token=sign_in(session, "ida@southshore.example", PASSWORD).device_token)
    lock_out(session)
    with pytest.raises(InvalidInput):
        sign_in(session, account.email, PASSWORD, browser=theirs)
    session.rollback()
    change_user_of(account.id, locked_until=None)
    shared = sign_in(session, account.email, PASSWORD, browser=theirs)
    assert shared.device_token == theirs.device_token, "two people may share a browser"


@pytest.mark.usefixtures("account")
def test_a_device_token_that_nobody_gave_out_is_replaced(session: Session) -> None:
    assert sign_in(session, EMAIL, PASSWORD, browser=Browser(device_token="planted")).device_token != "planted"


def test_devices_are_forgotten_with_a_sign_out_everywhere_and_the_oldest_of_many(
    session: Session, account: Account
) -> None:
    tokens = [sign_in(session, EMAIL, PASSWORD).device_token for _ in range(KEPT + 2)]
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == KEPT
    sign_out_everywhere(session, account.actor, except_device=tokens[-1])
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1


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
        sign_ins, "verify_password", lambda stored, _: tried.append(stored) if stored is not None else None
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
