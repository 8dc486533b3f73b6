"""Parts of a page that are drawn anew by themselves take nothing from whoever is just pressing a button in them."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from large_csv import large_csv
from playwright.sync_api import Locator, Page, expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
PRESS_AND_DRAW = """([button, part, property]) => {
    document.getElementById(button).click();
    window.dash_clientside.set_props(part, { [property]: '"drawn anew"' });
}"""
"""A press, and before the browser does anything else the answer that draws the part anew."""
APPEND_PARTS = """async (trees) => {
    document.body.append(...Object.entries(trees).map(([id, tree]) => {
        const part = document.createElement("div");
        part.id = id;
        part.setAttribute("data-tree", tree);
        return part;
    }));
    await Promise.resolve();
    return Object.keys(trees).map((id) => document.getElementById(id).textContent);
}"""
"""What the parts show as soon as the browser has noticed them: any later change would draw those that were left out."""
LEAVE_ONE_ROW = """part => {
    const told = JSON.parse(part.dataset.table);
    part.dataset.table = JSON.stringify({ ...told, rows: told.rows.slice(0, 1) });
}"""
SEEN_BY_THEN = 8_000
"""Milliseconds after which a page has noticed jobs that ended before it was opened, and was drawn anew for them."""
VISIBLE = 800
"""Pixels from the top that are surely on the screen."""
RUNNING = {"done": "running", "DONE": "RUNNING"}


@pytest.fixture
def at_rest(product: Product) -> None:
    """No job waits or runs: none that ends has a page drawn anew."""
    give_up = time.monotonic() + 300
    while {state for _, state in product.jobs()} & {"queued", "running"} or not product.jobs():
        assert time.monotonic() < give_up, product.jobs()
        time.sleep(0.5)


@pytest.fixture
def job(product: Product, at_rest: None) -> Iterator[str]:
    """The id of a job that runs and that nobody ends: one of the demo's, its lease held for a day."""
    del at_rest
    ((found, done),) = product.rows("SELECT id, state FROM jobs WHERE lower(state) = 'done' LIMIT 1")
    until = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d %H:%M:%S.%f}"
    change(product, "UPDATE jobs SET state = ?, lease_until = ? WHERE id = ?", RUNNING[str(done)], until, found)
    yield str(UUID(str(found)))
    change(product, "UPDATE jobs SET state = ?, cancel_requested = 0 WHERE id = ?", done, found)


def change(product: Product, statement: str, *values: object) -> None:
    """Write into the product's database behind its back."""
    with closing(sqlite3.connect(product.data / "cgn.db", timeout=60)) as opened, opened:
        opened.execute(statement, values)


@pytest.fixture
def is_asked_to_stop(product: Product, job: str) -> Callable[[], None]:
    """Wait until the job was asked to stop."""

    def wait() -> None:
        give_up = time.monotonic() + 120
        while not product.rows(f"SELECT 1 FROM jobs WHERE id = '{UUID(job).hex}' AND cancel_requested"):  # noqa: S608 - ours
            assert time.monotonic() < give_up, "nobody was asked"
            time.sleep(0.1)

    return wait


def cancel_button(page: Page, job: str) -> Locator:
    """On the Jobs page, with the job's row on it."""
    page.goto("/jobs")
    found = page.locator(f"[id='jobs-cancel-{job}']")
    found.wait_for()
    return found


def tell_anew(page: Page, button: Locator) -> None:
    """Tell the page what the button's table shows once more, as when a job moved."""
    button.evaluate("button => { window.before = button; }")
    page.evaluate(
        "const table = document.getElementById('jobs-table');"
        " window.dash_clientside.set_props(table.id, { 'data-tree': `${table.dataset.tree} ` })"
    )


def wait_until_gone(page: Page) -> None:
    """Wait until the button that was there when the page was told isn't any more."""
    # The portal's policy allows no eval, which Playwright's own waiting for a condition is.
    while page.evaluate("window.before.isConnected"):
        page.wait_for_timeout(50)


def draw_anew(page: Page, button: Locator) -> None:
    """Have the table drawn once more, until the button is another one."""
    tell_anew(page, button)
    wait_until_gone(page)
    button.wait_for(state="attached")


def test_a_press_right_before_its_card_is_drawn_anew_imports_the_file(visit: Visit, tmp_path: Path) -> None:
    watched = visit()
    page = watched.page
    page.goto("/new-workspace")
    page.locator("input[type=file]").set_input_files(large_csv(tmp_path / "a.csv", ["press.a", "press.b"], days=140))
    page.wait_for_url("**/new-workspace?arrival=*")
    page.get_by_role("button", name="Import 2 creators").wait_for()
    page.evaluate(PRESS_AND_DRAW, ["large-file-import", "large-file-body", "children"])
    page.get_by_text("Imported 2 creators.").wait_for()
    assert watched.complaints == []


def test_a_press_right_before_the_table_is_drawn_anew_cancels_the_job(
    visit: Visit, job: str, is_asked_to_stop: Callable[[], None]
) -> None:
    watched = visit()
    cancel_button(watched.page, job)
    watched.page.evaluate(PRESS_AND_DRAW, [f"jobs-cancel-{job}", "jobs-table", "data-tree"])
    is_asked_to_stop()
    assert watched.complaints == []


def test_the_keyboard_stays_on_a_button_that_is_drawn_anew(
    visit: Visit, job: str, is_asked_to_stop: Callable[[], None]
) -> None:
    watched = visit()
    cancel = cancel_button(watched.page, job)
    cancel.focus()
    draw_anew(watched.page, cancel)
    expect(cancel).to_be_focused()
    watched.page.keyboard.press("Enter")
    is_asked_to_stop()
    assert watched.complaints == []


def test_a_button_whose_table_changes_under_the_finger_is_pressed_and_drawn_anew_after(
    visit: Visit, job: str, is_asked_to_stop: Callable[[], None]
) -> None:
    watched = visit(width=390)
    page = watched.page
    cancel = cancel_button(page, job)
    # The page draws the table anew by itself when it opens, too: then the button has no place for a moment.
    while not (place := cancel.bounding_box()) or not 0 < place["y"] < VISIBLE:
        cancel.evaluate("button => button.scrollIntoView({ block: 'center', behavior: 'instant' })")
        page.wait_for_timeout(200)
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    tell_anew(page, cancel)
    page.mouse.up()
    is_asked_to_stop()
    wait_until_gone(page)
    assert watched.complaints == []


def test_a_link_in_a_table_that_the_browser_draws_stays_in_the_page_and_leads_back(visit: Visit, job: str) -> None:
    watched = visit()
    page = watched.page
    cancel_button(page, job)
    page.evaluate("() => { window.same = true; }")
    page.locator("#jobs-table th.primary a").first.click()
    page.wait_for_url(re.compile("/workspaces/[0-9a-f-]+"))
    page.go_back()
    page.locator(f"[id='jobs-cancel-{job}']").wait_for()
    assert page.evaluate("window.same === true")
    assert watched.complaints == []


def test_the_keyboard_stays_on_a_link_and_the_table_where_it_was_moved_to_when_they_are_drawn_anew(
    visit: Visit, job: str
) -> None:
    watched = visit(width=800)
    page = watched.page
    cancel = cancel_button(page, job)
    link, box = page.locator("#jobs-table th.primary a").last, page.locator("#jobs-table .table-scroll")
    page.locator("#jobs-table").evaluate("part => { part.style.width = '320px'; }")
    for held in (link, box):
        held.focus()
        aside = box.evaluate("each => { each.scrollLeft = 60; return each.scrollLeft; }")
        assert aside > 0
        draw_anew(page, cancel)
        expect(held).to_be_focused()
        assert box.evaluate("each => each.scrollLeft") == aside
    assert watched.complaints == []


def test_a_part_that_cannot_be_drawn_leaves_the_others_drawn(visit: Visit) -> None:
    watched = visit()
    trees = {"bad": '{"type":', "good": '{"type": "P", "props": {"children": "as ever"}}'}
    assert watched.page.evaluate(APPEND_PARTS, trees) == ["", "as ever"]
    assert ["SyntaxError" in each for each in watched.complaints] == [True]


@pytest.mark.usefixtures("at_rest")
def test_the_table_behind_a_chart_is_drawn_when_it_is_opened_and_anew_while_it_is_open(visit: Visit) -> None:
    watched = visit()
    page = watched.page
    page.goto("/")
    page.get_by_role("link", name="@sourdough.daily").first.click()
    page.get_by_role("link", name="Growth history", exact=True).first.click()
    sheet = page.locator("details.chart-table").first
    sheet.wait_for()
    page.wait_for_timeout(SEEN_BY_THEN)
    expect(sheet.locator("tr")).to_have_count(0)
    sheet.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(sheet.get_by_role("row")).to_have_count(53)
    expect(sheet.get_by_role("columnheader").first).to_have_text("Week of")
    expect(sheet.get_by_role("rowheader")).to_have_count(52)
    sheet.locator("[data-table]").evaluate(LEAVE_ONE_ROW)
    expect(sheet.get_by_role("row")).to_have_count(2)
    expect(sheet.locator("[data-table]")).to_have_attribute("tabindex", "0")
    page.locator("#history-span input[value='13']").click()
    shorter = page.locator("details.chart-table").first
    expect(shorter.locator("[data-table]")).to_have_attribute("data-table", re.compile("last 13 weeks"))
    if shorter.get_attribute("open") is None:
        shorter.locator("summary").click()
    expect(shorter.get_by_role("row")).to_have_count(14)
    assert watched.complaints == []


def test_what_was_typed_into_a_filter_holds_for_the_rows_that_are_drawn_anew(visit: Visit, job: str) -> None:
    del job  # one runs, so that the portfolio is drawn anew by itself, too
    watched = visit()
    page = watched.page
    field, hidden = page.get_by_placeholder("Filter creators"), page.locator("tr", has_text="@trail.notes")
    field.fill("sour")
    expect(hidden).to_be_hidden()
    for number in range(3):
        with page.expect_response(lambda answer: "portfolio-body" in (answer.request.post_data or "")):
            page.evaluate("number => window.dash_clientside.set_props('shell-finished', { data: number })", number)
        page.wait_for_timeout(200)  # the answer is drawn
        expect(field).to_have_value("sour")
        expect(hidden).to_be_hidden()
    watched.hands.go_to("All jobs", heading="Jobs")
    page.go_back()
    expect(field).to_have_value("sour")
    expect(hidden).to_be_hidden()
    assert watched.complaints == []


def test_what_was_opened_stays_open_and_escape_leaves_an_editor(visit: Visit, at_rest: None) -> None:
    del at_rest
    watched = visit()
    page = watched.page
    page.get_by_role("link", name="@sourdough.daily", exact=True).first.click()
    page.get_by_text("Next week we expect").wait_for()
    page.goto(f"{page.url}/growth-history")
    table = page.locator("#history-chart details.chart-table")
    table.locator("summary").click()
    expect(table.locator("tbody tr")).to_have_count(52)
    page.locator("#history-span input[value='13']").click()
    expect(table.locator("tbody tr")).to_have_count(13)
    expect(table).to_have_attribute("open", "")
    table.locator("summary").click()
    page.locator("#history-span input[value='26']").click()
    expect(page.locator("#history-chart")).to_contain_text("Show as a table")
    expect(table).not_to_have_attribute("open", "")

    page.get_by_label("Note", exact=True).fill("Giveaway")
    page.get_by_role("button", name="Pin note").click()
    edit = page.get_by_role("button", name="Edit the note on the week of")
    edit.click()
    editor = page.get_by_role("group", name="Edit the note on the week of")
    editor.get_by_role("textbox").fill("Not this")
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    expect(edit).to_be_focused()
    expect(page.locator("#notes")).to_contain_text("Giveaway")
    page.get_by_role("button", name="Remove the note on the week of").click()
    page.get_by_text("The note is removed.").wait_for()
    assert watched.complaints == []
