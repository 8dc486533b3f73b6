"""A link of a part that is drawn anew under the finger is followed all the same, and the part is drawn afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect, sync_playwright

import webapp

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SCRIPT = (Path(webapp.__file__).parent / "assets" / "drawn.js").read_text(encoding="utf-8")
PAGE = "<!doctype html><html><body><div id='part'></div><script src='/drawn.js'></script></body></html>"
DRAW = "text => document.getElementById('part').setAttribute('data-tree', text)"


def link(words: str) -> str:
    return json.dumps(
        {"namespace": "dash_core_components", "type": "Link", "props": {"children": words, "href": "/there"}}
    )


def test_a_link_that_is_drawn_anew_while_it_is_pressed_is_followed() -> None:
    def answer(route: Route) -> None:
        is_script = route.request.url.endswith(".js")
        route.fulfill(body=SCRIPT if is_script else PAGE, content_type="text/javascript" if is_script else "text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto("http://portal.example/here")
        page.evaluate(DRAW, link("one job runs"))
        page.get_by_role("link", name="one job runs").hover()
        page.mouse.down()
        page.evaluate(DRAW, link("no job runs"))
        page.mouse.up()
        expect(page).to_have_url("http://portal.example/there")
        expect(page.get_by_role("link", name="no job runs")).to_be_visible()
        browser.close()
