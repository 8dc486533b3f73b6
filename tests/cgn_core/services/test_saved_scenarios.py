from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services import imports, saved_scenarios
from cgn_core.services.forecasts import compare_plans, predict
from cgn_core.services.saved_scenarios import (
    compare_scenarios,
    duplicate_scenario,
    get_scenario,
    list_scenarios,
    remove_scenario,
    rename_scenario,
    restore_scenario,
    save_scenario,
)

pytestmark = pytest.mark.usefixtures("sent_jobs")


def names(session: Session, actor: Actor, workspace: Workspace) -> list[str]:
    return [each.name for each in list_scenarios(session, actor, workspace.id)]


def test_a_scenario_is_saved_compared_renamed_copied_removed_and_brought_back(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace
) -> None:
    made = save_scenario(session, strategist, trained.id, name="  Two reels\nmore ", plan={"reels": 5, "posts": 2})
    found = get_scenario(session, viewer, made)
    assert (found.name, found.made_by) == ("Two reels more", strategist.name)
    assert found.plan["reels"] == 5.0
    assert "stories" in found.plan  # what was left out is kept as it was then
    comparison = compare_scenarios(session, viewer, trained.id)
    assert comparison is not None
    usual, scenario = comparison.rows
    assert (usual.name, usual.gain) == (saved_scenarios.AS_USUAL, None)
    assert usual.answer == predict(session, strategist, trained.id, {}, level=comparison.level)
    assert scenario.answer == predict(session, strategist, trained.id, found.plan, level=comparison.level)
    assert scenario.gain == compare_plans(session, strategist, trained.id, found.plan, {}, level=comparison.level)
    rename_scenario(session, strategist, made, "A brave week")
    first = duplicate_scenario(session, strategist, made)
    duplicate_scenario(session, strategist, made)
    assert names(session, viewer, trained) == ["A brave week", "A brave week (copy 2)", "A brave week (copy)"]
    assert get_scenario(session, viewer, first).plan == found.plan
    remove_scenario(session, strategist, made)
    assert "A brave week" not in names(session, viewer, trained)
    with pytest.raises(NotFound):
        get_scenario(session, viewer, made)
    restore_scenario(session, strategist, made)
    assert get_scenario(session, viewer, made).plan == found.plan


def test_two_scenarios_never_share_a_name(session: Session, strategist: Actor, trained: Workspace) -> None:
    one = save_scenario(session, strategist, trained.id, name="Reels", plan={"reels": 5})
    for taken in ("Reels", "reels ", saved_scenarios.AS_USUAL):
        with pytest.raises(Conflict, match="choose another name"):
            save_scenario(session, strategist, trained.id, name=taken, plan={"reels": 6})
    remove_scenario(session, strategist, one)
    other = save_scenario(session, strategist, trained.id, name="Reels", plan={"reels": 6})
    with pytest.raises(Conflict):
        restore_scenario(session, strategist, one)
    rename_scenario(session, strategist, other, "REELS")  # its own name, written otherwise
    rename_scenario(session, strategist, other, "Six reels")
    restore_scenario(session, strategist, one)


def test_what_no_model_could_answer_is_not_saved(
    session: Session, strategist: Actor, trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: Any
    for plan in ({"oracle": 1}, {"reels": -1}, {"reels": "6"}, {"reels": True}, {"reels": float("inf")}):
        with pytest.raises(InvalidInput):
            save_scenario(session, strategist, trained.id, name="x", plan=plan)
    for name in ("", "  ", "\x00", "n" * 81):
        with pytest.raises(InvalidInput, match="between 1 and 80"):
            save_scenario(session, strategist, trained.id, name=name, plan={})
    monkeypatch.setattr(saved_scenarios, "MOST_SCENARIOS", 2)
    kept = [save_scenario(session, strategist, trained.id, name=name, plan={}) for name in "ab"]
    with pytest.raises(InvalidInput, match="remove one"):
        duplicate_scenario(session, strategist, kept[0])
    remove_scenario(session, strategist, kept[1])
    save_scenario(session, strategist, trained.id, name="c", plan={})
    with pytest.raises(InvalidInput, match="remove one"):
        restore_scenario(session, strategist, kept[1])


def test_a_plan_far_beyond_is_kept_and_has_no_answer(session: Session, strategist: Actor, trained: Workspace) -> None:
    save_scenario(session, strategist, trained.id, name="Too much", plan={"reels": 400})
    comparison = compare_scenarios(session, strategist, trained.id)
    assert comparison is not None
    assert (comparison.rows[1].answer.expected, comparison.rows[1].gain) == (None, None)


def test_without_a_model_there_is_nothing_to_save_or_compare(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, workspace)
    assert compare_scenarios(session, strategist, workspace.id) is None
    with pytest.raises(NotFound, match="no model yet"):
        save_scenario(session, strategist, workspace.id, name="Reels", plan={})
