"""The whole product, started as a person starts it, in a data directory of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from portal_visitor import Visitor

READY_SECONDS = 120
PATIENCE = 30
"""Seconds a stop may take before the test gives up on it."""


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@dataclass
class Product:
    """One data directory and the product that runs on it."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    printed: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables beyond those of a fresh machine."""
    demo: bool = True
    """Else it starts with nobody in it."""

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def visitor(self) -> Visitor:
        return Visitor(f"http://127.0.0.1:{self.port}")

    def command(self, *options: str) -> list[str]:
        chosen = ("--port", str(self.port), "--data-dir", str(self.data), *options)
        return [sys.executable, "-m", "cgn_core.cli.main", "up", *(["--demo"] if self.demo else []), *chosen]

    def environment(self) -> dict[str, str]:
        """This machine's, with every place where programs like to write moved to where the test looks."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CGN_", "XDG_"))}
        return kept | {"HOME": str(self.home / "elsewhere"), "TMPDIR": str(self.home / "elsewhere")} | self.settings

    def begin(self) -> subprocess.Popen[str]:
        """Start it, without waiting."""
        (self.home / "elsewhere").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            self.command(),
            cwd=self.home / "elsewhere",
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self.process

    def start(self) -> None:
        """Start it, and read what it prints until the sign-in."""
        assert self.process is None
        process = self.begin()
        assert process.stdout is not None
        self.printed = []
        for line in process.stdout:
            self.printed.append(line.rstrip())
            if line.startswith("Sign in: " if self.demo else "Open "):
                return
        process.wait()
        pytest.fail(f"it ended with {process.returncode}: {self.printed}; {self.logs()}")

    def ensure_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.process = None
            self.start()
        self.visitor.wait_until_ready(READY_SECONDS)

    def stop(self, wanted: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop; how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(wanted)
        self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0
        self.process = None
        return time.monotonic() - began

    def sign_in_words(self) -> tuple[str, str]:
        found = re.fullmatch(r"Sign in: (\S+) / (\S+)", self.printed[-1])
        assert found is not None
        return found[1], found[2]

    def new_token(self) -> str:
        """A token of the REST API, made as an administrator makes one."""
        named = ("--email", self.sign_in_words()[0], "--name", "examples")
        command = [sys.executable, "-m", "cgn_core.cli.main", "token", "create", *named]
        variables = self.environment() | {"CGN_DATA_DIR": str(self.data)}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pid(self, name: str) -> int | None:
        """The pid that a child noted of itself."""
        try:
            return int(json.loads((self.data / "run" / f"{name}.json").read_text("utf-8"))["pid"])
        except (OSError, ValueError):
            return None

    def processes(self) -> dict[int, str]:
        """Everything on this machine that works in the data directory: pid and command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(self.data):
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        return found

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the product's database says, read from beside it."""
        address = f"file:{self.data / 'cgn.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10)) as opened:
            return opened.execute(query).fetchall()

    def stored(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that people and jobs have made, row by row."""
        tables = ("agencies", "workspaces", "data_versions", "model_versions", "competitors", "jobs")
        return {table: self.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables}  # noqa: S608 - our names

    def jobs(self) -> dict[tuple[str, str], int]:
        """How many jobs of each kind are in each state."""
        counted = self.rows("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state")
        return {(str(kind).lower(), str(state).lower()): int(str(count)) for kind, state, count in counted}

    def logs(self) -> str:
        """The end of each log, for the one who reads why a test failed."""
        files = sorted(self.data.glob("logs/*.log"))
        return "\n".join(f"== {file.name}\n{file.read_text('utf-8', 'replace')[-1500:]}" for file in files)
