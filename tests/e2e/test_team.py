"""From an empty database to a team and back: invitations by mail, second factors, and a client who is revoked."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from mailbox_server import Mailbox, receiving
from playwright.sync_api import Browser, Page, expect
from whole_product import Product

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),  # of the tests' server, on loopback
]
OWNER, STRATEGIST, CLIENT = "mira@northlight.example", "tom@northlight.example", "ana@brand.example"
PASSWORD = "tangerine anvil boat"
PATIENCE = 120_000
"""Milliseconds that anything may take on a busy machine."""
DAYS = 70


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def empty(tmp_path: Path, mailbox: Mailbox) -> Iterator[Product]:
    """The product with nobody in it, and a mail server that it knows."""
    with receiving(mailbox) as settings:
        named = {f"CGN_{name.upper()}": str(value) for name, value in settings.items()}
        made = Product(tmp_path, settings=named, demo=False)
        made.ensure_running()
        yield made
        if made.process is not None and made.process.poll() is None:
            made.stop()
        for pid in made.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def create_owner(product: Product) -> None:
    command = [sys.executable, "-m", "cgn_core.cli.main", "user", "create-owner", "--agency", "Northlight"]
    subprocess.run(
        [*command, "--email", OWNER, "--name", "Mira Engel", "--password-file", "-"],
        input=PASSWORD, text=True, check=True, env=product.environment() | {"CGN_DATA_DIR": str(product.data)},
    )  # fmt: skip


def two_creators(path: Path) -> Path:
    first = date(2026, 11, 22) - timedelta(days=DAYS - 1)
    lines = ["creator,date,followers,follows,unfollows,posts"]
    for handle in ("sourdough", "trail"):
        lines += [f"{handle},{first + timedelta(days=n)},{9000 + 20 * n},{25 + n % 5},5,{n % 2}" for n in range(DAYS)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def mailed(box: Mailbox, recipient: str) -> str:
    give_up = time.monotonic() + PATIENCE / 1000
    while not any(to == [recipient] for to, _ in box.taken):
        assert time.monotonic() < give_up, "no mail arrived"
        time.sleep(0.2)
    return box.link(recipient)


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def invite(page: Page, email: str, role: str, workspace: str | None = None) -> None:
    page.goto("/team")
    form = page.get_by_role("group", name="Invite somebody")
    form.get_by_label("E-mail address").fill(email)
    form.get_by_role("radio", name=role).check()
    if workspace is not None:
        page.locator("#team-invitations-workspaces").click()
        page.get_by_role("option").filter(has_text=f"@{workspace}").first.click()
        page.keyboard.press("Escape")
    form.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_text(f"{email} is invited.").wait_for(timeout=PATIENCE)


def join(page: Page, link: str, email: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_text(f"Sign in as {email}").wait_for(timeout=PATIENCE)
    sign_in(page, email)
    page.get_by_role("heading", name="Portfolio").wait_for(timeout=PATIENCE)


def set_up_second_factor(page: Page) -> None:
    page.goto("/account/second-factor")
    page.get_by_role("button", name="Set up").click()
    secret = re.sub(r"\s", "", page.locator("code.secret").inner_text())
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("heading", name="recovery codes").first.wait_for(timeout=PATIENCE)


def test_a_team_comes_together_by_mail_gets_second_factors_and_a_client_is_revoked(
    empty: Product, mailbox: Mailbox, browser: Browser, tmp_path: Path
) -> None:
    create_owner(empty)
    owner, strategist, client = (
        browser.new_context(
            base_url=f"http://127.0.0.1:{empty.port}", viewport={"width": width, "height": 844}, color_scheme=theme
        ).new_page()
        for width, theme in ((1440, "light"), (390, "dark"), (390, "light"))
    )
    complaints: list[str] = []
    for page in (owner, strategist, client):
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    owner.goto("/sign-in")
    sign_in(owner, OWNER)
    owner.get_by_text("No creator yet").wait_for()
    owner.goto("/new-workspace")
    owner.locator("#new-workspace-upload input[type=file]").set_input_files(two_creators(tmp_path / "two.csv"))
    owner.get_by_role("button", name="Import 2 creators").click()
    expect(owner.get_by_text("sourdough").first).to_be_visible(timeout=PATIENCE)

    invite(owner, STRATEGIST, "Strategist")
    join(strategist, mailed(mailbox, STRATEGIST), STRATEGIST, "Tom Okafor")
    for handle in ("sourdough", "trail"):
        strategist.get_by_role("link", name=f"@{handle}").first.wait_for()

    invite(owner, CLIENT, "Viewer, such as a client", workspace="trail")
    link = mailed(mailbox, CLIENT)
    join(client, link, CLIENT, "Ana Ruiz")
    client.get_by_role("link", name="@trail").first.wait_for()
    # That one, read-only, and nothing else.
    assert "sourdough" not in client.content()
    for words in ("New workspace", "Retrain all", "Team"):
        assert client.get_by_role("link", name=words).count() + client.get_by_role("button", name=words).count() == 0
    ids = {str(handle): UUID(str(place)) for handle, place in empty.rows("SELECT handle, id FROM workspaces")}
    client.goto(f"/workspaces/{ids['sourdough']}/data")
    client.get_by_role("heading", name="Not found").wait_for()
    client.goto(f"/workspaces/{ids['trail']}/data")
    client.get_by_role("heading", name="Data").first.wait_for()
    assert client.locator("input[type=file]").count() == 0
    assert client.request.get(f"/workspaces/{ids['trail']}/export.csv").status == 200
    assert client.request.get(f"/workspaces/{ids['sourdough']}/export.csv").status == 404
    client.goto(link)
    client.get_by_text("This link is over").wait_for()

    set_up_second_factor(owner)
    owner.goto("/account/second-factor")
    owner.get_by_role("button", name="Require it of everybody").click()
    owner.get_by_role("button", name="No longer require it").wait_for()
    strategist.goto("/jobs")
    strategist.get_by_text("asks everybody for a second factor").wait_for()
    set_up_second_factor(strategist)
    strategist.goto("/jobs")
    strategist.get_by_role("heading", name="Jobs").first.wait_for()

    owner.goto("/team")
    owner.get_by_role("button", name="Edit Ana Ruiz").click()
    owner.get_by_role("button", name="Remove", exact=True).click()
    owner.get_by_text("Ana Ruiz is removed and signed out everywhere.").wait_for()
    client.goto("/")
    sign_in(client, CLIENT)
    client.get_by_text("E-mail address or password is wrong.").wait_for()
    assert complaints == []
