"""A thousand guesses at one account, from fifty addresses at once, while Redis is up, down, wiped or hangs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Lock
from typing import Any

import pytest
from limits.storage import storage_from_string
from limits.strategies import STRATEGIES
from sqlalchemy import select

from cgn_core.access import Role
from cgn_core.db.models import User
from cgn_core.db.session import reading, transaction
from cgn_core.services import accounts, sign_ins
from cgn_core.services.passwords import hash_password
from webapp.auth.views import limiter

GUESSES = 1000
ADDRESSES = [f"198.51.100.{number}" for number in range(1, 51)]
AT_ONCE = 4
VICTIM, OTHER = "mira@northlight.example", "theo@northlight.example"
PASSWORD = "quiet-harbour-violet-92"
RIGHT_FROM = 300
"""From this guess on every one is the right password: whoever is still let in has guessed too often."""


@dataclass
class Tried:
    """Passwords that were held against a stored hash."""

    count: int = 0
    lock: Lock = field(default_factory=Lock)

    def verify(self, stored: str | None, password: str) -> bool:
        """In place of argon2, whose slowness isn't the question here."""
        with self.lock:
            self.count += stored is not None
        return stored is not None and password == PASSWORD


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Tried:
    made = Tried()
    monkeypatch.setattr(sign_ins, "verify_password", made.verify)
    return made


@pytest.fixture
def people(database_url: str) -> None:
    del database_url
    with transaction() as session:
        mira = accounts.create_agency_with_owner(
            session, agency="Northlight", email=VICTIM, name="Mira Ek", password=PASSWORD
        )
        session.add(
            User(
                agency_id=mira.agency_id,
                email=OTHER,
                name="Theo",
                role=Role.STRATEGIST,
                password_hash=hash_password(PASSWORD),
            )
        )


@pytest.fixture
def limits_in_redis(redis_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The portal's limits are kept in this Redis, as they are where one is configured."""
    kept = storage_from_string(f"redis+{redis_server.url}", socket_timeout=1, socket_connect_timeout=1)
    monkeypatch.setattr(limiter, "_storage", kept)
    monkeypatch.setattr(limiter, "_limiter", STRATEGIES["fixed-window"](kept))
    limiter._fallback_limiter.storage.reset()
    yield
    limiter._storage_dead = False


class Fault:
    """What happens to Redis, before the attack and in its midst."""

    def __init__(self, server: Any, kind: str) -> None:
        self.server, self.kind, self.wipes = server, kind, 0

    def begin(self) -> None:
        if self.kind == "down":
            self.server.stop()
        elif self.kind == "hung":
            self.server.freeze()

    def during(self, number: int) -> None:
        if self.kind == "wiped" and number % 50 == 0:
            self.server.wipe()
            self.wipes += 1

    def end(self) -> None:
        if self.kind == "down":
            self.server.start()
        elif self.kind == "hung":
            self.server.thaw()


@pytest.fixture(params=["up", "down", "wiped", "hung"])
def fault(request: pytest.FixtureRequest, redis_server: Any, limits_in_redis: None) -> Iterator[Fault]:
    del limits_in_redis
    made = Fault(redis_server, request.param)
    made.begin()
    yield made
    made.end()


def sign_in(who: Any, token: str, email: str, password: str, address: str) -> int:
    form = {"email": email, "password": password, "csrf_token": token}
    answer = who.post("/sign-in", data=form, headers={}, environ_overrides={"REMOTE_ADDR": address})
    return int(answer.status_code)


def from_a_fresh_browser(browser: Callable[..., Any], email: str, address: str) -> int:
    who = browser(None)
    return sign_in(who, who.csrf_token(), email, PASSWORD, address)


@pytest.mark.usefixtures("people")
def test_of_a_thousand_guesses_ten_are_tried_and_everybody_else_still_gets_in(
    browser: Callable[..., Any], fault: Fault, tried: Tried, record_property: Callable[[str, object], None]
) -> None:
    own = browser(None)
    assert sign_in(own, own.csrf_token(), VICTIM, PASSWORD, "203.0.113.1") == 303
    own.post("/sign-out")
    before = tried.count

    def attack(numbers: range) -> Counter[int]:
        who, addresses, statuses = browser(None), cycle(ADDRESSES[numbers.start :: AT_ONCE]), Counter[int]()
        token = who.csrf_token()
        for number in numbers:
            fault.during(number)
            guess = PASSWORD if number >= RIGHT_FROM else f"guess-number-{number}"
            statuses[sign_in(who, token, VICTIM, guess, next(addresses))] += 1
        return statuses

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = sum(pool.map(attack, (range(first, GUESSES, AT_ONCE) for first in range(AT_ONCE))), Counter())
    guessed = tried.count - before
    record_property(f"attack: guesses at one account with Redis {fault.kind}", f"{GUESSES} {guessed}")
    assert statuses.total() == GUESSES
    assert set(statuses) <= {422, 429}, "nobody got in, and nothing broke"
    assert statuses[422] > 0
    assert guessed == 10
    assert from_a_fresh_browser(browser, VICTIM, "203.0.113.2") == 422, "locked, though the password is right"
    assert from_a_fresh_browser(browser, OTHER, "203.0.113.3") == 303
    assert sign_in(own, own.csrf_token(), VICTIM, PASSWORD, "203.0.113.1") == 303, "a browser it used before"
    with reading() as session:
        assert session.scalars(select(User.locked_until).where(User.email == VICTIM)).one() is not None


@pytest.mark.usefixtures("people", "tried")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_address_that_tries_many_accounts_is_slowed_down_whatever_happens_to_redis(
    browser: Callable[..., Any], fault: Fault
) -> None:
    who = browser(None)
    token = who.csrf_token()
    statuses = Counter(
        sign_in(who, token, f"nobody-{number}@northlight.example", "guess", ADDRESSES[0]) for number in range(260)
    )
    # The minute may turn once meanwhile, and the wiped Redis forgets; that is why accounts are counted in the database.
    assert set(statuses) <= {422, 429}
    assert statuses[429] > 0 or fault.kind == "wiped"
    assert from_a_fresh_browser(browser, OTHER, "203.0.113.9") == 303
