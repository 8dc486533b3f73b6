"""The browser's own numbers are written as the server's, in every way that a reader may choose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from portal_tour import WORKSPACE, open_stop

from cgn_core.figures.locales import OFFERED, written_as
from cgn_core.figures.wording import count, level_interval, percent, signed

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e-pages"), pytest.mark.timeout(600)]

NUMBERS = (0.0, -0.3, 0.4, 7.0, -999.6, 1234.5, -12345.67, 1234567.0)
TRAINED = 300_000
ENGLISH = re.compile(r".*(?<![\d.])\d+\.\d{1,2}(?![\d.]).*")
"""A line with a decimal point."""


def choose(page: Page, code: str) -> None:
    page.goto("/account/profile")
    page.get_by_label("Numbers and dates").select_option(code)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Your profile is saved.").wait_for()


def test_both_sides_write_alike_and_a_choice_moves_the_predictor_the_home_page_and_the_charts(
    visit: Callable[..., Any],
) -> None:
    watched = visit()
    page = watched.page
    row = page.locator("tr", has_text="@sourdough.daily")
    row.get_by_text("Healthy").wait_for(timeout=TRAINED)
    row.get_by_role("link", name="@sourdough.daily").click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    home = page.url
    for code in OFFERED:
        page.evaluate("code => { document.querySelector('[data-numbers]').dataset.numbers = code; }", code)
        with written_as(code):
            for number in NUMBERS:
                told = page.evaluate(
                    "n => { const w = window.cgnNumbers;"
                    " return [w.signed(n), w.fixed(n, 1), w.percent(Math.abs(n) / 1000), w.interval(0.9, n, 5000)]; }",
                    number,
                )
                assert told == [
                    signed(number),
                    count(number, decimals=1),
                    percent(abs(number) / 1000),
                    level_interval(0.9, number, 5000),
                ], code

    choose(page, "de")
    page.goto(home)
    expect(page.get_by_text("Week of ").first).to_contain_text("2026")
    headline = page.locator(".headline").inner_text()
    page.goto(f"{home}/predictor")
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    expected = page.locator("#predictor-expected").inner_text()
    assert f"we expect {expected} followers" in headline
    interval = page.locator("#predictor-expected-note").inner_text()
    assert interval.partition(";")[0] in headline
    expect(page.locator("#predictor-work")).to_contain_text(",")
    separators = page.evaluate("document.querySelector('.js-plotly-plot').layout.separators")
    assert separators == ",."
    for stop in WORKSPACE:
        open_stop(page, stop, home=home, handle="sourdough.daily")
        told = page.locator("main").inner_text()
        assert ENGLISH.findall(told) == [], stop.name
    choose(page, "en")
    assert watched.complaints == []


def test_a_count_can_be_typed_into_each_lever_on_every_width(visit: Callable[..., Any]) -> None:
    page = visit().page
    page.locator("tr", has_text="@sourdough.daily").get_by_role("link", name="@sourdough.daily").click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    page.goto(f"{page.url}/predictor")
    boxes = page.locator(".lever input[type=number]")
    expect(boxes).to_have_count(4)
    for width in (390, 768, 1000, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        for box in boxes.all():
            expect(box, str(width)).to_be_visible()
