"""Parts of a page that are drawn anew by themselves take nothing from whoever is just pressing a button in them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from large_csv import large_csv
from playwright.sync_api import Locator, Page, expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
PATIENCE = 180_000
"""Milliseconds that a busy machine may take."""

PRESS_AND_DRAW = """([button, part]) => {
    document.getElementById(button).click();
    window.dash_clientside.set_props(part, { children: "drawn anew" });
}"""
"""A press, and before the browser does anything else the answer that draws the part anew."""


@pytest.fixture
def waiting_jobs(product: Product) -> Iterator[None]:
    """A worker that takes nothing, so that what is asked for waits."""
    workers = [pid for pid, command in product.processes().items() if "-m worker " in command]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in workers:
        os.kill(pid, signal.SIGCONT)


def ask_for_an_export(page: Page) -> Locator:
    """The Jobs page, with a job on it that waits: its Cancel button."""
    page.goto("/")
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="All creators' data, ZIP").click()
    page.get_by_text("An export of all creators is queued.").wait_for(timeout=PATIENCE)
    page.goto("/jobs")
    cancel = page.get_by_role("button", name="Cancel: Export").first
    cancel.wait_for(timeout=PATIENCE)
    return cancel


def draw_anew(page: Page, button: Locator) -> str:
    """Have the server draw the table once more, until the button is another one; its id."""
    name = button.evaluate("button => { window.before = button; return button.id; }")
    page.evaluate("window.dash_clientside.set_props('jobs-acted', { data: String(Math.random()) })")
    # The portal's policy allows no eval, which Playwright's own waiting for a condition is.
    while page.evaluate("name => window.before.isConnected || !document.getElementById(name)", name):
        page.wait_for_timeout(50)
    return str(name)


def test_a_press_right_before_its_card_is_drawn_anew_imports_the_file(visit: Visit, tmp_path: Path) -> None:
    watched = visit()
    page = watched.page
    page.goto("/new-workspace")
    page.locator("input[type=file]").set_input_files(large_csv(tmp_path / "a.csv", ["press.a", "press.b"], days=140))
    page.wait_for_url("**/new-workspace?arrival=*", timeout=PATIENCE)
    page.get_by_role("button", name="Import 2 creators").wait_for(timeout=PATIENCE)
    page.evaluate(PRESS_AND_DRAW, ["large-file-import", "large-file-body"])
    page.get_by_text("Imported 2 creators.").wait_for(timeout=PATIENCE)
    assert watched.complaints == []


@pytest.mark.usefixtures("waiting_jobs")
def test_a_press_right_before_the_table_is_drawn_anew_cancels_the_job(visit: Visit) -> None:
    watched = visit()
    name = ask_for_an_export(watched.page).get_attribute("id")
    watched.page.evaluate(PRESS_AND_DRAW, [name, "jobs-table"])
    watched.page.get_by_role("button", name="Try again: Export").first.wait_for(timeout=PATIENCE)
    assert watched.complaints == []


@pytest.mark.usefixtures("waiting_jobs")
def test_the_keyboard_stays_on_a_button_that_is_drawn_anew(visit: Visit) -> None:
    watched = visit()
    page = watched.page
    cancel = ask_for_an_export(page)
    cancel.focus()
    name = draw_anew(page, cancel)
    expect(page.locator(f"[id='{name}']")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Try again: Export").first.wait_for(timeout=PATIENCE)
    assert watched.complaints == []


@pytest.mark.usefixtures("waiting_jobs")
def test_a_button_that_is_drawn_anew_under_the_finger_is_pressed(visit: Visit) -> None:
    watched = visit(width=390)
    page = watched.page
    cancel = ask_for_an_export(page)
    place = cancel.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    draw_anew(page, cancel)
    page.mouse.up()
    page.get_by_role("button", name="Try again: Export").first.wait_for(timeout=PATIENCE)
    assert watched.complaints == []
