"""Nothing on any page keeps people with a disability out: axe-core looks at each, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from demo_people import add_client, add_fresh_owner
from playwright.sync_api import Browser, Page, expect
from portal_tour import EMPTY, EVERYWHERE, REFUSED, SIGNED_OUT, Stop, walk
from whole_product import Product

from webapp.pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e-pages"), pytest.mark.timeout(600)]
HANDLE = "sourdough.daily"
TRAINED = 180_000
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
LAWS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """async (laws) => (await axe.run(document, {
    runOnly: laws,
    resultTypes: ["violations"],
})).violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target} ${node.html.slice(0, 99)}`))"""
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 320, "height": 844}
"""The second as narrow as WCAG 1.4.10 wants pages to work: the smallest phones, or a laptop's window at 400 %."""
VARIANTS = ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark"))


def found_by_axe(page: Page) -> list[str]:
    """What axe-core complains of; the page's policy allows no script but its own, so the browser is handed it."""
    page.evaluate(AXE)
    complaints: list[str] = page.evaluate(LOOK, LAWS)
    return complaints


def found_in_all_variants(page: Page, where: str) -> list[str]:
    """The page stays as it is: only the window's width and the wanted colours change under it."""
    found = []
    for size, theme in VARIANTS:
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a dict is one
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its words
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        found += [f"{where}, {size['width']}, {theme}: {each}" for each in found_by_axe(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            found.append(f"{where}, {size['width']}, {theme}: {overflow} pixels too wide")
    return found


@pytest.fixture
def opened(browser: Browser, product: Product) -> Iterator[Callable[..., Page]]:
    """``opened(who)``: a page of its own, signed in as somebody or as nobody."""
    contexts = []

    def open_page(who: tuple[str, str] | None) -> Page:
        # The narrow page's switch of themes is the system's, which it follows.
        context = browser.new_context(base_url=f"http://127.0.0.1:{product.port}", viewport=WIDE)  # type: ignore[arg-type]  # a dict is one
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        if who is not None:
            page.goto("/sign-in")
            page.get_by_label("E-mail").fill(who[0])
            page.get_by_label("Password").fill(who[1])
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.get_by_role("heading", name="Portfolio").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()


def looked_at(page: Page, stops: tuple[Stop, ...], **where: Any) -> list[str]:
    found: list[str] = []
    walk(page, stops, lambda stop: found.extend(found_in_all_variants(page, stop.name)), **where)
    return found


def test_the_tour_stops_at_every_page() -> None:
    assert {stop.module for stop in EVERYWHERE} - {""} == {page.__name__.rsplit(".", 1)[-1] for page in PAGES}


def test_axe_finds_nothing_on_any_page_of_an_agency(opened: Callable[..., Page], product: Product) -> None:
    page = opened(product.sign_in_words())
    page.locator("tr", has_text=HANDLE).get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    page.get_by_role("link", name=f"@{HANDLE}").first.click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    assert looked_at(page, EVERYWHERE, home=page.url, handle=HANDLE) == []


def test_axe_finds_nothing_where_one_is_signed_out_where_nothing_is_yet_and_where_a_role_ends(
    opened: Callable[..., Page], browser: Browser, product: Product
) -> None:
    found = looked_at(opened(None), SIGNED_OUT)
    page = opened(product.sign_in_words())
    page.get_by_role("link", name=f"@{HANDLE}").first.wait_for(timeout=TRAINED)
    found += looked_at(opened(add_client(browser, product, HANDLE)), REFUSED)
    fresh = opened(add_fresh_owner(product))
    found += looked_at(fresh, EMPTY)
    fresh.goto("/account/second-factor")
    fresh.get_by_role("button", name="Set up").click()
    fresh.locator("code.secret").wait_for()
    assert found + found_in_all_variants(fresh, "second factor being set up") == []


def test_axe_finds_nothing_in_what_opens(opened: Callable[..., Page], product: Product) -> None:
    page = opened(product.sign_in_words())
    page.get_by_role("link", name=f"@{HANDLE}").first.click(timeout=TRAINED)
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    home, found = page.url, []
    page.get_by_role("button", name="Hide all such notes").click()
    expect(page.locator(".guide")).to_have_count(0)
    for name, click in (
        ("the switcher", "details.switcher > summary"),
        ("the account menu", "summary[title='Account']"),
    ):
        page.locator(click).click()
        found += found_in_all_variants(page, name)
        page.keyboard.press("Escape")
    page.goto(f"{home}/decisions")
    page.locator("#evidence-cards .main-svg").first.wait_for()
    page.locator("#planner summary.explain-mark").first.click()
    for details in page.locator("main details.more > summary").all():
        details.click()
    assert found + found_in_all_variants(page, "what folds out on Decisions") == []
