"""Scripts that people write into texts never run: in a real browser, on every page, with the policy and without."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from dash import Dash
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from webapp import pages

from .matrix import Matrix
from .payloads import ADDRESS, MARKUP, crooked_file, import_crooked, make_report, poison
from .people import Person
from .test_pages import path_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
    # The test's own server leaves the closing of static files to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
ACCOUNT = ("/account/sessions", "/account/second-factor", "/account/password", "/sign-in", "/nowhere")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def address(portal: Dash) -> Iterator[str]:
    """The portal before a real browser."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, portal.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def watched(chromium: Browser, address: str, token: str, *, bypass: bool) -> Iterator[tuple[Page, list[str]]]:
    """A page of somebody signed in, and what ran on it."""
    context = chromium.new_context(bypass_csp=bypass)
    ran: list[str] = []
    context.expose_binding("ran", lambda source, *said: ran.append(f"{source['page'].url}: {said}"))
    # Browsers take this machine for safe, so a cookie for https alone is sent to it over http as well.
    safe = address.replace("http:", "https:")
    context.add_cookies([{"name": "__Host-cgn_session", "value": token, "url": safe, "secure": True}])
    page = context.new_page()
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.set_default_timeout(60_000)
    yield page, ran
    context.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("policy", ["with the policy", "without it"])
def test_scripts_in_texts_never_run(
    portal: Dash, matrix: Matrix, chromium: Browser, address: str, tmp_path: Path,
    record_property: Callable[[str, object], None], policy: str,
) -> None:  # fmt: skip
    del portal
    owner, token = matrix.world.people[Person.OWNER], matrix.world.tokens[Person.OWNER]
    places = [UUID(ids["workspace"]) for ids in (matrix.world.theirs, matrix.world.own[Person.OWNER])]
    import_crooked(matrix, places[0])
    poison()
    visited = paths(matrix)
    with watched(chromium, address, token, bypass=policy == "without it") as (page, ran):
        for path in visited:
            page.goto(f"{address}{path}")
            look_at(page)
            assert not ran, f"{path}: {ran}"
        drop_crooked(page, f"{address}/workspaces/{places[1]}/data", tmp_path)
        assert not ran, ran
        made = tmp_path / "report.html"
        for place in places:
            made.write_text(make_report(owner, place), encoding="utf-8")
            page.goto(made.as_uri())
            look_at(page)
            assert not ran, ran
    record_property("attack: pages with scripts in every text", f"{len(visited) + 1 + len(places)} 0")


def paths(matrix: Matrix) -> list[str]:
    """Every page of both workspaces, and addresses that are scripts themselves."""
    own = matrix.world.own[Person.OWNER]
    found = [path_of(page, ids) for page in pages.PAGES for ids in (matrix.world.theirs, own)]
    arrival = f"/workspaces/{matrix.world.theirs['workspace']}/data?arrival={matrix.world.theirs['arrival']}"
    words = [quote(MARKUP), quote(ADDRESS)]
    reflected = [
        address
        for each in words
        for address in (f"/?sort={each}", f"/new-workspace?how={each}", f"/sign-in?next={each}", f"/nowhere/{each}",
                        f"/jobs?{each}={each}#{each}")
    ]  # fmt: skip
    return [*dict.fromkeys(found), arrival, *ACCOUNT, *reflected]


def look_at(page: Page) -> None:
    """Wait for what is drawn, open what is folded, and see that no link is a script."""
    page.wait_for_load_state("load")
    if page.locator("#react-entry-point").count():
        page.locator("main").first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    links = page.evaluate(
        "[...document.querySelectorAll('a, area, form, iframe, [href], [src], [action]')].map((each) =>"
        " `${each.href?.baseVal ?? each.href ?? ''} ${each.src ?? ''} ${each.action ?? ''}`)"
    )
    assert not [link for link in links if re.search(r"(?i)(^|\s)(javascript|vbscript|data:text)", link)], page.url
    handlers = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((each) => [...each.attributes])"
        ".filter((its) => /^(on|srcdoc)/i.test(its.name)).map((its) => `${its.name}=${its.value}`)"
    )
    assert not [each for each in handlers if "ran(" in each], f"{page.url}: {handlers}"


def drop_crooked(page: Page, address: str, folder: Path) -> None:
    """Drop a file whose name and header are scripts, and see what was found in it."""
    name, data = crooked_file()
    (folder / name).write_bytes(data)
    page.goto(address)
    page.locator("input[type=file]").first.set_input_files(folder / name)
    page.locator("#data-preview > *, #shell-alerts > *").first.wait_for()
    assert "onerror" in " ".join(page.locator("#data-preview, #shell-alerts").all_inner_texts())
    look_at(page)


def test_the_watcher_sees_a_script_that_runs(chromium: Browser, address: str, matrix: Matrix) -> None:
    token = matrix.world.tokens[Person.OWNER]
    with watched(chromium, address, token, bypass=True) as (page, ran):
        page.goto(f"{address}/healthz")
        page.evaluate("(markup) => { document.body.innerHTML = markup }", MARKUP)
        page.wait_for_timeout(300)
        assert ran
