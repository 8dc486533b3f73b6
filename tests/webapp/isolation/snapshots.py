"""A database as it was: what is in it as text, and a way back after a cell that changed something."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from typing import Any

from sqlalchemy import LargeBinary, func, insert, select, text
from sqlalchemy.engine import make_url

from cgn_core.db.models import Model
from cgn_core.db.session import make_engine, owner_url, reading

UNWATCHED = frozenset({"user_sessions", "heartbeats", "audit_log", "audit_heads", "api_tokens", "kept_answers"})
"""Tables that a mere look or a refusal writes to: when a session was last seen, that somebody tried."""


class Writes:
    """Whether anything was written since it was cleared: rows are only compared when there may be something to see."""

    _LOOKING = re.compile(r"\s*(SELECT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SHOW|WITH)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.seen)

    def clear(self) -> None:
        self.seen.clear()

    def note(self, *told: Any) -> None:
        """SQLAlchemy's ``before_cursor_execute``."""
        statement = told[2]
        if not self._LOOKING.match(statement) and not any(table in statement for table in UNWATCHED):
            self.seen.append(statement)


class Snapshot:
    """The rows of all tables at one moment."""

    def __init__(self, url: str) -> None:
        self.move_to(url)
        if self._file is not None:
            self._memory = sqlite3.connect(":memory:", check_same_thread=False)
            with sqlite3.connect(self._file) as source:
                source.backup(self._memory)
            source.close()
            return
        with reading() as session:
            self._rows = {
                table: [dict(row._mapping) for row in session.execute(select(table))]
                for table in Model.metadata.sorted_tables
            }

    def move_to(self, url: str) -> None:
        """Another empty database of the same kind is to be put to it from now on."""
        self._file = make_url(url).database if make_url(url).get_backend_name() == "sqlite" else None

    def restore(self) -> None:
        """Put the database back to it."""
        if self._file is not None:
            with sqlite3.connect(self._file, timeout=20) as target:
                self._memory.backup(target)
            target.close()
            return
        engine = make_engine(owner_url())
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no foreign key
            for table in reversed(self._rows):
                connection.execute(table.delete())
            for table, rows in self._rows.items():
                if rows:
                    connection.execute(insert(table), rows)
        engine.dispose()


def fingerprint(*, workspace_id: Any = None, without: frozenset[str] = frozenset()) -> str:
    """Everything that is stored, of one workspace where it is named; the same text means that nothing changed."""
    found = hashlib.sha256()
    with reading() as session:
        for table in Model.metadata.sorted_tables:
            if table.name in UNWATCHED | without:
                continue
            columns = [
                func.length(column) if isinstance(column.type, LargeBinary) else column for column in table.columns
            ]
            query = select(*columns)
            if workspace_id is not None:
                key = table.columns.get("id" if table.name == "workspaces" else "workspace_id")
                if key is None:
                    continue
                query = query.where(key == workspace_id)
            rows = sorted(str(tuple(row)) for row in session.execute(query))
            found.update("\n".join([table.name, *rows]).encode())
    return found.hexdigest()
