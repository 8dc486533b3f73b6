"""Which processes are ours, and how they end: identities that survive a recycled pid, orphans, stale starts."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.05

PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process for certain: a pid alone is handed out again after its process ended."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return started(self.pid) == self.started


@dataclass(frozen=True)
class Status:
    """What the kernel says of one process; ``ended`` is one whose parent hasn't taken its exit code yet."""

    pid: int
    parent: int
    session: int
    started: str
    ended: bool


def status(pid: int) -> Status | None:
    """Read a process from Linux' /proc; None when there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    # The command's name stands in parentheses and may hold anything, parentheses too.
    state, parent, _group, session, *rest = text.rpartition(")")[2].split()
    return Status(pid, int(parent), int(session), f"{rest[15]} {boot}", state in "ZX")


def started(pid: int) -> str | None:
    """When a process started, as the system writes it, so that it can be compared; None when none runs."""
    if PROC.joinpath("self/stat").exists():
        found = status(pid)
        return found.started if found and not found.ended else None
    answer = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


def everybody() -> list[Status]:
    """All processes that Linux' /proc shows; empty elsewhere."""
    if not PROC.joinpath("self/stat").exists():
        return []
    return [found for entry in PROC.iterdir() if entry.name.isdigit() and (found := status(int(entry.name)))]


def children(parent: int) -> list[Status]:
    """The children of a process with one thread (Linux; empty elsewhere)."""
    try:
        names = (PROC / str(parent) / "task" / str(parent) / "children").read_text("ascii").split()
    except OSError:  # kernels may be built without this file
        return [one for one in everybody() if one.parent == parent]
    return [found for name in names if (found := status(int(name)))]


def end_orphans(*, adopted_by: int, sessions: set[int]) -> None:
    """Kill processes of these sessions whose own parent died, and take the exit codes of those that have ended.

    Args:
        adopted_by: this process, a subreaper (see ``adopt_orphans``).
        sessions: session ids, which are the leaders' pids; a leader is no orphan.
    """
    for one in children(adopted_by):
        if one.session not in sessions or one.pid in sessions:
            continue
        if not one.ended:
            send([one.pid], signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(one.pid, os.WNOHANG)


def prctl(option: int, value: int) -> None:
    """Ask Linux for one of its process options; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def adopt_orphans() -> None:
    """Make this process the new parent of every descendant whose own parent dies."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(wanted: signal.Signals) -> None:
    """Have the kernel send this process ``wanted`` when its parent ends, however it ends."""
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, wanted)
    if os.getppid() != parent:  # it ended before the kernel knew
        os.kill(os.getpid(), wanted)


def record(directory: Path, name: str) -> None:
    """Note this process' identity, for whoever must end it later. It stays true through an ``exec``."""
    own = Identity(os.getpid(), started(os.getpid()) or "")
    partial = directory / f"{name}.{own.pid}.partial"
    partial.write_text(json.dumps(asdict(own)), encoding="utf-8")
    partial.replace(directory / f"{name}.json")


def recorded(directory: Path) -> dict[str, Identity]:
    """The identities noted in a directory; what can't be read is nobody."""
    found = {}
    for file in directory.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            noted = json.loads(file.read_text("utf-8"))
            found[file.stem] = Identity(int(noted["pid"]), str(noted["started"]))
    return found


def send(pids: Iterable[int], wanted: signal.Signals) -> None:
    """Signal processes; one that has ended meanwhile needs none."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, wanted)


def works_in(pid: int, directory: Path) -> bool:
    """Whether a process' working directory is this directory or below it (Linux)."""
    try:
        return (PROC / str(pid) / "cwd").readlink().is_relative_to(directory)
    except OSError:
        return False


def left_behind(identities: Iterable[Identity], *, session: int | None, directory: Path) -> list[int]:
    """What an earlier start left running.

    Those recorded, where pid and start time agree, and what works in the data directory and belongs to the recorded
    supervisor's session: pool processes whose own parent died are in no record.
    """
    own = {one.pid for one in identities if one.alive()}
    if session is not None:
        own |= {one.pid for one in everybody() if one.session == session and works_in(one.pid, directory)}
    return sorted(own - {os.getpid()})


def end(directory: Path, records: Path, *, supervisor: str, patience: float) -> int:
    """End what an earlier start left behind; returns how many processes that were.

    The supervisor is asked first, because it ends its children in order; whoever is still there after ``patience``
    seconds is killed.
    """
    noted = recorded(records)
    session = noted[supervisor].pid if supervisor in noted else None

    def remaining() -> list[int]:
        return left_behind(noted.values(), session=session, directory=directory)

    found = remaining()
    if session in found:
        send([session], signal.SIGTERM)
    else:
        send(found, signal.SIGTERM)
    give_up = time.monotonic() + patience
    while remaining() and time.monotonic() < give_up:
        time.sleep(POLL_SECONDS)
    while still := remaining():
        send(still, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    for file in records.glob("*.json"):
        file.unlink(missing_ok=True)
    return len(found)
