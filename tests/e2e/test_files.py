"""What strategists really have in their downloads, dropped on the real product in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hands import LOOKS
from large_csv import large_csv
from playwright.sync_api import Page, expect
from told_numbers import Told, numbers_of, strangers
from whole_product import Product

from cgn_core import library as cgn
from cgn_core.stats.intervals import supported_level

Visit = Callable[..., "Watched"]  # noqa: F821 - the fixture's class, named for readers
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
TRAINED = 180_000
"""Milliseconds that a training may take on a busy machine."""
DAYS = 7 * 40
NOTE_SENDING = """new MutationObserver(() => {
    if (document.body.innerText.includes("Sending all.csv")) sessionStorage.setItem("sending", "seen");
}).observe(document, { childList: true, subtree: true, characterData: true })"""
"""The progress of sending may be gone before the test looks."""
TRACES = "document.querySelector('.predictor .js-plotly-plot').data.slice(0, 3).map(({ x, y }) => ({ x, y }))"
"""The curve's lower and upper end, and its middle."""


def metric_file(path: Path, title: str, days: list[date], values: list[int]) -> Path:
    """One metric as Meta Business Suite writes it."""
    rows = "".join(f'"{day}T00:00:00","{value}"\n' for day, value in zip(days, values, strict=True))
    path.write_bytes(b"\xff\xfe" + f'sep=,\n"{title}"\n"Date","Primary"\n{rows}\n'.encode("utf-16-le"))
    return path


def content_file(path: Path, handle: str, days: list[date], posts: dict[str, np.ndarray]) -> Path:
    """Every piece of content as Meta Business Suite writes it; lifetime totals aren't what the test is about."""
    header = (
        '"Post ID","Account ID","Account username","Account name",Description,"Duration (sec)","Publish time",'
        'Permalink,"Post type","Data comment",Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n'
    )
    lines, number = [], 17_900_000_000_000_000
    for kind, counts in posts.items():
        for day, count in zip(days, counts.tolist(), strict=True):
            for hour in range(count):
                number += 1
                lines.append(
                    f'"{number}","1784",{handle},"Lena","a caption, with a comma",0,'
                    f'"{day:%m/%d/%Y} {hour + 9:02d}:30",https://www.instagram.com/p/{number}/,{kind},,Lifetime,'
                    "900,700,40,2,1,3,4\n"
                )
    path.write_bytes(b"\xef\xbb\xbf" + (header + "".join(lines)).encode())
    return path


def exported(folder: Path, handle: str) -> list[Path]:
    """Five files of one account; reels bring followers, and the newest follows aren't there yet."""
    rng = np.random.default_rng(6)
    last = datetime.now(UTC).date() - timedelta(days=2)
    days = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    reels, images = rng.binomial(2, 0.4, DAYS), rng.binomial(2, 0.3, DAYS)
    follows = rng.poisson(40 + 45 * reels + 4 * images)
    reach, visits = rng.poisson(9_000 + 2_000 * reels), rng.poisson(300 + 30 * reels)
    folder.mkdir(exist_ok=True)
    return [
        metric_file(folder / "Follows.csv", "Instagram follows", days[:-3], follows[:-3].tolist()),
        metric_file(folder / "Reach.csv", "Instagram reach", days, reach.tolist()),
        metric_file(folder / "Visits.csv", "Instagram profile visits", days, visits.tolist()),
        metric_file(folder / "Link clicks.csv", "Instagram link clicks", days, rng.poisson(30, DAYS).tolist()),
        content_file(folder / "Content.csv", handle, days, {"IG reel": reels, "IG image": images}),
    ]


def assert_answers_as_the_library(page: Page, files: list[Path]) -> None:
    """What the browser works out on the Predictor, numbers and curve, is what the Python API answers for the files."""
    expect(page.locator("#predictor-expected")).not_to_be_empty()
    fit = cgn.train(cgn.read(*files)).fit
    level = supported_level(fit.predictor.n_residuals, wanted=0.9)
    (usual,) = cgn.predict(fit, {}, level=level)
    known = [0, 4, *numbers_of(usual), *([1, 1 / fit.viral_rate] if fit.viral_rate else [])]
    shown = Told("", words=page.locator(".predictor-answers :is(.metric-value, .metric-note)").all_inner_texts())
    assert len(shown.words) == 6
    assert strangers(shown, known) == []
    page.locator(".predictor .js-plotly-plot path.js-line").first.wait_for(state="attached")
    lever = page.get_by_text("If only").inner_text().split()[2]
    low, high, expected = page.evaluate(TRACES)
    answers = cgn.predict(fit, [{lever: pieces} for pieces in expected["x"]], level=level)
    assert len(answers) > 10
    assert [each.low for each in answers] == pytest.approx(low["y"], abs=1e-6)
    assert [each.high for each in answers] == pytest.approx(high["y"], abs=1e-6)
    assert [each.expected for each in answers] == pytest.approx(expected["y"], abs=1e-6)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_large_file_arrives_in_pieces_is_read_and_imported_with_progress(
    visit: Visit, tmp_path: Path, width: int
) -> None:
    watched = visit(width=width)
    page = watched.page
    page.goto("/new-workspace")
    names = [f"big{width}.{number}" for number in range(8)]
    page.evaluate(NOTE_SENDING)
    page.locator("input[type=file]").set_input_files(large_csv(tmp_path / "all.csv", names, days=84))
    page.wait_for_url("**/new-workspace?arrival=*")
    assert page.evaluate("sessionStorage.getItem('sending')") == "seen"
    page.get_by_role("button", name="Import 8 creators").wait_for(timeout=TRAINED)
    page.screenshot(path=tmp_path / "found.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    page.reload()
    page.get_by_role("button", name="Import 8 creators").click()
    page.get_by_text("Imported 8 creators.").wait_for(timeout=TRAINED)
    page.get_by_role("link", name="To the portfolio").click()
    page.get_by_text(f"@{names[-1]}").locator("visible=true").first.wait_for()
    assert watched.complaints == []


@pytest.mark.parametrize(("by", "width", "theme"), LOOKS)
def test_five_business_suite_files_of_one_account_become_one_history_and_a_model_without_a_question(
    visit: Visit, tmp_path: Path, by: str, width: int, theme: str
) -> None:
    watched = visit(by=by, width=width, theme=theme)
    page, hands = watched.page, watched.hands
    hands.press(page.get_by_role("link", name="New workspace"))
    hands.arrived_at("New workspace")
    files = exported(tmp_path / "downloads", f"bakery.{by}{width}")
    hands.hand_over(*files)
    page.get_by_text("5 files, 280 days together").wait_for()
    expect(page.get_by_text("A question")).to_have_count(0)
    page.screenshot(path=tmp_path / "preview.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    expect(page.get_by_label("Whose numbers are these?")).not_to_be_visible()
    hands.press(page.get_by_role("button", name="Import", exact=True))
    hands.press(page.get_by_role("link", name="Open @"))
    page.get_by_text("Next week we expect").wait_for(timeout=TRAINED)
    hands.go_to("Predictor")
    assert_answers_as_the_library(page, files)
    hands.go_to("Growth history")
    page.locator(".js-plotly-plot .point").first.wait_for()
    assert watched.complaints == []


def test_an_unknown_table_is_mapped_once_and_the_next_one_like_it_asks_nothing(
    visit: Visit, tmp_path: Path, product: Product
) -> None:
    rng, last = np.random.default_rng(4), datetime.now(UTC).date()
    days = [last - timedelta(days=back) for back in reversed(range(100))]
    counts = 5_000 + np.cumsum(rng.poisson(20, 100))
    rows = [f"{day:%d/%m/%Y};{count};{rng.poisson(1)}" for day, count in zip(days, counts, strict=True)]
    older, newer = tmp_path / "older.csv", tmp_path / "newer.csv"
    older.write_text("\n".join(["Tag;Volger;Filmpjes", *rows[:80]]), encoding="utf-8")
    newer.write_text("\n".join(["Tag;Volger;Filmpjes", *rows]), encoding="utf-8")
    watched = visit(by="keys")
    page, hands = watched.page, watched.hands
    page.goto(f"/workspaces/{product.stored()['workspaces'][0][0]}/data")
    versions = len(product.stored()["data_versions"])
    hands.hand_over(older)
    page.get_by_text("A question").wait_for()
    assert len(product.stored()["data_versions"]) == versions
    for question, answer in (("which column has it?", "“Volger”: followers"), ("“Filmpjes”", "reels")):
        asked = page.locator("label.field", has_text=question)
        hands.choose(asked.get_by_role("button"), answer)
    page.screenshot(path=tmp_path / "questions.png", full_page=True)
    hands.press(page.get_by_role("button", name="Read again"))
    hands.press(page.get_by_role("button", name="Import", exact=True))
    page.get_by_text("A retraining is queued").wait_for()
    hands.hand_over(newer)
    page.get_by_text("answered at an earlier import").first.wait_for(state="attached")
    page.screenshot(path=tmp_path / "remembered.png", full_page=True)
    hands.press(page.get_by_role("button", name="Import", exact=True))
    page.get_by_text("A retraining is queued").wait_for()
    assert len(product.stored()["data_versions"]) == versions + 2
    page.locator("#data-versions").get_by_text("newer.csv").wait_for()
    hands.press(page.get_by_role("button", name="Use version 1"))
    page.get_by_role("button", name="Use version 3").wait_for()
    expect(page.get_by_text("is at version 1 again")).to_be_visible()
    expect(page.locator("#data-header")).to_contain_text("; version 1")
    page.screenshot(path=tmp_path / "restored.png", full_page=True)
    assert watched.complaints == []
