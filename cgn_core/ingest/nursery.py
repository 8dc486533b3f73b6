"""The one server process of this process that forks readers; started when needed, never inherited by a fork."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from cgn_core.ingest.child import READY

TOGETHER = 4
"""Children at once; each may take the whole memory that is allowed."""
START_SECONDS = 60.0
"""Starting takes one; on a machine that is busy starting everything else, more."""
QUEUE_SECONDS = 30.0
_END_SECONDS = 2.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONTZPATH")
_QUIET_LIBRARIES = {
    # Children are forked from one thread, and address space counts: no pools of threads, no arenas set aside.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Lost(Exception):
    """The server of children is gone."""


class Server:
    """One running server and the socket on which it takes orders."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Not a fork of this process, which has threads and secrets.
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "cgn_core.ingest.child", str(theirs.fileno()), str(os.getpid())],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.control = ours
        self.is_ready = False

    def wait(self) -> None:
        """Wait until it takes orders.

        Raises:
            Lost: it ended, or takes too long.
        """
        if self.is_ready:
            return
        self.control.settimeout(START_SECONDS)
        try:
            self.is_ready = self.control.recv(len(READY)) == READY
        except OSError as error:
            raise Lost("it didn't start") from error
        if not self.is_ready:
            raise Lost("it ended at its start")

    def end(self, *, at_once: bool = False) -> None:
        """Hang up, upon which it ends its children and itself."""
        self.control.close()
        if at_once or not self.is_ready:  # while it starts it doesn't listen
            self.process.kill()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        """In a fork: it is the other process' server."""
        self.control.close()
        self.process.returncode = 0


class Nursery:
    """The server of this process, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(TOGETHER)
        self._server: Server | None = None

    @contextmanager
    def place(self) -> Iterator[bool]:
        """One of the few places for a child; False after waiting in vain."""
        free = self._places.acquire(timeout=QUEUE_SECONDS)
        try:
            yield free
        finally:
            if free:
                self._places.release()

    def begin(self) -> None:
        """Start the server if there is none."""
        with self._lock:
            self._running()

    def order(self, order: bytes, ends: Sequence[int]) -> Server:
        """Ask for a child that holds these descriptors; the server that starts it.

        Raises:
            Lost: there is no server.
        """
        with self._lock:
            server = self._running()
            try:
                server.wait()
                server.control.settimeout(_END_SECONDS)
                socket.send_fds(server.control, [order], list(ends))
            except (Lost, OSError) as error:
                self._drop(server)
                raise Lost(str(error)) from error
            return server

    def give_up(self, server: Server) -> None:
        """End a server that doesn't end its children."""
        with self._lock:
            if self._server is server:
                self._drop(server)

    def end(self) -> None:
        """End the server with its children."""
        with self._lock:
            if self._server is not None:
                self._server.end()
                self._server = None

    def forget(self) -> None:
        """In a fork, where the lock may be held by a thread that doesn't exist."""
        if self._server is not None:
            self._server.forget()

    def _running(self) -> Server:
        if self._server is not None and self._server.process.poll() is not None:
            self._drop(self._server)
        if self._server is None:
            self._server = Server()
        return self._server

    def _drop(self, server: Server) -> None:
        server.end(at_once=True)
        self._server = None


_nursery = Nursery()


def current_nursery() -> Nursery:
    """The nursery of this process; a fork has one of its own."""
    return _nursery


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, **_QUIET_LIBRARIES, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _forget() -> None:
    global _nursery  # noqa: PLW0603 - one per process, and this is a new process
    _nursery.forget()
    _nursery = Nursery()


def _end() -> None:
    with suppress(OSError):
        _nursery.end()


os.register_at_fork(after_in_child=_forget)
atexit.register(_end)
