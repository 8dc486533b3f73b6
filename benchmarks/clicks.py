"""From a click on the Jobs page until its result stands there, in a real browser before the whole product.

``python benchmarks/clicks.py`` prints what ``make bench BENCH=clicks`` writes.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

CLICKS = 20
"""Few enough for all to stand on the page, which shows the fifty newest jobs."""
PATIENCE = 300
"""Seconds until the demo's own jobs have to be done."""
DASHS_OWN = 1034
"""Milliseconds that a background callback of Dash's took for nothing, on the machine where the target was set."""

UNTIL_SHOWN = """name => new Promise((done) => {
    const table = document.getElementById("jobs-table");
    const scored = () => (table.textContent.match(/ scored/g) || []).length;
    const before = scored();
    const began = performance.now();
    const seen = new MutationObserver(() => {
        if (scored() > before) {
            seen.disconnect();
            done(performance.now() - began);
        }
    });
    seen.observe(table, { childList: true, subtree: true, characterData: true });
    document.getElementById(name).click();
})"""


@dataclass(frozen=True)
class Clicks:
    """Milliseconds from each click to its result, without what the job itself took."""

    beyond: tuple[float, ...]
    own: tuple[float, ...]

    def sentence(self) -> str:
        """As it is printed."""
        slow = statistics.quantiles(self.beyond, n=20)[-1]
        return (
            f"{len(self.beyond)} clicks on a trivial job (a scoring with nothing due): the result stands on "
            f"the page {statistics.median(self.beyond):.0f} ms (median; p95 {slow:.0f} ms) after the job's own "
            f"{statistics.median(self.own):.0f} ms; allowed are 150 ms, a background callback of Dash's took "
            f"{DASHS_OWN:,} ms"
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def environment_of_nobody() -> dict[str, str]:
    """The environment of ours without any setting that another part of the measurements has left in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CGN_")}


def sign_in(page: Any, words: tuple[str, str]) -> None:
    """Sign the page's browser in and wait for the Portfolio."""
    email, password = words
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Portfolio").wait_for()


@contextmanager
def product() -> Iterator[tuple[Path, str, tuple[str, str]]]:
    """The product with its demo: data directory, address, e-mail and password."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="cgn-bench-") as folder:
        data = Path(folder) / "data"
        command = ["-m", "cgn_core.cli.main", "up", "--demo", "--port", str(port), "--data-dir", str(data)]
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment_of_nobody()
        )
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.match(r"Sign in: (\S+) / (\S+)", line) for line in process.stdout)))
            yield data, f"http://127.0.0.1:{port}", (found[1], found[2])
        finally:
            process.terminate()
            process.wait(60)


def wait_until_idle(data: Path) -> None:
    """Return when the demo's creators are made and trained."""
    give_up = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f"file:{data / 'cgn.db'}?mode=ro", uri=True, timeout=10)) as opened:
        while True:
            states = dict(opened.execute("SELECT lower(state), count(*) FROM jobs GROUP BY lower(state)").fetchall())
            if states.get("done", 0) > 1 and not states.keys() & {"queued", "running"}:
                return
            if time.monotonic() > give_up:
                raise RuntimeError(f"The demo's jobs are not done: {states}.")
            time.sleep(0.5)


def cancelled_scorings(data: Path, count: int) -> list[str]:
    """Jobs that may be tried again: their ids."""
    os.environ["CGN_DATABASE_URL"] = f"sqlite:///{data / 'cgn.db'}"
    os.environ["CGN_DATA_DIR"] = str(data)
    from sqlalchemy import select, update

    from cgn_core.db.models import Job, JobState, Workspace
    from cgn_core.db.session import forget_engine, transaction
    from cgn_core.jobs import JobKind, enqueue
    from cgn_core.settings import settings

    settings.cache_clear()
    with transaction() as session:
        workspace = session.scalars(select(Workspace)).first()
        assert workspace is not None
        ids = [
            enqueue(
                session, JobKind.SCORE, agency_id=workspace.agency_id, workspace_id=workspace.id, key=f"click.{number}"
            )
            for number in range(count)
        ]
        session.execute(update(Job).where(Job.id.in_(ids)).values(state=JobState.CANCELLED))
    forget_engine()
    return [str(each) for each in ids]


def own_work(data: Path) -> float:
    """Milliseconds that the newest scoring ran."""
    query = "SELECT started_at, finished_at FROM jobs WHERE finished_at IS NOT NULL ORDER BY created_at DESC LIMIT 1"
    with closing(sqlite3.connect(f"file:{data / 'cgn.db'}?mode=ro", uri=True, timeout=10)) as opened:
        began, ended = (datetime.fromisoformat(moment) for moment in opened.execute(query).fetchone())
    return (ended - began).total_seconds() * 1000


def measure() -> Clicks:
    """Click on "Try again" of so many jobs, one after another."""
    from playwright.sync_api import sync_playwright

    beyond, own = [], []
    with product() as (data, address, words), sync_playwright() as playwright:
        wait_until_idle(data)
        jobs = cancelled_scorings(data, CLICKS + 1)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(base_url=address)
        sign_in(page, words)
        page.goto("/jobs")
        for number, job in enumerate(jobs):
            page.locator(f"[id='jobs-retry-{job}']").wait_for()
            page.wait_for_timeout(300)  # a person's pause: what the last click still draws is not this one's
            took = page.evaluate(UNTIL_SHOWN, f"jobs-retry-{job}")
            if number:  # the first loads what the others find loaded
                own.append(own_work(data))
                beyond.append(took - own[-1])
        browser.close()
    return Clicks(tuple(beyond), tuple(own))


if __name__ == "__main__":
    sys.stdout.write(measure().sentence() + "\n")
