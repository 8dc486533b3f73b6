"""Adds up the cells that the isolation tests went through, wherever they ran, and prints the sum below a run.

So are attacks: ``record_property("attack: guesses", "1000 10")`` tells how many were sent and got through.
"""

from __future__ import annotations

import pytest

CELLS = "isolation cells"
ATTACK = "attack: "


class Count:
    """One per run; with xdist the reports of all workers come here."""

    def __init__(self) -> None:
        self.cells = 0
        self.leaks = 0
        self.attacks: dict[str, tuple[int, int]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name.startswith(ATTACK):
                    label, (sent, through) = name.removeprefix(ATTACK), map(int, str(value).split())
                    before = self.attacks.get(label, (0, 0))
                    self.attacks[label] = before[0] + sent, before[1] + through
        if "webapp/isolation/" not in report.nodeid:
            return
        if report.when == "teardown":
            self.cells += sum(int(str(value)) for name, value in report.user_properties if name == CELLS)
        self.leaks += report.failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.cells:
            terminalreporter.write_line(f"isolation matrix: {self.cells:,} cells, {self.leaks} leaks")
        for label, (sent, through) in sorted(self.attacks.items()):
            terminalreporter.write_line(f"{label}: {sent:,} sent, {through:,} got through")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Count(), "isolation-count")
