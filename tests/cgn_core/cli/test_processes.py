from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cgn_core.cli.processes import Identity, die_with_parent, end, recorded, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux' kernel")

LAUNCH = (sys.executable, "-m", "cgn_core.cli.launch")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody here may end."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def wait_until_recorded(records: Path, name: str) -> Identity:
    give_up = time.monotonic() + 10
    while name not in recorded(records):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return recorded(records)[name]


def test_a_launched_command_is_recorded_under_its_own_pid_and_start(tmp_path: Path, records: Path) -> None:
    with subprocess.Popen([*LAUNCH, "child", "SIGKILL", "sleep", "60"], cwd=tmp_path) as process:
        identity = wait_until_recorded(records, "child")
        assert identity == Identity(process.pid, started(process.pid) or "none")
        assert identity.alive()
        process.kill()
        process.wait()
        assert not identity.alive()


def test_a_launched_command_ends_when_its_parent_is_killed(tmp_path: Path, records: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'cgn_core.cli.launch', *sys.argv[1:]])"
    parent = subprocess.Popen([sys.executable, "-c", code, "child", "SIGKILL", "sleep", "60"], cwd=tmp_path)
    child = wait_until_recorded(records, "child")
    time.sleep(0.2)  # between its record and its request to the kernel
    parent.kill()
    parent.wait()
    give_up = time.monotonic() + 5
    while child.alive():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_stale_processes_are_asked_then_killed(tmp_path: Path, records: Path) -> None:
    stubborn = (sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    process = subprocess.Popen([*LAUNCH, "child", "SIGKILL", *stubborn], cwd=tmp_path)
    wait_until_recorded(records, "child")
    time.sleep(0.3)
    assert end(tmp_path, records, supervisor="supervisord", patience=0.3) == 1
    assert process.wait(timeout=5) == -signal.SIGKILL
    assert recorded(records) == {}


def test_a_recycled_pid_is_left_alone(tmp_path: Path, records: Path, stranger: subprocess.Popen[bytes]) -> None:
    (records / "web.json").write_text(json.dumps({"pid": stranger.pid, "started": "before the last boot"}))
    assert end(tmp_path, records, supervisor="supervisord", patience=0.0) == 0
    assert stranger.poll() is None


def test_a_session_that_works_elsewhere_is_left_alone(tmp_path: Path, records: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd="/", start_new_session=True) as stranger:
        (records / "supervisord.json").write_text(json.dumps({"pid": stranger.pid, "started": "another time"}))
        assert end(tmp_path, records, supervisor="supervisord", patience=0.0) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_what_a_dead_master_left_in_the_session_is_ended(tmp_path: Path, records: Path) -> None:
    code = "import subprocess as s; print(s.Popen(['sleep', '60'], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    master = subprocess.run(
        [*LAUNCH, "supervisord", "SIGTERM", sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )
    pool_child = int(master.stdout)
    assert started(pool_child) is not None
    assert end(tmp_path, records, supervisor="supervisord", patience=0.0) == 1
    assert started(pool_child) is None


@pytest.mark.parametrize("text", ["", "[]", '{"pid": "x", "started": ""}', "{}"])
def test_a_broken_record_is_nobody(records: Path, text: str) -> None:
    (records / "web.json").write_text(text)
    assert recorded(records) == {}


def test_nothing_is_asked_of_the_kernel_for_a_parent_that_lives() -> None:
    child = os.fork()
    if child == 0:
        die_with_parent(signal.SIGKILL)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
