"""One's own account: sessions one by one, the password, the second factor, and being led to set one up."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, User, UserSession, now
from cgn_core.db.session import reading, transaction
from cgn_core.services import accounts, second_factors
from cgn_core.services.accounts import Account
from cgn_core.services.passwords import hash_password

EMAIL, PASSWORD = "mira@northlight.example", "quiet-harbour-violet-92"
PULSE = "..shell-pulse.data...shell-finished.data...shell-clock.interval...shell-clock.disabled.."


@pytest.fixture
def mira(database_url: str) -> Account:
    del database_url
    with transaction() as session:
        return accounts.create_agency_with_owner(
            session, agency="Northlight", email=EMAIL, name="Mira Ek", password=PASSWORD
        )


@pytest.fixture
def theo(mira: Account) -> Actor:
    """A strategist of the same agency, with the same password."""
    with transaction() as session:
        user = User(
            agency_id=mira.agency_id,
            email="theo@northlight.example",
            name="Theo",
            role=Role.STRATEGIST,
            password_hash=hash_password(PASSWORD),
        )
        session.add(user)
        session.flush()
        return Actor(user_id=user.id, agency_id=user.agency_id, role=user.role, name=user.name)


def sent(who: Any, path: str, **form: str) -> Any:
    return who.post(path, data={"csrf_token": who.csrf_token(), **form}, headers={"Origin": "https://portal.example"})


def signed_in(browser: Callable, email: str = EMAIL, agent: str = "") -> Any:
    who = browser(None)
    form = {"email": email, "password": PASSWORD, "csrf_token": who.csrf_token()}
    assert who.post("/sign-in", data=form, headers={"User-Agent": agent}).status_code == 303
    return who


def enrolled(who: Any) -> tuple[str, list[str]]:
    """Set the second factor up on the page; returns secret and recovery codes."""
    sent(who, "/account/second-factor/begin")
    page = who.get("/account/second-factor").text
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found
    assert 'src="data:image/svg+xml' in page
    secret = found[1].replace(" ", "")
    shown = sent(who, "/account/second-factor/finish", code=pyotp.TOTP(secret).now())
    assert shown.status_code == 200
    return secret, re.findall(r"<li><code>([a-z2-9-]{11})</code></li>", shown.text)


def age_session(minutes: int) -> None:
    with transaction() as session:
        session.execute(update(UserSession).values(created_at=now() - timedelta(minutes=minutes)))


@pytest.mark.usefixtures("mira")
def test_the_page_names_devices_and_ends_one_session(browser: Callable) -> None:
    here = signed_in(browser, agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    phone = signed_in(browser, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19) AppleWebKit Version/19 Safari/604")
    other = signed_in(browser, agent="curl/8")
    page = here.get("/account/sessions").text
    assert "Firefox on Linux" in page
    shown = re.search(r'name="session" value="(\w+)"[^>]*><button[^>]*aria-label="Sign out Safari on iPhone', page)
    assert shown
    answer = sent(here, "/account/sessions/end", session=shown[1])
    assert answer.headers["Location"] == "/account/sessions"
    assert "Signed out there." in here.get("/account/sessions").text
    assert [who.get("/account/sessions").status_code for who in (here, phone, other)] == [200, 303, 200]


@pytest.mark.usefixtures("mira")
def test_somebody_elses_session_is_not_found(browser: Callable, theo: Actor) -> None:
    mine, theirs = signed_in(browser), browser(theo)
    with reading() as session:
        target = session.scalars(select(UserSession.token_hash).where(UserSession.user_id == theo.user_id)).one()
    for shown in (target[:16], target, "", "%"):
        assert sent(mine, "/account/sessions/end", session=shown).status_code == 404
    assert theirs.get("/account/sessions").status_code == 200


@pytest.mark.usefixtures("mira")
@pytest.mark.parametrize(
    "path",
    [
        "/account/sessions/end",
        "/account/sessions/end-all",
        "/account/second-factor/begin",
        "/account/second-factor/finish",
        "/account/second-factor/off",
        "/account/second-factor/recovery-codes",
        "/account/second-factor/of-all",
        "/account/second-factor/reset",
    ],
)
def test_whoever_signed_in_a_while_ago_proves_who_they_are_first(browser: Callable, path: str) -> None:
    who = signed_in(browser)
    age_session(minutes=11)
    answer = sent(who, path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/account/confirm?next=/account/")
    old = who.client.get_cookie("__Host-cgn_session", domain="portal.example").value
    assert "current password is wrong" in sent(who, "/account/confirm", password="a-wrong-guess").text
    back = sent(who, "/account/confirm", password=PASSWORD, next="/account/sessions")
    assert (back.status_code, back.headers["Location"]) == (303, "/account/sessions")
    assert who.client.get_cookie("__Host-cgn_session", domain="portal.example").value != old
    assert "/account/confirm" not in sent(who, path).headers.get("Location", "")


@pytest.mark.usefixtures("mira")
def test_a_changed_password_signs_out_everywhere_else(browser: Callable) -> None:
    here, there = signed_in(browser), signed_in(browser)
    weak = sent(here, "/account/password", current=PASSWORD, new="password1234")
    assert weak.status_code == 422
    assert "among the first that are tried" in weak.text
    assert sent(here, "/account/password", current=PASSWORD, new="lantern orbit plum").status_code == 303
    assert "Your password is changed" in here.get("/account/password").text
    assert there.get("/account/sessions").status_code == 303


@pytest.mark.usefixtures("mira")
def test_a_second_factor_is_set_up_used_and_turned_off_on_the_page(
    browser: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = signed_in(browser)
    secret, codes = enrolled(who)
    assert len(codes) == 10
    assert codes[0] not in who.get("/account/second-factor").text, "shown once"
    later = browser(None)
    form = {"email": EMAIL, "password": PASSWORD, "next": "/jobs"}
    assert sent(later, "/sign-in", **form).headers["Location"] == "/sign-in/code"
    assert later.get("/account/sessions").status_code == 303, "half a sign-in is none"
    wrong = sent(later, "/sign-in/code", code="000000x")
    assert wrong.status_code == 422
    assert "This code is wrong or was used before." in wrong.text
    assert sent(later, "/sign-in/code", code=codes[0]).headers["Location"] == "/jobs"
    assert later.get("/account/sessions").status_code == 200
    assert "9 of 10 recovery codes are left" in later.get("/account/second-factor").text
    monkeypatch.setattr(second_factors, "now", lambda: now() + timedelta(seconds=30))
    code = pyotp.TOTP(secret).at(now() + timedelta(seconds=30))
    assert sent(later, "/account/second-factor/off", code=code).status_code == 303
    assert "Your second factor is turned off." in later.get("/account/second-factor").text
    assert signed_in(browser).get("/account/sessions").status_code == 200


@pytest.mark.usefixtures("mira")
def test_a_code_without_a_password_before_it_leads_to_the_sign_in(browser: Callable) -> None:
    who = browser(None)
    assert who.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert sent(who, "/sign-in/code", code="123456").headers["Location"] == "/sign-in"


def test_a_sign_in_that_took_too_long_starts_again_with_a_sentence(browser: Callable, mira: Account) -> None:
    enrolled(signed_in(browser))
    who = browser(None)
    sent(who, "/sign-in", email=EMAIL, password=PASSWORD)
    with transaction() as session:
        session.execute(update(User).where(User.id == mira.id).values(password_hash=hash_password("another")))
    assert sent(who, "/sign-in/code", code="123456").headers["Location"] == "/sign-in"
    assert "Your sign-in took too long. Start again." in who.get("/sign-in").text


def test_where_it_is_required_nothing_else_answers_until_it_is_set_up(
    browser: Callable, mira: Account, theo: Actor
) -> None:
    del mira
    owner, member = signed_in(browser), browser(theo)
    first = sent(owner, "/account/second-factor/of-all", required="yes")
    assert "Set up your own second factor first." in first.text
    enrolled(owner)
    assert sent(owner, "/account/second-factor/of-all", required="yes").status_code == 303
    assert owner.get("/").status_code == 200
    for path in ("/", "/jobs", "/account/sessions", "/account/password", "/portfolio.csv", "/workspaces/x/data"):
        answer = member.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (303, "/account/second-factor"), path
    refused = member.call(PULSE)
    assert refused.status_code == 403
    assert "Your agency asks everybody for a second factor." in refused.json["message"]
    shown = member.get("/account/second-factor").text
    assert "Northlight asks everybody for a second factor." in shown
    assert "Back to the portfolio" not in shown
    enrolled(member)
    assert member.get("/").status_code == 200
    assert member.call(PULSE).status_code == 200
    with reading() as session:
        assert session.scalars(select(Agency.second_factor_required)).all() == [True]


def test_an_owner_removes_a_members_second_factor_and_a_member_nobodys(
    browser: Callable, mira: Account, theo: Actor
) -> None:
    owner, member = signed_in(browser), browser(theo)
    enrolled(member)
    enrolled(owner)
    for path in ("/account/second-factor/of-all", "/account/second-factor/reset"):
        assert sent(member, path, required="no", member=str(mira.id)).status_code == 403
    assert "Everybody at" not in member.get("/account/second-factor").text
    assert "2 of 2 have one" in owner.get("/account/second-factor").text
    assert sent(owner, "/account/second-factor/reset", member="x").status_code == 404
    assert sent(owner, "/account/second-factor/reset", member=str(theo.user_id)).status_code == 303
    assert member.get("/account/sessions").status_code == 303
    assert signed_in(browser, "theo@northlight.example").get("/account/sessions").status_code == 200
