"""Sessions. One rule on SQLite: every transaction takes the write lock at once, except those opened to read only.

A deferred transaction that reads and then writes fails with "database is locked" as soon as somebody else has written
meanwhile, whatever the timeout. ``BEGIN IMMEDIATE`` waits its turn instead. A read-only transaction takes no lock, sees
one moment of the database, and is refused when it tries to write, on SQLite and on PostgreSQL alike.

One rule on PostgreSQL: every transaction says first on whose behalf it runs, and sees no row without.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from cgn_core.db.scope import current_scope
from cgn_core.errors import NotFound
from cgn_core.settings import settings

SQLITE_BUSY_SECONDS = 15.0
POSTGRESQL_CONNECT_SECONDS = 5
# A machine that is cut off says no goodbye. The other end would wait for it for hours, and what it had locked with it.
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 5, 3, 3
"""Seconds of silence before either end asks whether the other is there, between questions, and how many of them."""
SILENT_SECONDS = KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_COUNT
READ_ONLY = "cgn_read_only"
_KEPT = "cgn_kept"

# A cached factory alone lets threads that come first together make an engine each.
_making = threading.Lock()

Row = TypeVar("Row")
Answer = TypeVar("Answer")


def database_url() -> str:
    """The configured address with its driver named, or the SQLite file in the data directory."""
    return _with_driver(settings().database_url) or f"sqlite:///{settings().data_dir / 'cgn.db'}"


def _with_driver(configured: str) -> str:
    if not configured:
        return ""
    url = make_url(configured)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def owner_url() -> str:
    """The address of whoever owns the tables: for migrations and backups, and for nothing else."""
    return _with_driver(settings().database_owner_url) or database_url()


def application_url() -> str:
    """The address of the role that the owner lets in; "" where the owner itself is the application."""
    return database_url() if settings().database_owner_url else ""


def make_engine(url: str) -> Engine:
    """An engine for ``url`` that keeps this module's rule."""
    if make_url(url).get_backend_name() != "sqlite":
        served = create_engine(
            url,
            hide_parameters=True,  # an error's text goes to the log, and parameters are people's names and addresses
            pool_size=5,
            max_overflow=15,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
                "keepalives_idle": KEEPALIVE_IDLE,
                "keepalives_interval": KEEPALIVE_INTERVAL,
                "keepalives_count": KEEPALIVE_COUNT,
                "tcp_user_timeout": SILENT_SECONDS * 1000,
            },
        )
        event.listen(served, "connect", _prepare_postgresql_connection)
        event.listen(served, "begin", _begin_postgresql_transaction)
        return served
    made = create_engine(
        url, hide_parameters=True, pool_size=5, max_overflow=15, connect_args={"timeout": SQLITE_BUSY_SECONDS}
    )
    event.listen(made, "connect", _prepare_sqlite_connection)
    event.listen(made, "begin", _begin_sqlite_transaction)
    return made


def _prepare_postgresql_connection(connection: Any, record: object) -> None:
    """Have the server ask too whether we are there: its locks are what others wait for."""
    del record
    # As a statement, not as options of the connection, which poolers refuse, and outside of a transaction, to last.
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('tcp_keepalives_idle', %s, false), set_config('tcp_keepalives_interval', %s, false),"
        " set_config('tcp_keepalives_count', %s, false), set_config('tcp_user_timeout', %s, false)",
        (str(KEEPALIVE_IDLE), str(KEEPALIVE_INTERVAL), str(KEEPALIVE_COUNT), f"{SILENT_SECONDS}s"),
    )
    connection.autocommit = False


def _prepare_sqlite_connection(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # A killed process loses nothing; only a power cut may lose the last commits, never the file.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get(READ_ONLY))
    if connection.info.get(READ_ONLY) != read_only:  # as it was left by whoever had this connection before
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        connection.info[READ_ONLY] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_postgresql_transaction(connection: Connection) -> None:
    scope = current_scope()
    said = (str(scope), "") if isinstance(scope, UUID) else ("", scope or "")
    # For this transaction only: the next one on this connection begins as nobody's.
    connection.exec_driver_sql("SELECT set_config('cgn.agency', %s, true), set_config('cgn.crossing', %s, true)", said)


def engine() -> Engine:
    """The engine of this process, made at first use."""
    return _made().writing


def reading_engine() -> Engine:
    """The same engine and pool, for transactions that only read."""
    return _made().reading


def session_factory() -> sessionmaker[Session]:
    """Makes sessions that may write."""
    return _made().sessions


class _Made(NamedTuple):
    writing: Engine
    reading: Engine
    sessions: sessionmaker[Session]


def _made() -> _Made:
    with _making:
        return _make()


@cache
def _make() -> _Made:
    writing = make_engine(database_url())
    reading = writing.execution_options(**{READ_ONLY: True, "postgresql_readonly": True})
    return _Made(writing, reading, sessionmaker(writing))


def forget_engine(*, forked: bool = False) -> None:
    """Drop the engine so that the next use makes one anew.

    Args:
        forked: this is a child that inherited its parent's connections: leave them to the parent, don't close them.
    """
    with _making:
        if _make.cache_info().currsize:
            _make().writing.dispose(close=not forked)
        _make.cache_clear()


def open_session(*, read_only: bool = False) -> Session:
    """A session the caller commits, rolls back and closes; ``read_only`` takes no write lock and refuses writes."""
    return session_factory()(bind=reading_engine(), info={_KEPT: {}}) if read_only else session_factory()()


def kept(session: Session, question: Hashable, answer: Callable[[], Answer]) -> Answer:
    """What ``answer`` returns, asked once in a read-only session: the parts of a page ask the same of one moment.

    Args:
        session: where it writes, ``answer`` is called each time: what it says may have changed.
        question: what is asked, with whoever asks, so that nobody gets another's answer.
        answer: asks the database. What it raises is not kept.
    """
    answers: dict[Hashable, Any] | None = session.info.get(_KEPT)
    if answers is None:
        return answer()
    if question not in answers:
        answers[question] = answer()
    found: Answer = answers[question]
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction that may write: committed at the end, rolled back when anything is raised."""
    with open_session() as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """One read-only transaction."""
    with open_session(read_only=True) as session, session.begin():
        yield session


def one_or_not_found(session: Session, select: Select[Row], identifier: UUID | str) -> Row:
    """The one row that ``select`` lets the actor see under this id; asked once in a read-only session.

    Args:
        session: the session to read with.
        select: a ``readable_*`` or ``editable_*`` select of one model.
        identifier: from a URL, a State or a message, so anything; what isn't a UUID isn't there.

    Raises:
        NotFound: there is none, or it isn't the actor's; alike on purpose.
    """
    model: Any = select.column_descriptions[0]["entity"]
    try:
        wanted = identifier if isinstance(identifier, UUID) else UUID(str(identifier))
    except ValueError:
        raise NotFound from None

    def found() -> Row:
        row = session.scalars(select.where(model.id == wanted)).one_or_none()
        if row is None:
            raise NotFound
        return row

    # The same select, not one like it: that is what says who asks.
    return kept(session, (select, wanted), found)
