from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from real_processes import children_of, is_alive
from seed_files import DROPS, SEEDS, TODAY, delimited, own_table, sheet_of, workbook_members, zipped

from cgn_core.errors import UnreadableFile
from cgn_core.ingest.child_answers import LENGTHS, Usage, pack_drop, unpack_drop
from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.isolation import LIMITS, Limits, _converse, read_drop_apart, read_measured, warm_up
from cgn_core.ingest.nursery import current_nursery
from cgn_core.tables import Daily

PATIENT = replace(LIMITS, cpu_seconds=60.0, wall_seconds=60.0, memory_bytes=1024**3)


def same_tables(one: Daily, other: Daily) -> None:
    assert one.creator == other.creator
    assert_frame_equal(one.frame, other.frame, check_exact=True)
    assert_frame_equal(one.provenance, other.provenance, check_exact=True)


def same_drops(apart: Drop, here: Drop) -> None:
    """Equal in everything but the readings' fragments, which stay in the child."""
    for name in ("findings", "importable", "questions", "answers"):
        assert getattr(apart, name) == getattr(here, name), name
    for one, other in zip((apart, *apart.readings), (here, *here.readings), strict=True):
        for mine, theirs in zip(one.creators, other.creators, strict=True):
            same_tables(mine, theirs)
        assert list(one.competitors) == list(other.competitors)
        for name, table in one.competitors.items():
            same_tables(table, other.competitors[name])
    for reading, other_reading in zip(apart.readings, here.readings, strict=True):
        bare = {"creators": (), "competitors": {}, "fragments": ()}
        assert replace(reading, **bare) == replace(other_reading, **bare)
    for account, other_account in zip(apart.accounts, here.accounts, strict=True):
        assert (account.creator, account.sources) == (other_account.creator, other_account.sources)
        np.testing.assert_array_equal(account.days, other_account.days, strict=True)
        for kind in ("values", "codes", "places"):
            mine, theirs = getattr(account, kind), getattr(other_account, kind)
            assert list(mine) == list(theirs)
            for name, cells in mine.items():
                np.testing.assert_array_equal(cells, theirs[name], strict=True)


def slow_file() -> tuple[str, bytes]:
    """A workbook that takes a second or more."""
    header, *rows = own_table()
    return "slow.xlsx", zipped(workbook_members(sheet_of([header, *rows * 400])))


SLOW = slow_file()


def server_pid() -> int:
    warm_up()
    server = current_nursery()._server
    assert server is not None
    return server.process.pid


def one_error(drop: Drop, code: str, name: str) -> str:
    (finding,) = drop.findings
    assert (finding.severity, finding.code) == ("error", code)
    assert finding.message.startswith(f"{name}: ")
    assert finding.message.endswith(".")
    assert (drop.importable, drop.creators, drop.competitors, drop.accounts) == (False, (), {}, ())
    assert [reading.importable for reading in drop.readings] == [False] * len(drop.readings)
    return finding.message


@contextmanager
def reading_slowly(limits: Limits = PATIENT) -> Iterator[tuple[int, Callable[[], Drop]]]:
    """While a child reads; its pid, and how to wait for the answer."""
    assert read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY).importable
    server, got = server_pid(), []
    thread = threading.Thread(target=lambda: got.append(read_drop_apart([SLOW], today=TODAY, limits=limits)))
    deadline = time.monotonic() + 20
    while children_of(server):  # the child before may not be gone yet
        time.sleep(0.005)
    thread.start()
    while not (children := children_of(server)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.1)

    def wait() -> Drop:
        thread.join(60)
        assert got, "no answer came"
        return got[0]

    yield children[-1], wait
    thread.join(60)


@pytest.mark.parametrize("name", list(SEEDS))
def test_a_file_read_apart_is_the_file_read_here(name: str) -> None:
    files = [(name, SEEDS[name])]
    same_drops(read_drop_apart(files, today=TODAY), read_drop(files, today=TODAY))


@pytest.mark.parametrize("names", DROPS, ids="+".join)
def test_files_joined_apart_are_the_files_joined_here(names: tuple[str, ...]) -> None:
    files = [(name, SEEDS[name]) for name in names]
    same_drops(
        read_drop_apart(files, today=TODAY, time_zone="America/Los_Angeles"),
        read_drop(files, today=TODAY, time_zone="America/Los_Angeles"),
    )


def test_answers_reach_the_child_and_rejects_come_back() -> None:
    header, *rows = own_table()
    rows[3][1] = "many"
    rows.append(rows[-1][:1] + ["7"] * 7)
    files = [("a.csv", delimited([header, *rows]).encode())]
    asked = read_drop_apart(files, today=TODAY)
    answers = {question.key: question.choices[-1].value for question in asked.questions}
    assert answers
    apart, here = read_drop_apart(files, today=TODAY, answers=answers), read_drop(files, today=TODAY, answers=answers)
    same_drops(apart, here)
    assert apart.answers == answers
    assert any(reading.rejects for reading in apart.readings)


HALVES = "€,\ud800\n1,2".encode("utf-16", "surrogatepass")


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04", b"%PDF-1.7", b"date\n", b"[]", HALVES])
def test_what_is_no_table_is_refused_apart_as_here(data: bytes) -> None:
    files = [("\ud800../x.csv", data)]
    same_drops(read_drop_apart(files, today=TODAY), read_drop(files, today=TODAY))


def test_a_file_that_is_too_large_is_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgn_core.ingest.isolation._ask", None)
    small = replace(LIMITS, file_bytes=1024**2)
    drop = read_drop_apart([("a.csv", b"x"), ("b.csv", b"x" * (1024**2 + 1))], today=TODAY, limits=small)
    assert "at most 1 MB" in one_error(drop, "file_too_large", "b.csv")
    assert [len(reading.findings) for reading in drop.readings] == [0, 1]
    drop = read_drop_apart([("a.csv", b"x" * 600)] * 2, today=TODAY, limits=replace(LIMITS, drop_bytes=1000))
    one_error(drop, "drop_too_large", "a.csv and a.csv")
    drop = read_drop_apart([("a.csv", b"x")] * 3, today=TODAY, limits=replace(LIMITS, files=2))
    one_error(drop, "too_many_files", "a.csv, a.csv and a.csv")


def test_a_file_that_takes_too_much_of_the_processor_is_a_sentence_that_names_it() -> None:
    began = time.monotonic()
    drop = read_drop_apart(
        [("own.csv", SEEDS["own.csv"]), SLOW],
        today=TODAY,
        limits=replace(LIMITS, cpu_seconds=0.4, cpu_seconds_per_packed_mb=0),
    )
    assert "takes longer" in one_error(drop, "takes_too_long", "slow.xlsx")
    assert time.monotonic() - began < 10


def test_a_file_that_needs_too_much_memory_is_a_sentence() -> None:
    drop = read_drop_apart([SLOW], today=TODAY, limits=replace(PATIENT, memory_bytes=2 * 1024**2))
    assert "more memory" in one_error(drop, "needs_too_much_memory", "slow.xlsx")


def test_a_frozen_child_is_ended_and_a_sentence() -> None:
    with reading_slowly(replace(PATIENT, wall_seconds=1.5, cpu_seconds=0.3, cpu_seconds_per_packed_mb=0.0)) as (
        pid,
        wait,
    ):
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        one_error(wait(), "takes_too_long", "slow.xlsx")
        assert time.monotonic() - began < 5
        assert not is_alive(pid)


def test_a_killed_child_is_a_sentence_and_the_next_file_is_read() -> None:
    with reading_slowly() as (pid, wait):
        os.kill(pid, signal.SIGKILL)
        assert "break off" in one_error(wait(), "reader_died", "slow.xlsx")
    assert read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY).importable


def test_a_killed_server_is_started_anew_and_the_file_read_by_it() -> None:
    with reading_slowly() as (pid, wait):
        server = server_pid()
        os.kill(server, signal.SIGKILL)
        assert wait().readings[0].rows > 0
        assert not is_alive(pid)
        assert server_pid() != server


def test_a_frozen_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgn_core.ingest.isolation._PATIENCE", 0.5)
    server = server_pid()
    assert read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY).importable
    os.kill(server, signal.SIGSTOP)
    quick = replace(LIMITS, wall_seconds=0.5, cpu_seconds=0.1, cpu_seconds_per_mb=0)
    one_error(read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY, limits=quick), "takes_too_long", "own.csv")
    assert not is_alive(server)
    assert read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY).importable


def test_a_reader_that_raises_is_a_sentence_and_tells_nothing_of_the_file() -> None:
    drop = read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY, answers={"a": 1} | {"time": "x"}, time_zone="Nowhere/Town")  # type: ignore[dict-item]  # fmt: skip # noqa: E501 - nobody passes these
    assert drop.importable
    drop = read_drop_apart([("instagram.zip", SEEDS["instagram.zip"])], today=TODAY, time_zone="Nowhere/Town")
    one_error(drop, "reader_failed", "instagram.zip")


def test_no_place_for_another_child_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgn_core.ingest.nursery.QUEUE_SECONDS", 0.05)
    nursery = current_nursery()
    for _ in range(4):
        nursery._places.acquire()
    try:
        one_error(read_drop_apart([("own.csv", b"x")], today=TODAY), "reader_busy", "own.csv")
    finally:
        for _ in range(4):
            nursery._places.release()


class Hesitant(socket.socket):
    """A writer that is interrupted after everything it sent."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        super().sendall(data, flags)
        time.sleep(0.1)


def test_a_child_that_answers_and_goes_before_we_look_is_heard() -> None:
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with theirs:
            asked, sent = LENGTHS.unpack(theirs.recv(LENGTHS.size, socket.MSG_WAITALL))
            assert theirs.recv(asked + sent, socket.MSG_WAITALL).endswith(b"something")
            theirs.sendall(LENGTHS.pack(4, 0) + b"read")

    child = threading.Thread(target=answer)
    child.start()
    with Hesitant(fileno=ours.detach()) as slow:
        files = [("one.csv", b"something"), ("empty.csv", b"")]
        assert _converse(slow, files, b"", b"{}", LIMITS, time.monotonic() + 5) == (b"read", b"")
    child.join()


def test_sixteen_threads_read_at_once() -> None:
    names = list(SEEDS)[:8] * 4
    with ThreadPoolExecutor(16) as pool:
        drops = list(pool.map(lambda name: read_drop_apart([(name, SEEDS[name])], today=TODAY), names))
    for name, drop in zip(names, drops, strict=True):
        assert drop.readings[0].file_name == name
        assert drop.importable


def test_a_reading_tells_what_it_took() -> None:
    drop, usage = read_measured([SLOW], today=TODAY, limits=PATIENT)
    assert drop.readings[0].rows > 0
    assert usage is not None
    assert 0.1 < usage.cpu_seconds < 60
    assert 5e6 < usage.peak_bytes < 300 * 1024**2


PARENT = """
import os, sys, threading, time
from datetime import date
from cgn_core.ingest.isolation import read_drop_apart
from cgn_core.ingest.nursery import current_nursery
from pathlib import Path
own, slow = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes()
def read(): return read_drop_apart([("own.csv", own)], today=date(2026, 11, 23)).importable
def server(): return current_nursery()._server.process.pid
"""
FORKS = """
assert read()
first = server()
def in_thread(): assert read()
threads = [threading.Thread(target=in_thread) for _ in range(3)]
for thread in threads: thread.start()
children = []
for _ in range(1):
    pid = os.fork()
    if pid == 0:
        ok = read() and server() != first
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if read() else 1)
        ok = ok and os.waitpid(grandchild, 0)[1] == 0
        current_nursery().end()
        os._exit(0 if ok else 1)
    children.append(pid)
for thread in threads: thread.join()
assert [os.waitpid(pid, 0)[1] for pid in children] == [0]
assert read() and server() == first
print("all well")
"""
DIES = """
assert read()
print(server(), flush=True)
read_drop_apart([("slow.xlsx", slow)] * 1, today=date(2026, 11, 23))
"""


@pytest.fixture
def run_parent(tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    own, slow = tmp_path / "own.csv", tmp_path / "slow.xlsx"
    own.write_bytes(SEEDS["own.csv"])
    slow.write_bytes(SLOW[1])

    def run(code: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", PARENT + code, str(own), str(slow)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return run


def test_forked_processes_have_readers_of_their_own(run_parent: Callable[[str], Any]) -> None:
    with run_parent(FORKS) as process:
        assert process.communicate(timeout=60)[0] == "all well\n"
    assert process.returncode == 0


def test_everything_ends_when_the_process_that_asked_is_killed(run_parent: Callable[[str], Any]) -> None:
    with run_parent(DIES) as process:
        server = int(process.stdout.readline())
        deadline = time.monotonic() + 20
        while not (children := children_of(server)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        assert is_alive(server)
        process.kill()
        deadline = time.monotonic() + 3
        while any(map(is_alive, [server, *children])):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_process_that_reads_knows_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    current_nursery().end()
    monkeypatch.setenv("CGN_SECRET_KEY", "hidden-" * 8)
    assert read_drop_apart([("own.csv", SEEDS["own.csv"])], today=TODAY).importable
    environment = Path(f"/proc/{server_pid()}/environ").read_bytes()
    assert b"PYTHONPATH" in environment
    assert b"CGN_" not in environment


def test_an_answer_that_was_tampered_with_is_refused() -> None:
    told, tables = pack_drop(read_drop([("own.csv", SEEDS["own.csv"])], today=TODAY), Usage(0.1, 5))
    packed = b"".join(tables)
    assert unpack_drop(told, packed)[1] == Usage(0.1, 5)
    for wrong, tables_of in (
        (b"", packed),
        (b"[]", packed),
        (told[:-5], packed),
        (told.replace(b'"creators": [0]', b'"creators": [7]'), packed),
        (told.replace(b'"severity": "warning"', b'"severity": "error"'), packed),
        (told.replace(b'"importable": true', b'"importable": false'), packed),
        (told, packed[: len(packed) // 2]),
        (told, bytes(len(packed))),
    ):
        with pytest.raises(UnreadableFile):
            unpack_drop(wrong, tables_of)


@pytest.fixture(autouse=True, scope="module")
def _no_server_is_left() -> Iterator[None]:
    yield
    with suppress(OSError):
        current_nursery().end()
