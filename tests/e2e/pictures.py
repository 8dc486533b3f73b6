"""`make screenshots`: pictures of every page of the running product for the documents, in both themes and widths."""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/practice"))

from demo_people import add_client, add_fresh_owner  # noqa: E402 - practice isn't installed
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 - as above
from portal_tour import EMPTY, EVERYWHERE, REFUSED, SETTLED_MILLISECONDS, SIGNED_OUT, Stop, open_stop  # noqa: E402 - as above
from whole_product import Product  # noqa: E402 - as above

WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
TALLEST = 2400
"""Pixels: what stands further below is more of the same."""
QUALITY = 56
"""Of WebP: text stays sharp, and all pictures together stay below 4 MB."""
TRAINED = 300_000
PATIENCE = 120_000
HANDLE = "sourdough.daily"


def take(page: Page, path: Path) -> None:
    """A picture of the whole page as WebP, which Playwright itself doesn't write."""
    # What is fixed to the window's edge then stands at the page's.
    before, height = page.viewport_size, page.evaluate("document.documentElement.scrollHeight")
    assert before is not None
    page.set_viewport_size({"width": before["width"], "height": min(max(height, before["height"]), TALLEST)})
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    size = page.evaluate("[document.documentElement.clientWidth, window.innerHeight]")
    wanted = {
        "format": "webp",
        "quality": QUALITY,
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1},
    }
    session = page.context.new_cdp_session(page)
    path.write_bytes(base64.b64decode(session.send("Page.captureScreenshot", wanted)["data"]))
    session.detach()
    page.set_viewport_size(before)


def signed_in(browser: Browser, product: Product, look: tuple[str, str], who: tuple[str, str] | None) -> Page:
    """A page of its own, signed in as somebody or as nobody."""
    width, height = WIDTHS[look[0]]
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{product.port}",
        viewport={"width": width, "height": height},
        color_scheme="dark" if look[1] == "dark" else "light",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if who is not None:
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(who[0])
        page.get_by_label("Password").fill(who[1])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Portfolio").wait_for()
    return page


@contextlib.contextmanager
def running(home: Path) -> Iterator[Product]:
    """The product with its demo, stopped afterwards."""
    product = Product(home)
    product.ensure_running()
    try:
        yield product
    finally:
        if product.process is not None and product.process.poll() is None:
            product.stop()
        for pid in product.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def prepare(browser: Browser, product: Product) -> str:
    """Wait for the demo's models, have a report and a scenario made; the address of the workspace's first page."""
    page = signed_in(browser, product, ("wide", "light"), product.sign_in_words())
    page.locator("tr", has_text=HANDLE).get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    page.get_by_role("link", name=f"@{HANDLE}").first.click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    home = page.url
    page.goto(f"{home}/predictor")
    page.get_by_label("Name of this scenario").fill("One reel more")
    page.get_by_role("slider").nth(1).press("ArrowRight")
    page.get_by_role("button", name="Save scenario").click()
    page.get_by_role("link", name="One reel more").wait_for()
    page.goto(f"{home}/reports")
    page.get_by_role("button", name="Make a report").click()
    page.get_by_role("link", name=f"Download {HANDLE}-report-").first.wait_for(timeout=TRAINED)
    page.context.close()
    return home


def picture(page: Page, stops: tuple[Stop, ...], folder: Path, look: tuple[str, str], home: str = "") -> None:
    """One picture of each page."""
    for stop in stops:
        if stop.name == "api":
            continue  # long, and the documentation of the API says the same
        open_stop(page, stop, home=home, handle=HANDLE)
        take(page, folder / f"{stop.name}-{look[0]}-{look[1]}.webp")


def picture_set_up(page: Page, folder: Path, look: tuple[str, str]) -> None:
    """The second factor being set up; whose it is never turns it on."""
    page.goto("/account/second-factor")
    if page.get_by_role("button", name="Set up").count():
        page.get_by_role("button", name="Set up").click()
    page.locator("code.secret").wait_for()
    take(page, folder / f"second-factor-set-up-{look[0]}-{look[1]}.webp")


def main() -> None:
    """Start the product, walk through it as three people, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs/images")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(mkdtemp(prefix="cgn-pictures-"))
    with running(home) as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        first = prepare(browser, product)
        fresh, client = add_fresh_owner(product), add_client(browser, product, HANDLE)
        for look in ((width, theme) for width in WIDTHS for theme in THEMES):
            for who, stops in (
                (product.sign_in_words(), EVERYWHERE),
                (None, SIGNED_OUT),
                (fresh, EMPTY),
                (client, REFUSED),
            ):
                page = signed_in(browser, product, look, who)
                picture(page, stops, folder, look, first)
                if stops is EMPTY:
                    picture_set_up(page, folder, look)
                page.context.close()
        browser.close()
    shutil.rmtree(home, ignore_errors=True)
    found = list(folder.glob("*.webp"))
    print(f"{len(found)} pictures in {folder}, {sum(each.stat().st_size for each in found) / 1e6:.1f} MB together")  # noqa: T201 - a command prints


if __name__ == "__main__":
    main()
