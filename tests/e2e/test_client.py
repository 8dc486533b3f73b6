"""A client joins by a link, sees one creator, reads the report that the agency made, and can change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo_people import PASSWORD, invite_client, join
from playwright.sync_api import Browser, expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
HANDLE = "sourdough.daily"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_a_client_reads_the_report_that_the_agency_made(
    visit: Visit, browser: Browser, product: Product, tmp_path: Path, width: int, theme: str
) -> None:
    agency = visit().page
    agency.locator("tr", has_text=f"@{HANDLE}").get_by_text("Healthy").wait_for(timeout=TRAINED)
    agency.get_by_role("link", name=f"@{HANDLE}").first.click()
    agency.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    home = agency.url
    expected = agency.locator(".headline strong").first.inner_text()
    agency.goto(f"{home}/reports")
    agency.get_by_role("button", name="Make a report").click()
    agency.get_by_role("link", name=f"Download {HANDLE}-report-").first.wait_for(timeout=TRAINED)

    email = f"client{width}@brand.example"
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{product.port}", viewport={"width": width, "height": 844}, color_scheme=theme
    )
    context.set_default_timeout(120_000)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    join(page, invite_client(product, email, HANDLE), email, "Ana Ruiz")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Portfolio").wait_for()
    page.get_by_text("Got it").click()
    page.get_by_role("link", name=f"@{HANDLE}").first.click()
    # The same answer as the agency's.
    expect(page.locator(".headline strong").first).to_have_text(expected)
    expect(page.get_by_text("@trail.notes")).to_have_count(0)

    page.goto(f"{home}/reports")
    page.get_by_role("link", name=f"Download {HANDLE}-report-").first.wait_for()
    link = page.get_by_role("link", name="HTML").and_(page.locator("[download]")).first
    expect(page.get_by_role("button", name="Make a report")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    with page.expect_download() as fetched:
        link.click()
    path = tmp_path / "report.html"
    fetched.value.save_as(path)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert complaints == []

    page.goto(path.as_uri())
    page.get_by_role("heading", name=f"Growth of @{HANDLE}").wait_for()
    expect(page.get_by_text(expected, exact=True).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    context.close()
