"""``python -m webapp.packing``: fetch what makes pages lighter where npm is at hand, and compress what browsers load.

Run once, when the product is installed (``make pack`` and the Dockerfile do): the best compression takes seconds, which
nobody should wait for. Without npm, without a network and without this step at all the portal works; pages are heavier.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from webapp.static_files import (
    CHARTS,
    GENERATORS,
    PACKED,
    SUFFIXES,
    compress,
    packed_path,
    static_files,
    whole_chart_library,
)

LOCK = Path(__file__).parent / "npm"
"""``package.json`` and ``package-lock.json``: which packages, and the digests that npm holds them against."""
BROUGHT = "package-lock.json"
"""The lock by which the packages came stands beside them: another one, and they are fetched anew."""
PLOTLY = "plotly.js-cartesian-dist-min"
WANTED = {CHARTS: f"{PLOTLY}/plotly-cartesian.min.js", GENERATORS: "regenerator-runtime/runtime.js"}
"""What stands in ``packed``, and where npm puts it."""
PATIENCE = 90
"""Seconds that npm may take before pages do without it."""
BEST = {"br": 11, "gzip": 9}
EAGERLY = b"//# allFunctionsCalledOnLoad\n"
"""Asks V8 to compile every function of a file while it arrives, in a thread of its own; a comment to other browsers."""
OPENING, CLOSING = b"this, () => {", b"}));"
"""Around the one function that the chart library is."""
OPENED, CLOSED = b"this, (() => {", b"})));"
"""The same in parentheses."""
PROBES: dict[bytes, bytes] = {
    rb"try\{return arguments\.callee,(\w+)\}catch\(\w+\)\{(try\{return \w+\(arguments,\"callee\"\)\.get\}"
    rb"catch\(\w+\)\{return \1\})\}": rb"\2",
    rb"try\{null\.error\}catch\((\w+)\)\{": rb"{let \1=Object.create(TypeError.prototype);",
    rb"try\{Object\.assign\((\w+),\"xy\"\)\}catch\(\w+\)\{return \1\[1\]===\"y\"\}return!1": rb"return!1",
}
"""What the chart library tries while it starts, always with an error, to learn what it could ask without one.

Each is written with the answer that every browser with modules gives.
"""


def main(arguments: list[str]) -> int:
    """Fetch and compress; always leaves a portal that works.

    Args:
        arguments: none, or the ``node_modules`` that an earlier ``npm ci`` beside our lock brought.
    """
    PACKED.mkdir(exist_ok=True)
    problem = take(Path(arguments[0])) if arguments else fetch_once()
    if problem:
        forget()
        sys.stderr.write(f"{problem} Pages with charts load the whole chart library instead of the small one.\n")
    if CHARTS.exists():
        write(CHARTS, without_probes(compiled_ahead(CHARTS.read_bytes())))
    static_files.cache_clear()
    kept = {*WANTED, PACKED / BROUGHT}
    for file in static_files().values():
        for coding in SUFFIXES:
            path = packed_path(file, coding)
            kept.add(path)
            if not path.exists():
                write(path, compress(file.content(), coding, quality=BEST[coding]))
    for stale in set(PACKED.iterdir()) - kept:
        stale.unlink()
    return 0


def fetch_once() -> str:
    """Fetch what isn't there yet; returns what went wrong, or ""."""
    return "" if is_complete() else fetch()


def fetch() -> str:
    """Have npm download the packages and check their digests; returns what went wrong, or "".

    npm works in a folder of its own, so that it leaves nothing behind.
    """
    npm = shutil.which("npm")
    if npm is None:
        return "npm isn't installed here."
    with tempfile.TemporaryDirectory(prefix="cgn-npm-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCK / name, folder)
        # One try more: without a network the answer is the same a minute later.
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000")
        try:
            done = subprocess.run(  # noqa: S603 - npm from the path, our own words
                [npm, "ci", *options], cwd=folder, capture_output=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return "npm didn't answer in time."
        if done.returncode:
            return "npm could not bring the packages, or they weren't those that were expected."
        return take(Path(folder) / "node_modules")


def take(modules: Path) -> str:
    """Put what npm brought in its place; returns why it can't be used, or ""."""
    missing = [name for name in WANTED.values() if not (modules / name).exists()]
    if missing:
        return f"There is no {missing[0]} where npm was to put it."
    if version_of(modules / WANTED[CHARTS]) != version_of(whole_chart_library()):
        return "The small chart library is of another version than plotly."
    for path, name in WANTED.items():
        write(path, (modules / name).read_bytes())
    write(PACKED / BROUGHT, (LOCK / BROUGHT).read_bytes())
    return ""


def compiled_ahead(library: bytes) -> bytes:
    """The chart library with V8's word for it, and with its one function in parentheses, if that is how it is built.

    Older ones take these as the sign that a function is called at once: they compile it while it arrives, in a thread
    beside the page's. Otherwise it is read once for its errors alone, and again in the page's own thread.
    """
    whole = library.rstrip()
    if library.count(OPENING) == 1 and whole.endswith(CLOSING):
        whole = whole.removesuffix(CLOSING).replace(OPENING, OPENED) + CLOSED
    elif library.count(OPENED) != 1 or not whole.endswith(CLOSED):
        return library  # it is built otherwise
    return whole if whole.startswith(EAGERLY) else EAGERLY + whole


def without_probes(library: bytes) -> bytes:
    """The chart library without the three errors that it makes on purpose while it starts.

    V8 keeps no line numbers until an error wants them. The first one here has it read the whole library again, once for
    each function around: two thirds of all the time that starting took.
    """
    for probe, answer in PROBES.items():
        library = re.sub(probe, answer, library)
    return library


def forget() -> None:
    """Take away what no longer fits."""
    for path in (*WANTED, PACKED / BROUGHT):
        path.unlink(missing_ok=True)


def is_complete() -> bool:
    """Whether all of it is there already, by today's lock and of the version that belongs to plotly."""
    there = all(path.exists() for path in (*WANTED, PACKED / BROUGHT))
    return (
        there
        and (PACKED / BROUGHT).read_bytes() == (LOCK / BROUGHT).read_bytes()
        and version_of(CHARTS) == version_of(whole_chart_library())
    )


def version_of(library: Path) -> str:
    """The version in a chart library's first lines, such as ``4.1.1``."""
    with library.open(encoding="utf-8") as opened:
        return opened.read(200).partition(" v")[2].partition("\n")[0].strip()


def locked_version() -> str:
    """The version of the chart library that npm is asked for."""
    lock = json.loads((LOCK / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{PLOTLY}"]["version"])


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: another process may be reading it."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
