"""Who may administer a team: its owners, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session
from team_services import LISTING, NAMING, Team

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Workspace
from cgn_core.errors import Forbidden, NotFound
from cgn_core.services import invitations, members


@pytest.fixture
def team(session: Session, agency: Agency, owner: Actor, workspace: Workspace, new_user: Callable[..., Actor]) -> Team:
    member, removed = new_user(agency, Role.STRATEGIST), new_user(agency, Role.STRATEGIST)
    members.remove_member(session, owner, removed.user_id)
    waits = invitations.invite(session, owner, "client@brand.example", Role.STRATEGIST)
    revoked = invitations.invite(session, owner, "past@brand.example", Role.STRATEGIST)
    invitations.revoke_invitation(session, owner, revoked.id)
    session.commit()
    return Team(workspace.id, member.user_id, removed.user_id, waits.id, revoked.id)


def test_an_owner_may(session: Session, owner: Actor, team: Team) -> None:
    for call in (NAMING | LISTING).values():
        call(session, owner, team)
        session.rollback()


@pytest.mark.parametrize("role", [Role.STRATEGIST, Role.VIEWER])
def test_nobody_else_of_the_agency_may(
    session: Session, agency: Agency, team: Team, new_user: Callable[..., Actor], role: Role
) -> None:
    session.rollback()
    actor = new_user(agency, role)
    for name, call in (NAMING | LISTING).items():
        with pytest.raises(Forbidden):
            call(session, actor, team)
        session.rollback()
        with pytest.raises(Forbidden):  # and learns nothing about which ids there are
            call(session, actor, Team(*(uuid4() for _ in range(5))))
        session.rollback()
        assert name


def test_an_owner_of_another_agency_finds_nothing(session: Session, team: Team, outsider: Actor) -> None:
    for name, call in NAMING.items():
        with pytest.raises(NotFound) as refused:
            call(session, outsider, team)
        assert refused.value.message == NotFound().message, name
        session.rollback()
        with pytest.raises(NotFound) as nothing:
            call(session, outsider, Team(*(uuid4() for _ in range(5))))
        assert nothing.value.message == refused.value.message, name
        session.rollback()
    shown = "".join(repr(LISTING[name](session, outsider, team)) for name in LISTING if ".list_" in name)
    assert "client@brand.example" not in shown
    assert str(team.workspace) not in shown


def test_nobody_of_another_agency_is_let_into_a_workspace_of_ones_own(
    session: Session, outsider: Actor, other_workspace: Workspace, team: Team
) -> None:
    mixed = replace(team, workspace=other_workspace.id)
    for name in ("workspace_access.grant_access", "workspace_access.revoke_access"):
        with pytest.raises(NotFound):
            NAMING[name](session, outsider, mixed)
        session.rollback()
