from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, DataVersion, Job, Upload, Workspace, now
from cgn_core.errors import Conflict, FileTooLarge, Forbidden, InvalidInput, NotFound
from cgn_core.ingest.isolation import read_drop_apart
from cgn_core.services import data_history, imports
from cgn_core.services.data_versions import hash_daily
from cgn_core.services.workspaces import get_workspace, list_workspaces

MakeCsv = Callable[..., bytes]
ImportCsv = Callable[..., list[imports.Imported]]

pytestmark = pytest.mark.usefixtures("sent_jobs")


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_preview_says_what_would_change_and_stores_no_data(
    session: Session, strategist: Actor, workspace: Workspace, make_csv: Callable[..., bytes]
) -> None:
    view = imports.read_upload(session, strategist, workspace_id=workspace.id, file_name="a.csv", data=make_csv())
    (creator,) = view.creators
    assert (creator.rows, creator.workspace_id, creator.change.new_days) == (210, workspace.id, 210)
    assert (creator.first_date, creator.last_date) == (date(2025, 1, 6), date(2025, 8, 3))
    assert view.importable
    assert view.report["rows"] == 210
    assert count(session, DataVersion) == 0


def test_an_import_stores_a_version_and_queues_its_retraining(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    sent_jobs: list[Any],
) -> None:
    (done,) = import_csv(strategist, workspace)
    assert done.changed
    assert done.data_version == 1
    assert [(sent.kind, sent.job_id) for sent in sent_jobs] == [("retrain", done.job_id)]
    view = get_workspace(session, strategist, workspace.id)
    assert (view.data_version, view.rows, view.card.weeks, view.card.light.state) == (1, 210, 30, "Waiting to train")


def test_the_same_file_twice_changes_nothing(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    sent_jobs: list[Any],
) -> None:
    import_csv(strategist, workspace)
    (again,) = import_csv(strategist, workspace, key="second")
    assert not again.changed
    assert again.job_id is None
    assert "nothing changed" in again.message
    assert count(session, DataVersion) == 1
    assert len(sent_jobs) == 1


def test_importing_one_upload_twice_changes_nothing(
    session: Session, strategist: Actor, workspace: Workspace, make_csv: Callable[..., bytes]
) -> None:
    upload = imports.read_upload(session, strategist, workspace_id=workspace.id, file_name="a.csv", data=make_csv())
    results = [imports.import_upload(session, strategist, upload.id, key="k")[0].changed for _ in range(2)]
    assert results == [True, False]


def test_newer_days_join_the_older_ones(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    whole = make_csv(days=210)
    lines = whole.splitlines(keepends=True)
    import_csv(strategist, workspace, data=b"".join(lines[:150]))
    rest = b"".join([lines[0], *lines[120:]])
    view = imports.read_upload(session, strategist, workspace_id=workspace.id, file_name="b.csv", data=rest)
    change = view.creators[0].change
    assert (change.new_days, change.changed_days, change.unchanged_days) == (61, 0, 30)
    imports.import_upload(session, strategist, view.id, key="k")
    joined = imports.load_daily(session, strategist, workspace.id)
    import_csv(strategist, workspace, data=whole)
    assert hash_daily(joined) == hash_daily(imports.load_daily(session, strategist, workspace.id))
    assert get_workspace(session, strategist, workspace.id).data_version == 2


def test_a_corrected_number_replaces_the_old_one(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    table = pd.read_csv(BytesIO(make_csv()))
    import_csv(strategist, workspace)
    table.loc[200, "reels"] += 3
    (done,) = import_csv(strategist, workspace, data=table.to_csv(index=False).encode())
    assert "1 day with other numbers" in done.message
    assert imports.load_daily(session, strategist, workspace.id).frame["reels"].iloc[200] == table.loc[200, "reels"]


def test_undo_returns_to_the_version_before_even_after_an_undo(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    first, second, third = (make_csv(days=days) for days in (100, 150, 200))
    import_csv(strategist, workspace, data=first)
    import_csv(strategist, workspace, data=second)
    assert data_history.undo_import(session, strategist, workspace.id, key="u1").data_version == 1
    assert len(imports.load_daily(session, strategist, workspace.id).frame) == 100
    session.commit()
    import_csv(strategist, workspace, data=third)
    versions = data_history.data_versions(session, strategist, workspace.id)
    assert [(v.number, v.rows, v.is_current, v.can_undo) for v in versions] == [
        (3, 200, True, True),
        (2, 150, False, False),
        (1, 100, False, False),
    ]
    assert data_history.undo_import(session, strategist, workspace.id, key="u2").data_version == 1
    with pytest.raises(InvalidInput, match="no earlier version"):
        data_history.undo_import(session, strategist, workspace.id, key="u3")


def test_several_creators_become_one_workspace_each(
    session: Session,
    strategist: Actor,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    done = import_csv(strategist, data=make_csv("one.a", "@two.b", "three c"))
    assert [result.handle for result in done] == ["one.a", "two.b", "three c"]
    assert [card.handle for card in list_workspaces(session, strategist)] == ["one.a", "three c", "two.b"]
    assert len({result.job_id for result in done}) == 3


def test_a_known_creator_goes_into_the_workspace_of_its_handle(
    strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    (done,) = import_csv(strategist)
    assert done.workspace_id == workspace.id


def test_a_handle_that_is_hidden_from_the_actor_is_not_written_to(
    session: Session,
    agency: Agency,
    strategist: Actor,
    new_workspace: Callable[..., Workspace],
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    hidden = new_workspace(agency, "secret", restricted=True)
    with pytest.raises(Conflict):
        import_csv(strategist, data=make_csv("secret"))
    session.rollback()
    assert session.get_one(Workspace, hidden.id).data_version == 0


def test_a_handle_of_another_agency_is_free(
    session: Session,
    strategist: Actor,
    other_workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    (done,) = import_csv(strategist, data=make_csv("someone.else"))
    assert done.workspace_id != other_workspace.id
    assert session.get_one(Workspace, other_workspace.id).data_version == 0


def test_a_file_without_names_asks_whose_numbers_these_are(
    session: Session, strategist: Actor, make_csv: Callable[..., bytes]
) -> None:
    nameless = pd.read_csv(BytesIO(make_csv())).drop(columns="creator").to_csv(index=False).encode()
    upload = imports.read_upload(session, strategist, file_name="a.csv", data=nameless)
    with pytest.raises(InvalidInput, match="whose numbers"):
        imports.import_upload(session, strategist, upload.id, key="k")
    (done,) = imports.import_upload(session, strategist, upload.id, key="k", handles={"": "@new.name"})
    assert done.handle == "new.name"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b"creator,date,follows,posts\na,2025-01-06,5,1\na,2025-01-06,6,1\n",
        b"creator,date,follows,posts\na,2025-01-06,5,1\na,2025-01-07,5,-3\n",
        b"creator,date,follows,posts\na,2025-01-06,5,1\na,2025-01-07,many,1\n",
        b"creator,date,follows,posts\na,2025-01-06,5,1\na,2999-01-07,5,1\n",
    ],
    ids=["empty", "picture", "duplicate", "negative", "text", "future"],
)
def test_a_bad_file_stores_nothing_and_loses_nothing(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    data: bytes,
) -> None:
    import_csv(strategist, workspace)
    before = hash_daily(imports.load_daily(session, strategist, workspace.id)), count(session, Upload)
    view = imports.read_upload(session, strategist, workspace_id=workspace.id, file_name="bad.csv", data=data)
    session.commit()
    assert view.id is None
    assert not view.importable
    assert view.creators == ()
    assert any(finding.severity == "error" and finding.message for finding in view.findings)
    assert (hash_daily(imports.load_daily(session, strategist, workspace.id)), count(session, Upload)) == before
    assert count(session, DataVersion) == 1


def test_a_file_above_the_limit_is_refused(
    session: Session, strategist: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(upload_limit_bytes=1000)
    with pytest.raises(FileTooLarge):
        imports.read_upload(session, strategist, file_name="big.csv", data=b"x" * 1001)


def test_an_upload_is_its_uploaders_own(
    session: Session, owner: Actor, strategist: Actor, make_csv: Callable[..., bytes]
) -> None:
    upload = imports.read_upload(session, strategist, file_name="a.csv", data=make_csv())
    for call in (
        lambda: imports.import_upload(session, owner, upload.id, key="k"),
        lambda: imports.discard_upload(session, owner, upload.id),
    ):
        with pytest.raises(NotFound):
            call()
    imports.discard_upload(session, strategist, upload.id)
    with pytest.raises(NotFound):
        imports.import_upload(session, strategist, upload.id, key="k")


def test_forgotten_uploads_are_swept_by_the_next_one(
    session: Session, strategist: Actor, make_csv: Callable[..., bytes]
) -> None:
    old = imports.read_upload(session, strategist, file_name="a.csv", data=make_csv())
    session.get_one(Upload, old.id).created_at = now() - timedelta(days=3)
    session.commit()
    new = imports.read_upload(session, strategist, file_name="a.csv", data=make_csv())
    session.commit()
    assert session.scalars(select(Upload.id)).all() == [new.id]


def test_a_file_is_read_before_the_transaction_begins(
    session: Session, strategist: Actor, make_csv: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    was_open = []

    def read(*args: Any, **options: Any) -> Any:
        was_open.append(session.in_transaction())
        return read_drop_apart(*args, **options)

    monkeypatch.setattr(imports, "read_drop_apart", read)
    imports.read_upload(session, strategist, file_name="a.csv", data=make_csv())
    assert was_open == [False]


def test_a_viewer_cannot_import(
    session: Session, viewer: Actor, workspace: Workspace, make_csv: Callable[..., bytes]
) -> None:
    with pytest.raises(Forbidden):
        imports.read_upload(session, viewer, file_name="a.csv", data=make_csv())
    with pytest.raises(Forbidden):
        imports.read_upload(session, viewer, workspace_id=workspace.id, file_name="a.csv", data=make_csv())


def test_an_export_can_be_imported_again_without_a_change(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    import_csv(strategist, workspace)
    name, exported = imports.export_csv(session, strategist, workspace.id)
    assert name == "lena.moves-daily.csv"
    (again,) = import_csv(strategist, workspace, data=exported)
    assert not again.changed


def test_an_export_escapes_a_handle_that_a_spreadsheet_would_run(
    session: Session,
    strategist: Actor,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    (done,) = import_csv(strategist, data=make_csv("=cmd()"))
    _, exported = imports.export_csv(session, strategist, done.workspace_id)
    assert exported.decode().splitlines()[1].startswith("'=cmd(),")


def test_thirty_rows_are_stored(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, workspace, data=make_csv(days=30))
    view = get_workspace(session, strategist, workspace.id)
    assert (view.rows, view.card.weeks) == (30, 4)


@pytest.mark.parametrize("identifier", ["", "nonsense", "0b5f2f6e-6f0c-4c1e-9a67-3a0d5c6f8e21", "../../etc"])
def test_what_is_no_workspace_is_not_found(session: Session, strategist: Actor, identifier: str) -> None:
    with pytest.raises(NotFound):
        imports.load_daily(session, strategist, identifier)
    assert count(session, Job) == 0


def test_a_file_of_very_many_creators_is_retrained_by_one_job(
    session: Session,
    strategist: Actor,
    make_csv: MakeCsv,
    import_csv: ImportCsv,
    change_settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One each would be more than an agency may have waiting, and so nothing could be imported.
    change_settings(job_limit_per_agency=3)
    monkeypatch.setattr(imports, "MOST_ALONE", 3)
    done = import_csv(strategist, data=make_csv("ada", "bea", "cleo", "dora", days=60))
    (job,) = session.scalars(select(Job)).all()
    assert {one.job_id for one in done} == {job.id}
    assert job.params["workspaces"] == sorted(str(one.workspace_id) for one in done)
    again = import_csv(strategist, data=make_csv("ada", "bea", "cleo", "dora", days=60), key="again")
    assert [(one.changed, one.job_id) for one in again] == [(False, None)] * 4
    assert count(session, Job) == 1
