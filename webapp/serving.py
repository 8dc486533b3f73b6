"""gunicorn's configuration, ``gunicorn --config python:webapp.serving webapp.wsgi:server``: how the portal is served.

gunicorn takes the names below that are settings of its own, and calls the functions whose names are its hooks.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from cgn_core.logs.configuration import configure
from cgn_core.settings import settings
from webapp.connections import EvenThreads, forget

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client reads this variable: its processes then add their counts up in files of that folder."""
PREFIX = "cgn-metrics-"


class Lines(Logger):
    """gunicorn's own lines in the form of all others."""

    def setup(self, cfg: Any) -> None:
        """Let the root logger write them."""
        super().setup(cfg)
        configure("web")


logger_class = Lines
worker_class = EvenThreads
workers = settings().web_processes
threads = settings().web_threads
graceful_timeout = settings().web_grace
control_socket_disable = True  # it would be made in the home directory


def on_starting(_server: Any) -> None:
    """Make the folder in which processes add up their counts, before the first of them is forked."""
    if os.environ.get(SHARED_FOLDER):
        return  # an operator's, or that of the server which this one replaces
    sweep(Path(tempfile.gettempdir()))
    os.environ[SHARED_FOLDER] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def on_reload(_server: Any) -> None:
    """SIGHUP: the new processes read the settings anew."""
    settings.cache_clear()


def child_exit(_server: Any, worker: Any) -> None:
    """One of the processes has ended, in whatever way."""
    forget(worker)


def on_exit(server: Any) -> None:
    """Take the folder away, unless another server goes on with it."""
    folder = Path(os.environ.get(SHARED_FOLDER, ""))
    if folder.name.startswith(PREFIX) and not server.reexec_pid:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(temporary: Path) -> None:
    """Delete the folders of servers that were killed."""
    for folder in temporary.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError, ValueError):
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
