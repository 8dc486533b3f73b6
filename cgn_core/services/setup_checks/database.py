"""The checks of the database, and of what only it knows: workers, the reconciler, the machines' clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from cgn_core.db.heartbeats import RECONCILER, WORKER_PREFIX, living_workers
from cgn_core.db.migrate import revision_of, revisions
from cgn_core.db.models import Heartbeat, now
from cgn_core.db.session import database_url, make_engine
from cgn_core.services.health import WORKER_SILENCE
from cgn_core.services.setup_checks.findings import CLOCK_TOLERANCE, Finding, ok, problem, skewed, unknown

RECONCILER_SILENCE = 30.0
CAUSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("password authentication failed", "no password supplied", "scram"),
        "The database refuses the password",
        "Correct the password in CGN_DATABASE_URL; a % in it is written %25, an @ is %40, a / is %2F.",
    ),
    (
        ("does not exist",),
        "The database's server knows no such user or database",
        "Create it, or correct the name in CGN_DATABASE_URL.",
    ),
    (
        ("could not translate", "resolve", "name or service", "nodename"),
        "The database's host isn't known",
        "Correct the host in CGN_DATABASE_URL, or the network's name service.",
    ),
    (
        ("no pg_hba.conf entry",),
        "The database's server lets nobody in from here",
        "Allow this host in its pg_hba.conf.",
    ),
    (
        ("refused", "timeout", "timed out", "no such file", "unreachable", "connection failed"),
        "The database is unreachable",
        "Start it, and see that host, port and firewall let this machine in (CGN_DATABASE_URL).",
    ),
    (
        ("not a database", "malformed"),
        "The file isn't a SQLite database, or it is broken",
        "Restore a backup: `cgn backup restore`.",
    ),
    (
        ("unable to open", "readonly", "permission"),
        "The file can't be opened",
        "Give the user that runs the product the right to read and write it and its folder.",
    ),
)
"""What the drivers say, in lower case; what that means; what to do. The first that fits."""


class Database:
    """The checks of the database; once one of them can't reach it, the others say so."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._is_reachable = False
        self._is_current = False

    def close(self) -> None:
        """Close its connections."""
        if self._engine is not None:
            self._engine.dispose()

    def reachable(self) -> Finding:
        """Whether it answers; if not, why."""
        url = make_url(database_url())
        where = f"{url.host or 'the local socket'}:{url.port or 5432}"
        if url.get_backend_name() == "sqlite":
            where = url.database or ""
            if not Path(where).is_file():
                return problem(
                    "database",
                    f"There is no database at {where} yet.",
                    "Start `cgn up`, or run `cgn db upgrade`; or name the right folder in CGN_DATA_DIR.",
                )
        try:
            self._engine = make_engine(database_url())
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            cause, remedy = why_no_database(str(getattr(error, "orig", None) or error), where)
            return problem("database", cause, remedy)
        self._is_reachable = True
        return ok("database", f"The database at {where} answers.")

    def schema(self) -> Finding:
        """Whether the migrations have run."""
        if self._engine is None or not self._is_reachable:
            return unknown("migrations", "the database doesn't answer")
        wanted = revisions()[-1]
        with self._engine.connect() as connection:
            found = revision_of(connection)
        if found == wanted:
            self._is_current = True
            return ok("migrations", f"The database has the newest schema, {wanted}.")
        if found is not None and found not in revisions():
            return problem(
                "migrations",
                f"The database has schema {found}, which a newer version made; this one wants {wanted}.",
                "Install the newer version, or go back with it: `cgn db downgrade`.",
            )
        return problem(
            "migrations",
            f"Migrations are missing: the database has {f'schema {found}' if found else 'no tables'} and this version "
            f"wants {wanted}.",
            "Run `cgn db upgrade` (after `cgn backup create`); `cgn up` and the service `migrate` do it by themselves.",
        )

    def writable(self) -> Finding:
        """Whether a row can be written; it is rolled back."""
        if self._engine is None or not self._is_current:
            return unknown("writing", "the database isn't ready")
        try:
            with self._engine.connect() as connection, connection.begin() as attempt:
                connection.execute(insert(Heartbeat).values(name="doctor", holder="", seen_at=now()))
                attempt.rollback()
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            is_full = any(word in cause.lower() for word in ("is full", "no space", "could not extend"))
            return problem(
                "writing",
                f"The database can't be written{': its disk is full' if is_full else ''} ({cause}).",
                "Make room on the database's disk."
                if is_full
                else "Give its user the right to write, or free the lock.",
            )
        return ok("writing", "The database can be written.")

    def workers(self) -> Finding:
        """Whether somebody does the jobs."""
        return self._with_heartbeats("worker", self._workers)

    def reconciler(self) -> Finding:
        """Whether somebody puts right what a fault leaves behind."""
        return self._with_heartbeats("reconciler", self._reconciler)

    def clock(self) -> Finding:
        """Whether this machine, the database's and the workers' have the same time."""
        return self._with_heartbeats("clock", self._clock)

    def _with_heartbeats(self, check: str, look: Callable[[Connection], Finding]) -> Finding:
        if self._engine is None or not self._is_current:
            return unknown(check, "the database isn't ready")
        with self._engine.connect() as connection:
            return look(connection)

    def _workers(self, connection: Connection) -> Finding:
        alive = [
            row.name.removeprefix(WORKER_PREFIX) for row in connection.execute(living_workers(within=WORKER_SILENCE))
        ]
        if alive:
            return ok("worker", f"{len(alive)} at work: {', '.join(sorted(alive))}.")
        return problem(
            "worker",
            f"No worker gave a sign of life within {WORKER_SILENCE:.0f} seconds, so jobs wait.",
            "Start one (`cgn worker`, or `docker compose up -d worker`); if one runs, its log says why it can't write.",
        )

    def _reconciler(self, connection: Connection) -> Finding:
        acts = select(Heartbeat.seen_at).where(Heartbeat.name == RECONCILER, Heartbeat.holder != "")
        seen = connection.scalar(acts)
        if seen is not None and now() - seen < timedelta(seconds=RECONCILER_SILENCE):
            return ok("reconciler", "The reconciler acts.")
        return problem(
            "reconciler",
            "No reconciler acts, so schedules don't run and jobs of workers that died wait for ever.",
            "Start one: `python -m worker.reconciler`, or `docker compose up -d reconciler`.",
        )

    def _clock(self, connection: Connection) -> Finding:
        if connection.dialect.name == "postgresql":
            began = now()
            there = connection.scalar(text("SELECT clock_timestamp()"))
            ahead = (there - (began + (now() - began) / 2)).total_seconds()
            if abs(ahead) > CLOCK_TOLERANCE:
                return skewed("The database's clock", ahead)
        latest = connection.execute(select(Heartbeat).order_by(Heartbeat.seen_at.desc()).limit(1)).first()
        if latest is not None and (ahead := (latest.seen_at - now()).total_seconds()) > CLOCK_TOLERANCE:
            return skewed(f"The clock of {latest.name.removeprefix(WORKER_PREFIX)}", ahead)
        return ok("clock", "The clocks agree.")


def why_no_database(message: str, where: str) -> tuple[str, str]:
    """The cause and the remedy behind what the database's driver says."""
    said = message.lower()
    cause = message.strip().splitlines()[0] if message.strip() else "no reason given"
    for words, sentence, remedy in CAUSES:
        if any(word in said for word in words):
            return f"{sentence} at {where} ({cause}).", remedy
    return f"The database at {where} can't be used ({cause}).", "Correct CGN_DATABASE_URL."
