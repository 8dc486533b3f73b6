"""Without a mouse: what has the keyboard is seen, and signing in, trying, saving and leaving work by keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from portal_tour import AGENCY, WORKSPACE, open_stop
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e-pages"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
HANDLE = "sourdough.daily"
MOST_STOPS = 150
UNSEEN = """() => {
    const held = document.activeElement;
    if (!held || held === document.body) { return "nothing"; }
    const box = held.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) { return held.outerHTML.slice(0, 150); }
    for (let each = held, up = 0; each && up < 4; each = each.parentElement, up += 1) {
        const style = getComputedStyle(each);
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) { return ""; }
    }
    return held.outerHTML.slice(0, 150);
}"""
"""What has the keyboard without showing it: "" where it does, by an outline of its own or of the box around it."""
AT_END = """() => {
    const held = document.activeElement;
    if (!held || held === document.body || held.dataset.wasHeld) { return true; }
    held.dataset.wasHeld = "yes";
    return false;
}"""


def tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """Press Tab until it has the keyboard."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            assert page.evaluate(UNSEEN) == ""
            return
    pytest.fail(f"{MOST_STOPS} stops of Tab don't lead to {wanted}")


def unseen_stops(page: Page) -> list[str]:
    """Every stop of Tab on the page that doesn't show that it has the keyboard."""
    found = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(AT_END):
            return found
        found += [each for each in [page.evaluate(UNSEEN)] if each]
    return found


def test_every_stop_of_the_keyboard_is_seen_on_every_page(visit: Visit) -> None:
    page = visit().page
    # The table is drawn anew while jobs end, and takes the keyboard from its links.
    for handle in (HANDLE, "trail.notes", "studio.lumen"):
        page.locator("tr", has_text=handle).get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    home = page.get_by_role("link", name=f"@{HANDLE}").first.get_attribute("href")
    found = {}
    for stop in (*AGENCY, *WORKSPACE):
        open_stop(page, stop, home=home or "", handle=HANDLE)
        found[stop.name] = unseen_stops(page)
    assert {name: stops for name, stops in found.items() if stops} == {}


def test_a_strategist_signs_in_tries_a_week_saves_it_and_leaves_without_a_mouse(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{product.port}", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    email, password = product.sign_in_words()
    page.goto("/sign-in")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Portfolio").wait_for()
    page.locator("tr", has_text=HANDLE).get_by_text("Healthy").first.wait_for(timeout=TRAINED)

    page.goto("/")
    page.get_by_role("heading", name="Portfolio").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    switcher = page.locator("details.switcher > summary")
    tab_to(page, switcher, back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_placeholder("Find a workspace")).to_be_focused()
    page.keyboard.press("Escape")
    expect(switcher).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("sour")
    tab_to(page, page.locator("#shell-switcher-list a", has_text=HANDLE))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"@{HANDLE}")).to_be_focused()

    tab_to(page, page.get_by_role("link", name="Try a scenario"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Predictor", level=1)).to_be_focused()
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    reels = page.get_by_role("slider", name="Reels a week")
    tab_to(page, reels)
    before = page.locator("#predictor-expected").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#predictor-expected")).not_to_have_text(before)
    tab_to(page, page.get_by_label("Name of this scenario"))
    page.keyboard.type("By keys alone")
    tab_to(page, page.get_by_role("button", name="Save scenario"))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="By keys alone").wait_for()

    mark = page.locator("summary.explain-mark").first
    tab_to(page, mark, back=True)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(mark).to_be_focused()

    tab_to(page, page.locator("nav a", has_text="Growth history").first, back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Growth history", level=1)).to_be_focused()
    page.locator("#history-chart .main-svg").first.wait_for()
    tab_to(page, page.locator("#notes-week"))
    page.keyboard.press("Enter")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator("#notes-week")).to_be_focused()
    tab_to(page, page.get_by_label("Note", exact=True))
    page.keyboard.type("Typed")
    tab_to(page, page.get_by_role("button", name="Pin note"))
    page.keyboard.press("Enter")
    page.locator("#notes-table").get_by_text("Typed").wait_for()

    tab_to(page, page.locator("nav a", has_text="Data").first, back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_focused()
    tab_to(page, page.get_by_role("button", name="choose", exact=True))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    assert chooser.value.is_multiple()

    tab_to(page, page.get_by_role("button", name="Got it"), back=True)
    page.keyboard.press("Enter")
    expect(page.locator(".guide")).to_have_count(0)
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_focused()
    tab_to(page, page.get_by_title("Account"), back=True)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    page.get_by_label("Password").wait_for()
    context.close()
