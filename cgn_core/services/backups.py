"""Backups of everything that is stored: made while the product runs, checked to the last byte, restored as a whole.

For whoever administers the installation, so for no actor. Redis holds nothing that has to be kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, delete, func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from cgn_core.db.backups import postgresql, sqlite
from cgn_core.db.backups.archive import Manifest, Reader, Writer
from cgn_core.db.heartbeats import living_workers
from cgn_core.db.migrate import NEWEST, move, move_database, revision_of, revisions, tables_of
from cgn_core.db.models import AuditHead, LedgerEntry, PasswordReset, PendingSignIn, UserSession, now
from cgn_core.db.session import application_url, forget_engine, make_engine, owner_url
from cgn_core.errors import Conflict, InvalidInput, SetupError
from cgn_core.services.audit_checks import check_audit
from cgn_core.services.audit_heads import Head, heads_file, read_heads, tell
from cgn_core.services.hash_chain import first_broken
from cgn_core.services.health import WORKER_SILENCE
from cgn_core.services.ledger import chained

PRODUCT = "creator-growth-navigator"
SECRETS = ("secret-key", "demo-password")
"""Kept by the embedded product beside its database, whose second factors and seals nobody can read without them."""
AT_ONCE = 1000


@dataclass(frozen=True)
class Restored:
    """What a restore came to."""

    manifest: Manifest
    sessions_ended: int
    problems: tuple[str, ...]
    """What is wrong with the chains: it was when the backup was made, or somebody wanted it despite that."""


def create_backup(output: BinaryIO) -> Manifest:
    """Write a backup of the configured database as it is at this moment; others may read and write meanwhile.

    Raises:
        SetupError: there is no database of ours to back up.
    """
    writer = Writer(output)
    try:
        told = _write(writer, owner_url())
    except BaseException:
        writer.discard()
        raise
    writer.finish(told)
    return Manifest(**told, parts=writer.parts)


def _write(writer: Writer, url: str) -> dict[str, Any]:
    """Write everything but the manifest, and return what that will say."""
    if make_url(url).get_backend_name() != "sqlite":
        engine = make_engine(url)
        try:
            with postgresql.one_moment(engine) as connection:
                told = _describe(connection)
                postgresql.write(writer, connection)
        finally:
            engine.dispose()
        return told
    database = sqlite.file_of(url)
    if not database.is_file():
        raise SetupError(f"There is no database at {database}; name the right data directory in CGN_DATA_DIR.")
    with sqlite.snapshot(database) as copy:
        engine = make_engine(f"sqlite:///{copy}")
        with engine.connect() as connection:
            told = _describe(connection)
        engine.dispose()
        sqlite.write(writer, copy)
    for name in SECRETS:
        if (database.parent / name).is_file():
            with writer.part(f"secrets/{name}") as part:
                part.copy_from(database.parent / name)
    return told


def verify_backup(file: Path) -> Manifest:
    """Read a backup to its last byte; what it holds.

    Raises:
        InvalidInput: there is no such file, or none that this version can read.
        DamagedBackup: it isn't what was written.
    """
    reader = Reader(file)
    try:
        if reader.manifest.database == "sqlite":
            with sqlite.unpacked(reader):
                pass  # SQLite has looked through it
        return reader.manifest
    finally:
        reader.close()


def restore_backup(
    file: Path, *, force: bool = False, despite_problems: bool = False, keep_sessions: bool = False
) -> Restored:
    """Put a backup in the place of the configured database; all of it, or nothing.

    Args:
        file: the backup.
        force: replace a database that holds something.
        despite_problems: restore it even where a chain isn't what it was when the backup was made, or its seals aren't
            this installation's.
        keep_sessions: don't end the sign-ins that the backup holds; one that was ended since would live again.

    Raises:
        InvalidInput: there is no such file, it is of another kind of database, or of a newer version.
        DamagedBackup: it isn't what was written.
        Conflict: the database holds something and nobody forced it, a worker works on it, or a chain has a problem.
    """
    url, reader = owner_url(), Reader(file)
    chosen = {"despite_problems": despite_problems, "keep_sessions": keep_sessions}
    try:
        _check_fits(reader, url)
        if make_url(url).get_backend_name() == "sqlite":
            with _restored_sqlite(reader, sqlite.file_of(url), force=force) as session:
                restored = _settle(session, reader.manifest, **chosen)
        else:
            with _restored_postgresql(reader, url, force=force) as session:
                restored = _settle(session, reader.manifest, **chosen)
    finally:
        reader.close()
    forget_engine()
    _keep_heads(reader.manifest)
    return restored


@contextlib.contextmanager
def _restored_sqlite(reader: Reader, database: Path, *, force: bool) -> Iterator[Session]:
    """A session on the backup's database, which takes the place of the other when the body has ended well."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if database.exists():
        engine = make_engine(f"sqlite:///{database}")
        try:
            _check_target(engine, force=force)
        finally:
            engine.dispose()
    with _secrets_in_place(reader, database.parent), sqlite.unpacked(reader, beside=database) as (copy, engine):
        move_database(engine, NEWEST)
        with Session(engine) as session, session.begin():
            yield session
        engine.dispose()
        sqlite.put_in_place(copy, database)


@contextlib.contextmanager
def _restored_postgresql(reader: Reader, url: str, *, force: bool) -> Iterator[Session]:
    """A session in the transaction that replaces everything, committed when the body has ended well."""
    engine = make_engine(url)
    try:
        _check_target(engine, force=force)
        with engine.connect() as connection, connection.begin():
            postgresql.clear(connection)
            move(connection, reader.manifest.schema)
            postgresql.load(reader, connection)
            # Later migrations would find checks of references still waiting.
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            move(connection, NEWEST, application_url=application_url())
            with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
                yield session
    finally:
        engine.dispose()


@contextlib.contextmanager
def _secrets_in_place(reader: Reader, directory: Path) -> Iterator[None]:
    """Put the embedded product's secrets where they were, before seals are checked with them; back when that fails."""
    before: dict[Path, bytes | None] = {}
    for name in SECRETS:
        if f"secrets/{name}" in reader.manifest.parts:
            kept = directory / name
            before[kept] = kept.read_bytes() if kept.exists() else None
            with reader.part(f"secrets/{name}") as part:
                _write_private(kept, part.read())
    try:
        yield
    except BaseException:
        for kept, content in before.items():
            if content is None:
                kept.unlink(missing_ok=True)
            else:
                _write_private(kept, content)
        raise


def _write_private(file: Path, content: bytes) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    partial.replace(file)


def _check_fits(reader: Reader, url: str) -> None:
    wanted = make_url(url).get_backend_name()
    if reader.manifest.database != wanted:
        raise InvalidInput(
            f"{reader.file} is a backup of {_spoken(reader.manifest.database)}, and the configured database is "
            f"{_spoken(wanted)}."
        )
    if reader.manifest.schema not in revisions():
        raise InvalidInput(
            f"{reader.file} was made by version {reader.manifest.version}, whose schema {reader.manifest.schema} this "
            "version doesn't know; restore it with that version or a newer one."
        )


def _spoken(kind: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(kind, kind)


def _check_target(engine: Engine, *, force: bool) -> None:
    with engine.connect() as connection:
        tables = tables_of(connection)
        filled = [one.name for one in tables if connection.execute(select(one).limit(1)).first() is not None]
        if filled and revision_of(connection) in revisions():
            worker = connection.execute(living_workers(within=WORKER_SILENCE)).first()
            if worker is not None:
                raise Conflict(
                    f"A worker ({worker.name.removeprefix('worker:')}) was at work on this database within the last "
                    f"{WORKER_SILENCE:.0f} seconds; stop the product, then restore."
                )
    if filled and not force:
        raise Conflict(
            f"The database already holds something ({', '.join(filled[:3])}); nothing was changed. Restore into an "
            "empty one, or say --force to replace all of it."
        )


def _describe(connection: Connection) -> dict[str, Any]:
    """Everything that the manifest says but the parts."""
    schema = revision_of(connection)
    if schema is None or schema not in revisions():
        raise SetupError(
            "The database isn't of this version; run `cgn db status`, and `cgn db upgrade` where it is older."
        )
    sqlite_version = f"SQLite {sqlite3.sqlite_version}"
    is_sqlite = connection.dialect.name == "sqlite"
    found = tables_of(connection)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        ledger, problems = _ledger_state(session) if schema == revisions()[-1] else ({}, [])
        heads = list(session.scalars(select(AuditHead))) if schema == revisions()[-1] else []
        told = [Head(one.agency_id, one.number, one.chain_hash, one.seal) for one in heads]
        checked = check_audit(session, told) if heads else None
    return {
        "format": 1,
        "product": PRODUCT,
        "version": version(PRODUCT),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": connection.dialect.name,
        "server": sqlite_version if is_sqlite else str(connection.scalar(text("SHOW server_version"))),
        "schema": schema,
        "tables": {one.name: connection.scalar(select(func.count()).select_from(one)) for one in found},
        "columns": {one.name: [*one.columns.keys()] for one in found},
        "ledger": ledger,
        "audit": {
            "agencies": checked.agencies if checked else 0,
            "lines": checked.lines if checked else 0,
            "heads": sorted(head.told for head in told),
        },
        "problems": [*problems, *([checked.problem] if checked and checked.problem else [])],
    }


def _settle(session: Session, manifest: Manifest, *, despite_problems: bool, keep_sessions: bool) -> Restored:
    """Check the chains of what was restored, and end the sign-ins in it."""
    ledger, problems = _ledger_state(session)
    if manifest.ledger and ledger != manifest.ledger:
        problems.append("The ledger isn't the one that the backup was made of.")
    checked = check_audit(session, read_heads(manifest.audit["heads"]))
    problems += [checked.problem] if checked.problem else []
    new = [problem for problem in problems if problem not in manifest.problems]
    if new and not despite_problems:
        raise Conflict(f"{new[0]} Nothing was changed; say --despite-problems to restore it as it is.")
    ended = 0
    if not keep_sessions:
        ending = update(UserSession).where(UserSession.revoked_at.is_(None)).values(revoked_at=now())
        ended = len(session.execute(ending.returning(UserSession.user_id)).all())
        for spent in (PasswordReset, PendingSignIn):  # links and codes that were used since would open doors again
            session.execute(delete(spent))
    return Restored(manifest, ended, tuple(problems))


def _ledger_state(session: Session) -> tuple[dict[str, Any], list[str]]:
    """How many forecasts are kept and a hash over the ends of their chains; and which chains are broken."""
    rows = session.scalars(
        select(LedgerEntry).order_by(LedgerEntry.workspace_id, LedgerEntry.number).execution_options(yield_per=AT_ONCE)
    )
    count, ends, problems = 0, hashlib.sha256(), []
    for workspace, chain in groupby(rows, key=lambda entry: entry.workspace_id):
        entries = list(chain)
        broken = first_broken(entries, chained)
        if broken is not None:
            problems.append(f"The ledger of workspace {workspace}: forecast {broken} isn't what was written.")
        count += len(entries)
        ends.update(f"{workspace} {entries[-1].number} {entries[-1].chain_hash}\n".encode())
    return {"forecasts": count, "ends": ends.hexdigest()}, problems


def _keep_heads(manifest: Manifest) -> None:
    """Let the restored audit log end where the backup says; what was told of a later end is kept under another name."""
    kept = heads_file()
    if kept.exists():
        kept.replace(kept.with_name(f"{kept.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"))
    tell(read_heads(manifest.audit["heads"]))
