"""A client joins by a link, sees one creator, reads the report that the agency made, and can change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo_people import PASSWORD, invite_client, join
from hands import LOOKS
from playwright.sync_api import expect
from whole_product import Product

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
HANDLE = "sourdough.daily"


@pytest.mark.parametrize(("by", "width", "theme"), LOOKS)
def test_a_client_reads_the_report_that_the_agency_made(
    visit: Visit, watch: Visit, product: Product, tmp_path: Path, by: str, width: int, theme: str
) -> None:
    at_agency = visit(by=by)
    agency = at_agency.page
    agency.locator("tr", has_text=f"@{HANDLE}").get_by_text("Healthy").wait_for(timeout=TRAINED)
    at_agency.hands.press(agency.get_by_role("link", name=f"@{HANDLE}", exact=True).first)
    agency.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    expected = agency.locator(".headline strong").first.inner_text()
    at_agency.hands.go_to("Reports")
    at_agency.hands.press(agency.get_by_role("button", name="Make a report"))
    agency.get_by_role("link", name=f"Download {HANDLE}-report-").first.wait_for(timeout=TRAINED)

    email = f"{by}{width}@brand.example"
    of_client = watch(product, by=by, width=width, theme=theme, height=844)
    page, hands = of_client.page, of_client.hands
    join(hands, invite_client(product, email, HANDLE), email, "Ana Ruiz")
    hands.sign_in(email, PASSWORD)
    page.get_by_role("heading", name="Portfolio").wait_for()
    hands.press(page.get_by_role("button", name="Got it"))
    expect(page.locator(".guide")).to_have_count(0)
    hands.press(page.get_by_role("link", name=f"@{HANDLE}", exact=True).first)
    # The same answer as the agency's.
    expect(page.locator(".headline strong").first).to_have_text(expected)
    expect(page.get_by_text("@trail.notes")).to_have_count(0)

    hands.go_to("Reports")
    page.get_by_role("link", name=f"Download {HANDLE}-report-").first.wait_for()
    link = page.get_by_role("link", name="HTML").and_(page.locator("[download]")).first
    expect(page.get_by_role("button", name="Make a report")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    with page.expect_download() as fetched:
        hands.press(link)
    path = tmp_path / "report.html"
    fetched.value.save_as(path)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert at_agency.complaints + of_client.complaints == []

    page.goto(path.as_uri())
    page.get_by_role("heading", name=f"Growth of @{HANDLE}").wait_for()
    expect(page.get_by_text(expected, exact=True).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
