"""Adds up the cells that the isolation tests went through, wherever they ran, and prints the sum below a run."""

from __future__ import annotations

import pytest

CELLS = "isolation cells"


class Count:
    """One per run; with xdist the reports of all workers come here."""

    def __init__(self) -> None:
        self.cells = 0
        self.leaks = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "webapp/isolation/" not in report.nodeid:
            return
        if report.when == "teardown":
            self.cells += sum(int(str(value)) for name, value in report.user_properties if name == CELLS)
        self.leaks += report.failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.cells:
            terminalreporter.write_line(f"isolation matrix: {self.cells:,} cells, {self.leaks} leaks")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Count(), "isolation-count")
