"""The one folder that ``cgn up`` writes to: made, checked, locked, and the secrets it keeps."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cgn_core.errors import SetupError
from cgn_core.settings import settings

MEGABYTE = 1024 * 1024
FOLDERS = ("logs", "run", "redis", "tmp")


@dataclass(frozen=True)
class DataDirectory:
    """A folder that exists, can be written and has room."""

    path: Path

    @classmethod
    def prepare(cls, path: Path) -> DataDirectory:
        """Make the folder, readable by its owner only, and see that it can be used.

        Raises:
            SetupError: it can't be made, can't be written, or its disk is nearly full.
        """
        path = path.expanduser().absolute()
        probe = path / f".probe-{os.getpid()}"
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe.write_bytes(bytes(4096))
            probe.unlink()
            for folder in FOLDERS:
                (path / folder).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            with contextlib.suppress(OSError):
                probe.unlink()
            raise SetupError(
                f"The data directory {path} can't be written ({(error.strerror or str(error)).lower()}); "
                "choose another with --data-dir (make up DATA_DIR=...)."
            ) from None
        free = shutil.disk_usage(path).free
        least = settings().least_free_mb * MEGABYTE
        if free < least:
            raise SetupError(
                f"The disk of the data directory {path} is full: {free // MEGABYTE} MB are free and "
                f"{least // MEGABYTE} MB are needed; make room or choose another with --data-dir."
            )
        return cls(path)

    @property
    def logs(self) -> Path:
        """Where every process' output goes."""
        return self.path / "logs"

    @property
    def records(self) -> Path:
        """Where running processes note who they are."""
        return self.path / "run"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other start away while the body runs; the kernel lets go when this process ends, however.

        Raises:
            SetupError: another start holds it; names that process.
        """
        with (self.path / "lock").open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise SetupError(
                    f"Creator Growth Navigator already runs on the data directory {self.path} "
                    f"(process {file.read().strip() or 'unknown'}); stop it or choose another with --data-dir."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def kept_secret(self, name: str, *, length: int = 48) -> str:
        """A random text that is made once and kept in a file only its owner can read.

        Args:
            name: the file's name.
            length: random bytes; the text is a third longer.
        """
        file = self.path / name
        with contextlib.suppress(FileNotFoundError):
            kept = file.read_text("ascii").strip()
            if kept:
                file.chmod(0o600)
                return kept
        made = secrets.token_urlsafe(length)
        write_private(file, made + "\n")
        return made


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first moment; whole, or not at all."""
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    partial.replace(file)


def check_port(host: str, port: int) -> None:
    """See that the web server can listen there.

    Raises:
        SetupError: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        # As the web server does: a connection that is still closing is no obstacle.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SetupError(
                    f"Port {port} on {host} is taken by another program; "
                    f"choose another with --port (make up PORT={port + 1})."
                ) from None
            raise SetupError(
                f"Port {port} on {host} can't be used ({(error.strerror or str(error)).lower()}); "
                "choose others with --port and --host."
            ) from None
