"""The portal under the real gunicorn: its processes count together, and a reload loses no request."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from portal_visitor import Visitor
from real_processes import RealProcess, children_of, is_alive
from whole_product import free_port

SAMPLE = 'cgn_request_seconds_count{method="GET",route="/sign-in",status="200"}'


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """What several processes share."""
    del request
    return database_url


@pytest.fixture
def web(
    start_process: Callable[..., RealProcess], wait_until: Callable[..., None], tmp_path: Path
) -> tuple[RealProcess, Visitor]:
    """Two processes of the portal under one gunicorn."""
    port = free_port()
    (tmp_path / "temporary").mkdir()
    process = start_process(
        "gunicorn", "--config", "python:webapp.serving", "--bind", f"127.0.0.1:{port}", "--keep-alive", "60",
        "webapp.wsgi:server",
        CGN_SECRET_KEY="f3Lk9-wq7Zr_Xv2Pn8Tb4Ym6Hc1Jd5Gs0", CGN_SECURE_COOKIES="false", CGN_WEB_PROCESSES="2",
        TMPDIR=str(tmp_path / "temporary"),
    )  # fmt: skip
    visitor = Visitor(f"http://127.0.0.1:{port}")
    wait_until(lambda: answers(visitor) or process.process.poll() is not None, seconds=90, what="it serves")
    assert process.process.poll() is None, process.log
    wait_until(lambda: len(children_of(process.pid)) == 2, seconds=60, what="both processes are there")
    return process, visitor


def answers(visitor: Visitor) -> bool:
    try:
        return visitor.get("/healthz")[0] == 200
    except OSError:
        return False


def counted(visitor: Visitor) -> int:
    status, text = visitor.get("/metrics")
    assert status == 200
    found = re.search(rf"^{re.escape(SAMPLE)} (\S+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


def test_two_processes_count_together_and_a_reload_forgets_nothing(
    web: tuple[RealProcess, Visitor], wait_until: Callable[..., None], tmp_path: Path
) -> None:
    process, visitor = web
    for _ in range(20):
        assert visitor.get("/sign-in")[0] == 200
    assert [counted(visitor) for _ in range(4)] == [20] * 4  # whichever of the two answers

    before = children_of(process.pid)
    process.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not any(is_alive(pid) for pid in before), seconds=60, what="the old processes have gone")
    visitor.get("/sign-in")
    assert counted(visitor) == 21

    lines = [json.loads(line) for line in process.log.splitlines()]
    assert {line["process"] for line in lines} == {"web"}
    assert any(line["logger"] == "gunicorn.error" and "Listening at" in line["event"] for line in lines)
    assert sum(line["event"] == "answered" for line in lines) == 21

    assert process.stop(seconds=30) < 30
    assert list((tmp_path / "temporary").glob("cgn-metrics-*")) == []


def sockets_of(pid: int) -> int:
    """How many a process has open."""
    opened = (each for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink())
    return sum(str(each.readlink()).startswith("socket:") for each in opened)


def test_connections_that_stay_open_are_shared_out_evenly(
    web: tuple[RealProcess, Visitor], wait_until: Callable[..., None]
) -> None:
    process, visitor = web
    one, other = children_of(process.pid)
    before = {pid: sockets_of(pid) for pid in (one, other)}
    with ExitStack() as stack:

        def open_another() -> None:
            connection = HTTPConnection(visitor.address.removeprefix("http://"), timeout=60)
            stack.enter_context(closing(connection))
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()

        def held() -> list[int]:
            return [sockets_of(pid) - before[pid] for pid in (one, other)]

        # Until the second serves too, the first takes them all.
        wait_until(lambda: open_another() or min(held()) > 0, seconds=60, what="both take connections")
        went_to_fewest = 0
        for _ in range(20):
            counts = held()
            open_another()
            went_to_fewest += held()[counts.index(min(counts))] > min(counts) or counts[0] == counts[1]
        # On a busy machine one may wait too long for its process, and go to the other.
        assert went_to_fewest >= 18, held()

        # One that was killed has none, and nothing is left to it any more.
        os.kill(one, signal.SIGKILL)
        wait_until(lambda: not is_alive(one), seconds=30, what="it is gone")
        open_another()
        wait_until(lambda: len(children_of(process.pid)) == 2, seconds=60, what="another has come")


def test_a_server_that_was_killed_leaves_no_folder_behind_for_long(tmp_path: Path) -> None:
    from webapp.serving import sweep

    ended = os.fork()
    if ended == 0:
        os._exit(0)
    os.waitpid(ended, 0)
    for name in (f"cgn-metrics-{ended}-a", f"cgn-metrics-{os.getpid()}-b", "cgn-metrics-x-c", "other"):
        (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        [f"cgn-metrics-{os.getpid()}-b", "cgn-metrics-x-c", "other"]
    )
