"""A strategist's way through the product, in a real browser against the real stack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hands import LOOKS
from playwright.sync_api import Page, expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""


def generated(path: Path, *, seed: int, weeks: int = 29) -> Path:
    """A creator named as the file, whose model beats the naive forecast whenever it ends (the seeds were chosen so)."""
    today = datetime.now(tz=UTC).date()
    sunday = today - timedelta(days=today.isoweekday())  # else the weeks would hold other days every day
    command = [sys.executable, "-m", "datagen", str(path), "--days", str(weeks * 7), "--seed", str(seed)]
    command += ["--end", sunday.isoformat()]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text(encoding="utf-8").replace("mid.01,", f"{path.stem},"), encoding="utf-8")
    return path


def open_section(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).locator("visible=true").first.click()


def drop(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def answer(page: Page) -> str:
    return page.locator("#predictor-expected").inner_text()


@pytest.mark.parametrize(("by", "width", "seed"), [("mouse", 1440, 3), ("keys", 390, 10)])
def test_from_a_file_to_a_forecast_and_out_again(visit: Visit, tmp_path: Path, by: str, width: int, seed: int) -> None:
    watched = visit(by=by, width=width)
    page, hands = watched.page, watched.hands
    hands.press(page.get_by_role("link", name="New workspace"))
    hands.arrived_at("New workspace")
    hands.hand_over(generated(tmp_path / f"maker{width}.csv", seed=seed))
    hands.press(page.get_by_role("button", name="Import", exact=True))
    hands.press(page.get_by_role("link", name="Open @"))
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)

    hands.go_to("Model health")
    hands.press(page.get_by_role("button", name="Retrain now"))
    page.get_by_text("A retraining is queued").wait_for()
    page.get_by_text("Model 2").first.wait_for(timeout=TRAINED)

    hands.go_to("Predictor")
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    page.wait_for_timeout(500)
    before = answer(page)
    watched.own_requests()
    thumb = page.get_by_role("slider").first
    for _ in range(3):
        at = thumb.get_attribute("aria-valuenow") or ""
        hands.raise_lever(thumb)
        expect(thumb).not_to_have_attribute("aria-valuenow", at)
    expect(page.locator("#predictor-expected")).not_to_have_text(before)
    page.locator(".js-plotly-plot path.js-line").first.wait_for(state="attached")
    assert watched.own_requests() == []
    box, most = page.locator(".lever input").first, thumb.get_attribute("aria-valuemax") or ""
    for typed, taken in (("2.7", "3"), ("-5", "0"), ("999999", most), ("", most)):
        hands.write(box, typed)
        page.keyboard.press("Tab")
        expect(box).to_have_value(taken)
        expect(thumb).to_have_attribute("aria-valuenow", taken)
    assert watched.own_requests() == []

    hands.go_to("Growth history")
    page.locator(".js-plotly-plot .point").first.wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    hands.press(page.get_by_title("Account"))
    hands.press(page.get_by_role("button", name="Sign out"))
    page.get_by_label("Password").wait_for()
    page.goto("/")
    page.get_by_label("Password").wait_for()
    assert watched.complaints == []


LATE = """([count]) => {
    const lever = document.querySelector(".lever"), box = lever.querySelector("input");
    const type = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    type.call(box, "-5");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    window.dash_clientside.set_props(JSON.parse(lever.id), { value: count });
}"""
"""Somebody types, and right then an earlier count arrives, as the answer to an earlier key does on a slow machine."""


def test_a_typed_count_is_taken_though_an_earlier_one_arrives_late_and_passing_by_changes_nothing(visit: Visit) -> None:
    watched = visit()
    page = watched.page
    page.locator("tr", has_text="@sourdough.daily").get_by_text("Healthy").wait_for(timeout=TRAINED)
    page.get_by_role("link", name="@sourdough.daily", exact=True).first.click()
    page.get_by_text("Next week we expect").wait_for()
    page.goto(f"{page.url}/predictor?plan=posts:2.5")
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    box, thumb = page.locator(".lever input").first, page.get_by_role("slider").first
    box.focus()
    page.keyboard.press("Tab")
    # A mean of four weeks stands between whole counts, too; on leaving the box Dash would round it.
    expect(thumb).to_have_attribute("aria-valuenow", "2.5")
    expect(box).to_have_value("2.5")

    box.focus()
    page.evaluate(LATE, [2])
    expect(box).to_have_value("2")
    page.keyboard.press("Tab")
    expect(thumb).to_have_attribute("aria-valuenow", "0")
    expect(box).to_have_value("0")
    assert watched.complaints == []


def test_another_file_changes_the_predictors_numbers(visit: Visit, tmp_path: Path, product: Product) -> None:
    watched = visit()
    page = watched.page
    page.goto("/new-workspace")
    first = generated(tmp_path / "changing.csv", seed=12)
    drop(page, first)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Open @").click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    home = page.url
    page.goto(f"{home}/predictor")
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    before = answer(page)
    lines = first.read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("follows")
    changed = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        cells[place] = str(int(cells[place]) + 40)
        changed.append(",".join(cells))
    second = tmp_path / "changed.csv"
    second.write_text("\n".join(changed) + "\n", encoding="utf-8")
    page.goto(f"{home}/data")
    drop(page, second)
    page.get_by_text("with other numbers").wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.locator("#data-versions").get_by_text("changed.csv").wait_for()
    page.goto(f"{home}/model-health")
    page.get_by_text("Model 2").first.wait_for(timeout=TRAINED)
    page.goto(f"{home}/predictor")
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    assert answer(page) != before
    assert watched.complaints == []
    assert product.jobs()[("retrain", "done")] >= 5


BAD = {
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
    "empty.csv": (b"", "empty"),
    "twice.csv": (b"date,followers\n2026-01-05,5\n2026-01-05,6\n", "2 and 3"),
    "below.csv": (b"date,followers,posts\n2026-01-05,5,-1\n2026-01-06,6,0\n", "row 2"),
    "words.csv": (b"date,followers\n2026-01-05,many\n2026-01-06,6\n", "row 2"),
    "future.csv": (b"date,followers\n2036-01-05,5\n2036-01-06,6\n", "2036"),
}


def test_bad_files_are_refused_in_words_and_lose_nothing(visit: Visit, tmp_path: Path, product: Product) -> None:
    watched = visit()
    page = watched.page
    stored = product.stored()["data_versions"]
    page.goto("/new-workspace")
    for name, (content, words) in BAD.items():
        path = tmp_path / name
        path.write_bytes(content)
        drop(page, path)
        preview = page.locator(".panel", has_text=name)
        expect(preview).to_contain_text("can't be imported")
        expect(preview).to_contain_text(words)
    assert product.stored()["data_versions"] == stored
    assert watched.complaints == []


def test_every_page_of_the_demo_is_there_in_both_themes_on_every_width_without_a_complaint(visit: Visit) -> None:
    for width, theme in ((1440, "dark"), (390, "light")):
        watched = visit(width=width, theme=theme)
        page = watched.page
        page.get_by_text("Healthy").first.wait_for(timeout=TRAINED)
        page.get_by_role("link", name="@sourdough.daily").first.click()
        page.get_by_role("heading", name="@sourdough.daily").wait_for()
        home = page.url
        for name, heading in (
            ("predictor", "Predictor"),
            ("growth-history", "Growth history"),
            ("decisions", "Decisions"),
            ("model-health", "Model health"),
            ("competitors", "Competitors"),
            ("data", "Data"),
            ("reports", "Reports"),
            ("jobs", "Jobs"),
            ("/jobs", "Jobs"),
            ("/", "Portfolio"),
        ):
            page.goto(name if name.startswith("/") else f"{home}/{name}")
            page.get_by_role("heading", name=heading, level=1).wait_for()
            page.wait_for_load_state("networkidle")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, name
        assert watched.complaints == []


@pytest.mark.parametrize(("by", "width", "theme"), LOOKS)
def test_a_strategists_monday_leads_from_the_portfolio_to_a_plan_that_the_team_opens_by_its_link(
    visit: Visit, product: Product, by: str, width: int, theme: str
) -> None:
    watched = visit(by=by, width=width, theme=theme)
    page, hands = watched.page, watched.hands
    product.visitor.wait_until_ready(120)
    row = page.locator("tr", has_text="@sourdough.daily")
    row.get_by_text("Healthy").wait_for(timeout=TRAINED)
    hands.write(page.get_by_placeholder("Filter creators"), "sour")
    expect(page.locator("tr", has_text="@trail.notes")).to_be_hidden()
    hands.press(row.get_by_role("link", name="@sourdough.daily", exact=True))
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)

    hands.go_to("Decisions")
    page.locator("#evidence-cards .js-plotly-plot").first.wait_for()
    hands.pick(page.get_by_role("radio", name="Careful", exact=True))
    page.wait_for_load_state("networkidle")
    before = page.locator("#plan-answer strong").first.inner_text()
    hands.write(page.get_by_label("Hours a week, at most"), "4")
    expect(page.locator("#plan-answer strong").first).not_to_have_text(before)
    mark = page.locator("#planner summary.explain-mark").last
    hands.press(mark)
    expect(page.get_by_text("the whole weeks with the most expected followers")).to_be_visible()
    expect(page.locator("#planner .explain[open] a", has_text="version").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.explain[open]")).to_have_count(0)
    expect(mark).to_be_focused()
    hands.press(page.get_by_role("button", name="What would have come?"))
    page.get_by_text("is the one that was posted").wait_for()
    planned = page.locator("#plan-answer strong").first.inner_text()
    hands.press(page.get_by_role("link", name="Use this week"))
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    for place, part in enumerate(planned.split(", ")[:3]):
        expect(page.get_by_role("slider").nth(place)).to_have_attribute("aria-valuenow", part.split()[0])

    planned_answer = answer(page)
    hands.raise_lever(page.get_by_role("slider").nth(1))
    expect(page.locator("#predictor-expected")).not_to_have_text(planned_answer)
    name = f"Planned at {width} by {by}"
    hands.write(page.get_by_label("Name of this scenario"), name)
    hands.press(page.get_by_role("button", name="Save scenario"))
    page.get_by_role("link", name=name).wait_for()
    before = answer(page)
    hands.press(page.get_by_role("link", name=name))
    page.get_by_text(f"The levers show the scenario {name}").wait_for()
    expect(page.locator("#predictor-expected")).to_have_text(before)
    hands.press(page.get_by_role("button", name=f"Remove: {name}"))
    page.get_by_text("The scenario is removed.").wait_for()
    hands.press(page.get_by_role("button", name="Undo"))
    page.get_by_role("link", name=name).wait_for()

    hands.go_to("Growth history")
    hands.write(page.get_by_label("Note", exact=True), f"Seen at {width} by {by}")
    hands.press(page.get_by_role("button", name="Pin note"))
    page.locator("#notes-table").get_by_text(f"Seen at {width} by {by}").wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert watched.complaints == []
