"""Whatever is done to the audit log behind the product's back is found, and the first broken line is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, delete, insert, literal, select, text, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import AuditHead, AuditLine
from cgn_core.db.session import make_engine, owner_url, reading, transaction
from cgn_core.services.audit import AuditAction, chained, record
from cgn_core.services.audit_checks import check_audit
from cgn_core.services.audit_heads import Head, heads_file, read_heads, seal_of

CGN = Path(sys.executable).with_name("cgn")
LINES = 5


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, change_settings: Callable[..., None]) -> None:
    change_settings(data_dir=tmp_path, secret_key="k" * 40)


@pytest.fixture
def written(owner: Actor, outsider: Actor) -> Actor:
    """The owner's agency has five lines, another agency one."""
    for number in range(LINES):
        with transaction() as session:
            record(session, owner, AuditAction.EXPORTED, n=number)
    with transaction() as session:
        record(session, outsider, AuditAction.SIGNED_IN)
    return owner


def kept_heads() -> list[Head]:
    return read_heads(heads_file().read_text().splitlines())


def problem(outside: Sequence[Head] | None = None) -> str:
    with reading() as session:
        return check_audit(session, kept_heads() if outside is None else outside).problem


def behind_its_back(database_url: str, *statements: Any) -> None:
    """Do something that the triggers refuse, as whoever owns the database could: with the triggers gone meanwhile."""
    sqlite = database_url.startswith("sqlite")
    engine = make_engine(owner_url())
    with Session(engine) as session, session.begin():
        if sqlite:
            triggers = session.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'")
            ).all()
            for name, _ in triggers:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(statement)
        if sqlite:
            for _, sql in triggers:
                session.execute(text(sql))
        else:
            session.execute(text("ALTER TABLE audit_log ENABLE TRIGGER USER"))
    engine.dispose()


def test_an_untouched_log_is_whole(written: Actor) -> None:
    del written
    with reading() as session:
        found = check_audit(session, kept_heads())
    assert (found.agencies, found.lines, found.problem) == (2, LINES + 1, "")
    assert problem([]) == ""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", text("'2026-01-01 00:00:00.000000'")),
        ("actor_kind", "system"),
        ("actor_kind", "nobody"),
        ("actor_id", None),
        ("action", "imported"),
        ("action", "no such thing"),
        ("workspace_id", "owner"),
        ("subject_kind", "user"),
        ("subject_id", "owner"),
        ("details", {"n": 99}),
        ("chain_hash", "0" * 64),
        ("number", 50),
    ],
)
def test_a_line_altered_behind_its_back_is_named(written: Actor, database_url: str, column: str, value: Any) -> None:
    third = update(AuditLine).where(AuditLine.agency_id == written.agency_id, AuditLine.number == 3)
    new = written.user_id if value == "owner" else value
    if column in {"actor_kind", "action", "subject_kind"}:
        new = literal(value, String)  # what isn't of the enumeration isn't let through otherwise
    behind_its_back(database_url, third.values({column: new}).execution_options(synchronize_session=False))
    said = problem()
    assert str(written.agency_id) in said
    assert "line 3 is missing" in said if column == "number" else "line 3 isn't what was written" in said


def test_what_no_line_can_hold_is_named_too(written: Actor, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return  # PostgreSQL itself refuses what isn't JSON or a time
    for column in ("details", "at"):
        fourth = update(AuditLine).where(AuditLine.agency_id == written.agency_id, AuditLine.number == 4)
        broken = fourth.values({column: literal("{", String)}).execution_options(synchronize_session=False)
        behind_its_back(database_url, broken)
        assert f"agency {written.agency_id}: line 4 can't be read" in problem()


def test_a_line_taken_out_of_the_middle_is_named(written: Actor, database_url: str) -> None:
    gone = delete(AuditLine).where(AuditLine.agency_id == written.agency_id, AuditLine.number == 2)
    behind_its_back(database_url, gone)
    assert f"agency {written.agency_id}: line 2 is missing." in problem()


def cut(written: Actor) -> list[Any]:
    return [delete(AuditLine).where(AuditLine.agency_id == written.agency_id, AuditLine.number > 3)]


def test_a_cut_tail_is_found_by_the_head_in_the_database(written: Actor, database_url: str) -> None:
    behind_its_back(database_url, *cut(written))
    assert "line 4 is missing; it ends there, and ended at line 5 before." in problem([])


def test_a_cut_tail_whose_head_was_put_back_too_is_found_by_what_was_told_outside(
    written: Actor, database_url: str
) -> None:
    """Even where the head of that time, with its good seal, was copied back."""
    with reading() as session:
        third = session.scalar(select(AuditLine.chain_hash).where(AuditLine.number == 3))
    assert third is not None
    seal = seal_of(written.agency_id, 3, third)
    mine = update(AuditHead).where(AuditHead.agency_id == written.agency_id)
    behind_its_back(database_url, *cut(written), mine.values(number=3, chain_hash=third, seal=seal))
    assert problem([]) == ""  # nothing inside the database can show it
    assert "line 4 is missing; it ended at line 5, as was told outside the database." in problem()


def test_all_lines_of_an_agency_gone_with_their_head_are_found(written: Actor, database_url: str) -> None:
    lines = delete(AuditLine).where(AuditLine.agency_id == written.agency_id)
    head = delete(AuditHead).where(AuditHead.agency_id == written.agency_id)
    behind_its_back(database_url, lines, head)
    assert f"agency {written.agency_id}: line 1 is missing" in problem()


def test_a_chain_written_anew_from_the_third_line_on_is_found(written: Actor, database_url: str) -> None:
    """By somebody who knows how the hashes are made, but not the secret key."""
    with reading() as session:
        rows = session.scalars(select(AuditLine).where(AuditLine.agency_id == written.agency_id)).all()
        session.expunge_all()
    statements: list[Any] = [delete(AuditLine).where(AuditLine.agency_id == written.agency_id, AuditLine.number >= 3)]
    before = next(row.chain_hash for row in rows if row.number == 2)
    for row in sorted(rows, key=lambda row: row.number)[2:]:
        row.details = {"n": 77}
        row.chain_hash = before = chained(before, row)
        values = {column.name: getattr(row, column.name) for column in AuditLine.__table__.columns}
        statements.append(insert(AuditLine).values(values))
    head = update(AuditHead).where(AuditHead.agency_id == written.agency_id)
    behind_its_back(database_url, *statements, head.values(chain_hash=before))
    assert "the seal of its head in the database, at line 5, isn't this installation's" in problem([])
    assert "line 5, or one before it, isn't the one that was told outside the database" in problem()


def test_the_command_answers_with_1_and_a_sentence_when_a_tail_is_cut(
    session: Session, written: Actor, database_url: str, tmp_path: Path
) -> None:
    session.rollback()

    def verify(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([CGN, "db", "verify-audit", *options], capture_output=True, text=True, check=False)

    whole = verify()
    assert (whole.returncode, whole.stdout, whole.stderr) == (0, "The audit log is whole: 6 lines of 2 agencies.\n", "")
    log = tmp_path / "web.log"
    log.write_text("".join(f"2026-11-29 INFO {head.told}\nsomething else\n" for head in kept_heads()))
    heads_file().unlink()
    behind_its_back(database_url, *cut(written), delete(AuditHead).where(AuditHead.agency_id == written.agency_id))
    by_log = verify("--heads", str(log), "--json")
    assert by_log.returncode == 1
    assert '"whole": false' in by_log.stdout
    assert by_log.stderr == (
        f"The audit log of agency {written.agency_id}: line 4 is missing; it ends there, and ended at line 5 before.\n"
    )
