from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.errors import Forbidden, InvalidInput, NotFound
from cgn_core.services.workspaces import create_workspace, get_workspace, list_workspaces, set_minutes, set_time_zone


def test_an_empty_workspace_says_what_to_do_next(session: Session, strategist: Actor) -> None:
    workspace_id = create_workspace(session, strategist, " @trail.notes ")
    (card,) = list_workspaces(session, strategist)
    assert (card.id, card.handle, card.light.state) == (workspace_id, "trail.notes", "No data yet")
    assert "Import a file" in card.light.reason
    assert (card.followers, card.model, card.job, card.sparkline) == (None, None, None, ())


@pytest.mark.parametrize("handle", ["", " @ ", "x" * 61, "lena.moves", "@lena.moves"])
@pytest.mark.usefixtures("workspace")
def test_empty_long_and_taken_handles_are_refused(session: Session, strategist: Actor, handle: str) -> None:
    with pytest.raises(InvalidInput):
        create_workspace(session, strategist, handle)


def test_a_viewer_makes_no_workspace_and_edits_none(session: Session, viewer: Actor, workspace: Workspace) -> None:
    with pytest.raises(Forbidden):
        create_workspace(session, viewer, "new")
    with pytest.raises(NotFound):
        set_minutes(session, viewer, workspace.id, {"posts": 30})
    assert not get_workspace(session, viewer, workspace.id).may_edit


def test_minutes_left_out_keep_their_defaults(session: Session, strategist: Actor, workspace: Workspace) -> None:
    set_minutes(session, strategist, workspace.id, {"reels": 90})
    set_minutes(session, strategist, workspace.id, {"stories": 5.5})
    session.commit()
    assert get_workspace(session, strategist, workspace.id).minutes == {"posts": 45.0, "reels": 90.0, "stories": 5.5}


@pytest.mark.parametrize(
    "minutes",
    [
        {"reels": 0},
        {"reels": -1},
        {"reels": 1441},
        {"naps": 5},
        {"reels": True},
        {"reels": float("nan")},
        {"reels": "9"},
    ],
)
def test_impossible_minutes_are_refused(
    session: Session, strategist: Actor, workspace: Workspace, minutes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        set_minutes(session, strategist, workspace.id, minutes)


def test_a_time_zone_must_exist(session: Session, strategist: Actor, workspace: Workspace) -> None:
    set_time_zone(session, strategist, workspace.id, "America/Sao_Paulo")
    assert get_workspace(session, strategist, workspace.id).time_zone == "America/Sao_Paulo"
    with pytest.raises(InvalidInput):
        set_time_zone(session, strategist, workspace.id, "../etc/passwd")


def test_a_restricted_workspace_is_hidden_from_strategists_but_not_from_owners(
    session: Session, agency: Agency, owner: Actor, strategist: Actor, new_workspace: Callable[..., Workspace]
) -> None:
    new_workspace(agency, "secret", restricted=True)
    assert [card.handle for card in list_workspaces(session, owner)] == ["secret"]
    assert list_workspaces(session, strategist) == []
