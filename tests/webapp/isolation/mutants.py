"""Takes every wall down in turn and looks whether the isolation tests notice: ``make mutants``.

The tests are collected and run once as they are; then, for each mutant, the process forks, the fork changes one
function in memory and runs the tests until the first one fails. So nothing is imported twice and no file is touched.

    python tests/webapp/isolation/mutants.py [--wall check use] [--part 1/2] [words of a mutant]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from isolation.mutations import Mutant, Wall, every_mutant  # noqa: E402 - found only with the line above

MUST_DIE = (Wall.FILTER, Wall.CONDITION)
"""Checks and uses often stand behind another wall, which holds alone: whoever asks for them reads what survived."""
ORDER = (
    "test_selects", "test_contradictions", "strategist outside", "a viewer with access", "another agency", "test_pages",
    "test_routes", "",
)  # fmt: skip
"""The likeliest to notice come first."""
LEFT_OUT = (
    "postgresql", "planting", "classified", "test_bodies", "test_mutants", "test_scripts", "test_replays",
    "test_forgeries",
)  # fmt: skip
"""They look for other things, or for the same once more."""
SECONDS = 600


_out = os.fdopen(os.dup(1), "w")  # before pytest captures what is printed


def say(line: str) -> None:
    _out.write(f"{line}\n")
    _out.flush()


class Mutating:
    """Runs the tests once, then once in a fork for each mutant."""

    def __init__(self, mutants: list[Mutant]) -> None:
        self.mutants = mutants
        self.survivors: list[Mutant] = []
        self.first_failure = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if not any(words in item.nodeid for words in LEFT_OUT)]
        items[:] = sorted(
            kept, key=lambda item: next(place for place, words in enumerate(ORDER) if words in item.nodeid)
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first_failure:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.first_failure = re.sub(r"\s+", " ", str(crash.message if crash else report.longrepr))[:160]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._run(session, session.items)
        if session.testsfailed:
            say(f"The tests fail without any mutant: {self.first_failure}")
            return True
        for number, mutant in enumerate(self.mutants, start=1):
            begun = time.monotonic()
            died_of = self._fork(session, mutant)
            if not died_of:
                self.survivors.append(mutant)
            told = f"killed: {died_of}" if died_of else "SURVIVED"
            say(f"{number}/{len(self.mutants)} {time.monotonic() - begun:.0f} s {mutant}\n    {told}")
        session._setupstate.teardown_exact(None)
        return True

    def _run(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """All of them until one fails; what lasts as long as the session is left standing for the next."""
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return

    def _fork(self, session: pytest.Session, mutant: Mutant) -> str:
        """What the first failing test said; "" when none failed."""
        ear, mouth = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ear)
            try:
                mutant.apply()
                self._run(session, session.items)
                os.write(mouth, (self.first_failure if session.testsfailed else "").encode()[:4000])
            except BaseException as error:  # noqa: BLE001 - a fork must never go on as its parent would
                os.write(mouth, f"broke the run: {error!r}".encode()[:4000])
            os._exit(0)
        os.close(mouth)
        with os.fdopen(ear, "rb") as told:
            said = told.read().decode(errors="replace")
        os.waitpid(child, 0)
        return said


def main() -> int:
    """Run, print, and say by the exit status whether every wall that must be noticed was."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*", help="only mutants whose description holds one of these")
    walls = [wall.name.lower() for wall in Wall]
    parser.add_argument("--wall", nargs="*", choices=walls, default=[wall.name.lower() for wall in MUST_DIE])
    parser.add_argument("--part", default="1/1", help="2/3: the second third, so that several processes share the work")
    asked = parser.parse_args()
    part, parts = map(int, asked.part.split("/"))
    chosen = [
        mutant
        for mutant in every_mutant()
        if mutant.wall.name.lower() in asked.wall
        and (not asked.words or any(words in str(mutant) for words in asked.words))
    ][part - 1 :: parts]
    mutating = Mutating(chosen)
    with tempfile.TemporaryDirectory(prefix="cgn-mutants-") as folder:
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            "-p",
            "no:xdist",
            f"--basetemp={folder}/run",
            "--no-summary",
        ]
        status = pytest.main([*options, "-o", f"timeout={SECONDS}", str(HERE)], plugins=[mutating])
    if status != pytest.ExitCode.OK:
        return int(status)
    return report(chosen, mutating.survivors)


def report(chosen: list[Mutant], survivors: list[Mutant]) -> int:
    """Print what died, by wall, and what didn't."""
    total, alive = Counter(each.wall for each in chosen), Counter(each.wall for each in survivors)
    for mutant in survivors:
        say(f"survived: {mutant.wall}: {mutant}")
    for wall in Wall:
        if total[wall]:
            say(f"{wall}: {total[wall] - alive[wall]} of {total[wall]} killed")
    return int(any(mutant.wall in MUST_DIE for mutant in survivors))


if __name__ == "__main__":
    sys.exit(main())
