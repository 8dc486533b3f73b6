"""A viral week, and then growth that leaves its path: the alarm is heard, explained to the team, and watched for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hands import LOOKS
from playwright.sync_api import expect

from cgn_core.figures.wording import short_day

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
WEEKS, SLOWER_WEEKS = 60, 16
SEED = 3
"""With it the model beats the naive forecast, one of the last weeks is viral and the alarm is raised at the break."""


def histories(folder: Path, name: str) -> tuple[Path, Path, date]:
    """A creator's file up to a break, one up to last Sunday, and the break's Monday; growth is a third from then on."""
    today = datetime.now(tz=UTC).date()
    sunday = today - timedelta(days=today.isoweekday())
    broken = sunday + timedelta(days=1) - timedelta(weeks=SLOWER_WEEKS)
    newer, older = folder / "newer.csv", folder / "older.csv"
    options = ("--days", str(WEEKS * 7), "--seed", str(SEED), "--end", sunday.isoformat(), "--viral-rate", "0.015")
    command = [sys.executable, "-m", "datagen", str(newer), *options, "--break", f"{broken}=0.35"]
    subprocess.run(command, check=True, capture_output=True)
    header, *lines = newer.read_text("utf-8").replace("mid.01,", f"{name},").splitlines()
    place = header.split(",").index("date")
    newer.write_text("\n".join([header, *lines]), "utf-8")
    older.write_text("\n".join([header, *(line for line in lines if line.split(",")[place] < str(broken))]), "utf-8")
    return older, newer, broken


@pytest.mark.parametrize(("by", "width", "theme"), LOOKS)
def test_a_viral_week_and_an_alarm_are_seen_explained_and_watched_from_then_on(
    visit: Visit, tmp_path: Path, by: str, width: int, theme: str
) -> None:
    older, newer, broken = histories(tmp_path, f"alarmed.{by}{width}")
    watched = visit(by=by, width=width, theme=theme)
    page, hands = watched.page, watched.hands
    hands.press(page.get_by_role("link", name="New workspace"))
    hands.arrived_at("New workspace")
    hands.hand_over(older)
    hands.press(page.get_by_role("button", name="Import", exact=True))
    hands.press(page.get_by_role("link", name="Open @"))
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    hands.go_to("Model health")
    page.get_by_text("Growth is on the path that its past and the posting explain").first.wait_for()

    hands.go_to("Data")
    hands.hand_over(newer)
    hands.press(page.get_by_role("button", name="Import", exact=True))
    page.get_by_text("A retraining is queued").wait_for()
    hands.go_to("Model health")
    page.get_by_text("Model 2").first.wait_for(timeout=TRAINED)
    page.get_by_text(f"Since the week of {short_day(broken)} growth has been slower").first.wait_for()

    hands.go_to("Growth history")
    chart = page.locator("#history-chart")
    chart.locator(".annotation", has_text="viral+").first.wait_for()
    chart.locator(".ytick", has_text="Break").or_(chart.get_by_text("Break", exact=True)).first.wait_for()
    hands.write(page.get_by_label("Note", exact=True), "The platform shows reels to fewer people")
    hands.press(page.get_by_role("button", name="Pin note"))
    page.locator("#notes-table").get_by_text("The platform shows reels to fewer people").wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0

    hands.go_to("All jobs", heading="Jobs")
    hands.press(page.locator("summary", has_text="Add a schedule"))
    hands.pick(page.get_by_role("radio", name="Retrain when the data are weeks ahead or growth leaves its path"))
    hands.choose(page.locator("#schedules-workspace"), f"@alarmed.{by}{width}")
    hands.press(page.get_by_role("button", name="Add", exact=True))
    row = page.locator("#schedules-table tr", has_text="growth has left its path")
    hands.press(row.get_by_role("button", name="Remove"))
    expect(row).to_have_count(0)
    assert watched.complaints == []
