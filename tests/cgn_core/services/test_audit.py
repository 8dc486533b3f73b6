"""The audit log is written with the change itself, in one chain per agency that the database keeps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, AuditHead, AuditLine, Workspace
from cgn_core.db.row_kinds import ScheduleKind
from cgn_core.db.session import make_engine, owner_url, reading, transaction
from cgn_core.services import audit
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.audit_heads import heads_file, read_heads


def lines(agency_id: UUID) -> list[AuditLine]:
    with reading() as session:
        found = session.scalars(select(AuditLine).where(AuditLine.agency_id == agency_id).order_by(AuditLine.number))
        kept = list(found)
        session.expunge_all()
        return kept


def note(actor: Actor | System, action: AuditAction = AuditAction.EXPORTED, **details: Any) -> None:
    with transaction() as session:
        record(session, actor, action, **details)


def test_a_line_says_who_did_what_to_what_in_numbers_and_ids(owner: Actor, workspace: Workspace) -> None:
    job = uuid4()
    with transaction() as session:
        record(
            session, owner, AuditAction.IMPORTED, workspace_id=workspace.id, data_version=3, rows=217, job=job,
            kind=ScheduleKind.SCORE_NIGHTLY, file_hash="ab" * 32, none=None,
        )  # fmt: skip
    (line,) = lines(owner.agency_id)
    assert (line.number, line.actor_kind, line.actor_id, line.action) == (1, "user", owner.user_id, "imported")
    assert (line.workspace_id, line.subject_kind, line.subject_id) == (workspace.id, None, None)
    assert line.details == {
        "data_version": 3, "rows": 217, "job": str(job), "kind": "score_nightly", "file_hash": "ab" * 32
    }  # fmt: skip


def test_a_token_and_the_system_are_told_from_a_person(owner: Actor) -> None:
    token = Actor(user_id=owner.user_id, agency_id=owner.agency_id, role=owner.role, token_id=uuid4())
    note(token)
    note(System(owner.agency_id), AuditAction.SIGN_IN_FAILED, subject=(SubjectKind.USER, owner.user_id))
    by_token, by_nobody = lines(owner.agency_id)
    assert (by_token.actor_kind, by_token.actor_id) == ("token", token.token_id)
    assert (by_nobody.actor_kind, by_nobody.actor_id, by_nobody.subject_id) == ("system", None, owner.user_id)


@pytest.mark.parametrize("value", ["lena@agency.example", "Lena", {"caption": "hello"}, b"x", ["a name"]])
def test_text_that_somebody_wrote_is_refused_as_a_detail(owner: Actor, value: object) -> None:
    with pytest.raises(TypeError, match="neither a number nor an id"), transaction() as session:
        record(session, owner, AuditAction.EXPORTED, thing=value)
    assert lines(owner.agency_id) == []


def test_a_change_that_is_rolled_back_leaves_no_line(owner: Actor, session: Session) -> None:
    record(session, owner, AuditAction.EXPORTED)
    session.rollback()
    session.commit()
    record(session, owner, AuditAction.EXPORTED, n=1)
    savepoint = session.begin_nested()
    record(session, owner, AuditAction.EXPORTED, n=2)
    with session.begin_nested():
        record(session, owner, AuditAction.EXPORTED, n=3)
    savepoint.rollback()
    with session.begin_nested():
        record(session, owner, AuditAction.EXPORTED, n=4)
    session.commit()
    assert [line.details["n"] for line in lines(owner.agency_id)] == [1, 4]


def test_the_database_refuses_to_change_to_delete_and_to_empty(owner: Actor, database_url: str) -> None:
    note(owner)
    columns = [column.name for column in AuditLine.__table__.columns]
    statements: list[Any] = [update(AuditLine).values({name: getattr(AuditLine, name)}) for name in columns]
    statements.append(delete(AuditLine))
    if not database_url.startswith("sqlite"):
        statements.append(text("TRUNCATE audit_log"))
        statements.append(text("TRUNCATE agencies CASCADE"))
    engine = make_engine(owner_url())  # even whoever owns the table
    for statement in statements:
        with pytest.raises(DatabaseError, match="audit log"), engine.begin() as connection:
            connection.execute(statement)
    engine.dispose()
    assert len(lines(owner.agency_id)) == 1


def test_agencies_have_chains_of_their_own(owner: Actor, outsider: Actor) -> None:
    for actor in (owner, outsider, owner):
        note(actor)
    assert [line.number for line in lines(owner.agency_id)] == [1, 2]
    assert [line.number for line in lines(outsider.agency_id)] == [1]


def test_writers_at_the_same_moment_make_one_chain(owner: Actor, outsider: Actor) -> None:
    """Eight writers of two lines each, first lines of their agencies included; half of them write to both agencies."""
    ready, failures = threading.Barrier(8), []

    def write(place: int) -> None:
        ready.wait()
        try:
            for _ in range(4):
                with transaction() as session:
                    pair = (owner, outsider) if place % 2 else (outsider, owner)
                    for actor in pair:
                        record(session, actor, AuditAction.EXPORTED, place=place)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for actor in (owner, outsider):
        found = lines(actor.agency_id)
        assert [line.number for line in found] == list(range(1, 33))
        before = ""
        for line in found:
            assert line.chain_hash == audit.chained(before, line)
            before = line.chain_hash


def test_the_head_is_sealed_and_told_in_the_log_and_in_a_file(
    agency: Agency, owner: Actor, change_settings: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    change_settings(secret_key="k" * 40)
    with caplog.at_level(logging.INFO):
        note(owner)
        note(owner)
    with reading() as session:
        kept = session.get_one(AuditHead, agency.id)
        session.expunge(kept)
    (of_log,) = read_heads(caplog.messages)
    assert (of_log.number, of_log.chain_hash, of_log.seal) == (2, kept.chain_hash, kept.seal)
    assert of_log.is_ours
    of_file = [head for head in read_heads(heads_file().read_text().splitlines()) if head.agency_id == agency.id]
    assert of_file == [of_log]
    assert oct(heads_file().stat().st_mode & 0o777) == "0o600"
    change_settings(secret_key="another" * 8)
    assert not of_log.is_ours
