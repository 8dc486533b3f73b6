"""People whom the demo lacks: a client of its agency, and the owner of an agency that has nothing yet."""

from __future__ import annotations

import re
import subprocess
import sys

from hands import Hands, Mouse
from playwright.sync_api import Browser
from whole_product import Product

PASSWORD = "tangerine anvil boat"
AGENCY = "Northlight Agency"
FRESH, CLIENT = "ada@fresh.example", "ana@brand.example"


def command(product: Product, *words: str, given: str = "") -> str:
    """What `cgn` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "cgn_core.cli.main", *words], input=given, text=True, check=True, capture_output=True,
        env=product.environment() | {"CGN_DATA_DIR": str(product.data)},
    )  # fmt: skip
    return done.stdout


def add_fresh_owner(product: Product) -> tuple[str, str]:
    """How the owner of an agency that has nothing yet signs in."""
    named = ("--agency", "Fresh Agency", "--email", FRESH, "--name", "Ada Fresh", "--password-file", "-")
    command(product, "user", "create-owner", *named, given=PASSWORD)
    return FRESH, PASSWORD


def invite_client(product: Product, email: str, handle: str) -> str:
    """The address by which a client of one creator joins."""
    invited = ("--role", "viewer", "--workspace", handle, "--agency", AGENCY)
    found = re.search(r"/invitation/\S+", command(product, "user", "invite", email, *invited))
    assert found is not None
    return found[0]


def join(hands: Hands, link: str, email: str, name: str) -> None:
    """Take an invitation up."""
    page = hands.page
    page.goto(link)
    hands.write(page.get_by_label("Your name"), name)
    hands.write(page.get_by_label("Password"), PASSWORD)
    hands.press(page.get_by_role("button", name="Make my account"))
    page.get_by_text(f"Sign in as {email}").wait_for()


def add_client(browser: Browser, product: Product, handle: str) -> tuple[str, str]:
    """How a client signs in who sees one creator."""
    page = browser.new_context(base_url=f"http://127.0.0.1:{product.port}").new_page()
    join(Mouse(page), invite_client(product, CLIENT, handle), CLIENT, "Ana Ruiz")
    page.context.close()
    return CLIENT, PASSWORD
