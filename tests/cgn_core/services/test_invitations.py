"""Invitations: bound to an address, a role and workspaces; single use, expiring, taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.invitations import forget_invitations
from cgn_core.db.models import Agency, Invitation, InvitationLink, Job, User, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.errors import CgnError, InvalidInput, InvalidLink, NotFound, QuotaExceeded
from cgn_core.services import accounts, invitations, members, sign_ins
from cgn_core.services.invitations import Invited
from cgn_core.services.navigation import workspace_names

PASSWORD = "tangerine anvil boat"
EMAIL = "client@brand.example"


@pytest.fixture
def invited(session: Session, owner: Actor, workspace: Workspace) -> Invited:
    made = invitations.invite(session, owner, f" {EMAIL.upper()} ", Role.VIEWER, workspace_ids=[workspace.id])
    session.commit()
    return made


def accept(session: Session, token: str) -> Actor:
    user_id = invitations.accept_invitation(session, token, name="Ana  Ruiz", password=PASSWORD)
    session.commit()
    return accounts.actor_of(session, user_id)


def refused(session: Session, token: str) -> bool:
    try:
        invitations.open_invitation(session, token)
    except InvalidLink:
        pass
    else:
        return False
    with pytest.raises(InvalidLink):
        invitations.accept_invitation(session, token, name="Ana", password=PASSWORD)
    return True


def test_whoever_takes_it_up_gets_the_role_and_the_workspaces_and_nothing_else(
    session: Session, agency: Agency, invited: Invited, new_workspace: Callable[..., Workspace]
) -> None:
    new_workspace(agency, "not.theirs")
    seen = invitations.open_invitation(session, invited.token)
    assert (seen.agency, seen.email, seen.role) == ("Northlight", EMAIL, Role.VIEWER)
    actor = accept(session, invited.token)
    assert (actor.role, actor.agency_id, actor.name) == (Role.VIEWER, agency.id, "Ana Ruiz")
    assert [handle for _, handle in workspace_names(session, actor)] == ["lena.moves"]
    session.commit()
    assert sign_ins.sign_in(session, EMAIL, PASSWORD).user.id == actor.user_id


def test_the_token_has_256_bits_and_only_its_hash_is_stored(session: Session, invited: Invited) -> None:
    assert len(invited.token) == 43  # 32 bytes in base64
    (stored,) = session.scalars(select(InvitationLink.token_hash)).all()
    assert invited.token not in stored
    for model in (Invitation, Job):
        assert invited.token not in str(session.execute(select(*model.__table__.columns)).all())


def test_it_works_once(session: Session, invited: Invited) -> None:
    accept(session, invited.token)
    assert refused(session, invited.token)


def test_of_two_who_take_it_up_at_once_one_gets_it(session: Session, invited: Invited) -> None:
    session.commit()

    def take(name: str) -> str:
        try:
            with transaction() as own:
                invitations.accept_invitation(own, invited.token, name=name, password=PASSWORD)
        except CgnError as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, ("Ana", "Bo"))) == ["InvalidLink", "in"]


def test_it_ends_when_it_is_taken_back_and_works_again_when_that_is_undone(
    session: Session, owner: Actor, invited: Invited
) -> None:
    assert invitations.revoke_invitation(session, owner, invited.id) == EMAIL
    assert refused(session, invited.token)
    assert invitations.list_invitations(session, owner) == []
    invitations.restore_invitation(session, owner, invited.id)
    assert [each.email for each in invitations.list_invitations(session, owner)] == [EMAIL]
    accept(session, invited.token)


def test_it_expires_and_can_be_sent_again(session: Session, owner: Actor, invited: Invited) -> None:
    session.execute(update(Invitation).values(expires_at=now() - timedelta(seconds=1)))
    assert refused(session, invited.token)
    (view,) = invitations.list_invitations(session, owner)
    assert view.expired
    again = invitations.resend_invitation(session, owner, invited.id)
    assert refused(session, invited.token)
    accept(session, again.token)


def test_inviting_an_address_again_ends_the_earlier_invitation(
    session: Session, owner: Actor, invited: Invited
) -> None:
    again = invitations.invite(session, owner, EMAIL, Role.STRATEGIST)
    assert refused(session, invited.token)
    with pytest.raises(InvalidInput, match="invited again"):
        invitations.restore_invitation(session, owner, invited.id)
    assert accept(session, again.token).role is Role.STRATEGIST


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "a" * 43, "\x00", "é" * 50])
def test_a_made_up_token_opens_nothing(session: Session, invited: Invited, token: str) -> None:
    del invited
    assert refused(session, token)


def test_a_viewer_needs_a_workspace_of_the_own_agency(
    session: Session, owner: Actor, other_workspace: Workspace
) -> None:
    with pytest.raises(InvalidInput, match="choose at least one"):
        invitations.invite(session, owner, EMAIL, Role.VIEWER)
    for identifier in (other_workspace.id, uuid4(), "x"):
        with pytest.raises(NotFound):
            invitations.invite(session, owner, EMAIL, Role.VIEWER, workspace_ids=[identifier])


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.example", "a@c.example\nBcc: d@e.example"])
def test_what_is_no_address_is_refused_in_a_sentence(session: Session, owner: Actor, email: str) -> None:
    with pytest.raises(InvalidInput, match="no e-mail address"):
        invitations.invite(session, owner, email, Role.STRATEGIST)


def test_a_member_is_not_invited_again_but_a_removed_one_is_and_comes_back_with_the_new_role(
    session: Session, owner: Actor, strategist: Actor, workspace: Workspace
) -> None:
    email = session.get_one(User, strategist.user_id).email
    with pytest.raises(InvalidInput, match="member of your agency already"):
        invitations.invite(session, owner, email, Role.VIEWER, workspace_ids=[workspace.id])
    members.remove_member(session, owner, strategist.user_id)
    invited = invitations.invite(session, owner, email, Role.VIEWER, workspace_ids=[workspace.id])
    back = accept(session, invited.token)
    assert (back.user_id, back.role) == (strategist.user_id, Role.VIEWER)


def test_an_address_with_an_account_elsewhere_is_told_so_by_the_link_and_not_by_the_form(
    session: Session, owner: Actor, outsider: Actor
) -> None:
    email = session.get_one(User, outsider.user_id).email
    invited = invitations.invite(session, owner, email, Role.STRATEGIST)
    with pytest.raises(InvalidInput, match="There is an account"):
        invitations.accept_invitation(session, invited.token, name="Ana", password=PASSWORD)
    assert session.get_one(User, outsider.user_id).agency_id == outsider.agency_id


def test_a_weak_password_leaves_the_invitation_open(session: Session, invited: Invited) -> None:
    with pytest.raises(InvalidInput, match="at least 12"):
        invitations.accept_invitation(session, invited.token, name="Ana", password="short")
    with pytest.raises(InvalidInput, match="Enter the user's name"):
        invitations.accept_invitation(session, invited.token, name=" \t", password=PASSWORD)
    accept(session, invited.token)


def test_a_workspace_that_was_deleted_meanwhile_is_left_out(
    session: Session, invited: Invited, workspace: Workspace
) -> None:
    session.delete(session.get_one(Workspace, workspace.id))
    session.commit()
    assert workspace_names(session, accept(session, invited.token)) == []


def test_strangers_are_not_invited_without_end(
    session: Session, owner: Actor, invited: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    del invited
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    invitations.invite(session, owner, "second@brand.example", Role.STRATEGIST)
    with pytest.raises(QuotaExceeded, match="2 invitations wait"):
        invitations.invite(session, owner, "third@brand.example", Role.STRATEGIST)


def test_addresses_of_invitations_long_over_are_forgotten(session: Session, owner: Actor, invited: Invited) -> None:
    session.execute(update(Invitation).values(expires_at=now() - timedelta(days=31)))
    session.execute(forget_invitations(before=now() - timedelta(days=30)))
    assert invitations.list_invitations(session, owner) == []
    assert session.scalars(select(InvitationLink)).all() == []
    assert refused(session, invited.token)
