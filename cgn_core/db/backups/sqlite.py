"""SQLite: one consistent copy of the file by its online backup, while others read and write."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from cgn_core.db.backups.archive import DamagedBackup, Reader, Writer
from cgn_core.db.session import SQLITE_BUSY_SECONDS, make_engine

PART = "database.db"
COMPANIONS = ("-wal", "-shm", "-journal")


def file_of(url: str) -> Path:
    """The file that a SQLite address names."""
    return Path(make_url(url).database or "")


@contextlib.contextmanager
def snapshot(database: Path) -> Iterator[Path]:
    """A copy of the database as it is at this moment, for as long as the body runs; beside it, where there is room."""
    with TemporaryDirectory(dir=database.parent, prefix=".backup-") as folder:
        copy = Path(folder) / PART
        with (
            contextlib.closing(sqlite3.connect(database, timeout=SQLITE_BUSY_SECONDS)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)  # in one go, so that a busy writer doesn't make it start anew
        yield copy


def write(writer: Writer, copy: Path) -> None:
    """Put a copy that nobody has open into the archive, as one file without a log beside it."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    with writer.part(PART) as part:
        part.copy_from(copy)


@contextlib.contextmanager
def unpacked(reader: Reader, *, beside: Path | None = None) -> Iterator[tuple[Path, Engine]]:
    """The backup's database, open, for as long as the body runs; beside the place where it will be, if that is given.

    Raises:
        DamagedBackup: SQLite finds it broken.
    """
    with TemporaryDirectory(dir=beside.parent if beside else None, prefix=".restore-") as folder:
        copy = Path(folder) / PART
        reader.unpack(PART, copy)
        engine = make_engine(f"sqlite:///{copy}")
        try:
            with engine.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if found != "ok":
                raise DamagedBackup(f"{reader.file} holds a database that SQLite finds broken: {found}.")
            yield copy, engine
        finally:
            engine.dispose()


def put_in_place(copy: Path, database: Path) -> None:
    """Make a copy that nobody has open the database, in one step; what was there is gone."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    copy.chmod(0o600)
    with copy.open("rb") as opened_file:
        os.fsync(opened_file.fileno())
    for ending in COMPANIONS:  # they belong to the old file, and SQLite would apply them to the new one
        database.with_name(database.name + ending).unlink(missing_ok=True)
    copy.replace(database)
