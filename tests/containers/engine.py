"""Calls the container engine; a command that fails is a failed check that shows what it said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CheckFailed(Exception):
    """One sentence for the person who ran the check."""


def run(*command: str, environment: Mapping[str, str] | None = None, given: str | None = None) -> str:
    """Run a command in the checkout; its output, or a failed check that shows it."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CheckFailed(f"{' '.join(command[:4])} … failed:\n{done.stdout[-4000:]}")
    return done.stdout


def find_engine() -> None:
    """See that ``docker`` reaches an engine and has compose."""
    try:
        subprocess.run(["docker", "version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        raise CheckFailed(
            "No container engine answers `docker version`; start one, then run make containers."
        ) from None
    try:
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        raise CheckFailed("`docker compose` isn't there; install Docker's compose plugin.") from None


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
