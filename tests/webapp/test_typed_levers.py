"""What is typed into a lever's box is a count of this creator's week, and of no other's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
ASSETS = Path(__file__).parents[2] / "webapp" / "assets"
LEVER = """<div class="lever" id='{"name":"reels"}'><input type="number" step="1" max="10" value="1"></div>"""
TOLD = "() => new Promise((done) => setTimeout(() => done(window.told), 50))"


@pytest.mark.parametrize(("leave", "told"), [("box.blur()", [7]), ("document.body.innerHTML = lever", [])])
def test_a_page_that_is_left_from_within_a_box_tells_the_next_one_nothing(leave: str, told: list[int]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content(LEVER)
        page.evaluate("window.told = []; window.dash_clientside = { set_props: (_id, { value }) => told.push(value) };")
        for name in ("numbers.js", "predictor.js"):
            page.add_script_tag(path=ASSETS / name)
        page.locator("input").focus()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("7")
        page.evaluate(f"lever => {{ const box = document.querySelector('input'); {leave}; }}", LEVER)
        assert set(page.evaluate(TOLD)) == set(told)
        browser.close()
