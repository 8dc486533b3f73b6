"""A page whose chart library doesn't come says so to its graphs instead of having them wait for ever; one whose library
has come draws its charts in turns.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Route, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
ASSETS = Path(__file__).parents[2] / "webapp" / "assets"
LOADER = ASSETS / "charts.js"
PAGE = """<!doctype html><head><script>
for (const kind of ["load", "error"]) document.addEventListener(kind, () => { window.oneCame = true; }, true);
</script><script async src="/library.js" data-charts></script></head><body><script src="/charts.js"></script></body>"""
OUTCOME = """async () => window.Plotly instanceof Promise
    ? Promise.race([window.Plotly.then(() => "came", () => "failed"), new Promise((r) => setTimeout(r, 1000, "waits"))])
    : String(window.Plotly)"""
NEVER, LIBRARY = "", "window.Plotly = 'library';"


@pytest.mark.parametrize(("library", "outcome"), [(NEVER, "undefined"), (LIBRARY, "library")])
@pytest.mark.parametrize("later", ["library.js", "charts.js"])
def test_a_graph_gets_the_library_or_may_ask_for_it_itself(library: str, outcome: str, later: str) -> None:
    contents = {"library.js": library, "charts.js": LOADER.read_text(encoding="utf-8"), "page": PAGE}
    held: list[Route] = []

    def answer(route: Route) -> None:
        content = contents.get(route.request.url.rpartition("/")[2], NEVER)
        if content == NEVER:
            route.abort()
        else:
            route.fulfill(body=content, content_type="text/html" if content == PAGE else "text/javascript")

    def hold(route: Route) -> None:
        held.append(route)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", answer)
        page.route(f"**/{later}", hold)
        page.goto("http://portal.example/page", wait_until="commit")
        while not held:
            page.wait_for_timeout(20)
        page.wait_for_function("window.oneCame")
        answer(held[0])
        page.wait_for_load_state("load")
        assert page.evaluate(OUTCOME) == outcome
        browser.close()


HOLDERS = """<!doctype html><style>div { height: 2000px; } #near, #alike { height: 50px; }</style>
<div id="near"></div><div id="far"></div><div id="farther"></div><script src="/figures.js"></script>
<script src="/turns.js"></script>
<script src="/library.js"></script>"""
DRAWING = """window.order = [];
window.Plotly = { react: (holder, what) => {
    if (what === "broken") { throw new Error("broken"); }
    window.order.push(holder.id);
    holder.classList.add("js-plotly-plot");
    holder.dataset.shows = what;
    return Promise.resolve(holder.id);
} };"""
ALL = """async () => {
    const draw = (id, what) => window.Plotly.react(document.getElementById(id), what).catch((error) => error.message);
    const asked = [draw("far", "broken"), draw("farther"), draw("near")];
    window.atOnce = window.order.slice();
    return [await Promise.all(asked), window.order];
}"""
AT_ONCE = """() => {
    const draw = (id) => window.Plotly.react(document.getElementById(id));
    ["near", "near", "farther", "far"].forEach(draw);
    const before = window.order.slice();
    window.dispatchEvent(new Event("beforeprint"));
    return [before, window.order];
}"""
GONE = """async () => {
    const asked = window.Plotly.react(document.getElementById("farther"));
    document.getElementById("farther").remove();
    return Promise.race([asked.then(() => "goes on"), new Promise((done) => window.setTimeout(done, 500, "ends"))]);
}"""
CHANGING = """async () => {
    const holder = document.getElementById("farther"), draw = (what) => window.Plotly.react(holder, what);
    const asked = [draw("first"), draw("second")];
    while (!holder.matches(".js-plotly-plot")) { await new Promise((done) => window.setTimeout(done)); }
    await Promise.all([...asked, draw("newest")]);
    return holder.dataset.shows;
}"""


def test_charts_in_sight_are_drawn_first_and_paper_waits_for_none() -> None:
    ours = {name: (ASSETS / name).read_text(encoding="utf-8") for name in ("figures.js", "turns.js")}
    contents = {"page": HOLDERS, "library.js": DRAWING, **ours}

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        route.fulfill(body=contents[name], content_type="text/html" if name == "page" else "text/javascript")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto("http://portal.example/page")
        assert page.evaluate(ALL) == [["broken", "farther", "near"], ["near", "farther"]]
        assert page.evaluate("window.atOnce") == []  # nothing in sight was asked for first
        page.reload()
        assert page.evaluate(AT_ONCE) == [["near", "near"], ["near", "near", "farther", "far"]]
        page.reload()
        assert page.evaluate(CHANGING) == "newest"
        page.reload()
        assert page.evaluate(GONE) == "ends"  # Dash would go on to draw into what is no longer there
        browser.close()
