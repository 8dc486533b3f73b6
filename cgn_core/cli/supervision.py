"""Keeps the product's processes alive under supervisord, and supervisord alive itself."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from cgn_core.cli.data_directory import DataDirectory
from cgn_core.cli.processes import end, end_orphans

SUPERVISOR = "supervisord"
CONFIGURATION = "supervisord.conf"
STOP_SECONDS = 9.0
"""supervisord has this long to end everything in order; then what is left is killed."""
STALE_SECONDS = 9.0
"""What an earlier start left behind has this long to end by itself."""
FOR_EVER = 1_000_000
"""supervisord gives a child up after so many attempts in a row; its pause between them grows by a second each time."""

APP_PRIORITY = 20
REDIS_PRIORITY = 10
"""The highest priority starts last and is stopped first."""


@dataclass(frozen=True)
class Child:
    """One process to keep alive.

    Attributes:
        name: also the name of its log and its record.
        command: what to run.
        priority: children of one priority are stopped together, the highest first.
        patience: seconds between asking it to stop and killing it with all it has started.
    """

    name: str
    command: tuple[str, ...]
    priority: int = APP_PRIORITY
    patience: int = 4


def web_child(*, host: str, port: int) -> Child:
    """The web server: one process with threads, so that a slow callback doesn't hold up the fast ones."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ("--config", "python:webapp.serving", "--bind", address)
    return Child("web", (sys.executable, "-m", "gunicorn", *options, "webapp.wsgi:server"))


def worker_child() -> Child:
    """The Celery worker for both queues."""
    return Child("worker", (sys.executable, "-m", "worker"))


def reconciler_child() -> Child:
    """The process that requeues what a fault left behind."""
    return Child("reconciler", (sys.executable, "-m", "worker.reconciler"))


def redis_child(command: tuple[str, ...]) -> Child:
    """The embedded Redis; ends last, so that nobody stops into a broken connection."""
    return Child("redis", command, priority=REDIS_PRIORITY, patience=2)


def launched(name: str, wanted: signal.Signals, command: tuple[str, ...]) -> tuple[str, ...]:
    """A command that records itself and ends with its parent."""
    return (sys.executable, "-m", "cgn_core.cli.launch", name, wanted.name, *command)


def configuration(children: list[Child]) -> str:
    """Supervisord's configuration. Paths are relative to the data directory, its working directory."""
    lines = [
        "[supervisord]",
        "nodaemon = true",
        "silent = true",
        f"logfile = logs/{SUPERVISOR}.log",
        "logfile_maxbytes = 1MB",
        "logfile_backups = 2",
        f"pidfile = run/{SUPERVISOR}.pid",
        "childlogdir = logs",
        "minprocs = 1",
    ]
    for child in children:
        # Killed outright when supervisord is: nobody would restart it or stop it any more.
        command = shlex.join(launched(child.name, signal.SIGKILL, child.command)).replace("%", "%%")
        lines += [
            f"[program:{child.name}]",
            f"command = {command}",
            f"priority = {child.priority}",
            "autostart = true",
            "autorestart = true",
            "startsecs = 1",
            f"startretries = {FOR_EVER}",
            "stopsignal = TERM",
            f"stopwaitsecs = {child.patience}",
            # The parent alone is asked to stop, so that a pool can hand back its jobs; all are killed if it doesn't.
            "stopasgroup = false",
            "killasgroup = true",
            "redirect_stderr = true",
            f"stdout_logfile = logs/{child.name}.log",
            "stdout_logfile_maxbytes = 5MB",
            "stdout_logfile_backups = 3",
        ]
    # One group, because supervisord stops group after group and the children of one group together.
    together = [child.name for child in children if child.priority == APP_PRIORITY]
    lines += ["[group:app]", f"programs = {','.join(together)}", f"priority = {APP_PRIORITY}"]
    return "\n".join(lines) + "\n"


@dataclass
class Supervision:
    """supervisord and all below it, for as long as this process wants."""

    directory: DataDirectory
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    sessions: set[int] = field(default_factory=set)

    def start(self) -> None:
        """Start supervisord, which starts the rest."""
        command = launched(
            SUPERVISOR,
            signal.SIGTERM,  # when this process is killed, supervisord still ends its children in order
            (sys.executable, "-m", "supervisor.supervisord", "--configuration", CONFIGURATION),
        )
        with (self.directory.logs / "start.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=self.directory.path,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the terminal's whole process group: only this process shall hear it.
                start_new_session=True,
            )
        self.sessions.add(self.process.pid)

    def tend(self) -> bool:
        """Look after everything once; whether supervisord had died and was started again."""
        end_orphans(adopted_by=os.getpid(), sessions=self.sessions)
        if self.process is None or self.process.poll() is None:
            return False
        end_stale(self.directory, patience=0.0)
        self.start()
        return True

    def stop(self) -> None:
        """End every child: web, worker and reconciler first, then Redis; kill what takes too long."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        end_stale(self.directory, patience=0.0)
        end_orphans(adopted_by=os.getpid(), sessions=self.sessions)


def end_stale(directory: DataDirectory, *, patience: float = STALE_SECONDS) -> int:
    """End what an earlier start on this directory left running; returns how many processes that were."""
    return end(directory.path, directory.records, supervisor=SUPERVISOR, patience=patience)
