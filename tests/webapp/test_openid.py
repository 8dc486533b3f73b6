"""Sign-in with an OpenID provider that these tests run themselves, over real HTTP, honest and lying."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from sqlalchemy import select, update

from cgn_core.db.models import AuditLine, OutsideIdentity, SecondFactor, User, now
from cgn_core.db.session import reading, transaction
from cgn_core.errors import SetupError
from cgn_core.services import accounts
from cgn_core.services.accounts import Account
from cgn_core.services.sealing import seal
from cgn_core.settings import Settings
from webapp.auth.openid import check_provider

EMAIL = "mira@northlight.example"


class NotFollowing(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, _req: urllib.request.Request, _fp: IO[bytes], _code: int, _msg: str, _headers: HTTPMessage, _newurl: str
    ) -> None:
        return None


@pytest.fixture
def provider(change_settings: Callable[..., None]) -> Iterator[OpenIdProvider]:
    running = OpenIdProvider()
    change_settings(
        oidc_issuer=running.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Northlight SSO",
        public_url="https://portal.example",
    )
    yield running
    running.close()


@pytest.fixture
def mira(database_url: str) -> Account:
    del database_url
    with transaction() as session:
        return accounts.create_agency_with_owner(
            session, agency="Northlight", email=EMAIL, name="Mira Ek", password="quiet-harbour-violet-92"
        )


def at_the_provider(address: str) -> str:
    """Go to the provider and follow it back: the path and query that the browser comes back with."""
    try:
        urllib.request.build_opener(NotFollowing).open(address)
    except urllib.error.HTTPError as redirect:
        back = urlsplit(redirect.headers["Location"])
        redirect.close()
    assert f"{back.scheme}://{back.netloc}" == "https://portal.example"
    return f"{back.path}?{back.query}"


def begun(who: Any, wanted: str = "/account/sessions") -> str:
    answer = who.get(f"/sign-in/elsewhere?next={wanted}")
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def round_trip(who: Any) -> Any:
    return who.get(at_the_provider(begun(who)))


def is_in(who: Any) -> bool:
    return bool(who.get("/account/sessions").status_code == 200)


@pytest.mark.usefixtures("mira", "provider")
def test_whoever_the_provider_vouches_for_is_let_in_and_led_where_they_wanted(browser: Callable) -> None:
    who = browser(None)
    assert "Sign in with Northlight SSO" in who.get("/sign-in").text
    asked = parse_qs(urlsplit(begun(who)).query)
    assert asked["client_id"] == [CLIENT_ID]
    assert asked["redirect_uri"] == ["https://portal.example/sign-in/elsewhere/back"]
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce"} <= set(asked)
    answer = round_trip(who)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions")
    assert is_in(who)
    with reading() as session:
        assert "signed_in" in session.scalars(select(AuditLine.action)).all()


@pytest.mark.usefixtures("mira")
def test_they_are_known_by_their_subject_from_then_on(browser: Callable, provider: OpenIdProvider) -> None:
    round_trip(browser(None))
    provider.person["email"] = "mira.engel@elsewhere.example"
    provider.person["email_verified"] = False
    who = browser(None)
    round_trip(who)
    assert is_in(who)


@pytest.mark.usefixtures("mira")
def test_an_address_that_changed_hands_lets_nobody_in(browser: Callable, provider: OpenIdProvider) -> None:
    round_trip(browser(None))
    provider.person["sub"] = "subject-2"
    who = browser(None)
    assert "Somebody else signed in here with the address mira@northlight.example." in round_trip(who).text
    assert not is_in(who)


@pytest.mark.usefixtures("mira")
def test_an_unknown_person_is_refused_with_a_clear_sentence_and_made_no_user(
    browser: Callable, provider: OpenIdProvider
) -> None:
    provider.person["email"] = "nobody@northlight.example"
    who = browser(None)
    answer = round_trip(who)
    assert answer.status_code == 403
    assert "Nobody here has the address nobody@northlight.example. Ask an owner of your agency" in answer.text
    assert not is_in(who)
    with reading() as session:
        assert session.scalars(select(User.email)).all() == [EMAIL]
        assert session.scalars(select(OutsideIdentity)).all() == []


@pytest.mark.usefixtures("mira", "provider")
@pytest.mark.parametrize("is_linked", [True, False])
def test_a_disabled_person_is_refused_with_a_clear_sentence(browser: Callable, *, is_linked: bool) -> None:
    if is_linked:
        round_trip(browser(None))
    with transaction() as session:
        session.execute(update(User).values(disabled_at=now()))
    who = browser(None)
    assert "Your account here is disabled. Ask an owner of your agency." in round_trip(who).text
    assert not is_in(who)


@pytest.mark.usefixtures("mira")
@pytest.mark.parametrize("said", [False, None, "true"])
def test_an_address_that_the_provider_has_not_verified_finds_nobody(
    browser: Callable, provider: OpenIdProvider, said: object
) -> None:
    provider.person["email_verified"] = said
    who = browser(None)
    assert "isn&#39;t verified there" in round_trip(who).text
    assert not is_in(who)


@pytest.mark.usefixtures("mira")
@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": CLIENT_ID},
        {"aud": None},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": timedelta(hours=-1)},
        {"exp": None},
        {"sub": None},
        {"iat": timedelta(hours=1)},
    ],
    ids=str,
)
def test_an_id_token_that_says_anything_wrong_is_refused(
    browser: Callable, provider: OpenIdProvider, lie: dict[str, Any]
) -> None:
    told = time.time()
    provider.lies = {
        name: int(told + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in lie.items()
    }
    who = browser(None)
    answer = round_trip(who)
    assert answer.status_code == 403
    assert "The answer of Northlight SSO couldn&#39;t be verified. Start again." in answer.text
    assert not is_in(who)


@pytest.mark.usefixtures("mira")
@pytest.mark.parametrize(
    "forger", ["signed_by_a_stranger", "signed_with_the_shared_secret", "unsigned", "none at all", "gibberish"]
)
def test_a_signature_that_the_provider_did_not_make_is_refused(
    browser: Callable, provider: OpenIdProvider, forger: str
) -> None:
    made_up = {"none at all": lambda _: None, "gibberish": lambda _: "a.b.c"}
    provider.sign = made_up.get(forger) or getattr(provider, forger)
    who = browser(None)
    assert "be verified. Start again." in round_trip(who).text
    assert not is_in(who)


@pytest.mark.usefixtures("mira")
def test_a_provider_that_changes_its_keys_is_still_believed(browser: Callable, provider: OpenIdProvider) -> None:
    round_trip(browser(None))
    provider.change_keys()
    who = browser(None)
    round_trip(who)
    assert is_in(who)


@pytest.mark.usefixtures("mira", "provider")
def test_an_answer_that_this_browser_did_not_ask_for_is_refused(browser: Callable) -> None:
    mine, victim = browser(None), browser(None)
    answer = at_the_provider(begun(mine))
    for state in ("", "&state=", "&state=made-up"):
        code = parse_qs(urlsplit(answer).query)["code"][0]
        assert mine.get(f"/sign-in/elsewhere/back?code={code}{state}").status_code == 403
    assert victim.get(answer).status_code == 403, "nobody is signed in as somebody else by a link"
    assert not is_in(victim)
    assert not is_in(mine)


@pytest.mark.usefixtures("mira", "provider")
def test_an_answer_is_taken_once(browser: Callable) -> None:
    who, thief = browser(None), browser(None)
    answer = at_the_provider(begun(who))
    assert who.get(answer).status_code == 303
    assert who.get(answer).status_code == 403
    assert thief.get(answer).status_code == 403


@pytest.mark.usefixtures("mira", "provider")
def test_an_answer_of_another_issuer_is_refused(browser: Callable) -> None:
    who = browser(None)
    answer = at_the_provider(begun(who))
    assert who.get(f"{answer}&iss=https%3A%2F%2Fevil.example").status_code == 403
    assert not is_in(who)


@pytest.mark.usefixtures("mira", "provider")
def test_somebody_who_said_no_there_is_told_to_start_again(browser: Callable) -> None:
    who = browser(None)
    state = parse_qs(urlsplit(begun(who)).query)["state"][0]
    answer = who.get(f"/sign-in/elsewhere/back?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert "Start again." in answer.text


@pytest.mark.usefixtures("mira")
@pytest.mark.parametrize(
    "lie", [{"issuer": "https://evil.example"}, {"id_token_signing_alg_values_supported": ["none"]}]
)
def test_metadata_of_another_issuer_or_without_a_safe_signature_lead_nowhere(
    browser: Callable, provider: OpenIdProvider, lie: dict[str, Any]
) -> None:
    provider.metadata_lies = lie
    answer = browser(None).get("/sign-in/elsewhere")
    assert answer.status_code == 403
    assert "Northlight SSO can&#39;t be reached at the moment." in answer.text
    assert "/token" not in provider.asked


@pytest.mark.usefixtures("mira")
def test_a_provider_that_is_away_is_one_sentence(browser: Callable, provider: OpenIdProvider) -> None:
    who = browser(None)
    address = begun(who)
    answer = at_the_provider(address)
    provider.close()
    assert "be verified. Start again." in who.get(answer).text


@pytest.mark.usefixtures("provider")
def test_a_second_factor_set_up_here_is_asked_for_after_it(browser: Callable, mira: Account) -> None:
    secret = pyotp.random_base32()
    with transaction() as session:
        sealed = seal(secret, of=str(mira.id))
        session.add(SecondFactor(user_id=mira.id, secret=sealed, confirmed_at=now()))
    who = browser(None)
    answer = round_trip(who)
    assert answer.headers["Location"] == "/sign-in/code"
    assert not is_in(who)
    form = {"code": pyotp.TOTP(secret).now(), "csrf_token": who.csrf_token()}
    assert who.post("/sign-in/code", data=form).headers["Location"] == "/account/sessions"
    assert is_in(who)


@pytest.mark.usefixtures("mira", "provider")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_sign_its_visitors_in(browser: Callable, site: str) -> None:
    assert browser(None).get("/sign-in/elsewhere", headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.usefixtures("mira", "provider")
def test_next_leads_nowhere_else_after_it_either(browser: Callable) -> None:
    who = browser(None)
    assert who.get(at_the_provider(begun(who, "//evil.example"))).headers["Location"] == "/"


def test_without_a_provider_there_is_no_such_page_and_no_button(browser: Callable) -> None:
    who = browser(None)
    assert "elsewhere" not in who.get("/sign-in").text
    for path in ("/sign-in/elsewhere", "/sign-in/elsewhere/back?code=x&state=y"):
        assert who.get(path).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"oidc_issuer": "http://sso.example", "oidc_client_id": "x"}, "https://"),
        ({"oidc_issuer": "https://sso.example"}, "CGN_OIDC_CLIENT_ID"),
    ],
)
def test_half_a_provider_or_one_without_tls_stops_the_start(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SetupError, match=says):
        check_provider(Settings(**wrong))
