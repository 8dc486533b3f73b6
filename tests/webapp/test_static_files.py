"""What browsers load: little, compressed ahead, kept for good, and charts only where charts are."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import brotli
import pytest

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.services.imports import Imported
from webapp import light_pages, packing, routes, static_files
from webapp.pages import PAGES
from webapp.static_files import CHARTS, PLOTLY, StaticFile

from .conftest import Browser

MOST = 750_000
LAZY = "/_dash-component-suites/dash/dcc/async-{}.js"


def of_workspace(path: str, workspace_id: UUID) -> str:
    return path.replace("<workspace_id>", str(workspace_id))


def addresses(html: str) -> list[str]:
    found = re.findall(r'<(?:script|link) [^>]*?(?:src|href)="([^"]+)"', html)
    assert found
    return [each for each in found if each not in light_pages.ASKED_FIRST]  # answers of the moment, no files


@pytest.mark.usefixtures("imported")
def test_a_first_visit_to_a_page_with_charts_transfers_little(
    browser: Callable[[Actor], Browser], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    path = routes.growth_history(workspace.id)
    page = who.get(path)
    lazy = [LAZY.format(name) for name in ("dropdown", "slider")]
    asked = [path, "/_dash-layout", "/_dash-dependencies", *addresses(page.text), *lazy]
    answers = [who.get(each, headers={"Accept-Encoding": "gzip, br"}) for each in dict.fromkeys(asked)]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    content = who.page(path)
    transferred = sum(len(answer.data) for answer in answers) + len(gzip.compress(content.encode()))
    if CHARTS.exists():
        assert transferred <= MOST
    else:  # the whole chart library where installing found no npm
        assert transferred <= MOST + 1_300_000


def test_what_a_page_loads_is_compressed_ahead_and_kept_for_good(
    browser: Callable[[Actor], Browser], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    for address in addresses(who.get(routes.predictor(workspace.id)).text):
        whole = who.get(address)
        small = who.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
        older = who.get(address, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in whole.headers
        assert small.headers["Content-Encoding"] == "br", address
        assert brotli.decompress(small.data) == whole.data
        assert older.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(older.data) == whole.data
        assert small.headers["Vary"] == "Accept-Encoding"
        if "async-" not in address:  # Dash's loader asks for those without a fingerprint
            assert "immutable" in small.headers["Cache-Control"], address
        again = who.get(address, headers={"Accept-Encoding": "br", "If-None-Match": small.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("file", static_files.static_files().values(), ids=lambda file: file.address)
def test_nothing_is_compressed_while_somebody_waits(file: StaticFile) -> None:
    if not static_files.PACKED.exists():
        pytest.fail("Run `make pack` first, as `make test` does.")
    assert static_files.packed_path(file, "br").exists()
    assert static_files.packed_path(file, "gzip").exists()


def test_a_file_that_nothing_compressed_ahead_is_served_all_the_same(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.js"
    fresh.write_text("const x = 1;\n" * 99)
    found = StaticFile("/assets/fresh.js", (fresh,))
    assert brotli.decompress(static_files.encoded(found, "br")) == fresh.read_bytes()
    assert gzip.decompress(static_files.encoded(found, "gzip")) == fresh.read_bytes()


@pytest.mark.usefixtures("imported")
def test_charts_load_their_library_early_and_other_pages_never(
    browser: Callable[[Actor], Browser], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    for page in PAGES:
        path = of_workspace(page.PATH, workspace.id)
        html = who.get(path).text
        assert not any("dash_table" in each for each in addresses(html)), path
        has_charts = getattr(page, "HAS_CHARTS", False)
        library = [each for each in addresses(html) if each.startswith(PLOTLY.partition("plotly.min")[0])]
        assert len(library) == has_charts, path
        if not has_charts:
            assert '"Graph"' not in who.page(path), path


def test_the_renderer_is_told_where_the_fingerprinted_library_is(
    browser: Callable[[Actor], Browser], owner: Actor, imported: Imported
) -> None:
    del imported
    html = browser(owner).get("/").text
    config = re.search(r'<script id="_dash-config"[^>]*>(.*?)</script>', html)
    assert config is not None
    told = json.loads(config[1])["plotlyjs_url"]
    answer = browser(owner).get(told, headers={"Accept-Encoding": "br"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"plotly.js" in brotli.decompress(answer.data)[:100]


def test_the_chart_library_is_told_to_be_compiled_while_it_arrives_and_only_once() -> None:
    library = b"(function(root, factory) {...} (typeof self ? self : this, () => {\nreturn Plotly;\n}));"
    told = packing.compiled_ahead(library)
    assert told == (
        b"//# allFunctionsCalledOnLoad\n"
        b"(function(root, factory) {...} (typeof self ? self : this, (() => {\nreturn Plotly;\n})));"
    )
    assert packing.compiled_ahead(told) == told
    assert packing.compiled_ahead(told.partition(b"\n")[2]) == told  # as an older installation left it
    for other in (b"", b"this, () => {", library + b"window.more = 1;", library + library):
        assert packing.compiled_ahead(other) == other


def test_the_chart_library_starts_without_making_errors() -> None:
    ways = {
        b'{try{return arguments.callee,a}catch(e){try{return g(arguments,"callee").get}catch(r){return a}}}': (
            b'{try{return g(arguments,"callee").get}catch(r){return a}}'
        ),
        b"if(n)try{null.error}catch(e){t=n(n(e))}": b"if(n){let e=Object.create(TypeError.prototype);t=n(n(e))}",
        b'{try{Object.assign(e,"xy")}catch(r){return e[1]==="y"}return!1}': b"{return!1}",
    }
    for asked, told in ways.items():
        assert packing.without_probes(asked) == told
        assert packing.without_probes(told) == told
    if CHARTS.exists():
        library = CHARTS.read_bytes()
        assert not [probe for probe in (b"arguments.callee,", b"null.error", b',"xy")') if probe in library]


def test_what_the_renderer_asks_for_first_is_asked_for_beside_the_scripts(
    browser: Callable[[Actor], Browser], owner: Actor
) -> None:
    html = browser(owner).get("/").text
    for path in light_pages.ASKED_FIRST:
        assert f'<link rel="preload" as="fetch" crossorigin="anonymous" href="{path}">' in html
        assert browser(owner).get(path).status_code == 200


def test_the_small_library_is_of_the_version_that_plotly_brings() -> None:
    assert packing.locked_version() == packing.version_of(static_files.whole_chart_library())


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What packing leaves, in a folder of the test's own; compressed badly, but at once."""
    folder = tmp_path / "packed"
    wanted = {folder / path.name: name for path, name in packing.WANTED.items()}
    for module in (packing, static_files):
        monkeypatch.setattr(module, "PACKED", folder)
        monkeypatch.setattr(module, "CHARTS", folder / "plotly.min.js")
        monkeypatch.setattr(module, "GENERATORS", folder / "regenerator.js")
    monkeypatch.setattr(packing, "WANTED", wanted)
    monkeypatch.setattr(packing, "BEST", {"br": 0, "gzip": 1})
    monkeypatch.setattr(static_files, "static_files", static_files.static_files.__wrapped__)
    monkeypatch.setattr(packing, "static_files", packing_catalogue(static_files.static_files))
    return folder


def packing_catalogue(made: Callable[[], object]) -> Callable[[], object]:
    made.cache_clear = lambda: None  # type: ignore[attr-defined]  # what packing calls on the cached one
    return made


def modules_with(tmp_path: Path, *, version: str) -> Path:
    """A ``node_modules`` as npm leaves it."""
    for name in packing.WANTED.values():
        path = tmp_path / "node_modules" / name
        path.parent.mkdir(parents=True)
        path.write_text(f"/**\n* plotly.js (cartesian - minified) v{version}\n*/")
    return tmp_path / "node_modules"


def test_without_npm_pages_take_the_whole_library(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert packing.main([]) == 0
    assert "npm isn't installed here." in capsys.readouterr().err
    library = static_files.static_files()[PLOTLY]
    assert library.parts == (static_files.whole_chart_library(),)
    assert static_files.packed_path(library, "br").parent == elsewhere
    assert static_files.packed_path(library, "br").exists()


def test_what_npm_brought_is_taken_and_what_is_stale_goes(elsewhere: Path, tmp_path: Path) -> None:
    elsewhere.mkdir()
    (elsewhere / "0123.br").write_bytes(b"of an older version")
    assert packing.main([str(modules_with(tmp_path, version=packing.locked_version()))]) == 0
    assert static_files.static_files()[PLOTLY].parts == (elsewhere / "plotly.min.js",)
    assert not (elsewhere / "0123.br").exists()
    assert packing.is_complete()
    (elsewhere / packing.BROUGHT).write_text("{}")  # another lock by now
    assert not packing.is_complete()


def test_a_library_of_another_version_is_refused(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packing.main([str(modules_with(tmp_path, version="0.0.1"))]) == 0
    assert "another version" in capsys.readouterr().err
    assert not (elsewhere / "plotly.min.js").exists()
