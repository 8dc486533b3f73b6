"""An export of everything: who gets what, exactly once, and for how long."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Job, JobState, StoredFile, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.errors import FileTooLarge, Forbidden, InvalidInput, NotFound
from cgn_core.ingest.reading import read_bytes
from cgn_core.jobs import claimed
from cgn_core.services import files, imports, whole_exports
from cgn_core.services.workspace_cards import today_in

pytestmark = pytest.mark.usefixtures("sent_jobs")


def export(session: Session, actor: Actor, key: str = "k") -> Job:
    job_id = whole_exports.request_whole_export(session, actor, key=key)
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        whole_exports.run(claim)
    return session.get_one(Job, job_id, populate_existing=True)


def members(session: Session, actor: Actor, job: Job) -> dict[str, bytes]:
    file = files.fetch_file(session, actor, job.result["file"])
    assert file.name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_creators_go_into_one_file_whose_tables_read_back_as_they_were(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    agency: Agency,
    new_workspace: Callable[..., Workspace],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    other = new_workspace(agency, "other.one")
    new_workspace(agency, "no.data.yet")
    import_csv(strategist, other)
    job = export(session, strategist)
    assert (job.state, job.message, job.result["creators"]) == (JobState.DONE, "Exported 2 creators", 2)
    found = members(session, strategist, job)
    index = list(csv.DictReader(io.StringIO(found[whole_exports.INDEX].decode("utf-8-sig"))))
    assert {(row["creator"], row["table"]) for row in index} == {
        (handle, table) for handle in ("lena.moves", "other.one") for table in ("daily", "weekly", "forecasts")
    }
    assert {row["file"] for row in index} == {*found} - {whole_exports.INDEX}
    path = next(row["file"] for row in index if (row["creator"], row["table"]) == ("lena.moves", "daily"))
    (read,) = read_bytes(found[path], file_name=path, today=today_in("UTC")).creators
    stored = imports.load_daily(session, strategist, trained.id)
    assert len(read.frame) == len(stored.frame)
    assert read.frame["follows"].tolist() == stored.frame["follows"].tolist()


def test_asking_twice_makes_one_file(session: Session, strategist: Actor, trained: Workspace) -> None:
    del trained
    job = export(session, strategist)
    job_id = job.id
    assert whole_exports.request_whole_export(session, strategist, key="k") == job_id
    session.commit()
    with claimed(job_id) as again:
        assert again is None
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_an_export_that_lost_its_claim_keeps_nothing(session: Session, strategist: Actor, trained: Workspace) -> None:
    del trained
    job_id = whole_exports.request_whole_export(session, strategist, key="k")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        with transaction() as own:
            own.get_one(Job, job_id).fence += 1
        whole_exports.run(claim)
    assert session.scalars(select(StoredFile)).all() == []


def test_a_cancelled_export_keeps_nothing(session: Session, strategist: Actor, trained: Workspace) -> None:
    del trained
    job_id = whole_exports.request_whole_export(session, strategist, key="k")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        with transaction() as own:
            own.get_one(Job, job_id).cancel_requested = True
        whole_exports.run(claim)
    assert session.get_one(Job, job_id, populate_existing=True).state == JobState.CANCELLED
    assert session.scalars(select(StoredFile)).all() == []


def test_a_file_of_several_workspaces_is_its_makers_alone(
    session: Session,
    strategist: Actor,
    owner: Actor,
    outsider: Actor,
    agency: Agency,
    trained: Workspace,
    new_user: Callable[[Agency, Role], Actor],
) -> None:
    del trained
    job = export(session, strategist)
    made = job.result["file"]
    files.fetch_file(session, strategist, made)
    session.commit()  # on SQLite a session that reads keeps writers out
    for other in (owner, outsider, new_user(agency, Role.STRATEGIST)):
        with pytest.raises(NotFound):
            files.fetch_file(session, other, made)


def test_restricted_workspaces_are_left_out_for_those_who_may_not_see_them(
    session: Session,
    owner: Actor,
    strategist: Actor,
    agency: Agency,
    trained: Workspace,
    new_workspace: Callable[..., Workspace],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    del trained
    import_csv(owner, new_workspace(agency, "top.secret", restricted=True))
    assert export(session, strategist).result["creators"] == 1
    assert export(session, owner, key="owner").result["creators"] == 2


def test_a_viewer_and_an_agency_without_data_are_refused(
    session: Session, viewer: Actor, outsider: Actor, trained: Workspace
) -> None:
    del trained
    with pytest.raises(Forbidden):
        whole_exports.request_whole_export(session, viewer, key="k")
    with pytest.raises(InvalidInput, match="import a file first"):
        whole_exports.request_whole_export(session, outsider, key="k")


def test_files_are_deleted_when_they_are_old(
    session: Session, strategist: Actor, trained: Workspace, change_settings: Callable[..., None]
) -> None:
    del trained
    change_settings(files_kept_days=7)
    old = export(session, strategist, key="old")
    session.execute(update(StoredFile).values(created_at=now() - timedelta(days=8)))
    session.commit()
    export(session, strategist, key="new")
    with pytest.raises(NotFound):
        files.fetch_file(session, strategist, old.result["file"])
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_more_than_is_kept_is_a_sentence(
    session: Session, strategist: Actor, trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    del trained
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    job_id: UUID = whole_exports.request_whole_export(session, strategist, key="k")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        with pytest.raises(FileTooLarge, match="one by one"):
            whole_exports.run(claim)
