"""Web and workers are replaced one after the other while somebody submits: no request is refused and no job lost.

For the long run: ``ROLLS=20 pytest tests/chaos/test_rolling_restart.py -s``.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from portal_visitor import Visitor
from real_processes import RealProcess, children_of, is_alive
from sqlalchemy import select
from whole_product import free_port

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.services.accounts import create_agency_with_owner
from cgn_core.services.data_versions import store_version
from datagen import generate_many
from webapp.pages import portfolio

ROLLS = int(os.environ.get("ROLLS", "1"))
EMAIL, PASSWORD = "owner@agency.example", "a long enough pass phrase"
SUBMITTED_MEANWHILE = 3
UPDATE = "/_dash-update-component"
UNDER_WAY = 0.5
"""Seconds until processes that answer have taken what was begun; what they haven't, others take."""

pytestmark = pytest.mark.timeout(300 + 120 * ROLLS)


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """What several processes share."""
    del request
    return database_url


@pytest.fixture
def creator(database_url: str) -> None:
    """An agency with an owner who signs in, and a creator whose numbers can be exported."""
    del database_url
    with transaction() as session:
        owner: Actor = create_agency_with_owner(
            session, agency="Northlight", email=EMAIL, name="Mira", password=PASSWORD
        ).actor
        workspace = Workspace(agency_id=owner.agency_id, handle="lena.moves")
        session.add(workspace)
        session.flush()
        (made,) = generate_many(creators=1, days=84, seed=1, end=date(2026, 6, 28))
        store_version(
            session, workspace, made.daily, file_name="x.csv", file_hash="0", report={}, created_by=owner.user_id
        )


class Submitter(threading.Thread):
    """Presses a button again and again, each time under a key of its own, and notes what was answered."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(daemon=True)
        self.visitor = visitor
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self._stop_asked = threading.Event()
        status, told = visitor.get("/_dash-dependencies")
        assert status == 200
        self._callback = next(
            one for one in json.loads(told)
            if one["inputs"] and one["inputs"][0]["id"] == f"{portfolio.Ids.EXPORT}-pressed"
        )  # fmt: skip

    def run(self) -> None:
        for number in count():
            if self._stop_asked.is_set():
                return
            key = f"press-{number}-{uuid4().hex[:8]}"
            self._note(key, partial(self.visitor.post, UPDATE, self._body(key)))
            time.sleep(0.1)

    def begin_some(self) -> Callable[[], None]:
        """Begin submissions that are under way until what is returned is called: enough for every web process."""
        begun = {key: self.visitor.begin_to_post(UPDATE, self._body(key)) for key in (uuid4().hex for _ in range(8))}
        time.sleep(UNDER_WAY)

        def finish() -> None:
            for key, rest in begun.items():
                self._note(key, rest)

        return finish

    def _note(self, key: str, ask: Callable[[], tuple[int, str]]) -> None:
        try:
            status, body = ask()
        except (OSError, HTTPException) as error:
            self.refused.append(f"{key}: {error!r}")
            return
        if status == 200 and "is queued" in body:
            self.accepted.append(key)
        else:
            self.refused.append(f"{key}: {status} {body[:300]}")

    def end(self) -> None:
        self._stop_asked.set()
        self.join(90)
        assert not self.is_alive()

    def _body(self, key: str) -> dict[str, Any]:
        pressed, kept = self._callback["inputs"][0], self._callback["state"][0]
        outputs = [
            {"id": name.rpartition(".")[0], "property": name.rpartition(".")[2]}
            for name in self._callback["output"].strip(".").split("...")
        ]
        return {
            "output": self._callback["output"],
            "outputs": outputs,
            "inputs": [{**pressed, "value": {"of": "", "number": 1}}],
            "state": [{**kept, "value": key}],
            "changedPropIds": [f"{pressed['id']}.{pressed['property']}"],
        }


def test_a_rolling_restart_loses_no_request_and_no_job(
    creator: None,
    start_process: Callable[..., RealProcess],
    start_worker: Callable[..., RealProcess],
    real_reconciler: RealProcess,
    wait_until: Callable[..., None],
    tmp_path: Path,
) -> None:
    del creator
    port, pid_file, beside = free_port(), tmp_path / "web.pid", tmp_path / "web.pid.2"
    web = start_process(
        "gunicorn", "--config", "python:webapp.serving", "--bind", f"127.0.0.1:{port}", "--pid", str(pid_file),
        "webapp.wsgi:server", PYTHONSAFEPATH="1", TMPDIR=str(tmp_path),
        CGN_SECRET_KEY="f3Lk9-wq7Zr_Xv2Pn8Tb4Ym6Hc1Jd5Gs0Q", CGN_SECURE_COOKIES="false",
        CGN_WEB_PROCESSES="2", CGN_WEB_GRACE="60", CGN_JOB_LIMIT_PER_AGENCY="100000",
    )  # fmt: skip
    workers = [start_worker("--concurrency", "1") for _ in range(2)]
    visitor = Visitor(f"http://127.0.0.1:{port}")
    visitor.wait_until_ready(120)
    visitor.sign_in(EMAIL, PASSWORD)
    submitter = Submitter(visitor)
    submitter.start()

    def some_more(what: str) -> None:
        target = len(submitter.accepted) + SUBMITTED_MEANWHILE
        wait_until(lambda: len(submitter.accepted) >= target or submitter.refused, seconds=90, what=what)
        assert submitter.refused == []

    def gone(pids: list[int]) -> Callable[[], bool]:
        return lambda: not any(is_alive(pid) for pid in pids)

    some_more("it goes well")
    for _ in range(ROLLS):
        # New processes under the same server.
        before, finish = children_of(int(pid_file.read_text())), submitter.begin_some()
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
        time.sleep(UNDER_WAY)
        finish()
        wait_until(gone(before), seconds=90, what="the old processes have gone")
        some_more("the new processes answer")

        # A new server in place of the old one, on the same socket.
        old = int(pid_file.read_text())
        os.kill(old, signal.SIGUSR2)
        wait_until(lambda: len(children_of(pid_in(beside))) == 2, seconds=90, what="the new server has begun")
        some_more("both serve")
        finish = submitter.begin_some()
        os.kill(old, signal.SIGTERM)
        time.sleep(UNDER_WAY)
        finish()
        wait_until(lambda process=web, pid=old: ended(process, pid), seconds=90, what="the old server has gone")
        wait_until(lambda pid=old: pid_in(pid_file) not in {0, pid}, seconds=30, what="the new one is the server")
        some_more("the new server answers alone")

        for place, leaving in enumerate(workers):
            leaving.stop(seconds=60)
            some_more("one worker does it meanwhile")
            workers[place] = start_worker("--concurrency", "1")
        second = start_process("worker.reconciler")
        wait_until(lambda one=second: " started" in one.log, seconds=90, what="another reconciler stands by")
        real_reconciler.stop(seconds=60)
        real_reconciler = second
        some_more("the other reconciler acts")
    submitter.end()

    assert submitter.refused == []
    keys = {f"export:{key}" for key in submitter.accepted}
    assert len(keys) == len(submitter.accepted)

    def all_done() -> bool:
        with reading() as session:
            states = session.scalars(select(Job.state).where(Job.idempotency_key.in_(keys)))
            return Counter(states) == {JobState.DONE: len(keys)}

    wait_until(all_done, seconds=120, what="every job that was accepted is done")
    with reading() as session:
        rows = session.execute(select(Job.idempotency_key, Job.attempts, Job.result)).all()
    assert sorted(row.idempotency_key for row in rows) == sorted(keys), "one job for each, and none besides"
    assert {row.attempts for row in rows} == {1}, "what a leaving worker gave back doesn't count"
    assert all(row.result.get("file") for row in rows)


def pid_in(file: Path) -> int:
    """The server that a file names; 0 while it is being written."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def ended(first: RealProcess, pid: int) -> bool:
    """Whether a server has ended; the test is the parent of the first alone."""
    return first.process.poll() is not None if first.pid == pid else not is_alive(pid)
