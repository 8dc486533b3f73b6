"""Takes out of an installation what the product never reads: ``python deploy/image/slim.py SITE_PACKAGES``.

The Dockerfile's build stage runs it once. It names what goes and why; what isn't named stays. A name that fits nothing
is an error on x86-64: a package has changed, and somebody should look. ``make containers`` tells its stories to what is
left.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

OF_ANY_PACKAGE = {
    "the tests that packages bring along": ("**/tests/",),
    "what only compilers and type checkers read": (
        *("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.c", "**/*.h", "**/*.hpp", "**/*.a"),
        *("pyarrow/include/", "pyarrow/src/"),
    ),
    "what only a browser's debugger asks for": ("**/*.map", "dash/dash-renderer/build/dash_renderer.dev.js"),
}
OF_ONE_PACKAGE = {
    "Arrow over a network, and object stores; pages and jobs use its tables, CSV and IPC": (
        *("pyarrow/libarrow_flight*", "pyarrow/libarrow_python_flight*", "pyarrow/_flight*"),
        *("pyarrow/libarrow_s3*", "pyarrow/_s3fs*", "pyarrow/_gcsfs*", "pyarrow/_azurefs*", "pyarrow/_hdfs*"),
    ),
    "copies of libraries under the names that a linker looks for; a loader takes the one with its version": (
        "pyarrow/libarrow_python.so",
        "pyarrow/libarrow_python.so.*.*",
    ),
    "an older Bootstrap, and its themes; the portal has one of its own": (
        "flask_bootstrap/static/bootstrap4/",
        "flask_bootstrap/static/bootstrap5/css/bootswatch/",
    ),
    "charts inside notebooks": ("plotly/labextension/", "plotly/package_data/widgetbundle.js"),
    "numbers to practise on": (
        *("plotly/package_data/datasets/", "matplotlib/mpl-data/sample_data/"),
        *("sklearn/datasets/data/", "sklearn/datasets/images/", "statsmodels/datasets/**/*.csv"),
    ),
}

LANGUAGES = frozenset({"root", "en", "de", "es", "fr", "it", "nl", "pl", "pt", "sv"})
"""Of the hundreds that Babel can write numbers in, those that the portal offers and what they build upon."""


def main(arguments: list[str]) -> int:
    """Delete and strip; 1 where a name fits nothing any more."""
    (place,) = map(Path, arguments)
    unknown = []
    for why, patterns in (OF_ANY_PACKAGE | OF_ONE_PACKAGE).items():
        freed = 0
        for pattern in patterns:
            found = [path for path in place.glob(pattern) if path.is_dir() or not pattern.endswith("/")]
            if not found:
                unknown.append(pattern)
            freed += sum(remove(path) for path in found if path.exists())
        say(f"{freed / 1e6:6.1f} MB  {why}")
    others = [path for path in place.glob("babel/locale-data/*.dat") if path.stem.partition("_")[0] not in LANGUAGES]
    say(f"{sum(map(remove, others)) / 1e6:6.1f} MB  languages in which nobody is offered numbers")
    say(f"{strip(place) / 1e6:6.1f} MB  names of functions in libraries, which only a debugger reads")
    for pattern in unknown:
        sys.stderr.write(f"{pattern} fits nothing in {place}; look at what became of it.\n")
    # Packages for other machines may have other parts, at which nobody has looked.
    return int(bool(unknown) and platform.machine() == "x86_64")


def remove(path: Path) -> int:
    """Delete a file or folder; how many bytes it held."""
    if path.is_dir():
        held = size_of(path.rglob("*"))
        shutil.rmtree(path)
        return held
    held = size_of([path])
    path.unlink()
    return held


def strip(place: Path) -> int:
    """Take the symbols out of shared libraries that nobody links against; how many bytes that were.

    Those in a folder ``*.libs`` were moved there by a tool that rearranges them, after which stripping can break them.
    """
    libraries = [
        path
        for path in place.rglob("*.so*")
        if not path.is_symlink() and not any(folder.endswith(".libs") for folder in path.parts)
    ]
    if not libraries:
        return 0
    before = size_of(libraries)
    subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)  # noqa: S603, S607 - the build stage's own
    return before - size_of(libraries)


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of files; a link is nothing of its own."""
    return sum(path.stat().st_size for path in paths if path.is_file() and not path.is_symlink())


def say(line: str) -> None:
    """Tell whoever builds."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
