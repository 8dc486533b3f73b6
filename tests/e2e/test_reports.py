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


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_a_report_is_made_fetched_read_and_deleted(visit: Visit, tmp_path: Path, width: int, theme: str) -> None:
    watched = visit(width=width, theme=theme)
    page = watched.page
    page.get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    page.get_by_role("link", name="@sourdough.daily").first.click()
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    page.goto(f"{page.url}/reports")
    page.get_by_role("button", name="Make a report").dblclick()
    page.get_by_role("link", name="Download sourdough.daily-report-").first.wait_for(timeout=TRAINED)
    for name, start in (("PDF", b"%PDF"), ("Excel", b"PK"), ("HTML", b"<!doctype html>")):
        with page.expect_download() as fetched:
            page.get_by_role("link", name=name, exact=False).and_(page.locator("[download]")).click()
        path = tmp_path / f"report.{name.lower()}"
        fetched.value.save_as(path)
        assert path.read_bytes().startswith(start)
    expect(page.get_by_role("button", name="Delete sourdough.daily-report")).to_have_count(1)
    page.get_by_role("button", name="Delete sourdough.daily-report").click()
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
    watched = visit()
    page = watched.page
    page.get_by_text("Healthy").first.wait_for(timeout=TRAINED)
    page.get_by_text("Export", exact=True).click()
    page.get_by_role("button", name="All creators' data, ZIP").click()
    page.get_by_text("An export of all creators is queued.").wait_for()
    page.get_by_role("link", name="To the jobs").click()
    row = page.locator("tr", has_text="Export of all workspaces").first
    with page.expect_download(timeout=TRAINED) as fetched:
        row.get_by_role("link", name="Download").click(timeout=TRAINED)
    path = tmp_path / "all.zip"
    fetched.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert "index.csv" in archive.namelist()
        assert any(name.endswith("sourdough.daily-daily.csv") for name in archive.namelist())
    assert watched.complaints == []
