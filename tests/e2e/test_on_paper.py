"""Pages on paper: light in the dark theme too, nothing to press, charts whole, and above them what they are of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Page
from portal_tour import WORKSPACE, open_stop

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e-pages"), pytest.mark.timeout(600)]

HANDLE = "sourdough.daily"
TRAINED = 300_000
A4_PIXELS = 794 - 2 * 53
"""Between margins of 14 mm."""
PRESSED = ".header, .side, .bottom, .button, .drop-zone, details.more, .explain, input[type=text]:placeholder-shown"
DRAWN = """() => {
  window.addEventListener("beforeprint", () => {
    window.onPaper = [...document.querySelectorAll(".js-plotly-plot")].map((plot) => [
      plot._fullLayout.width, plot._fullLayout.font.color, plot.closest(".panel").getBoundingClientRect().width,
    ]);
  });
}"""

SHOWN = """selector => [...document.querySelectorAll(selector)]
  .filter((each) => each.checkVisibility()).map((each) => each.outerHTML.slice(0, 200))"""


@pytest.fixture
def dark(visit: Callable[..., Any]) -> tuple[Page, str, list[str]]:
    """A page in the dark theme, the address of a workspace with a model, and the console's complaints."""
    watched = visit(theme="dark")
    page = watched.page
    row = page.locator("tr", has_text=f"@{HANDLE}")
    row.get_by_text("Healthy").wait_for(timeout=TRAINED)
    row.get_by_role("link", name=f"@{HANDLE}").click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    return page, page.url, watched.complaints


def test_every_page_of_a_workspace_prints_light_whole_and_says_what_it_is(dark: tuple[Page, str, list[str]]) -> None:
    page, home, complaints = dark
    for stop in WORKSPACE:
        open_stop(page, stop, home=home, handle=HANDLE)
        page.evaluate(DRAWN)
        paper = pypdfium2.PdfDocument(page.pdf(format="A4"))
        first = paper[0].get_textpage().get_text_bounded()
        assert re.search(rf"@{HANDLE} · data version \d+ · as of \d+ \w+ \d{{4}}, \d\d:\d\d UTC", first), stop.name
        for width, colour, _card in page.evaluate("window.onPaper"):
            assert width <= A4_PIXELS, stop.name
            assert colour == "#1B2430", stop.name
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
        page.emulate_media(media="print")
        shown = page.evaluate(SHOWN, PRESSED)
        assert shown == [], stop.name
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert light == "rgb(255, 255, 255)", stop.name
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 36, 48)", stop.name
        page.emulate_media(media="null")  # "screen" would hold for the next sheet too
    assert complaints == []


def test_after_printing_the_charts_are_as_wide_and_as_dark_as_before(dark: tuple[Page, str, list[str]]) -> None:
    page, home, _complaints = dark
    page.goto(f"{home}/growth-history")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    drawn = "document.querySelector('.js-plotly-plot')._fullLayout"
    before = page.evaluate(f"[{drawn}.width, {drawn}.font.color]")
    page.pdf(format="A4")
    page.wait_for_function(f"([width, colour]) => {drawn}.width === width && {drawn}.font.color === colour", arg=before)
