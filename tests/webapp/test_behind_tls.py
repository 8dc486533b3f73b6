"""The portal behind a real proxy that speaks TLS: who asks, by which scheme, and what browsers keep of it."""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from portal_visitor import NotAdmitted, Visitor
from real_processes import RealProcess
from tls_proxy import TlsProxy, certificate
from whole_product import free_port

from cgn_core.db.session import transaction
from cgn_core.services.accounts import create_agency_with_owner

EMAIL, PASSWORD = "owner@agency.example", "a long enough pass phrase"
PATIENCE = 120_000
"""Milliseconds that a page may take on a machine on which much else runs."""
TRIES = 15
"""Passwords that one address may try at one account in a minute; a busy machine may take longer than that."""


@dataclass
class Served:
    """The portal, with and without the proxy."""

    proxy: TlsProxy
    port: int
    context: ssl.SSLContext

    def ask(self, method: str, path: str, body: str = "", source: str = "127.0.0.1", **headers: str) -> Answer:
        """Ask through the proxy from an address of the loopback."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.proxy.port, timeout=60, source_address=(source, 0), context=self.context
        )
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        made = Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        connection.close()
        return made


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The quicker one: the other end of the portal is in question here."""
    del request
    return database_url


@pytest.fixture
def served(
    start_process: Callable[..., RealProcess],
    wait_until: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Served]:
    """Set up as docker-compose.yml and its proxy do, and an owner who may sign in."""
    with transaction() as session:
        create_agency_with_owner(session, agency="Northlight", email=EMAIL, name="Mira", password=PASSWORD)
    port = free_port()
    web = start_process(
        "gunicorn", "--config", "python:webapp.serving", "--bind", f"127.0.0.1:{port}", "webapp.wsgi:server",
        CGN_SECRET_KEY="f3Lk9-wq7Zr_Xv2Pn8Tb4Ym6Hc1Jd5Gs0", CGN_SECURE_COOKIES="true", CGN_TRUSTED_PROXIES="1",
        TMPDIR=str(tmp_path),
    )  # fmt: skip
    straight = Visitor(f"http://127.0.0.1:{port}")
    wait_until(lambda: answers(straight) or web.process.poll() is not None, seconds=90, what="it serves")
    assert web.process.poll() is None, web.log
    certificate_file, key_file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_file))
    proxy = TlsProxy(port, certificate_file, key_file)
    yield Served(proxy, port, ssl.create_default_context(cafile=str(certificate_file)))
    proxy.close()


def answers(visitor: Visitor) -> bool:
    try:
        return visitor.get("/healthz")[0] == 200
    except OSError:
        return False


def test_somebody_signs_in_through_tls_and_nobody_keeps_the_session_without_it(served: Served) -> None:
    visitor = Visitor(served.proxy.address)
    page = visitor.sign_in(EMAIL, PASSWORD)
    assert visitor.check_assets(page) > 0
    assert sign_in(served, PASSWORD, origin="https://evil.example").status == 403
    # The same portal by plain HTTP: a browser sends no Secure cookie there, so there is no form that works.
    with pytest.raises(NotAdmitted):
        Visitor(f"http://127.0.0.1:{served.port}").sign_in(EMAIL, PASSWORD)


def test_a_browser_works_through_tls_without_a_complaint(served: Served) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        # Nobody whom the browser knows vouches for the certificate; all else is as it is out there.
        page = opened.new_context(base_url=served.proxy.address, ignore_https_errors=True).new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(PATIENCE)
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Portfolio").wait_for()
        page.goto("/jobs")
        page.get_by_role("heading", name="jobs").first.wait_for()
        kept = {one["name"]: one for one in page.context.cookies()}
        opened.close()
    assert complaints == []
    assert all(name.startswith("__Host-") and one["secure"] for name, one in kept.items()), kept


def test_what_it_answers_binds_browsers_to_https_and_shows_the_metrics_to_nobody_out_there(served: Served) -> None:
    form = served.ask("GET", "/sign-in")
    assert "max-age=31536000" in form.headers["Strict-Transport-Security"]
    cookies = form.headers.get_all("Set-Cookie") or []
    assert cookies
    assert all(re.match(r"__Host-\w+=.*; Secure", line) for line in cookies), cookies
    to_the_form = served.ask("GET", "/")
    assert to_the_form.status in {302, 303}
    assert not to_the_form.headers["Location"].startswith("http://")
    # Programs of this machine read the metrics; who comes by the proxy is none, whatever host it asks for.
    assert [served.ask("GET", "/metrics", **said).status for said in ({}, {"Host": "127.0.0.1"})] == [404, 404]
    assert Visitor(f"http://127.0.0.1:{served.port}").get("/metrics")[0] == 200


def test_visitors_are_told_apart_by_the_proxys_word_and_none_by_their_own(served: Served) -> None:
    """Forged addresses come with each try; the proxy adds the true one, and only that one is out of tries."""
    guess = partial(sign_in, served, "wrong", email="nobody@agency.example")
    statuses = []
    while 429 not in statuses and len(statuses) < 4 * TRIES:
        statuses.append(guess(X_Forwarded_For=f"203.0.113.{len(statuses)}").status)
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {422}
    assert guess(source="127.0.0.2").status == 422


def sign_in(
    served: Served, password: str, *, email: str = EMAIL, origin: str = "", source: str = "127.0.0.1", **headers: str
) -> Answer:
    """Fill in the form as a browser does."""
    form = served.ask("GET", "/sign-in", source=source)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
    assert token is not None
    jar = SimpleCookie()
    for line in form.headers.get_all("Set-Cookie") or []:
        jar.load(line)
    return served.ask(
        "POST",
        "/sign-in",
        urllib.parse.urlencode({"csrf_token": token[1], "email": email, "password": password, "next": "/"}),
        source,
        Origin=origin or served.proxy.address,
        Referer=f"{served.proxy.address}/sign-in",
        Cookie="; ".join(f"{name}={one.value}" for name, one in jar.items()),
        Content_Type="application/x-www-form-urlencoded",
        **headers,
    )
