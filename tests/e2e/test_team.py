"""From an empty database to a team and back: invitations by mail, second factors, and a client who is revoked."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from demo_people import PASSWORD, join
from hands import Hands
from mailbox_server import Mailbox, receiving
from playwright.sync_api import expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),  # of the tests' server, on loopback
]
OWNER, STRATEGIST, CLIENT = "mira@northlight.example", "tom@northlight.example", "ana@brand.example"
PATIENCE = 120
"""Seconds that a mail may take on a busy machine."""
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
    give_up = time.monotonic() + PATIENCE
    while not any(to == [recipient] for to, _ in box.taken):
        assert time.monotonic() < give_up, "no mail arrived"
        time.sleep(0.2)
    return box.link(recipient)


def invite(hands: Hands, email: str, role: str, workspace: str | None = None) -> None:
    page = hands.page
    form = page.get_by_role("group", name="Invite somebody")
    hands.pick(form.get_by_role("radio", name=role))
    hands.write(form.get_by_label("E-mail address"), email)
    if workspace is not None:
        hands.choose(page.locator("#team-invitations-workspaces"), f"@{workspace}")
        page.keyboard.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)
    hands.press(form.get_by_role("button", name="Invite", exact=True))
    page.get_by_text(f"{email} is invited.").wait_for()


def to_second_factors(hands: Hands) -> None:
    """From one of Dash's pages, by the account menu."""
    hands.press(hands.page.get_by_title("Account"))
    hands.press(hands.page.get_by_role("link", name="My account"))
    hands.press(hands.page.get_by_role("link", name="Second factor", exact=True))


def set_up_second_factor(hands: Hands) -> None:
    page = hands.page
    hands.press(page.get_by_role("button", name="Set up"))
    secret = re.sub(r"\s", "", page.locator("code.secret").inner_text())
    hands.write(page.get_by_label("Code"), pyotp.TOTP(secret).now())
    hands.press(page.get_by_role("button", name="Turn on"))
    page.get_by_role("heading", name="recovery codes").first.wait_for()


LOOKS = [("mouse", 1440, "light"), ("keys", 390, "dark")]
"""Of the owner; the strategist's and the client's are the others, so that each is looked at."""
OTHERWISE = {1440: 390, 390: 1440, "light": "dark", "dark": "light"}


@pytest.mark.parametrize(("by", "width", "theme"), LOOKS)
def test_a_team_comes_together_by_mail_gets_second_factors_and_a_client_is_revoked(
    empty: Product, mailbox: Mailbox, watch: Visit, tmp_path: Path, by: str, width: int, theme: str
) -> None:
    create_owner(empty)
    of_owner = watch(empty, by=by, width=width, theme=theme)
    of_strategist = watch(empty, by=by, width=OTHERWISE[width], theme=OTHERWISE[theme])
    of_client = watch(empty, by=by, width=width, theme=OTHERWISE[theme])
    owner, strategist, client = of_owner.page, of_strategist.page, of_client.page

    owner.goto("/sign-in")
    of_owner.hands.sign_in(OWNER, PASSWORD)
    owner.get_by_text("No creator yet").wait_for()
    of_owner.hands.press(owner.get_by_role("main").get_by_role("link", name="New workspace"))
    of_owner.hands.arrived_at("New workspace")
    of_owner.hands.hand_over(two_creators(tmp_path / "two.csv"))
    of_owner.hands.press(owner.get_by_role("button", name="Import 2 creators"))
    owner.get_by_role("link", name="To the portfolio").wait_for()

    of_owner.hands.go_to("Team")
    invite(of_owner.hands, STRATEGIST, "Strategist")
    join(of_strategist.hands, mailed(mailbox, STRATEGIST), STRATEGIST, "Tom Okafor")
    of_strategist.hands.sign_in(STRATEGIST, PASSWORD)
    for handle in ("sourdough", "trail"):
        strategist.get_by_role("link", name=f"@{handle}").first.wait_for()

    invite(of_owner.hands, CLIENT, "Viewer, such as a client", workspace="trail")
    link = mailed(mailbox, CLIENT)
    join(of_client.hands, link, CLIENT, "Ana Ruiz")
    of_client.hands.sign_in(CLIENT, PASSWORD)
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
    # What a person who isn't let in is answered, the browser complains of by itself.
    assert of_client.complaints == []
    client.goto(link)
    client.get_by_text("This link is over").wait_for()

    to_second_factors(of_owner.hands)
    set_up_second_factor(of_owner.hands)
    of_owner.hands.press(owner.get_by_role("link", name="Second factor", exact=True))
    of_owner.hands.press(owner.get_by_role("button", name="Require it of everybody"))
    owner.get_by_role("button", name="No longer require it").wait_for()
    strategist.goto("/jobs")
    strategist.get_by_text("asks everybody for a second factor").wait_for()
    set_up_second_factor(of_strategist.hands)
    strategist.goto("/jobs")
    strategist.get_by_role("heading", name="Jobs").first.wait_for()

    of_owner.hands.press(owner.get_by_role("link", name="Back to the portfolio"))
    of_owner.hands.go_to("Team")
    edit = owner.get_by_role("button", name="Edit Ana Ruiz")
    of_owner.hands.press(edit)
    expect(owner.get_by_role("group", name="Edit Ana Ruiz")).to_be_focused()
    of_owner.hands.press(owner.get_by_role("button", name="Close", exact=True))
    expect(edit).to_be_focused()
    of_owner.hands.press(edit)
    of_owner.hands.press(owner.get_by_role("button", name="Remove", exact=True))
    owner.get_by_text("Ana Ruiz is removed and signed out everywhere.").wait_for()
    client.goto("/")
    of_client.hands.sign_in(CLIENT, PASSWORD)
    client.get_by_text("E-mail address or password is wrong.").wait_for()
    assert of_owner.complaints + of_strategist.complaints == []
