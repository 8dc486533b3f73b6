from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from dash import Dash
from flask import Flask, request

from cgn_core.access import Actor
from cgn_core.errors import SetupError
from cgn_core.settings import Settings
from webapp.security import check_debug, check_secret, trust_proxies
from webapp.static_files import SHEET, static_files

UPDATE = "/_dash-update-component"
PULSE = "..shell-pulse.data...shell-finished.data...shell-clock.interval...shell-clock.disabled.."
STRONG = "x8Jd02kfLQpzm37vbnTTreWq19AvcXz5ghYUop"


def test_pages_carry_a_strict_policy_whose_hashes_cover_every_inline_script(browser: Callable, owner: Actor) -> None:
    answer = browser(owner).get("/")
    policy = answer.headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    assert "'unsafe-eval'" not in scripts
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert len(inline) <= scripts.count("sha256-")
    assert not re.findall(r"""\bon[a-z]+\s*=\s*["']""", answer.text)
    assert not re.findall(r"https?://(?!portal\.example)", answer.text)


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/assets/tokens.css", "/nowhere"])
def test_every_answer_carries_the_headers(browser: Callable, path: str) -> None:
    headers = browser(None).get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "max-age" in headers["Strict-Transport-Security"]


def test_what_a_page_shows_is_never_kept_by_a_cache(browser: Callable, owner: Actor) -> None:
    who = browser(owner)
    assert who.get("/").headers["Cache-Control"] == "no-store"
    assert who.call(PULSE).headers["Cache-Control"] == "no-store"
    assert "immutable" in who.get(static_files()[SHEET].fingerprinted).headers["Cache-Control"]


@pytest.mark.parametrize("path", [f"{SHEET}?m=deadbeefdeadbeef", "/assets/none.js?m=x", "/assets/none.js"])
def test_what_is_not_what_its_address_promises_is_kept_by_no_cache_for_long(browser: Callable, path: str) -> None:
    assert "max-age" not in browser(None).get(path).headers["Cache-Control"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://portal.example.evil.example", "null", "http://localhost", "http://["]
)
def test_a_foreign_origin_is_refused(browser: Callable, owner: Actor, origin: str) -> None:
    who = browser(owner)
    headers = {"X-CSRFToken": who.csrf_token(), "Origin": origin}
    for path in (UPDATE, "/sign-out", "/account/sessions/end-all", "/sign-in"):
        assert who.post(path, json=who.body(PULSE), headers=headers).status_code == 403
    assert who.get("/account/sessions").status_code == 200, "the session is still there"


@pytest.mark.parametrize("path", ["/sign-in", "/password/forgotten"])
def test_a_character_that_no_database_stores_is_answered_with_a_sentence(browser: Callable, path: str) -> None:
    answer = browser(None).post(path, data={"email": "a\0b@agency.example", "password": "whatever it is"})
    assert answer.status_code == 422
    assert "type it again" in answer.text


def test_a_cross_site_fetch_is_refused(browser: Callable, owner: Actor) -> None:
    who = browser(owner)
    headers = {"X-CSRFToken": who.csrf_token(), "Sec-Fetch-Site": "cross-site"}
    assert who.post(UPDATE, json=who.body(PULSE), headers=headers).status_code == 403


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_without_its_own_csrf_token_nothing_changes(browser: Callable, owner: Actor, token: str | None) -> None:
    who = browser(owner)
    who.csrf_token()
    headers = {} if token is None else {"X-CSRFToken": token}
    for path in (UPDATE, "/sign-out", "/account/sessions/end-all", "/sign-in"):
        assert who.post(path, json=who.body(PULSE), headers=headers).status_code in {403, 422}, path
    assert who.get("/account/sessions").status_code == 200, "the session is still there"


def test_somebody_elses_csrf_token_is_refused(browser: Callable, owner: Actor, outsider: Actor) -> None:
    who = browser(owner)
    who.csrf_token()
    headers = {"X-CSRFToken": browser(outsider).csrf_token()}
    assert who.post(UPDATE, json=who.body(PULSE), headers=headers).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_json_is_refused(browser: Callable, owner: Actor, kind: str) -> None:
    who = browser(owner)
    headers = {"X-CSRFToken": who.csrf_token(), "Content-Type": kind}
    assert who.post(UPDATE, data=b'{"output": "x"}', headers=headers).status_code == 400


def test_a_body_beyond_the_limit_is_413_with_a_sentence(browser: Callable, portal: Dash, owner: Actor) -> None:
    who = browser(owner)
    size = portal.server.config["MAX_CONTENT_LENGTH"] + 1
    headers = {"X-CSRFToken": who.csrf_token(), "Content-Type": "application/json"}
    answer = who.post(UPDATE, headers=headers, environ_overrides={"CONTENT_LENGTH": str(size)})
    assert answer.status_code == 413
    assert "50 MB" in answer.json["message"]


@pytest.mark.parametrize("key", ["", "short", "a" * 64, "changeme" * 8, "my-secret-key-my-secret-key-0123456789"])
def test_a_weak_secret_stops_the_start(key: str) -> None:
    with pytest.raises(SetupError, match="CGN_SECRET_KEY"):
        check_secret(Settings(secret_key=key))


def test_a_strong_secret_is_taken() -> None:
    assert check_secret(Settings(secret_key=STRONG)) == STRONG


def test_the_debugger_and_the_model_context_server_are_off(portal: Dash) -> None:
    assert not portal.server.debug
    assert not any("mcp" in str(rule) for rule in portal.server.url_map.iter_rules())


def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    browser: Callable, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("cgn_core.services.sessions.list_sessions", broken)
    answer = browser(owner).get("/account/sessions")
    assert answer.status_code == 500
    assert "Reference:" in answer.text
    assert "inner secret" not in answer.text


def test_an_error_in_a_callback_becomes_an_alert_and_what_it_wrote_is_undone(
    browser: Callable, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cgn_core.db.models import Workspace
    from cgn_core.db.session import reading
    from cgn_core.services import navigation
    from webapp.request_scope import db

    def broken(*_: object) -> None:
        db(writes=True).add(Workspace(agency_id=owner.agency_id, handle="half-written"))
        db().flush()
        raise RuntimeError("the inner secret")

    monkeypatch.setattr(navigation, "pulse", broken)
    answer = browser(owner).call(PULSE)
    assert answer.status_code == 200
    assert "Reference:" in answer.text
    assert "inner secret" not in answer.text
    with reading() as session:
        assert not session.query(Workspace).filter_by(handle="half-written").count()


@pytest.mark.parametrize("name", ["FLASK_DEBUG", "DASH_DEBUG"])
def test_a_debugger_asked_for_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    check_debug(Flask("quiet"))
    monkeypatch.setenv(name, "1")
    with pytest.raises(SetupError, match=name):
        check_debug(Flask("loud"))


@pytest.mark.parametrize(
    ("proxies", "seen"), [(0, "10.0.0.9 http"), (1, "198.51.100.7 https"), (2, "203.0.113.5 https")]
)
def test_only_as_many_proxies_are_believed_as_were_set(proxies: int, seen: str) -> None:
    server = Flask("behind")
    trust_proxies(server, proxies)
    server.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme}")
    headers = {
        "X-Forwarded-For": "203.0.113.5, 198.51.100.7",
        "X-Forwarded-Proto": "https, https",
        "X-Forwarded-Host": "evil.example",
    }
    with server.test_client() as client:
        assert client.get("/", headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).text == seen
        assert request.host == "localhost", "the host is what the proxy asked for, never a header's"


def test_cookies_name_the_host_and_no_script_reads_those_that_sign_in(browser: Callable) -> None:
    answer = browser(None).get("/sign-in")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for line in cookies:
        name, *rest = line.split("; ")
        assert name.startswith("__Host-"), line
        assert {"Secure", "Path=/", "SameSite=Lax"} <= set(rest), line
        assert ("HttpOnly" in rest) is not name.startswith("__Host-_csrf_token"), line
        assert not any(part.startswith("Domain") for part in rest), line


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/assets/tokens.css", "/nowhere", "/api/v1/nope"])
def test_every_answer_says_that_nothing_may_frame_it_and_where_scripts_come_from(browser: Callable, path: str) -> None:
    policy = browser(None).get(path).headers["Content-Security-Policy"]
    assert {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
