"""What is stored of a person and of a workspace can be taken along, whole and without anybody's secrets."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from cgn_core.access import Actor
from cgn_core.db.models import AuditLine, Model, StoredFile, User, UserSession, Workspace, now
from cgn_core.errors import Forbidden, NotFound
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.files import fetch_file
from cgn_core.services.own_data import SECRET, export_own_data
from cgn_core.services.workspace_archives import LEFT_OUT, request_workspace_export

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_ones_own_data_are_the_account_and_every_row_that_names_it(
    session: Session, owner: Actor, strategist: Actor, trained: Workspace
) -> None:
    del trained  # imported and trained for the strategist
    session.add(UserSession(token_hash="hush", stamp="hush", user_id=strategist.user_id, expires_at=now()))
    record(session, strategist, AuditAction.SIGNED_IN)
    record(session, owner, AuditAction.SIGNED_IN)
    session.commit()
    file = export_own_data(session, strategist)
    session.commit()
    found = json.loads(file.content)
    assert found["account"][0]["email"] == session.get_one(User, strategist.user_id).email
    assert len(found["user_sessions"]) == 1
    assert {row["kind"] for row in found["jobs"]} == {"retrain"}
    assert {row["actor_id"] for row in found["audit_log"]} == {str(strategist.user_id)}
    assert str(owner.user_id) not in file.content.decode()
    assert "lena.moves" not in file.content.decode(), "creators are the agency's, whoever may see them now"
    assert "export.csv" not in file.content.decode()
    assert "hush" not in file.content.decode()
    last = session.scalars(select(AuditLine.action).order_by(AuditLine.number.desc()).limit(1)).one()
    assert last == "user_exported"


def test_no_column_of_a_secret_is_handed_out() -> None:
    """A new column that looks like one fails here until somebody has thought about it."""
    looks = ("hash", "secret", "token", "stamp", "password", "seal")
    harmless = {"chain_hash", "data_hash", "file_hash", "request_hash", "token_id", "second_factor_required", "seal"}
    columns = {column.name for table in Model.metadata.sorted_tables for column in table.columns}
    assert {name for name in columns if any(word in name for word in looks)} - harmless <= SECRET


@pytest.fixture
def exported(
    session: Session, owner: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> tuple[StoredFile, zipfile.ZipFile]:
    request_workspace_export(session, owner, trained.id, key="k")
    session.commit()
    work()
    wanted = select(StoredFile).where(StoredFile.purpose == "everything").options(undefer(StoredFile.content))
    file = session.scalars(wanted).one()
    return file, zipfile.ZipFile(io.BytesIO(file.content))


def test_a_workspaces_export_holds_its_numbers_and_every_row_of_every_table_of_it(
    exported: tuple[StoredFile, zipfile.ZipFile], trained: Workspace
) -> None:
    _, archive = exported
    names = set(archive.namelist())
    for table in Model.metadata.sorted_tables:
        if "workspaces" in {key.column.table.name for key in table.foreign_keys} and table.name not in LEFT_OUT:
            assert f"rows/{table.name}.json" in names

    def rows(name: str) -> Any:
        return json.loads(archive.read(f"rows/{name}.json"))

    assert [row["handle"] for row in rows("workspaces")] == ["lena.moves"]
    assert [row["number"] for row in rows("model_versions")] == [1]
    assert rows("model_versions")[0]["training"]
    assert len(rows("ledger")) == 1
    assert archive.read("data/version-0001.csv").decode().count("\n") == 211
    assert trained.handle in exported[0].name


def test_only_its_maker_an_owner_gets_it(
    session: Session,
    owner: Actor,
    strategist: Actor,
    viewer: Actor,
    outsider: Actor,
    trained: Workspace,
    exported: tuple[StoredFile, zipfile.ZipFile],
) -> None:
    file, _ = exported
    assert fetch_file(session, owner, file.id).content
    for actor in (strategist, viewer, outsider):
        with pytest.raises(NotFound):
            fetch_file(session, actor, file.id)
    for actor, error in ((strategist, Forbidden), (viewer, Forbidden), (outsider, NotFound)):
        with pytest.raises(error):
            request_workspace_export(session, actor, trained.id, key="k")
