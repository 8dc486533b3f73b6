"""What a first visit transfers, and how soon its first chart shows: the portal beside itself with Dash's defaults.

``python benchmarks/pages.py`` prints what ``make bench BENCH=pages`` writes.
"""

from __future__ import annotations

import http.client
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clicks import environment_of_nobody, free_port, product, sign_in, wait_until_idle

ROUNDS = 7
MOST_BYTES = 750_000
LEAST_RATIO = 2.0
LINKS: dict[str, dict[str, float] | None] = {
    "this machine's own loopback": None,
    "10 Mbit/s with 40 ms there and back": {
        "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8,
    },
}  # fmt: skip
WHEN_DRAWN = """() => {
    window.cgnDrawn = null;
    const look = () => {
        if (document.querySelector(".js-plotly-plot path.js-line")) {
            window.cgnDrawn = performance.now();
        } else {
            requestAnimationFrame(look);
        }
    };
    look();
}"""


@dataclass
class Visits:
    """First visits to one page with charts: bytes on the wire, requests, seconds until the first chart."""

    bytes: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Pages:
    """Ours and Dash's defaults, by link, and the whole way from the sign-in to the first chart."""

    ours: dict[str, Visits]
    defaults: dict[str, Visits]
    whole_way: int

    def sentence(self) -> str:
        """As it is printed."""
        link = next(iter(LINKS))
        ours, theirs = self.ours[link], self.defaults[link]
        size, defaults = statistics.median(ours.bytes), statistics.median(theirs.bytes)
        holds = "holds" if max(size, self.whole_way) <= MOST_BYTES else "**does not hold**"
        first = (
            f"A first visit to Growth History, from an empty cache until its chart is drawn: {size / 1e6:.3f} MB in "
            f"{statistics.median(ours.requests):.0f} requests; with Dash's defaults {defaults / 1e6:.2f} MB in "
            f"{statistics.median(theirs.requests):.0f}. From the sign-in over Portfolio and Home to that chart: "
            f"{self.whole_way / 1e6:.3f} MB; allowed are {MOST_BYTES / 1e6} MB, which {holds}."
        )
        lines = [first]
        for name in LINKS:
            pairs = zip(self.ours[name].seconds, self.defaults[name].seconds, strict=True)
            ratios = sorted(theirs / ours for ours, theirs in pairs)
            low, middle, high = statistics.quantiles(ratios, n=4)
            fits = "holds" if middle >= LEAST_RATIO else "**does not hold**"
            lines.append(
                f"First chart over {name}: {statistics.median(self.ours[name].seconds):.2f} s, with Dash's defaults "
                f"{statistics.median(self.defaults[name].seconds):.2f} s; {middle:.2f} times as soon ({low:.2f} to "
                f"{high:.2f}); at least {LEAST_RATIO:.0f} is asked for, which {fits}."
            )
        return "\n\n".join(lines)


@contextmanager
def defaults_of(data: Path) -> Iterator[str]:
    """The portal on the same data with Dash's defaults: its address."""
    port = free_port()
    own = {
        "CGN_DATA_DIR": str(data),
        "CGN_SECRET_KEY": secrets.token_urlsafe(48),
        "CGN_SECURE_COOKIES": "false",
        "CGN_EMBEDDED": "true",
        "TMPDIR": str(data / "tmp"),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:webapp.serving", "--bind", f"127.0.0.1:{port}"]
    with (data / "defaults.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "dash_defaults:server"],
            cwd=Path(__file__).parent,
            env=environment_of_nobody() | own,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def wait_for(port: int) -> None:
    """Return when it answers."""
    for _ in range(600):
        try:
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            asked.request("GET", "/healthz")
            asked.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The portal with Dash's defaults doesn't answer.")


def visit(browser: Any, address: str, path: str, state: Any, into: Visits, link: dict[str, float] | None) -> None:
    """Open the page with nothing cached; note when its first chart is drawn and what came over the wire."""
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    watched = context.new_cdp_session(page)
    received = listen(watched)
    if link is not None:
        watched.send("Network.emulateNetworkConditions", {"offline": False, **link})
    page.add_init_script(f"({WHEN_DRAWN})()")
    page.goto(address + path, wait_until="commit")
    page.locator(".js-plotly-plot path.js-line").first.wait_for(state="attached", timeout=120_000)
    page.wait_for_load_state("networkidle")
    into.seconds.append(page.evaluate("window.cgnDrawn") / 1000)
    into.bytes.append(int(sum(received)))
    into.requests.append(len(received))
    context.close()


def listen(watched: Any) -> list[float]:
    """Bytes of each answer as they come, headers included, from now on."""
    received: list[float] = []
    watched.send("Network.enable")
    watched.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    return received


def whole_way(browser: Any, address: str, words: tuple[str, str]) -> tuple[int, str, Any]:
    """From the sign-in over Portfolio and Home to the first chart: bytes, that page's path, the signed-in cookies."""
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    received = listen(context.new_cdp_session(page))
    sign_in(page, words)
    page.get_by_role("link", name="@sourdough.daily").first.click()
    page.get_by_role("link", name="Growth history", exact=True).first.click()
    page.locator(".js-plotly-plot path.js-line").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    path = page.url.removeprefix(address)
    state = context.storage_state()
    context.close()
    return int(sum(received)), path, state


def measure() -> Pages:
    """Both in turns, each visit in a browser that has seen nothing."""
    from playwright.sync_api import sync_playwright

    ours: dict[str, Visits] = {name: Visits() for name in LINKS}
    theirs: dict[str, Visits] = {name: Visits() for name in LINKS}
    with product() as (data, address, words), sync_playwright() as playwright:
        wait_until_idle(data)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with defaults_of(data) as plain:
            way, path, state = whole_way(browser, address, words)
            for name, link in LINKS.items():
                for number in range(ROUNDS + 1):
                    into = (ours[name], theirs[name]) if number else (Visits(), Visits())  # the first warms up
                    for there, found in ((address, into[0]), (plain, into[1]))[:: 1 if number % 2 else -1]:
                        visit(browser, there, path, state, found, link)
        browser.close()
    return Pages(ours, theirs, way)


if __name__ == "__main__":
    sys.stdout.write(measure().sentence() + "\n")
