"""What leaves the portal as a file that a job made, in a real browser."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""


@pytest.mark.parametrize(("by", "width", "theme"), [("mouse", 1440, "dark"), ("keys", 390, "light")])
def test_a_report_is_made_fetched_read_and_deleted(
    visit: Visit, tmp_path: Path, by: str, width: int, theme: str
) -> None:
    watched = visit(by=by, width=width, theme=theme)
    page, hands = watched.page, watched.hands
    page.locator("tr", has_text="@sourdough.daily").get_by_text("Healthy").wait_for(timeout=TRAINED)
    hands.press(page.get_by_role("link", name="@sourdough.daily", exact=True).first)
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    hands.go_to("Reports")
    hands.press_twice(page.get_by_role("button", name="Make a report"))
    page.get_by_role("link", name="Download sourdough.daily-report-").first.wait_for(timeout=TRAINED)
    expect(page.get_by_text("The report is ready")).to_be_visible()
    expect(page.get_by_text("A report is being made")).to_have_count(0)
    for name, start in (("PDF", b"%PDF"), ("Excel", b"PK"), ("HTML", b"<!doctype html>")):
        with page.expect_download() as fetched:
            hands.press(page.get_by_role("link", name=name, exact=False).and_(page.locator("[download]")))
        path = tmp_path / f"report.{name.lower()}"
        fetched.value.save_as(path)
        assert path.read_bytes().startswith(start)
    expect(page.get_by_role("button", name="Delete sourdough.daily-report")).to_have_count(1)
    hands.press(page.get_by_role("button", name="Delete sourdough.daily-report"))
    page.get_by_text("The report is deleted.").wait_for()
    assert watched.complaints == []

    alone = page.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(path.as_uri())
    alone.get_by_role("heading", name="Growth of @sourdough.daily").wait_for()
    assert alone.locator("svg").count() >= 2
    overflow = alone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert asked == [path.as_uri()]


def test_all_creators_leave_as_one_file(visit: Visit, tmp_path: Path) -> None:
    watched = visit(by="keys")
    page, hands = watched.page, watched.hands
    page.get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    hands.press(page.locator("summary", has_text="Export"))
    hands.press(page.get_by_role("button", name="All creators' data, ZIP"))
    page.get_by_text("An export of all creators is queued.").wait_for()
    hands.press(page.get_by_role("link", name="To the jobs"))
    row = page.locator("tr", has_text="Export of all workspaces").first
    with page.expect_download(timeout=TRAINED) as fetched:
        row.get_by_role("link", name="Download").wait_for(timeout=TRAINED)
        hands.press(row.get_by_role("link", name="Download"))
    path = tmp_path / "all.zip"
    fetched.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert "index.csv" in archive.namelist()
        assert any(name.endswith("sourdough.daily-daily.csv") for name in archive.namelist())
    assert watched.complaints == []
