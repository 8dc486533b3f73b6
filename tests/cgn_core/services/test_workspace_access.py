"""Letting members into workspaces, and out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import workspace_access
from cgn_core.services.navigation import workspace_names


def handles(session: Session, actor: Actor) -> set[str]:
    return {handle for _, handle in workspace_names(session, actor)}


def test_a_restricted_workspace_is_seen_by_owners_and_those_let_in(
    session: Session, owner: Actor, strategist: Actor, workspace: Workspace
) -> None:
    assert handles(session, strategist) == {"lena.moves"}
    workspace_access.set_restricted(session, owner, workspace.id, restricted=True)
    assert handles(session, strategist) == set()
    assert handles(session, owner) == {"lena.moves"}
    workspace_access.grant_access(session, owner, workspace.id, strategist.user_id)
    workspace_access.grant_access(session, owner, workspace.id, strategist.user_id)
    assert handles(session, strategist) == {"lena.moves"}
    workspace_access.revoke_access(session, owner, workspace.id, strategist.user_id)
    assert handles(session, strategist) == set()
    workspace_access.set_restricted(session, owner, workspace.id, restricted=False)
    assert handles(session, strategist) == {"lena.moves"}


def test_a_viewer_sees_what_they_are_let_into_and_no_more(
    session: Session, agency: Agency, owner: Actor, viewer: Actor, new_workspace: Callable[..., Workspace]
) -> None:
    second = new_workspace(agency, "second")
    assert handles(session, viewer) == {"lena.moves"}
    workspace_access.grant_access(session, owner, second.id, viewer.user_id)
    assert handles(session, viewer) == {"lena.moves", "second"}


def test_the_list_says_whom_letting_in_would_change_something_for(
    session: Session, owner: Actor, strategist: Actor, viewer: Actor, workspace: Workspace
) -> None:
    access = workspace_access.get_access(session, owner, workspace.id)
    assert [each.id for each in access.let_in] == [viewer.user_id]
    assert access.others == ()
    workspace_access.set_restricted(session, owner, workspace.id, restricted=True)
    access = workspace_access.get_access(session, owner, workspace.id)
    assert [each.id for each in access.others] == [strategist.user_id]
    (line,) = workspace_access.list_access(session, owner)
    assert (line.handle, line.restricted, line.viewers, line.strategists) == ("lena.moves", True, 1, 0)


def test_an_owner_needs_no_letting_in(session: Session, owner: Actor, workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="sees every workspace"):
        workspace_access.grant_access(session, owner, workspace.id, owner.user_id)


def test_nobody_of_another_agency_is_let_in(
    session: Session, other_agency: Agency, owner: Actor, workspace: Workspace, new_user: Callable[..., Actor]
) -> None:
    stranger = new_user(other_agency, Role.VIEWER)
    with pytest.raises(NotFound):
        workspace_access.grant_access(session, owner, workspace.id, stranger.user_id)
    assert handles(session, stranger) == set()
