"""``cgn up --demo`` as a story: it starts, works, survives, stops, and starts again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from whole_product import Product

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("stack"),  # they share one running product
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through Linux' /proc"),
]

TRAINED_SECONDS = 400
BACK_SECONDS = 30
"""Ten on a machine with room; a busy one starts processes later."""
SERVES_SECONDS = 60
"""A process that is back imports for some seconds before it serves; how many depends on what else the machine does."""
STOP_SECONDS = 25
"""Ten are promised; likewise."""


def wait_for(condition: Callable[[], bool], *, seconds: float, what: Callable[[], object]) -> float:
    """Wait until a condition holds; how many seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds:.0f} s: {what()}")
        time.sleep(0.1)
    return time.monotonic() - began


def demo_is_trained(product: Product) -> bool:
    return product.jobs() == {("generate", "done"): 3, ("retrain", "done"): 3}


def wait_until_trained(product: Product) -> None:
    wait_for(lambda: demo_is_trained(product), seconds=TRAINED_SECONDS, what=lambda: (product.jobs(), product.logs()))


def test_it_prints_where_to_open_it_and_a_sign_in_that_works(product: Product) -> None:
    assert f"Open http://127.0.0.1:{product.port}" in product.printed
    assert product.visitor.check_assets(product.visitor.sign_in(*product.sign_in_words())) > 0


def test_three_demo_creators_get_their_models_from_queued_jobs(product: Product) -> None:
    wait_until_trained(product)
    trained = product.rows(
        "SELECT w.handle, count(*) FROM model_versions m JOIN workspaces w ON w.id = m.workspace_id GROUP BY w.handle"
    )
    assert len(trained) == 3
    assert {count for _, count in trained} == {1}


@pytest.mark.parametrize("name", ["redis", "worker", "reconciler", "web", "supervisord"])
def test_a_killed_child_is_back_by_itself(product: Product, name: str) -> None:
    killed = product.pid(name)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    def is_back() -> bool:
        now = product.pid(name)
        return now not in {None, killed} and now in product.processes()

    wait_for(is_back, seconds=BACK_SECONDS, what=product.logs)
    product.visitor.wait_until_ready(SERVES_SECONDS)
    if name in {"worker", "supervisord"}:
        beats = "SELECT name FROM heartbeats"
        wait_for(
            lambda: any(str(beat).endswith(f":{product.pid('worker')}") for (beat,) in product.rows(beats)),
            seconds=SERVES_SECONDS,
            what=lambda: (product.rows(beats), product.logs()),
        )


def test_a_killed_masters_own_children_do_not_stay_behind(product: Product) -> None:
    before = set(product.processes())
    for name in ("web", "worker"):
        master = product.pid(name)
        assert master is not None
        os.kill(master, signal.SIGKILL)
    wait_for(lambda: not before & set(pool_of(product)), seconds=BACK_SECONDS, what=product.processes)
    product.visitor.wait_until_ready(SERVES_SECONDS)


def pool_of(product: Product) -> list[int]:
    """Processes of the web server and the worker, masters and children."""
    return [pid for pid, command in product.processes().items() if "gunicorn" in command or "-m worker " in command]


def test_nothing_is_written_outside_the_data_directory(product: Product) -> None:
    product.visitor.sign_in(*product.sign_in_words())
    assert sorted(str(path) for path in (product.home / "elsewhere").rglob("*")) == []


def test_what_it_stores_is_readable_by_its_owner_only(product: Product) -> None:
    assert product.data.stat().st_mode & 0o077 == 0
    for name in ("secret-key", "demo-password", "redis/redis.conf"):
        assert (product.data / name).stat().st_mode & 0o777 == 0o600


def test_a_second_start_on_the_same_directory_is_refused_in_one_sentence(product: Product) -> None:
    assert product.process is not None
    second = subprocess.run(product.command(), env=product.environment(), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert f"(process {product.process.pid})" in second.stderr
    assert product.visitor.get("/readyz")[0] == 200


def test_a_taken_port_is_one_sentence(product: Product, tmp_path: Path) -> None:
    command = [part.replace(str(product.data), str(tmp_path / "other")) for part in product.command()]
    second = subprocess.run(command, env=product.environment(), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"Port {product.port} on 127.0.0.1 is taken" in second.stderr


def test_sigterm_ends_everything_and_the_next_start_finds_all_as_it_was(product: Product) -> None:
    wait_until_trained(product)
    shown, before = product.sign_in_words(), product.stored()

    assert product.stop() < STOP_SECONDS
    assert product.processes() == {}

    product.start()
    assert product.sign_in_words() == shown
    product.visitor.sign_in(*shown)
    assert product.stored() == before


def test_the_next_start_ends_what_a_killed_parent_left_behind(product: Product) -> None:
    assert product.process is not None
    left = set(product.processes())
    product.process.kill()
    product.process.communicate()
    product.process = None
    product.start()
    assert not left & set(product.processes())
    product.visitor.wait_until_ready(SERVES_SECONDS)


def test_it_starts_again_after_the_whole_group_was_killed(product: Product) -> None:
    assert product.process is not None
    for pid in [product.process.pid, *product.processes()]:
        os.kill(pid, signal.SIGKILL)
    product.process.communicate()
    product.process = None
    product.start()
    product.visitor.sign_in(*product.sign_in_words())


def test_ctrl_c_during_the_start_is_as_clean(tmp_path: Path) -> None:
    early = Product(tmp_path)
    process = early.begin()
    wait_for(lambda: early.pid("supervisord") is not None, seconds=60, what=early.logs)
    assert early.stop(signal.SIGINT) < STOP_SECONDS
    assert process.returncode == 0
    assert early.processes() == {}


def test_backup_wipe_and_restore_bring_everything_back(product: Product, tmp_path: Path) -> None:
    wait_until_trained(product)
    file, environment = tmp_path / "kept.zip", product.environment() | {"CGN_DATA_DIR": str(product.data)}

    def cgn(*arguments: str) -> None:
        command = [sys.executable, "-m", "cgn_core.cli.main", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def seen() -> tuple[str, ...]:
        visitor = product.visitor
        visitor.sign_in(*product.sign_in_words())
        handles = product.rows("SELECT id FROM workspaces ORDER BY id")
        paths = [
            "/portfolio.csv",
            *(f"/workspaces/{uuid.UUID(str(one))}/exports/forecasts.csv" for (one,) in handles),
        ]
        return tuple(visitor.get(path)[1] for path in paths)

    ledger = "SELECT * FROM ledger ORDER BY workspace_id, number"
    before = seen(), product.stored(), product.rows(ledger)
    assert before[2]
    cgn("backup", "create", str(file))  # while it runs
    product.stop()
    shutil.rmtree(product.data)
    cgn("backup", "restore", str(file))
    cgn("db", "verify-audit")
    product.start()
    assert (seen(), product.stored(), product.rows(ledger)) == before
