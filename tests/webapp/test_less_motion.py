"""Whoever asks their system for less motion gets none, not even in what style sheets draw by themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import webapp

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SHEETS = sorted((Path(webapp.__file__).parent / "assets").glob("*.css"))
PAGE = "<!doctype html><html data-waits><body><div id='_pages_content'></div></body></html>"
MOVING = """() => [...document.querySelectorAll("*")].flatMap((each) =>
    [null, "::before", "::after"].map((part) => getComputedStyle(each, part).animationName)
        .filter((name) => name !== "none"))"""


def test_nothing_moves_for_those_who_ask_for_less_motion() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(reduced_motion="no-preference")
        page.set_content(PAGE)
        for sheet in SHEETS:
            page.add_style_tag(path=sheet)
        assert {"advance", "arrive"} <= {*page.evaluate(MOVING)}
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(MOVING) == []
        browser.close()
