"""The process that reads strangers' files: ``python -m cgn_core.ingest.child FD PARENT``.

It has one thread, imports the readers once and forks a child for each drop; a child reads, answers and ends. It knows
no secret and no database, and ends with the process that started it. :mod:`cgn_core.ingest.isolation` is that one.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from traceback import extract_tb
from typing import NoReturn, overload

import numpy as np

from cgn_core.ingest.child_answers import LENGTHS, Usage, pack_drop
from cgn_core.ingest.drops import read_drop

ORDER = struct.Struct("!ddQ")
"""Asks for a child: seconds on the clock and of CPU, bytes of memory. Its socket and its notes' pipe come with it."""
READY = b"r"
OUT_OF_MEMORY, FAILED = 3, 4
"""How a child ends that has no answer."""
_GRACE = 0.5
"""Seconds after which a child is ended whose own clock didn't end it."""
_LOOKS_ROUND = 1.0
_OPEN_FILES = 32
_PR_SET_PDEATHSIG = 1
_WORST_FOR_KERNEL = "1000"


@dataclass(frozen=True)
class _Child:
    deadline: float
    notes: int
    """Where its end is told."""


class _Noted(Sequence[tuple[str, bytes]]):
    """Files of a drop; notes which of them is being read, so that a dead reader's file can be named."""

    def __init__(self, files: Sequence[tuple[str, bytes]], notes: int) -> None:
        self._files, self._notes = files, notes

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, place: int) -> tuple[str, bytes]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, bytes]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, bytes] | Sequence[tuple[str, bytes]]:
        return self._files[place]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for place, file in enumerate(self._files):
            _note(self._notes, f"file {place}")
            yield file
        _note(self._notes, "file -1")


def main(descriptor: int, parent: int) -> NoReturn:
    """Serve until the parent ends or hangs up.

    Args:
        descriptor: of the stream socket on which orders come.
        parent: its process id.
    """
    control = socket.socket(fileno=descriptor)
    waking, wake = os.pipe()
    for end in (waking, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    # What is here now never becomes garbage; the children share its pages as long as nobody writes to them.
    gc.collect()
    gc.freeze()
    control.sendall(READY)
    children: dict[int, _Child] = {}
    while os.getppid() == parent:
        soonest = min((child.deadline - time.monotonic() for child in children.values()), default=_LOOKS_ROUND)
        ready, _, _ = select.select([control.fileno(), waking], [], [], min(max(soonest, 0.0), _LOOKS_ROUND))
        if waking in ready:
            with suppress(BlockingIOError):
                os.read(waking, 4096)
        _reap(children)
        if control.fileno() in ready:
            order, ends, _, _ = socket.recv_fds(control, ORDER.size, 2)
            if len(order) != ORDER.size:
                break
            _start(order, ends, children, others=(control.fileno(), waking, wake))
    for pid in children:
        _kill(pid)
    os._exit(0)


def _reap(children: dict[int, _Child]) -> None:
    """Tell of each child that ended how it did, and end those whose time is over."""
    for pid, child in list(children.items()):
        overdue = time.monotonic() > child.deadline
        if overdue:
            _kill(pid)
        ended, status = os.waitpid(pid, 0 if overdue else os.WNOHANG)
        if not ended:
            continue
        code = -signal.SIGALRM if overdue else os.waitstatus_to_exitcode(status)
        _note(child.notes, f"exit {code}")
        os.close(child.notes)
        del children[pid]


def _start(order: bytes, ends: Sequence[int], children: dict[int, _Child], *, others: Sequence[int]) -> None:
    wall, cpu, memory = ORDER.unpack(order)
    conversation, notes = ends
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            signal.set_wakeup_fd(-1)
            for end in (*others, *(child.notes for child in children.values())):
                os.close(end)
            _confine(server, wall=wall, cpu=cpu, memory=memory)
            code = _serve(socket.socket(fileno=conversation), notes)
        except MemoryError:
            code = OUT_OF_MEMORY
        except BaseException as error:  # noqa: BLE001 - told to the parent without what the file holds
            place = extract_tb(error.__traceback__)[-1]
            _note(notes, f"failed {type(error).__name__} in {Path(place.filename).name}:{place.lineno}")
        finally:
            os._exit(code)
    os.close(conversation)
    children[pid] = _Child(time.monotonic() + wall + _GRACE, notes)


def _confine(server: int, *, wall: float, cpu: float, memory: int) -> None:
    """Set the limits under which this child ends by itself, whatever its code does."""
    os.setsid()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(FAILED)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Nothing handles these two signals: they end the process inside any loop, in C as well.
    signal.setitimer(signal.ITIMER_REAL, wall)
    signal.setitimer(signal.ITIMER_PROF, cpu)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_WORST_FOR_KERNEL, encoding="ascii")
    limits = {
        resource.RLIMIT_CPU: int(cpu) + 2,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    mapped = _pages(0)
    if mapped:
        limits[resource.RLIMIT_AS] = mapped + memory
    for kind, limit in limits.items():
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


def _serve(conversation: socket.socket, notes: int) -> int:
    bare = _pages(1)
    with conversation, conversation.makefile("rb") as incoming:
        length, size = LENGTHS.unpack(incoming.read(LENGTHS.size))
        asked = json.loads(incoming.read(length))
        files = [(name, incoming.read(part)) for name, part in zip(asked["names"], asked["sizes"], strict=True)]
        lines = incoming.read(asked["lines"])
        if sum(len(data) for _, data in files) + len(lines) != size:
            return FAILED
        drop = read_drop(
            _Noted(files, notes),
            today=date.fromisoformat(asked["today"]),
            time_zone=asked["time_zone"],
            answers=asked["answers"],
            lines=np.frombuffer(lines, dtype=np.int64) if lines else None,
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told, tables = pack_drop(drop, Usage(time.process_time(), max(0, peak - bare)))
        conversation.sendall(LENGTHS.pack(len(told), sum(map(len, tables))) + told)
        for table in tables:
            conversation.sendall(table)
    return 0


def _pages(field: int) -> int:
    """Bytes mapped (0) or resident (1) of this process; 0 where the system doesn't tell."""
    try:
        counts = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(counts[field]) * resource.getpagesize()


def _note(notes: int, words: str) -> None:
    with suppress(OSError):
        os.write(notes, f"{words}\n".encode("ascii", errors="replace"))


def _kill(pid: int) -> None:
    """End a child and whatever it started; it isn't reaped yet, so the number is its own."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
