"""Files of strangers, read in a process of their own under limits of memory and time.

What it costs: a server process of about 110 MB that is started once (about a second, while nobody waits where
:func:`warm_up` was called), and a few milliseconds a drop.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import numpy as np

from cgn_core.errors import UnreadableFile
from cgn_core.ingest.child import FAILED, ORDER, OUT_OF_MEMORY
from cgn_core.ingest.child_answers import LENGTHS, Usage, unpack_drop
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.findings import Finding, listed
from cgn_core.ingest.grid import Positions
from cgn_core.ingest.nursery import Lost, current_nursery
from cgn_core.ingest.questions import NO_ANSWERS, Answers
from cgn_core.ingest.reading import MAX_BYTES, Reading, shown_name, too_large

logger = logging.getLogger(__name__)

Files = Sequence[tuple[str, bytes]]
"""Name and bytes of each."""

_MB = 1024 * 1024
_USUAL_BYTES = 5 * _MB
_PACKED = b"PK"
_TIMES_UP = {-signal.SIGALRM, -signal.SIGPROF, -signal.SIGXCPU}
_PATIENCE = 2.0
"""Seconds beyond a child's own limit after which its server is given up."""
_ATTEMPTS = 3
"""The server may be killed by somebody; a drop is read again by the next one."""


@dataclass(frozen=True)
class Limits:
    """What reading one drop may take: a little for any file, more in proportion to what was really uploaded.

    Measured: Excel takes 3 s of CPU a packed MB and 18 to 40 bytes a byte, text at most 0.9 s and 25 bytes, and plain
    CSV a thirtieth of that.
    """

    file_bytes: int = MAX_BYTES
    drop_bytes: int = 2 * MAX_BYTES
    files: int = 50
    memory_bytes: int = 300 * _MB
    """Above the process that has read nothing; enough for files of five MB together."""
    memory_per_byte: float = 30.0
    """More of it for each byte beyond."""
    cpu_seconds: float = 1.7
    cpu_seconds_per_packed_mb: float = 6.0
    """Of Excel workbooks and ZIPs."""
    cpu_seconds_per_mb: float = 2.0
    """Of text."""
    wall_seconds: float = 6.0
    """At least; four times the CPU's where that is more, because a busy machine is slow for everybody."""
    answer_bytes: int = 512 * _MB

    def cpu_for(self, files: Files) -> float:
        """Seconds of CPU for these files."""
        packed = sum(len(data) for _, data in files if data.startswith(_PACKED))
        text = sum(len(data) for _, data in files) - packed
        return self.cpu_seconds + (self.cpu_seconds_per_packed_mb * packed + self.cpu_seconds_per_mb * text) / _MB

    def wall_for(self, files: Files) -> float:
        """Seconds on the clock for these files."""
        return max(self.wall_seconds, 4 * self.cpu_for(files))

    def memory_for(self, files: Files) -> int:
        """Bytes of memory for these files."""
        size = sum(len(data) for _, data in files)
        return self.memory_bytes + int(self.memory_per_byte * max(0, size - _USUAL_BYTES))


LIMITS = Limits()


@dataclass(frozen=True)
class _Broken:
    """How a child ended without an answer."""

    code: int | None
    """Its exit code, minus the signal that ended it; None where nobody said."""
    file: int = -1
    """The file it was reading; -1 for none, or all."""
    failure: str = ""


def read_drop_apart(
    files: Files,
    *,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    limits: Limits = LIMITS,
    lines: Positions | None = None,
) -> Drop:
    """As :func:`cgn_core.ingest.drops.read_drop`, from a child process; readings come without their fragments.

    Raises nothing for what files do: a child that dies, hangs or needs too much is an error finding. Safe in threads
    and in forked processes.

    Args:
        files: name and bytes of each, at least one.
        today: the date in the workspace's time zone.
        time_zone: of the workspace.
        answers: to questions of the files.
        limits: sizes are checked before anything is read.
        lines: as for :func:`cgn_core.ingest.drops.read_drop`.
    """
    return read_measured(files, today=today, time_zone=time_zone, answers=answers, limits=limits, lines=lines)[0]


def read_measured(
    files: Files,
    *,
    today: date,
    time_zone: str = "UTC",
    answers: Answers = NO_ANSWERS,
    limits: Limits = LIMITS,
    lines: Positions | None = None,
) -> tuple[Drop, Usage | None]:
    """As :func:`read_drop_apart`, with what it took; None where no child answered."""
    refused = _refused_by_size(files, limits)
    if refused is not None:
        return refused, None
    asked = {
        "names": [name for name, _ in files],
        "sizes": [len(data) for _, data in files],
        "today": today.isoformat(),
        "time_zone": time_zone,
        "answers": dict(answers),
        "lines": len(places := b"" if lines is None else lines.astype(np.int64).tobytes()),
    }
    request = json.dumps(asked, ensure_ascii=True).encode("ascii")
    nursery = current_nursery()
    with nursery.place() as free:
        if not free:
            return _refused(
                files, -1, "reader_busy", "waits behind other files that are being read; try again in a minute."
            ), None
        answer: tuple[Drop, Usage] | _Broken = _Broken(None)
        for _ in range(_ATTEMPTS):
            try:
                answer = _ask(files, request, places, limits)
                break
            except Lost as lost:
                logger.warning("the process that reads files was lost and is started anew: %s", lost)
    return (_refused_by_end(files, answer), None) if isinstance(answer, _Broken) else answer


def warm_up() -> None:
    """Start the process that reads files, without waiting for it, so that the first drop needn't."""
    current_nursery().begin()


def _ask(files: Files, request: bytes, places: bytes, limits: Limits) -> tuple[Drop, Usage] | _Broken:
    """Let one child read the files.

    Raises:
        Lost: the server of children is gone, and the child with it.
    """
    wall = limits.wall_for(files)
    order = ORDER.pack(wall, limits.cpu_for(files), limits.memory_for(files))
    ours, theirs = socket.socketpair()
    reading_end, notes = os.pipe()
    nursery = current_nursery()
    with closing(ours), os.fdopen(reading_end, "rb", buffering=0) as noted:
        try:
            server = nursery.order(order, (theirs.fileno(), notes))
        finally:
            theirs.close()
            os.close(notes)
        deadline = time.monotonic() + wall + _PATIENCE
        try:
            return unpack_drop(*_converse(ours, files, places, request, limits, deadline))
        except TimeoutError:
            nursery.give_up(server)
            return _Broken(-signal.SIGALRM, _notes_of(noted.read().decode("ascii", errors="replace")).file)
        except (EOFError, OSError, MemoryError, UnreadableFile) as error:
            failure = str(error)
        # The child's end closed the socket; its server tells how it came.
        ours.close()
        end = _notes_of(noted.read().decode("ascii", errors="replace"))
    if end.code is None:
        raise Lost(failure)
    logger.warning("reading a file ended with %s %s %s", end.code, end.failure, failure)
    return end


def _converse(
    ours: socket.socket,
    files: Files,
    places: bytes,
    request: bytes,
    limits: Limits,
    deadline: float,
) -> tuple[bytes, bytes]:
    # Nothing is sent for nothing: a child that has all it needs may have answered and gone, and even an empty
    # send to it breaks the pipe.
    sent = [part for part in (*(data for _, data in files), places) if part]
    for part in (LENGTHS.pack(len(request), sum(map(len, sent))) + request, *sent):
        ours.settimeout(_left(deadline))
        ours.sendall(part)
    length, packed = LENGTHS.unpack(_received(ours, LENGTHS.size, deadline))
    if length + packed > limits.answer_bytes:
        raise UnreadableFile("The answer of the reading process is too large.")
    return _received(ours, length, deadline), _received(ours, packed, deadline)


def _received(ours: socket.socket, size: int, deadline: float) -> bytes:
    received = bytearray(size)
    rest = memoryview(received)
    while rest:
        ours.settimeout(_left(deadline))
        count = ours.recv_into(rest)
        if not count:
            raise EOFError("no answer came")
        rest = rest[count:]
    return bytes(received)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _notes_of(notes: str) -> _Broken:
    """What the child and its server noted, line by line; a child that was taken over may have noted anything."""
    code, file, failure = None, -1, ""
    for line in notes.splitlines():
        word, _, rest = line.partition(" ")
        number = int(rest) if rest.removeprefix("-").isdecimal() and len(rest) < 10 else None  # noqa: PLR2004 - any number a system gives
        if word == "exit" and number is not None:
            code = number
        elif word == "file" and number is not None:
            file = number
        elif word == "failed":
            failure = rest[:200]
    return _Broken(code, file, failure)


def _refused_by_size(files: Files, limits: Limits) -> Drop | None:
    for place, (_, data) in enumerate(files):
        if len(data) > limits.file_bytes:
            refusal = too_large(len(data), limits.file_bytes)
            return _refused(files, place, refusal.finding_code, refusal.message)
    if len(files) > limits.files:
        sentence = f"are {len(files):,} files and at most {limits.files} are read at once; drop them in parts."
        return _refused(files, -1, "too_many_files", sentence)
    size = sum(len(data) for _, data in files)
    if size > limits.drop_bytes:
        sentence = (
            f"are {size / _MB:,.0f} MB together and at most {limits.drop_bytes // _MB} MB are read at once; drop them "
            "in parts."
        )
        return _refused(files, -1, "drop_too_large", sentence)
    return None


def _refused_by_end(files: Files, end: _Broken) -> Drop:
    if end.code in _TIMES_UP:
        code = "takes_too_long"
        sentence = "takes longer to read than a file of its size should; save its table as CSV and upload that."
    elif end.code == OUT_OF_MEMORY:
        code = "needs_too_much_memory"
        sentence = (
            "needs more memory to read than a file of its size should; save its table as CSV, or split it by year, "
            "and upload that."
        )
    else:
        code = "reader_failed" if end.code == FAILED else "reader_died"
        sentence = "made its reader break off; nothing was stored, save its table as CSV anew and upload that."
    return _refused(files, end.file, code, sentence)


def _refused(files: Files, place: int, code: str, sentence: str) -> Drop:
    """A drop of which nothing is importable; ``place`` is the file at fault, -1 where it may be any."""
    names = [shown_name(name) for name, _ in files]
    guilty = [names[place]] if 0 <= place < len(names) else names
    finding = Finding("error", code, f"{listed(guilty)}: {sentence}")
    readings = tuple(
        Reading(
            name,
            hashlib.sha256(data).hexdigest(),
            "unknown",
            "unknown",
            0,
            None,
            None,
            {},
            findings=(finding,) if name in guilty else (),
        )
        for name, (_, data) in zip(names, files, strict=True)
    )
    return Drop(readings, (), {}, (finding,), importable=False)
