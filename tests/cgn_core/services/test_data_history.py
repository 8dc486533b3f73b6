from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.ingest.questions import is_about_layout
from cgn_core.services import data_history, imports

AMBIGUOUS = b"date,followers\n01/02/2026,10\n03/02/2026,12\n"
LATER = b"date,followers\n01/04/2026,20\n03/04/2026,22\n"
DOUBLED = b"date,followers\n2026-02-01,10\n2026-02-01,11\n"


def test_any_version_can_be_put_in_force_and_none_is_lost(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    for days in (100, 150, 200):
        import_csv(strategist, workspace, data=make_csv(days=days))
    for number, days in ((1, 100), (3, 200), (2, 150)):
        done = data_history.restore_version(session, strategist, workspace.id, number, key=f"r{number}")
        session.commit()
        assert (done.data_version, len(imports.load_daily(session, strategist, workspace.id).frame)) == (number, days)
    assert session.scalars(select(DataVersion.number).order_by(DataVersion.number)).all() == [1, 2, 3]
    with pytest.raises(InvalidInput, match="at version 2 already"):
        data_history.restore_version(session, strategist, workspace.id, 2, key="r")
    with pytest.raises(NotFound):
        data_history.restore_version(session, strategist, workspace.id, 4, key="r")


def test_what_is_imported_next_is_joined_with_the_restored_version(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, workspace, data=make_csv(days=100))
    import_csv(strategist, workspace, data=make_csv(days=200))
    data_history.restore_version(session, strategist, workspace.id, 1, key="r")
    session.commit()
    (done,) = import_csv(strategist, workspace, data=make_csv(days=120))
    assert done.data_version == 3
    assert data_history.undo_import(session, strategist, workspace.id, key="u").data_version == 1


def test_how_files_are_read_is_remembered_and_a_repair_is_not(
    session: Session, strategist: Actor, workspace: Workspace
) -> None:
    def read(data: bytes, **answers: str) -> imports.UploadView:
        view = imports.read_uploads(
            session, strategist, workspace_id=workspace.id, files=[("a.csv", data)], answers=answers
        )
        session.commit()
        return view

    (question,) = read(AMBIGUOUS).questions
    assert not read(AMBIGUOUS).importable
    answered = read(AMBIGUOUS, **{question.key: "day_first"})
    assert (answered.importable, answered.remembered) == (True, frozenset())
    assert answered.id is not None
    imports.import_upload(session, strategist, answered.id, key="k")
    session.commit()
    later = read(LATER)
    assert (later.importable, later.remembered) == (True, {question.key})
    other = read(LATER, **{question.key: "month_first"})
    assert (other.answers, other.remembered) == ({question.key: "month_first"}, frozenset())

    (doubled,) = read(DOUBLED).questions
    mended = read(DOUBLED, **{doubled.key: "last"})
    assert mended.id is not None
    imports.import_upload(session, strategist, mended.id, key="k2")
    session.commit()
    assert not read(DOUBLED.replace(b"02-01", b"02-09")).importable


@pytest.mark.parametrize(
    ("key", "holds"),
    [
        ("0c8a7e27/date_order", True),
        ("0c8a7e27/column/hearts", True),
        ("0c8a7e27/needed/growth", True),
        ("0c8a7e27/unreadable_rows", False),
        ("0c8a7e27/duplicates", False),
        ("0c8a7e27/negative_count/posts", False),
        ("creator", False),
    ],
)
def test_only_answers_about_the_layout_hold_for_the_next_file(key: str, holds: object) -> None:
    assert is_about_layout(key) is holds


def test_rows_left_out_of_a_file_with_several_creators_stay_with_who_uploaded_it(
    session: Session, strategist: Actor
) -> None:
    data = b"creator,date,followers\nann,2026-02-01,10\nbob,2026-02-01,11\nbob,soon,12\n"
    key = imports.read_upload(session, strategist, file_name="a.csv", data=data).questions[0].key
    view = imports.read_uploads(session, strategist, files=[("a.csv", data)], answers={key: "leave_out"})
    session.commit()
    assert view.id is not None
    assert b"a.csv,4,unreadable date,soon,12" in data_history.upload_rejects(session, strategist, view.id)[1]
    for done in imports.import_upload(session, strategist, view.id, key="k"):
        assert data_history.version_rejects(session, strategist, done.workspace_id, 1)[1] == b"file,line,reason\n"
