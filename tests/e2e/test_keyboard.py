"""Without a mouse: what has the keyboard is seen, and signing in, trying, saving and leaving work by keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hands import MOST_STOPS, UNSEEN, Keys
from playwright.sync_api import Browser, Page, expect
from portal_tour import AGENCY, WORKSPACE, open_stop
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e-pages"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
HANDLE = "sourdough.daily"
STOP = """() => {
    const around = [0, 1, 2, 3];
    const look = (each) => around.map(() => {
        const style = each && getComputedStyle(each);
        each = each?.parentElement;
        return style && [style.outline, style.boxShadow, style.backgroundColor, style.borderColor, style.top].join();
    }).join();
    const held = document.activeElement, before = window.stopBefore;
    if (before && before.element === held) {
        return [false, ""];  // a date's day, month and year are stops within one field
    }
    // A number's field and its two small buttons share one box.
    const is_shared = before?.element.closest(".dash-input-container")?.contains(held);
    const is_same = before?.element.isConnected && !is_shared && before.look === look(before.element);
    const same = is_same ? before.words : "";
    const is_end = !held || held === document.body || held.dataset.wasHeld;
    if (!is_end) {
        held.dataset.wasHeld = "yes";
        window.stopBefore = { element: held, look: look(held), words: held.outerHTML.slice(0, 150) };
    }
    return [Boolean(is_end), same];
}"""
"""Whether all stops have been held, and the stop before this one if it looks now as it did with the keyboard."""


def unseen_stops(page: Page) -> list[str]:
    """Every stop of Tab on the page that doesn't show it by an outline, or looks the same without the keyboard."""
    found = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        is_end, same, unseen = page.evaluate(f"() => [...({STOP})(), ({UNSEEN})()]")
        found += [same] if same else []
        if is_end:
            return found
        found += [unseen] if unseen else []
    return found


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_stop_of_the_keyboard_is_seen_on_every_page(visit: Visit, width: int, theme: str) -> None:
    page = visit(width=width, theme=theme).page
    # The table is drawn anew while jobs end, and takes the keyboard from its links.
    for handle in (HANDLE, "trail.notes", "studio.lumen"):
        page.locator("tr", has_text=handle).get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    home = page.get_by_role("link", name=f"@{HANDLE}").first.get_attribute("href")
    found = {}
    for stop in (*AGENCY, *WORKSPACE):
        open_stop(page, stop, home=home or "", handle=HANDLE)
        found[stop.name] = unseen_stops(page)
    assert [f"{name}: {each}" for name, stops in found.items() for each in stops] == []


def test_a_strategist_signs_in_tries_a_week_saves_it_and_leaves_without_a_mouse(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{product.port}", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    hands = Keys(page)
    email, password = product.sign_in_words()
    page.goto("/sign-in")
    # The form takes the keyboard as it opens, and Enter.
    expect(page.get_by_label("E-mail address")).to_be_focused()
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
    hands.reach(switcher)
    page.keyboard.press("Enter")
    expect(page.get_by_placeholder("Find a workspace")).to_be_focused()
    page.keyboard.press("Escape")
    expect(switcher).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("sour")
    hands.reach(page.locator("#shell-switcher-list a", has_text=HANDLE))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"@{HANDLE}")).to_be_focused()

    hands.reach(page.get_by_role("link", name="Try a scenario"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Predictor", level=1)).to_be_focused()
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    reels = page.get_by_role("slider", name="Reels a week")
    hands.reach(reels)
    before = page.locator("#predictor-expected").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#predictor-expected")).not_to_have_text(before)
    hands.reach(page.get_by_label("Name of this scenario"))
    page.keyboard.type("By keys alone")
    hands.reach(page.get_by_role("button", name="Save scenario"))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="By keys alone").wait_for()

    mark = page.locator("summary.explain-mark").first
    hands.reach(mark)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(mark).to_be_focused()

    hands.reach(page.locator("nav a", has_text="Growth history").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Growth history", level=1)).to_be_focused()
    page.locator("#history-chart .main-svg").first.wait_for()
    hands.reach(page.locator("#notes-week"))
    page.keyboard.press("Enter")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator("#notes-week")).to_be_focused()
    hands.reach(page.get_by_label("Note", exact=True))
    page.keyboard.type("Typed")
    hands.reach(page.get_by_role("button", name="Pin note"))
    page.keyboard.press("Enter")
    page.locator("#notes-table").get_by_text("Typed").wait_for()

    hands.reach(page.locator("nav a", has_text="Data").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_focused()
    # The browser is told to leave the choosing to the test while Tab leads there, not in the moment of Enter.
    with page.expect_file_chooser() as chooser:
        hands.press(page.get_by_role("button", name="choose", exact=True))
    assert chooser.value.is_multiple()

    hands.reach(page.get_by_role("button", name="Got it"))
    page.keyboard.press("Enter")
    expect(page.locator(".guide")).to_have_count(0)
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_focused()
    hands.reach(page.get_by_title("Account"))
    page.keyboard.press("Enter")
    hands.reach(page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    page.get_by_label("Password").wait_for()
    context.close()
