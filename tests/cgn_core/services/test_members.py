"""Members: roles, disabling, removing and bringing back; the last owner stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, User, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import CgnError, Forbidden, InvalidInput, NotFound
from cgn_core.services import members, sessions, sign_ins, tokens
from cgn_core.services.passwords import hash_password

PASSWORD = "tangerine anvil boat"


@pytest.fixture
def signed_in(session: Session, strategist: Actor) -> str:
    """The token of a session of the strategist."""
    user = session.get_one(User, strategist.user_id)
    user.password_hash = hash_password(PASSWORD)
    email = user.email
    session.commit()
    return sign_ins.sign_in(session, email, PASSWORD).token


def test_the_team_is_listed_owners_first_with_what_each_was_let_into(
    session: Session, owner: Actor, strategist: Actor, viewer: Actor, outsider: Actor, workspace: Workspace
) -> None:
    listed = members.list_members(session, owner)
    assert [each.id for each in listed] == [owner.user_id, strategist.user_id, viewer.user_id]
    assert [each.is_self for each in listed] == [True, False, False]
    assert [each.workspaces for each in listed] == [(), (), (workspace.handle,)]
    assert outsider.user_id not in {each.id for each in listed}


def test_a_strategist_sees_the_team_but_no_handles_of_restricted_workspaces(
    session: Session, agency: Agency, owner: Actor, strategist: Actor, new_user: Callable[..., Actor],
    new_workspace: Callable[..., Workspace],
) -> None:  # fmt: skip
    from cgn_core.services import workspace_access

    secret = new_workspace(agency, "secret.client", restricted=True)
    client = new_user(agency, Role.VIEWER)
    workspace_access.grant_access(session, owner, secret.id, client.user_id)
    seen = {each.id: each.workspaces for each in members.list_members(session, strategist)}
    assert seen[client.user_id] == ()
    assert {each.id: each.workspaces for each in members.list_members(session, owner)}[client.user_id] == (
        "secret.client",
    )


def test_a_viewer_sees_no_team(session: Session, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        members.list_members(session, viewer)
    with pytest.raises(Forbidden):
        members.get_member(session, viewer, viewer.user_id)


def test_a_member_of_another_agency_is_not_found(session: Session, strategist: Actor, outsider: Actor) -> None:
    assert members.get_member(session, strategist, strategist.user_id).is_self
    with pytest.raises(NotFound):
        members.get_member(session, strategist, outsider.user_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, a, who: members.change_role(s, a, who, Role.VIEWER),
        members.disable_member,
        members.remove_member,
    ],
)
def test_a_change_of_rights_ends_sessions_and_tokens_at_once(
    session: Session, owner: Actor, strategist: Actor, signed_in: str, change: Callable[..., str]
) -> None:
    token = tokens.create_token(session, strategist, name="script", role="viewer").token
    assert sessions.visitor_for_token(session, signed_in) is not None
    assert tokens.bearer_of(session, token) is not None
    assert change(session, owner, strategist.user_id) == strategist.name
    assert sessions.visitor_for_token(session, signed_in) is None
    assert tokens.bearer_of(session, token) is None


def test_the_same_role_again_ends_no_session(session: Session, owner: Actor, strategist: Actor, signed_in: str) -> None:
    members.change_role(session, owner, strategist.user_id, Role.STRATEGIST)
    assert sessions.visitor_for_token(session, signed_in) is not None


def test_whoever_is_disabled_or_removed_cannot_sign_in_until_that_is_undone(
    session: Session, owner: Actor, strategist: Actor, signed_in: str
) -> None:
    del signed_in
    email = session.get_one(User, strategist.user_id).email
    for end, undo in (
        (members.disable_member, members.enable_member),
        (members.remove_member, members.restore_member),
    ):
        end(session, owner, strategist.user_id)
        session.commit()
        with pytest.raises(InvalidInput):
            sign_ins.sign_in(session, email, PASSWORD)
        undo(session, owner, strategist.user_id)
        session.commit()
        assert sign_ins.sign_in(session, email, PASSWORD).user.role is Role.STRATEGIST


def test_a_removed_member_is_in_no_list_and_comes_back_as_they_were(
    session: Session, owner: Actor, strategist: Actor
) -> None:
    members.disable_member(session, owner, strategist.user_id)
    members.remove_member(session, owner, strategist.user_id)
    assert strategist.user_id not in {each.id for each in members.list_members(session, owner)}
    with pytest.raises(NotFound):
        members.enable_member(session, owner, strategist.user_id)
    members.restore_member(session, owner, strategist.user_id)
    (back,) = [each for each in members.list_members(session, owner) if each.id == strategist.user_id]
    assert back.disabled


@pytest.mark.parametrize(
    "change",
    [
        lambda s, a, who: members.change_role(s, a, who, Role.STRATEGIST),
        members.disable_member,
        members.remove_member,
    ],
)
def test_the_last_owner_stays(
    session: Session, agency: Agency, owner: Actor, new_user: Callable[..., Actor], change: Callable[..., str]
) -> None:
    with pytest.raises(InvalidInput, match="last owner"):
        change(session, owner, owner.user_id)
    session.rollback()
    second = new_user(agency, Role.OWNER)
    members.disable_member(session, owner, second.user_id)
    with pytest.raises(InvalidInput, match="last owner"):  # one who can't sign in doesn't count
        change(session, owner, owner.user_id)
    members.enable_member(session, owner, second.user_id)
    change(session, owner, owner.user_id)


def test_two_owners_who_demote_each_other_at_once_leave_one(
    session: Session, agency: Agency, owner: Actor, new_user: Callable[..., Actor]
) -> None:
    second = new_user(agency, Role.OWNER)

    def demote(by: Actor, whom: Actor) -> str:
        try:
            with transaction() as own:
                members.change_role(own, by, whom.user_id, Role.VIEWER)
        except CgnError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(demote, (owner, second), (second, owner)))
    assert outcomes == ["InvalidInput", "done"]
    left = session.scalars(select(User.role).where(User.agency_id == agency.id, User.role == Role.OWNER)).all()
    assert len(left) == 1
