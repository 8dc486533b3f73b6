"""A real Chromium before the real product."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hands import WAYS, Hands
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from product_elsewhere import ProductElsewhere, named_by_environment
from whole_product import Product

PATIENCE = 120_000
"""Milliseconds that anything may take on a machine on which much else runs."""
expect.set_options(timeout=PATIENCE)


@dataclass
class Watched:
    """A page, how it is worked, what its console complained of, and what it asked the server."""

    page: Page
    hands: Hands
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the first request on."""
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        self.requests.append(f"{request.method} {request.url} {request.post_data or ''}")

    def own_requests(self) -> list[str]:
        """Requests since the last look, less two that nothing on the page waits for.

        The header looks at the jobs by itself, and a plan on which the Predictor's levers rest is noted.
        """
        apart = ("shell-pulse", "predictor-rested")
        asked = [each[:400] for each in self.requests if not any(name in each for name in apart)]
        self.requests.clear()
        return asked


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product | ProductElsewhere]:
    """The product with its demo, on a fresh data directory; or the one that ``make containers`` has started."""
    elsewhere = named_by_environment()
    if elsewhere is not None:
        yield elsewhere
        return
    # Above this a file is large: the story of a large file needn't drop 50 MB.
    made = Product(tmp_path_factory.mktemp("e2e"), settings={"CGN_UPLOAD_LIMIT_BYTES": str(2 * 1024**2)})
    made.ensure_running()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
    for pid in made.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where it is installed, else the build that Playwright brings."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """``watch(product, width=390, by="keys")``: an empty page of its own context, signed in as nobody."""
    contexts: list[BrowserContext] = []

    def open_page(
        product: Product, *, width: int = 1440, theme: str = "light", by: str = "mouse", height: int = 900
    ) -> Watched:
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{product.port}",
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        return Watched(page, WAYS[by](page))

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def visit(watch: Callable[..., Watched], product: Product) -> Callable[..., Watched]:
    """``visit(width=390)``: signed in as the demo's owner."""

    def open_page(**look: Any) -> Watched:
        watched = watch(product, **look)
        watched.page.goto("/sign-in")
        watched.hands.sign_in(*product.sign_in_words())
        watched.page.get_by_role("heading", name="Portfolio").wait_for()
        return watched

    return open_page
