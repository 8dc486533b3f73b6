from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Job, Workspace
from cgn_core.errors import Forbidden, InvalidInput, NotFound
from cgn_core.figures.data_calendar import DayState
from cgn_core.services import data_history, imports, repairs, workspaces

FIRST_DAY = date(2025, 1, 6)
"""Of the made files."""
ODD_DAY = FIRST_DAY + timedelta(days=30)
MISSING = [
    {"kind": "missing", "column": "follows", "first_day": str(ODD_DAY), "last_day": str(ODD_DAY), "cap": None},
]


def repair(
    session: Session, actor: Actor, workspace: Workspace, wanted: object = MISSING, **given: Any
) -> imports.Imported:
    current = workspaces.get_workspace(session, actor, workspace.id).data_version
    settled = {"based_on": current, "reason": "the agency ran a contest", "key": "r", **given}
    done = repairs.repair_data(session, actor, workspace.id, wanted, **settled)
    session.commit()
    return done


def state(session: Session, actor: Actor, workspace: Workspace, column: str = "follows") -> DayState:
    calendar = repairs.data_calendar(session, actor, workspace.id)
    assert calendar.first_day == FIRST_DAY
    return calendar.states[column][30]


def test_a_repair_is_a_version_with_who_what_and_why_and_undo_brings_the_numbers_back(
    session: Session, strategist: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> None:
    before = imports.load_daily(session, strategist, trained.id)
    preview = repairs.preview_repairs(session, strategist, trained.id, MISSING)
    assert (preview.days, preview.cells, preview.weeks_before - preview.weeks_after) == (1, 1, 1)
    (cell,) = preview.changed
    assert (cell.day, cell.column, cell.after) == (ODD_DAY, "follows", None)
    done = repair(session, strategist, trained)
    assert (done.data_version, done.changed) == (2, True)
    assert done.job_id is not None
    assert state(session, strategist, trained) is DayState.REPAIRED
    assert state(session, strategist, trained, "unfollows") is DayState.OBSERVED
    newest = data_history.data_versions(session, strategist, trained.id)[0]
    assert newest.report["repairs"] == MISSING
    assert newest.report["reason"] == "the agency ran a contest"
    assert newest.created_by
    assert newest.weeks == preview.weeks_after
    # The model in force knew other numbers: it is stale until the retraining is done.
    assert not workspaces.get_workspace(session, strategist, trained.id).card.is_current_data
    work()
    undone = data_history.undo_import(session, strategist, trained.id, key="u")
    session.commit()
    assert (undone.data_version, undone.job_id) == (1, None)
    assert imports.load_daily(session, strategist, trained.id).frame.equals(before.frame)
    assert state(session, strategist, trained) is DayState.OBSERVED


def test_a_later_import_of_other_days_keeps_the_repair_and_one_of_the_day_says_it_changes(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, workspace, data=make_csv(days=100))
    repair(session, strategist, workspace)
    import_csv(strategist, workspace, data=make_csv(days=40, start=FIRST_DAY + timedelta(days=100)))
    assert state(session, strategist, workspace) is DayState.REPAIRED
    same = imports.read_upload(
        session, strategist, workspace_id=workspace.id, file_name="a.csv", data=make_csv(days=100)
    )
    assert same.creators[0].change.changed_days == 1
    assert same.id is not None
    imports.import_upload(session, strategist, same.id, key="again")
    session.commit()
    assert state(session, strategist, workspace) is DayState.OBSERVED


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (MISSING, {"reason": "  "}, "Say why"),
        (MISSING, {"based_on": 7}, "data changed since"),
        ([{**MISSING[0], "kind": "cap", "cap": 1e9}], {}, "changes nothing"),
        ([{**MISSING[0], "column": "saves"}], {}, "no saves"),
        ("nonsense", {}, "Choose a repair"),
    ],
)
def test_a_repair_that_is_none_stores_nothing(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    wanted: object,
    given: dict[str, Any],
    said: str,
) -> None:
    import_csv(strategist, workspace)
    with pytest.raises(InvalidInput, match=said):
        repair(session, strategist, workspace, wanted, **given)
    session.rollback()
    assert session.scalars(select(DataVersion.number)).all() == [1]
    assert len(session.scalars(select(Job.id)).all()) == 1


def test_the_same_repair_twice_is_one_version(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    import_csv(strategist, workspace)
    repair(session, strategist, workspace, based_on=1)
    with pytest.raises(InvalidInput, match="data changed since"):
        repair(session, strategist, workspace, based_on=1)


def test_a_viewer_sees_the_calendar_and_repairs_nothing(session: Session, trained: Workspace, viewer: Actor) -> None:
    assert state(session, viewer, trained) is DayState.OBSERVED
    assert isinstance(repairs.find_oddities(session, viewer, trained.id), tuple)
    with pytest.raises((Forbidden, NotFound)):
        repair(session, viewer, trained)


def test_a_workspace_without_data_has_an_empty_calendar_and_nothing_odd(
    session: Session, strategist: Actor, workspace: Workspace
) -> None:
    assert repairs.data_calendar(session, strategist, workspace.id).first_day is None
    assert repairs.find_oddities(session, strategist, workspace.id) == ()
