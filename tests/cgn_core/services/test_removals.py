"""Deleting for good: a workspace with everything in it, and the person behind an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from any_rows import contents
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import (
    Arrival,
    AuditLine,
    Job,
    LedgerEntry,
    Model,
    ModelVersion,
    StoredFile,
    User,
    UserSession,
    Workspace,
    now,
)
from cgn_core.db.session import engine, transaction
from cgn_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from cgn_core.services import imports
from cgn_core.services.kept_answers import Answer, keep_answer
from cgn_core.services.members import list_members, restore_member
from cgn_core.services.removals import NOBODY, delete_user, delete_workspace
from cgn_core.services.tokens import create_token

pytestmark = pytest.mark.usefixtures("sent_jobs")


def everything_stored() -> str:
    with engine().begin() as connection:
        return str(contents(connection))


def test_a_workspace_goes_with_everything_in_it_and_leaves_its_ledgers_last_hash(
    session: Session, owner: Actor, trained: Workspace
) -> None:
    last = session.scalar(select(LedgerEntry.chain_hash).order_by(LedgerEntry.number.desc()).limit(1))
    assert last is not None
    assert delete_workspace(session, owner, trained.id, typed="@lena.moves ") == "lena.moves"
    session.commit()
    for mapper in Model.registry.mappers:
        table: Any = mapper.local_table
        if "workspace_id" in table.columns and table.name != "audit_log":
            kept = session.scalar(
                select(func.count()).select_from(table).where(table.columns.workspace_id == trained.id)
            )
            assert (table.name, kept) == (table.name, 0)
    line = session.scalars(select(AuditLine).order_by(AuditLine.number.desc()).limit(1)).one()
    assert (line.action, line.workspace_id) == ("workspace_deleted", trained.id)
    assert line.details == {"data_versions": 1, "models": 1, "forecasts": 1, "ledger_hash": last}
    session.rollback()
    assert "lena.moves" not in everything_stored()


def test_what_several_workspaces_share_forgets_the_deleted_one(
    session: Session, agency: Any, owner: Actor, workspace: Workspace, new_workspace: Callable[..., Workspace]
) -> None:
    other = new_workspace(agency, "still.here")
    with transaction() as own:
        own.add_all(
            [
                Job(
                    agency_id=agency.id, workspace_id=None, requested_by=owner.user_id, kind=kind, queue="light",
                    idempotency_key=kind, state="done", finished_at=now(), message=f"left out @{handle}",
                    result={"handles": [handle]},
                )
                for kind, handle in (("retrain_all", workspace.handle), ("generate", other.handle))
            ]
        )  # fmt: skip
        own.add(
            StoredFile(
                agency_id=agency.id, workspace_id=None, job_id=None, made_for=owner.user_id, purpose="export",
                name="all.zip", media_type="application/zip", size=1, content=workspace.handle.encode(),
            )
        )  # fmt: skip
        token = create_token(own, owner, name="All", role="owner")
        keep_answer(own, token.view.id, "k", Answer(201, "", {"handle": workspace.handle}), request_hash="h")
        name = f"{workspace.handle}.csv"
        own.add(
            Arrival(agency_id=agency.id, workspace_id=None, uploaded_by=owner.user_id, file_name=name, size=1)
        )  # fmt: skip
    delete_workspace(session, owner, workspace.id, typed=workspace.handle)
    session.commit()
    assert workspace.handle not in everything_stored()
    assert "still.here" in everything_stored()


def test_only_an_owner_who_types_the_name_deletes_it_and_nothing_goes_otherwise(
    session: Session, owner: Actor, strategist: Actor, viewer: Actor, outsider: Actor, workspace: Workspace
) -> None:
    for actor, error in ((strategist, Forbidden), (viewer, Forbidden), (outsider, NotFound)):
        with pytest.raises(error):
            delete_workspace(session, actor, workspace.id, typed=workspace.handle)
    for typed in ("", "lena", "LENA.MOVES", str(workspace.id)):
        with pytest.raises(InvalidInput, match=r"Type lena\.moves to delete it"):
            delete_workspace(session, owner, workspace.id, typed=typed)
    session.commit()
    assert session.get(Workspace, workspace.id) is not None
    assert session.scalars(select(AuditLine)).all() == []


def test_a_running_job_over_several_workspaces_is_waited_for(
    session: Session, owner: Actor, workspace: Workspace
) -> None:
    session.add(
        Job(
            agency_id=owner.agency_id, workspace_id=None, requested_by=owner.user_id, kind="export", queue="light",
            idempotency_key="k", state="running",
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(Conflict, match="wait until it has ended"):
        delete_workspace(session, owner, workspace.id, typed=workspace.handle)


def test_the_database_lets_no_ledger_go_without_the_line(session: Session, trained: Workspace) -> None:
    session.rollback()
    with (
        pytest.raises(DatabaseError, match="together with a line of the audit log"),
        engine().begin() as connection,
    ):
        connection.execute(delete(Workspace).where(Workspace.id == trained.id))
    assert session.get(Workspace, trained.id) is not None


@pytest.fixture
def worked(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> tuple[Actor, Workspace]:
    """A strategist who imported, was trained for, is signed in, and has a file under way."""
    imports.read_upload(session, strategist, workspace_id=trained.id, file_name="next.csv", data=make_csv(days=220))
    session.add(UserSession(token_hash="t", stamp="", user_id=strategist.user_id, expires_at=now()))
    sent = Job(
        agency_id=strategist.agency_id, workspace_id=trained.id, requested_by=strategist.user_id, kind="mail",
        queue="light", idempotency_key="m", state="done", message="Sent to Northlight strategist",
    )  # fmt: skip
    session.add(sent)
    session.commit()
    return strategist, trained


def address_of(session: Session, user_id: UUID) -> str:
    return session.get_one(User, user_id).email


def test_who_a_user_was_is_forgotten_and_what_they_did_stays(
    session: Session, owner: Actor, worked: tuple[Actor, Workspace]
) -> None:
    user, trained = worked
    address = address_of(session, user.user_id)
    jobs = session.scalar(select(func.count()).where(Job.requested_by == user.user_id))
    delete_user(session, owner, user.user_id, typed=f" {address.upper()} ")
    session.commit()
    assert session.scalar(select(func.count()).where(Job.requested_by == user.user_id)) == jobs
    assert session.scalar(select(func.count()).where(ModelVersion.workspace_id == trained.id)) == 1
    assert session.get_one(User, user.user_id).name == NOBODY
    assert session.scalars(select(UserSession)).all() == []
    assert [member.name for member in list_members(session, owner)] == ["Northlight owner"]
    with pytest.raises(NotFound):
        restore_member(session, owner, user.user_id)
    with pytest.raises(NotFound):
        delete_user(session, owner, user.user_id, typed=address)
    session.rollback()
    stored = everything_stored()
    assert address not in stored
    assert user.name not in stored


def test_everybody_may_delete_themselves_and_only_owners_others(
    session: Session, owner: Actor, strategist: Actor, viewer: Actor, outsider: Actor
) -> None:
    for actor in (strategist, viewer, outsider):
        with pytest.raises(NotFound):
            delete_user(session, actor, owner.user_id, typed=address_of(session, owner.user_id))
    with pytest.raises(InvalidInput, match="last owner"):
        delete_user(session, owner, owner.user_id, typed=address_of(session, owner.user_id))
    with pytest.raises(InvalidInput, match="Type the account's e-mail address"):
        delete_user(session, viewer, viewer.user_id, typed="yes")
    delete_user(session, viewer, viewer.user_id, typed=address_of(session, viewer.user_id))
    session.commit()
    assert session.get_one(User, viewer.user_id).deleted_at is not None


def test_forgetting_a_person_leaves_the_words_of_other_jobs(
    session: Session, agency: Any, owner: Actor, strategist: Actor
) -> None:
    with transaction() as own:
        own.get_one(User, strategist.user_id).name = "ed"
        for kind, message in (("retrain", "Trained a model"), ("mail", "Sent to ed")):
            own.add(
                Job(
                    agency_id=agency.id, workspace_id=None, requested_by=owner.user_id, kind=kind, queue="light",
                    idempotency_key=kind, state="done", finished_at=now(), message=message,
                )
            )  # fmt: skip
    delete_user(session, owner, strategist.user_id, typed=address_of(session, strategist.user_id))
    session.commit()
    assert dict(session.execute(select(Job.kind, Job.message)).all()) == {"retrain": "Trained a model", "mail": "Done"}
