from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from cgn_core.cli.data_directory import DataDirectory
from cgn_core.cli.embedded_redis import EmbeddedRedis, embed_redis, redis_binary
from cgn_core.errors import SetupError


@contextlib.contextmanager
def running(embedded: EmbeddedRedis, directory: DataDirectory) -> Iterator[Redis]:
    server = subprocess.Popen(embedded.command, cwd=directory.path, stdout=subprocess.DEVNULL)
    try:
        with Redis.from_url(embedded.url) as client:
            give_up = time.monotonic() + 10
            while True:
                try:
                    client.ping()
                    break
                except RedisError:
                    assert time.monotonic() < give_up
                    time.sleep(0.05)
            yield client
    finally:
        server.terminate()
        server.wait(timeout=10)


def test_it_answers_on_a_private_socket_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    directory = DataDirectory.prepare(tmp_path / "data")
    embedded = embed_redis(directory)
    assert embedded.url == f"unix://{directory.path}/redis.sock"
    with running(embedded, directory) as client:
        client.set("kept", "yes")
        assert client.config_get("port") == {"port": "0"}
    with running(embed_redis(directory), directory) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.parametrize("name", ["d" * 100, "two words; 100 % #1 für"])
def test_where_no_socket_can_be_it_listens_on_loopback_behind_a_password(tmp_path: Path, name: str) -> None:
    directory = DataDirectory.prepare(tmp_path / name)
    embedded = embed_redis(directory)
    assert "@127.0.0.1:" in embedded.url
    with running(embedded, directory) as client:
        address = client.connection_pool.connection_kwargs
        with Redis(host="127.0.0.1", port=address["port"]) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    assert (directory.path / "redis/redis.conf").stat().st_mode & 0o777 == 0o600


def test_an_installed_server_comes_before_the_shipped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {"redis-server": "/opt/redis-server"}.get)
    assert redis_binary() == "/opt/redis-server"


def test_without_any_server_one_sentence_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SetupError, match=r"^No Redis server was found; install one .* CGN_REDIS_URL\.$"):
        redis_binary()
