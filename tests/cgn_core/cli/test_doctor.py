"""``cgn doctor`` names the cause of each thing that can be wrong with a set-up; each is wrong for real here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import redis
from real_processes import RealProcess, RedisServer
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cgn_core.db.heartbeats import beat, hold_lease
from cgn_core.db.migrate import move_database, revisions, upgrade_database
from cgn_core.db.models import Heartbeat, now
from cgn_core.db.session import make_engine, owner_url, transaction

CGN = Path(sys.executable).with_name("cgn")
STRONG = "Zk3-v9Qx_7LmT2wRb8Yp5NsGd1HfJc4U"
KINDS = {"secret", "disk", "database", "migrations", "writing", "redis", "worker", "reconciler", "clock"}


def doctor(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [CGN, "doctor", *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def problems(*arguments: str, **environment: str) -> dict[str, dict[str, Any]]:
    """What is wrong, by check."""
    code, printed = doctor("--json", *arguments, **environment)
    told = json.loads(printed)
    found = {one["check"]: one for one in told["checks"] if one["verdict"] == "problem"}
    assert (code, told["healthy"]) == ((1, False) if found else (0, True))
    assert all(one["remedy"] for one in found.values())
    return found


@pytest.fixture
def healthy(database_url: str, redis_url: str, change_settings: Callable[..., None]) -> str:
    """A set-up in which nothing is wrong; the database's address."""
    change_settings(secret_key=STRONG, redis_url=redis_url)
    with transaction() as session:
        beat(session, "worker:host-1:7")
        hold_lease(session, "host-1", lease=30)
    return database_url


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """Most of what can be wrong is wrong with several machines."""
    del request
    return database_url


def test_nothing_is_wrong(healthy: str) -> None:
    del healthy
    code, printed = doctor("--json")
    told = json.loads(printed)
    assert {one["check"] for one in told["checks"]} == KINDS
    assert {one["verdict"] for one in told["checks"]} == {"ok"}, printed
    assert code == 0
    code, printed = doctor()
    assert printed.endswith("Nothing is wrong.\n")
    assert code == 0


def test_redis_unreachable(healthy: str, tmp_path: Path) -> None:
    del healthy
    found = problems(CGN_REDIS_URL=f"unix://{tmp_path}/none.sock")
    assert found.keys() == {"redis"}
    assert found["redis"]["sentence"].startswith("Redis is unreachable at unix://")
    found = problems(CGN_REDIS_URL="redis://:hush@127.0.0.1:9/0")
    assert "Redis is unreachable at redis://<credentials>@127.0.0.1:9/0" in found["redis"]["sentence"]
    assert "hush" not in json.dumps(found)
    assert "no address of a Redis" in problems(CGN_REDIS_URL="somewhere")["redis"]["sentence"]


def test_wrong_password_of_redis(healthy: str) -> None:
    del healthy
    server = RedisServer(Path(mkdtemp(prefix="cgn-redis-")))
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "right")
        for address in (server.url, f"unix://:wrong@{server.socket}"):
            found = problems(CGN_REDIS_URL=address)
            assert "refuses the password" in found["redis"]["sentence"]
    finally:
        server.stop()


def test_redis_that_takes_nothing(healthy: str, redis_url: str) -> None:
    del healthy
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", "1")
        try:
            found = problems()
        finally:
            client.config_set("maxmemory", "0")
    assert "can't be written" in found["redis"]["sentence"]
    assert "Make room" in found["redis"]["remedy"]


def test_wrong_password_of_the_database(healthy: str) -> None:
    with login_by_password(healthy) as (right, wrong):
        assert problems(CGN_DATABASE_URL=right) == {}
        found = problems(CGN_DATABASE_URL=wrong)
    assert found.keys() == {"database"}
    assert found["database"]["sentence"].startswith("The database refuses the password")
    assert "mistaken" not in json.dumps(found)


@contextmanager
def login_by_password(address: str) -> Iterator[tuple[str, str]]:
    """Addresses with the right and a wrong password, on a server that asks for one while the body runs."""
    engine = make_engine(owner_url())
    with engine.begin() as connection:
        rules = Path(str(connection.scalar(text("SHOW hba_file"))))
        folder = str(connection.scalar(text("SHOW unix_socket_directories"))).split(",")[0]
        port = str(connection.scalar(text("SHOW port")))
        connection.execute(text("CREATE ROLE visitor LOGIN SUPERUSER PASSWORD 'right-one'"))
    before = rules.read_text()
    url = make_url(address).set(username="visitor", host=None, query={"host": folder, "port": port})
    try:
        rules.write_text("local all visitor scram-sha-256\n" + before)
        reload(engine)
        yield (
            url.set(password="right-one").render_as_string(hide_password=False),
            url.set(password="mistaken").render_as_string(hide_password=False),
        )
    finally:
        rules.write_text(before)
        reload(engine)
        with engine.begin() as connection:
            connection.execute(text("DROP ROLE visitor"))
        engine.dispose()


def reload(engine: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_reload_conf()"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://cgn:hush@127.0.0.1:9/cgn", "The database is unreachable at 127.0.0.1:9"),
        ("postgresql://cgn:hush@nowhere.invalid/cgn", "The database's host isn't known at nowhere.invalid:5432"),
        ("sqlite:////nowhere/cgn.db", "There is no database at /nowhere/cgn.db yet."),
    ],
)
def test_a_database_out_of_reach(healthy: str, address: str, sentence: str) -> None:
    del healthy
    found = problems(CGN_DATABASE_URL=address)
    assert found.keys() == {"database"}, "what hangs on it is unknown, not wrong"
    assert found["database"]["sentence"].startswith(sentence)
    assert "hush" not in json.dumps(found)


def test_a_database_that_there_is_not(healthy: str) -> None:
    address = make_url(healthy).set(database="nothere").render_as_string(hide_password=False)
    assert "knows no such user or database" in problems(CGN_DATABASE_URL=address)["database"]["sentence"]


def test_migrations_missing(healthy: str, own_database: Callable[[str], str]) -> None:
    del healthy
    address = own_database("postgresql")
    found = problems(CGN_DATABASE_URL=address)
    assert found.keys() == {"migrations"}
    assert "no tables" in found["migrations"]["sentence"]
    engine = make_engine(address)
    upgrade_database(engine)
    move_database(engine, revisions()[-2])
    assert f"has schema {revisions()[-2]} and this" in problems(CGN_DATABASE_URL=address)["migrations"]["sentence"]
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f999'"))
    engine.dispose()
    assert "which a newer version made" in problems(CGN_DATABASE_URL=address)["migrations"]["sentence"]


def test_no_worker_and_no_reconciler(healthy: str) -> None:
    del healthy
    with transaction() as session:
        session.get_one(Heartbeat, "worker:host-1:7").seen_at = now() - timedelta(minutes=2)
        session.get_one(Heartbeat, "reconciler").seen_at = now() - timedelta(minutes=2)
    found = problems()
    assert found.keys() == {"worker", "reconciler"}
    assert found["worker"]["sentence"].startswith("No worker gave a sign of life within 30 seconds")


def test_a_real_worker_is_seen(healthy: str, real_worker: RealProcess) -> None:
    del healthy
    assert f":{real_worker.pid}" in doctor()[1]


def test_a_full_disk(healthy: str, tmp_path: Path) -> None:
    del healthy
    small = tmp_path / "small"
    small.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "cgn-test", str(small)], capture_output=True, check=False
    ).returncode == 0  # fmt: skip
    try:
        # Where nobody may mount a disk of that size, the one that there is counts as full.
        least = {} if mounted else {"CGN_LEAST_FREE_MB": str(10**9)}
        found = problems(TMPDIR=str(small), **least)
        assert found.keys() == {"disk"}
        assert f"The disk of temporary files ({small}) is full: " in found["disk"]["sentence"]
        embedded = {"CGN_DATABASE_URL": "", "CGN_SECRET_KEY": "", "CGN_DATA_DIR": str(small), **least}
        assert "The disk of the data directory" in doctor(**embedded)[1]
    finally:
        if mounted:
            subprocess.run(["umount", str(small)], check=True)


def test_a_database_that_refuses_to_be_written(healthy: str) -> None:
    read_only = {"options": "-cdefault_transaction_read_only=on"}
    address = make_url(healthy).update_query_dict(read_only).render_as_string(hide_password=False)
    found = problems(CGN_DATABASE_URL=address)
    assert found.keys() == {"writing"}
    assert "can't be written (cannot execute INSERT in a read-only transaction)" in found["writing"]["sentence"]


def test_clocks_that_differ(healthy: str) -> None:
    engine = make_engine(owner_url())
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA ahead"))
        connection.execute(text("GRANT USAGE ON SCHEMA ahead TO PUBLIC"))
        connection.execute(
            text(
                "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                "$$ SELECT pg_catalog.clock_timestamp() + interval '40 seconds' $$"
            )
        )
    try:
        path = {"options": "-csearch_path=ahead,pg_catalog,public"}
        address = make_url(healthy).update_query_dict(path).render_as_string(hide_password=False)
        found = problems(CGN_DATABASE_URL=address)
        assert found.keys() == {"clock"}
        assert "The database's clock is 40 seconds ahead of this machine's" in found["clock"]["sentence"]
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA ahead CASCADE"))
        engine.dispose()
    with transaction() as session:
        session.add(Heartbeat(name="worker:host-2:9", seen_at=now() + timedelta(minutes=5)))
    assert re.search(r"The clock of host-2:9 is \d+ seconds ahead", problems()["clock"]["sentence"])


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "isn't set"),
        ("short", "has fewer than 32 characters"),
        ("a" * 40, "repeats a few characters"),
        ("change-me-" + STRONG, "is a placeholder"),
    ],
)
def test_a_weak_secret(healthy: str, key: str, why: str) -> None:
    del healthy
    found = problems(CGN_SECRET_KEY=key)
    assert found.keys() == {"secret"}
    assert f"CGN_SECRET_KEY is weak: it {why}" in found["secret"]["sentence"]
    assert "token_urlsafe" in found["secret"]["remedy"]


def test_settings_that_do_not_fit_together(healthy: str) -> None:
    del healthy
    found = problems(CGN_SMTP_HOST="mail.example", CGN_SECURE_COOKIES="false")
    assert found.keys() == {"mail", "cookies"}


def test_a_setting_that_is_none_is_named_without_its_value() -> None:
    code, printed = doctor(CGN_JOB_LEASE="private words")
    assert code == 1
    assert printed.startswith("CGN_JOB_LEASE has a value that it can't have: ")
    assert "private words" not in printed


def test_an_embedded_product_that_is_not_running(tmp_path: Path) -> None:
    found = problems("--data-dir", str(tmp_path / "data"), CGN_DATABASE_URL="", CGN_REDIS_URL="", CGN_SECRET_KEY="")
    assert found.keys() == {"database", "redis"}
    assert "`cgn up` isn't running on this data directory" in found["redis"]["sentence"]
