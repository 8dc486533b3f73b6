"""Codes of an authenticator app and recovery codes: each once, counted as passwords are, asked of all where wanted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pyotp
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import AuditLine, PendingSignIn, RecoveryCode, SecondFactor, User, now
from cgn_core.db.session import open_session, transaction
from cgn_core.errors import Conflict, Forbidden, InvalidInput, NotFound, SetupError
from cgn_core.services import second_factors
from cgn_core.services.accounts import Account
from cgn_core.services.second_factors import (
    begin_set_up,
    finish_set_up,
    get_second_factor,
    get_set_up,
    list_members,
    remove_of_member,
    renew_codes,
    require_of_all,
    turn_off,
)
from cgn_core.services.sessions import visitor_for_token
from cgn_core.services.sign_ins import Browser, CodeNeeded, SignedIn, SignInOver, enter_code, sign_in

PASSWORD = "tangerine anvil boat"
ELSEWHERE = Browser()


class Clock:
    """The time that codes are checked at, and an authenticator that shows what is right then."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.secret = ""

    def now(self) -> object:
        return now() + self.ahead

    def code(self, *, later: int = 0) -> str:
        """The code of a half-minute that hasn't been used, or of one that many later."""
        return pyotp.TOTP(self.secret).at(now() + self.ahead, counter_offset=later)

    def next_code(self) -> str:
        self.ahead += timedelta(seconds=30)
        return self.code()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(second_factors, "now", made.now)
    return made


@pytest.fixture
def codes(session: Session, account: Account, clock: Clock) -> list[str]:
    """The recovery codes of the account, whose second factor is on."""
    begin_set_up(session, account.actor)
    set_up = get_set_up(session, account.actor)
    assert set_up is not None
    clock.secret = set_up.secret
    made = finish_set_up(session, account.actor, clock.code())
    session.commit()
    return made


def half_way(session: Session, browser: Browser = ELSEWHERE) -> str:
    """Enter the password; returns the token of the sign-in that waits for its code."""
    found = sign_in(session, "mira@northlight.example", PASSWORD, browser=browser)
    assert isinstance(found, CodeNeeded)
    return found.token


def refused(session: Session, pending: str, code: str, browser: Browser = ELSEWHERE) -> str:
    with pytest.raises(InvalidInput) as refusal:
        enter_code(session, pending, code, browser=browser)
    session.rollback()
    return refusal.value.message


def actions(session: Session) -> list[str]:
    return [str(action) for action in session.scalars(select(AuditLine.action).order_by(AuditLine.number))]


def test_a_half_finished_set_up_asks_nobody_for_a_code(session: Session, account: Account) -> None:
    begin_set_up(session, account.actor)
    session.commit()
    assert isinstance(sign_in(session, account.email, PASSWORD), SignedIn)
    assert get_second_factor(session, account.actor).set_up_at is None
    first = get_set_up(session, account.actor)
    begin_set_up(session, account.actor)
    assert get_set_up(session, account.actor) != first, "begun anew"


def test_the_picture_names_product_and_address(session: Session, account: Account) -> None:
    begin_set_up(session, account.actor)
    set_up = get_set_up(session, account.actor)
    assert set_up is not None
    parsed = pyotp.parse_uri(set_up.address)
    assert (parsed.issuer, parsed.name, parsed.secret) == ("Growth Navigator", account.email, set_up.secret)
    assert len(set_up.secret) == 32


def test_the_first_code_must_be_right(session: Session, account: Account) -> None:
    with pytest.raises(Conflict, match="no set-up to finish"):
        finish_set_up(session, account.actor, "123456")
    begin_set_up(session, account.actor)
    for wrong in ("", "000000000", "abcdef", "١٢٣٤٥٦", "köder1"):
        with pytest.raises(InvalidInput, match="code is wrong"):
            finish_set_up(session, account.actor, wrong)
    assert get_second_factor(session, account.actor).set_up_at is None


def test_the_secret_is_stored_under_the_installations_key_and_bound_to_its_user(
    session: Session, account: Account, clock: Clock, codes: list[str], change_settings: Callable[..., None]
) -> None:
    (row,) = session.scalars(select(SecondFactor)).all()
    assert clock.secret.encode() not in row.secret
    assert not any(code in str(session.scalars(select(RecoveryCode.code_hash)).all()) for code in codes)
    session.rollback()
    change_settings(secret_key="q" * 20 + "another-key-of-this-installation")
    assert not second_factors.use_code(session, account.id, clock.next_code())
    change_settings(secret_key="")
    with pytest.raises(SetupError, match="CGN_SECRET_KEY"):
        second_factors.use_code(session, account.id, clock.next_code())


def test_a_secret_moved_to_another_user_opens_nothing(
    session: Session, account: Account, clock: Clock, codes: list[str]
) -> None:
    del codes
    thief = User(agency_id=account.agency_id, email="t@x.example", name="T", role=Role.VIEWER, password_hash="!")
    session.add(thief)
    session.flush()
    session.execute(update(SecondFactor).values(user_id=thief.id))
    assert not second_factors.use_code(session, thief.id, clock.next_code())


def test_signing_in_takes_the_password_and_then_a_code(
    session: Session, account: Account, clock: Clock, codes: list[str]
) -> None:
    del codes
    pending = half_way(session)
    assert visitor_for_token(session, pending) is None, "half a sign-in is none"
    session.rollback()
    signed_in = enter_code(session, pending, f" {clock.next_code()[:3]} {clock.code()[3:]} ")
    visitor = visitor_for_token(session, signed_in.token)
    assert visitor is not None
    assert visitor.actor == account.actor
    session.rollback()
    with pytest.raises(SignInOver):
        enter_code(session, pending, clock.next_code())


@pytest.mark.usefixtures("codes")
def test_a_code_is_taken_once(session: Session, clock: Clock) -> None:
    code = clock.next_code()
    enter_code(session, half_way(session), code)
    assert "was used before" in refused(session, half_way(session), code)
    enter_code(session, half_way(session), clock.next_code())


@pytest.mark.usefixtures("codes")
def test_a_code_that_comes_many_times_at_once_is_taken_once(session: Session, clock: Clock) -> None:
    code, pending = clock.next_code(), [half_way(session) for _ in range(6)]
    session.rollback()

    def enter(token: str) -> bool:
        with open_session() as own:
            try:
                enter_code(own, token, code)
            except InvalidInput:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter, pending)) == 1


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_half_a_minute(session: Session, clock: Clock, steps: int, *, is_taken: bool) -> None:
    clock.ahead = timedelta(minutes=5)
    code = clock.code(later=steps)
    if is_taken:
        enter_code(session, half_way(session), code)
    else:
        refused(session, half_way(session), code)


def test_a_recovery_code_stands_in_once_and_is_told_of(session: Session, account: Account, codes: list[str]) -> None:
    assert len(set(codes)) == 10
    enter_code(session, half_way(session), codes[0].upper().replace("-", " "))
    refused(session, half_way(session), codes[0])
    enter_code(session, half_way(session), codes[1])
    assert get_second_factor(session, account.actor).codes_left == 8
    assert actions(session).count("recovery_code_used") == 2


@pytest.mark.usefixtures("account")
def test_somebody_elses_recovery_code_is_worth_nothing(
    session: Session, codes: list[str], owner: Actor, clock: Clock
) -> None:
    begin_set_up(session, owner)
    set_up = get_set_up(session, owner)
    assert set_up is not None
    theirs = finish_set_up(session, owner, pyotp.TOTP(set_up.secret).at(clock.now()))
    session.commit()
    refused(session, half_way(session), theirs[0])
    enter_code(session, half_way(session), codes[0])


def test_new_recovery_codes_put_the_old_ones_out_of_force(
    session: Session, account: Account, clock: Clock, codes: list[str]
) -> None:
    with pytest.raises(InvalidInput, match="code is wrong"):
        renew_codes(session, account.actor, "000000x")
    session.rollback()
    fresh = renew_codes(session, account.actor, clock.next_code())
    session.commit()
    assert not set(fresh) & set(codes)
    refused(session, half_way(session), codes[5])
    enter_code(session, half_way(session), fresh[5])


@pytest.mark.usefixtures("codes")
def test_a_pending_sign_in_ends_after_ten_minutes_with_a_new_password_and_with_its_user(
    session: Session, clock: Clock
) -> None:
    over = half_way(session)
    with transaction() as own:
        own.execute(update(PendingSignIn).values(expires_at=now() - timedelta(seconds=1)))
    changed = half_way(session)
    with pytest.raises(SignInOver):
        enter_code(session, over, clock.next_code())
    session.rollback()
    with transaction() as own:
        kept = own.scalars(select(User.password_hash)).one()
        own.execute(update(User).values(password_hash="another"))
    with pytest.raises(SignInOver):
        enter_code(session, changed, clock.next_code())
    session.rollback()
    with transaction() as own:
        own.execute(update(User).values(password_hash=kept, disabled_at=now()))
    with pytest.raises(SignInOver):
        enter_code(session, changed, clock.next_code())


def test_ten_wrong_codes_lock_the_second_factor_but_not_on_a_device_used_before(
    session: Session, account: Account, clock: Clock, codes: list[str]
) -> None:
    known = Browser(device_token=enter_code(session, half_way(session), codes[0]).device_token)
    words = {refused(session, half_way(session), "000000x") for _ in range(10)}
    words.add(refused(session, half_way(session), clock.next_code()))
    words.add(refused(session, half_way(session), codes[1]))
    assert len(words) == 1, "locked or wrong, the sentence is the same"
    enter_code(session, half_way(session, known), clock.next_code(), browser=known)
    refused(session, half_way(session), clock.next_code())
    assert actions(session).count("sign_in_locked") == 1
    session.rollback()
    with transaction() as own:
        own.execute(update(SecondFactor).values(locked_until=now() - timedelta(seconds=1)))
    enter_code(session, half_way(session), clock.next_code())
    assert get_second_factor(session, account.actor).codes_left == 9


@pytest.mark.usefixtures("codes")
def test_the_right_password_does_not_buy_more_guesses_at_the_code(session: Session, clock: Clock) -> None:
    known = Browser(device_token=enter_code(session, half_way(session), clock.next_code()).device_token)
    tried = 0
    for _ in range(12):
        try:
            pending = half_way(session, known)
        except InvalidInput:
            session.rollback()
            break
        refused(session, pending, "000000x", known)
        tried += 1
    assert tried <= 10


def test_turning_it_on_and_off_ends_the_other_sessions(session: Session, account: Account, clock: Clock) -> None:
    here, there = (sign_in(session, account.email, PASSWORD) for _ in range(2))
    begin_set_up(session, account.actor)
    set_up = get_set_up(session, account.actor)
    assert set_up is not None
    clock.secret = set_up.secret
    finish_set_up(session, account.actor, clock.code(), token=here.token, device_token=here.device_token)
    session.commit()
    assert visitor_for_token(session, here.token) is not None
    assert visitor_for_token(session, there.token) is None
    with pytest.raises(Conflict, match="have a second factor"):
        begin_set_up(session, account.actor)
    session.rollback()
    third = enter_code(session, half_way(session), clock.next_code())
    turn_off(session, account.actor, clock.next_code(), token=here.token)
    session.commit()
    assert visitor_for_token(session, third.token) is None
    assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert isinstance(sign_in(session, account.email, PASSWORD), SignedIn)
    assert {"second_factor_set", "second_factor_removed"} <= set(actions(session))


def test_an_owner_may_ask_everybody_once_they_have_one_themselves(
    session: Session, account: Account, clock: Clock
) -> None:
    with pytest.raises(Conflict, match="your own second factor first"):
        require_of_all(session, account.actor, required=True)
    session.rollback()
    begin_set_up(session, account.actor)
    set_up = get_set_up(session, account.actor)
    assert set_up is not None
    clock.secret = set_up.secret
    finish_set_up(session, account.actor, clock.code())
    require_of_all(session, account.actor, required=True)
    session.commit()
    owners = sign_in(session, account.email, PASSWORD)
    assert isinstance(owners, CodeNeeded)
    visitor = visitor_for_token(session, enter_code(session, owners.token, clock.next_code()).token)
    assert visitor is not None
    assert not visitor.must_enrol
    require_of_all(session, account.actor, required=False)
    assert not get_second_factor(session, account.actor).is_required


def test_whoever_has_none_is_told_to_set_one_up_where_it_is_required(
    session: Session, account: Account, clock: Clock, codes: list[str]
) -> None:
    del codes
    require_of_all(session, account.actor, required=True)
    turn_off(session, account.actor, clock.next_code())
    session.commit()
    signed_in = sign_in(session, account.email, PASSWORD)
    assert isinstance(signed_in, SignedIn)
    visitor = visitor_for_token(session, signed_in.token)
    assert visitor is not None
    assert visitor.must_enrol


@pytest.mark.parametrize("role", [Role.STRATEGIST, Role.VIEWER])
def test_only_an_owner_decides_for_others(session: Session, account: Account, role: Role) -> None:
    actor = Actor(user_id=account.id, agency_id=account.agency_id, role=role)
    for call in (
        lambda: require_of_all(session, actor, required=False),
        lambda: list_members(session, actor),
        lambda: remove_of_member(session, actor, uuid4()),
    ):
        with pytest.raises(Forbidden):
            call()


def test_an_owner_removes_a_members_lost_second_factor_and_nobody_elses(
    session: Session, account: Account, codes: list[str], owner: Actor
) -> None:
    del codes
    for victim in (account.id, UUID(int=0)):
        with pytest.raises(NotFound):
            remove_of_member(session, owner, victim)  # an owner of another agency
    with pytest.raises(NotFound):
        remove_of_member(session, account.actor, account.id)  # oneself, who has codes to do it with
    colleague = User(
        agency_id=account.agency_id, email="b@northlight.example", name="Bo", role=Role.OWNER, password_hash="!"
    )
    session.add(colleague)
    session.flush()
    boss = Actor(user_id=colleague.id, agency_id=account.agency_id, role=Role.OWNER)
    assert [(one.name, one.set_up_at is not None) for one in list_members(session, boss)] == [
        ("Bo", False),
        ("Mira Engel", True),
    ]
    remove_of_member(session, boss, account.id)
    session.commit()
    assert isinstance(sign_in(session, account.email, PASSWORD), SignedIn)


def test_the_servers_administrator_removes_a_second_factor_by_address(
    session: Session, account: Account, codes: list[str]
) -> None:
    del codes
    with pytest.raises(InvalidInput, match=r"no user with the address nobody@x\.example"):
        second_factors.reset_by_email(session, "nobody@x.example")
    assert second_factors.reset_by_email(session, f" {account.email.upper()}") == account.email
    session.commit()
    assert isinstance(sign_in(session, account.email, PASSWORD), SignedIn)
    assert "second_factor_removed" in actions(session)
