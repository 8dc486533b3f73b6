from __future__ import annotations

from collections.abc import Callable

import pytest

from cgn_core.access import Actor
from cgn_core.db.session import transaction
from cgn_core.services import accounts
from webapp.auth.session_cookie import device_of
from webapp.auth.views import relative_only

EMAIL, PASSWORD = "mira@northlight.example", "quiet-harbour-violet-92"


@pytest.fixture
def mira(database_url: str) -> None:
    del database_url
    with transaction() as session:
        accounts.create_agency_with_owner(session, agency="Northlight", email=EMAIL, name="Mira Ek", password=PASSWORD)


def sign_in(who: object, password: str = PASSWORD, **extra: str) -> object:
    token = who.csrf_token()
    form = {"email": EMAIL, "password": password, "csrf_token": token, **extra}
    return who.post("/sign-in", data=form, headers={})


@pytest.mark.usefixtures("mira")
def test_the_right_password_opens_the_page_asked_for(browser: Callable) -> None:
    who = browser(None)
    answer = sign_in(who, next="/jobs?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/jobs?x=1"
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-cgn_session="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert who.get("/account/sessions").status_code == 200


@pytest.mark.usefixtures("mira")
def test_a_wrong_password_and_an_unknown_address_look_alike(browser: Callable) -> None:
    who = browser(None)
    wrong = sign_in(who, "not-the-password")
    unknown = sign_in(who, email="nobody@northlight.example")
    assert wrong.status_code == unknown.status_code == 422
    assert "E-mail address or password is wrong." in wrong.text
    assert "E-mail address or password is wrong." in unknown.text
    assert "not-the-password" not in wrong.text
    assert who.get("/account/sessions").status_code == 303


@pytest.mark.usefixtures("mira")
def test_a_cookie_replayed_after_sign_out_is_worth_nothing(browser: Callable) -> None:
    who, thief = browser(None), browser(None)
    sign_in(who)
    token = who.client.get_cookie("__Host-cgn_session", domain="portal.example").value
    thief.client.set_cookie("__Host-cgn_session", token, domain="portal.example", secure=True)
    assert thief.get("/account/sessions").status_code == 200
    assert who.post("/sign-out").headers["Location"] == "/sign-in"
    assert thief.get("/account/sessions").status_code == 303
    assert (
        thief.call(
            "..shell-pulse.data...shell-finished.data...shell-clock.interval...shell-clock.disabled.."
        ).status_code
        == 401
    )


@pytest.mark.usefixtures("mira")
def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(browser: Callable) -> None:
    who = browser(None)
    sign_in(who)
    first = who.client.get_cookie("__Host-cgn_session", domain="portal.example").value
    sign_in(who)
    second = who.client.get_cookie("__Host-cgn_session", domain="portal.example").value
    assert first != second
    who.client.set_cookie("__Host-cgn_session", first, domain="portal.example", secure=True)
    assert who.get("/account/sessions").status_code == 303


@pytest.mark.usefixtures("mira")
def test_sign_out_everywhere_ends_the_other_sessions_and_keeps_this_one(browser: Callable) -> None:
    here, there = browser(None), browser(None)
    sign_in(here)
    sign_in(there)
    assert here.get("/account/sessions").text.count('data-label="Last used"') == 2
    here.post("/account/sessions/end-all")
    assert here.get("/account/sessions").status_code == 200
    assert there.get("/account/sessions").status_code == 303


@pytest.mark.usefixtures("mira")
def test_guessing_fast_at_one_account_is_slowed_down_and_others_still_get_in(browser: Callable) -> None:
    who = browser(None)
    statuses = [sign_in(who, f"guess-number-{n}", email="nobody@northlight.example").status_code for n in range(17)]
    assert statuses[-1] == 429
    assert 422 in statuses
    assert sign_in(who).status_code == 303


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "", "jobs",
     "/\t/evil.example", "/\n/evil.example", "http:/evil.example", "/x\\y"],
)  # fmt: skip
def test_next_leads_nowhere_else(address: str) -> None:
    assert relative_only(address) == "/"


@pytest.mark.parametrize("address", ["/", "/jobs", "/workspaces/abc/data?tab=1#x"])
def test_next_keeps_paths_of_this_site(address: str) -> None:
    assert relative_only(address) == address


@pytest.mark.usefixtures("mira")
def test_a_forged_next_in_the_form_is_dropped(browser: Callable) -> None:
    assert sign_in(browser(None), next="//evil.example").headers["Location"] == "/"


def test_who_is_signed_in_is_not_asked_again(browser: Callable, owner: Actor) -> None:
    assert browser(owner).get("/sign-in?next=/jobs").headers["Location"] == "/jobs"


def test_devices_are_named_in_words() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert device_of(agent) == "Firefox on Linux"
    assert device_of("curl/8") == "Unknown browser"


def test_healthz_answers_anybody(browser: Callable) -> None:
    assert browser(None).get("/healthz").json == {"status": "up"}


def test_readyz_is_503_until_redis_and_a_worker_answer(browser: Callable) -> None:
    answer = browser(None).get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": True, "redis": False, "worker": False, "ready": False}
