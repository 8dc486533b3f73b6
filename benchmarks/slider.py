"""What a step of the Predictor's sliders costs the browser, and whether it asks the server anything.

``python benchmarks/slider.py`` prints what ``make bench BENCH=slider`` writes.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from dataclasses import dataclass
from typing import Any

from clicks import product, sign_in, wait_until_idle

STEPS = 240
FRAME = 16
"""Milliseconds of script that a step may take at the 95th percentile: one frame."""
NOT_THE_PAGES = ("shell-pulse", "predictor-rested")
"""What is asked while a lever moves but doesn't wait for it: the jobs in the header, and the plan it rested on."""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@dataclass(frozen=True)
class Steps:
    """Milliseconds of script on the page's thread in each step, and what was asked of the server meanwhile."""

    script: tuple[float, ...]
    requests: int

    def sentence(self) -> str:
        """As it is printed."""
        *_, slow = statistics.quantiles(self.script, n=20)
        holds = "holds" if slow <= FRAME else "**does not hold**"
        return (
            f"{len(self.script)} steps of the sliders: {statistics.median(self.script):.1f} ms of script (median; "
            f"p95 {slow:.1f} ms; at most {FRAME} ms are allowed, which {holds}) until numbers, split, interval, "
            f"extrapolation mark and chart have followed; {self.requests} requests"
        )


def measure() -> Steps:
    """Move every lever up and down by its keys, one step at a time."""
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with product() as (data, address, words), sync_playwright() as playwright:
        wait_until_idle(data)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
        sign_in(page, words)
        page.get_by_role("link", name="@sourdough.daily").first.click()
        page.get_by_role("link", name="Predictor", exact=True).first.click()
        page.locator(".js-plotly-plot path.js-line").first.wait_for(state="attached")
        page.wait_for_timeout(1000)
        page.on("request", lambda sent: asked.append(sent.post_data or sent.url))
        watched = page.context.new_cdp_session(page)
        # Ticks of the page's own thread: on a busy machine the wall's time is that of others too.
        watched.send("Performance.enable", {"timeDomain": "threadTicks"})
        script = []
        for slider in page.get_by_role("slider").all():
            slider.focus()
            for number in range(STEPS // 4):
                before = script_of(watched)
                page.keyboard.press("ArrowRight" if number % 4 < 2 else "ArrowLeft")
                page.evaluate(DRAWN)
                script.append(script_of(watched) - before)
        browser.close()
    own = [each for each in asked if not any(name in each for name in NOT_THE_PAGES)]
    return Steps(tuple(script), len(own))


def script_of(watched: Any) -> float:
    """Milliseconds of script that the page has run so far, as the browser counts them."""
    metrics = watched.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(each["value"]) for each in metrics if each["name"] == "ScriptDuration")


if __name__ == "__main__":
    sys.stdout.write(measure().sentence() + "\n")
