"""Scripts in every text that somebody may write, and in the files that they drop."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, String, select, text, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Model
from cgn_core.db.session import transaction
from cgn_core.jobs import JobKind, claimed
from cgn_core.services import imports, reports

from .matrix import Matrix
from .people import Person

MARKUP = (
    "\"'><img src=x onerror=ran(1)></title></style></textarea><script>ran(2)</script><svg/onload=ran(3)>"
    '<iframe srcdoc="<script>parent.ran(4)</script>"></iframe><a href="javascript:ran(5)">a</a>'
    "{{7*7}}[b](javascript:ran(6))"
)
ADDRESS = "javascript:ran(7)//"
"""A text that runs where it becomes the address of a link."""
PAYLOADS = (MARKUP, ADDRESS)

OF_MACHINES = frozenset(
    {
        "agencies.time_zone", "workspaces.time_zone", "users.password_hash", "jobs.kind", "jobs.queue",
        "jobs.idempotency_key", "files.purpose", "files.media_type", "model_versions.chosen", "model_versions.verdict",
        "user_sessions.token_hash", "user_sessions.stamp",
    }
)  # fmt: skip
"""Texts that nobody writes; hashes and what has no row are left out by themselves."""


def poison() -> None:
    """Put a script into every text column, the with markup and an address by turns."""
    with transaction() as session:
        for (trigger,) in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f'DROP TRIGGER "{trigger}"'))  # some texts are never changed; here they are
        for table in Model.metadata.sorted_tables:
            if table.name.startswith("audit"):
                continue
            for column in table.columns:
                free = isinstance(column.type, String) and not isinstance(column.type, Enum)
                if free and not column.name.endswith("_hash") and f"{table.name}.{column.name}" not in OF_MACHINES:
                    _write_into(session, table, column)
        _rewrite_jobs(session)


def _write_into(session: Session, table: Any, column: Any) -> None:
    keys = list(table.primary_key.columns)
    for number, row in enumerate(session.execute(select(*keys)).all()):
        words = PAYLOADS[number % len(PAYLOADS)]
        unique = f"{number}{words}" if column.name in {"email", "handle", "name"} and words is MARKUP else words
        words = f"{unique}{number}" if words is ADDRESS else unique
        here = [key == value for key, value in zip(keys, row, strict=True)]
        session.execute(update(table).where(*here).values({column.name: words}))


def _rewrite_jobs(session: Session) -> None:
    table = Model.metadata.tables["jobs"]
    for row in session.execute(select(table)).all():
        changed = {
            column.name: _texts_replaced(getattr(row, column.name))
            for column in table.columns
            if isinstance(column.type, JSON)
        }
        session.execute(update(table).where(table.c.id == row.id).values(**changed))


def _texts_replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts_replaced(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts_replaced(each) for each in value]
    if isinstance(value, str):
        try:
            UUID(value)
        except ValueError:
            return MARKUP
    return value


def crooked_file() -> tuple[str, bytes]:
    """A file whose name, header and cells are scripts, and which is asked about."""
    header = ["date", "followers", f'"{MARKUP.replace(chr(34), chr(34) * 2)}"', f'"{ADDRESS}"', "posts"]
    rows = [f"2026-11-{day:02},{100 + day},x,{ADDRESS},1" for day in range(1, 20)]
    rows[3] = f'2026-11-04,"<img src=x onerror=ran(8)>",x,{ADDRESS},"<svg/onload=ran(9)>"'
    return "<img src=x onerror=ran(10)>.csv", "\n".join([",".join(header), *rows]).encode()


def import_crooked(matrix: Matrix, place: UUID) -> None:
    """Read it and keep it waiting, so that pages and addresses show what was found in it."""
    name, data = crooked_file()
    with transaction() as session:
        imports.read_upload(session, matrix.world.people[Person.OWNER], workspace_id=place, file_name=name, data=data)


def make_report(actor: Actor, place: UUID) -> str:
    """The client report of a poisoned workspace, as its file's HTML."""
    with transaction() as session:
        job = reports.request_report(session, actor, place, key="poisoned")
    with claimed(job) as claim:
        assert claim is not None
        assert claim.kind == JobKind.REPORT
        reports.run(claim)
    table = Model.metadata.tables["files"]
    with transaction() as session:
        content = session.execute(
            select(table.c.content).where(table.c.job_id == job, table.c.media_type == "text/html")
        ).scalar_one()
    return bytes(content).decode()
