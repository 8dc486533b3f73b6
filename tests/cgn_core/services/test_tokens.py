"""API tokens: who makes them, what they are worth, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor, Role
from cgn_core.db.models import Agency, ApiToken, AuditLine, User, Workspace, now
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import Forbidden, InvalidInput, NotFound
from cgn_core.services import members, tokens


def make(session: Session, actor: Actor, **options: object) -> tokens.NewToken:
    return tokens.create_token(session, actor, **({"name": "CI", "role": actor.role} | options))  # type: ignore[arg-type]  # options of one call


def seen(session: Session, actor: Actor) -> set[str]:
    return {row.handle for row in session.scalars(readable_workspaces(actor))}


def test_a_token_is_shown_once_and_kept_as_a_hash(session: Session, owner: Actor) -> None:
    made = make(session, owner)
    assert made.token.startswith(made.view.prefix)
    assert len(made.token) >= len("cgn_") + 43
    row = session.scalars(select(ApiToken)).one()
    stored = "".join(str(getattr(row, column.key)) for column in ApiToken.__table__.columns)
    assert made.token not in stored
    assert made.token.removeprefix(made.view.prefix) not in stored
    found = tokens.bearer_of(session, made.token)
    assert found is not None
    assert (found.actor.user_id, found.actor.role, found.actor.token_id) == (owner.user_id, Role.OWNER, made.view.id)
    assert tokens.bearer_of(session, made.token + "x") is None
    assert tokens.bearer_of(session, made.view.prefix) is None


def test_nobody_makes_a_token_that_may_more_than_they_do(
    session: Session, strategist: Actor, viewer: Actor, workspace: Workspace
) -> None:
    with pytest.raises(Forbidden):
        make(session, strategist, role=Role.OWNER)
    with pytest.raises(Forbidden):
        make(session, viewer)
    assert make(session, strategist, role=Role.VIEWER).view.role is Role.VIEWER
    for wrong in ({"name": " "}, {"role": "root"}, {"days": 0}, {"days": 366}, {"workspace_ids": []}):
        with pytest.raises(InvalidInput):
            make(session, strategist, **wrong)
    assert workspace.handle == "lena.moves"


def test_nobody_limits_a_token_to_a_workspace_that_they_do_not_see(
    session: Session, owner: Actor, other_workspace: Workspace
) -> None:
    for wanted in (other_workspace.id, uuid4(), "x"):
        with pytest.raises(NotFound):
            make(session, owner, workspace_ids=[wanted])


def test_a_token_sees_what_its_maker_sees_and_no_more_than_it_is_limited_to(
    session: Session, agency: Agency, owner: Actor, workspace: Workspace, new_workspace: Callable[..., Workspace]
) -> None:
    new_workspace(agency, "second")
    for options, expected in (
        ({}, {"lena.moves", "second"}),
        ({"role": Role.VIEWER}, {"lena.moves", "second"}),
        ({"role": Role.VIEWER, "workspace_ids": [workspace.id]}, {"lena.moves"}),
    ):
        bearer = tokens.bearer_of(session, make(session, owner, **options).token)
        assert bearer is not None
        assert seen(session, bearer.actor) == expected
        editable = set() if "role" in options else expected
        assert {row.handle for row in session.scalars(editable_workspaces(bearer.actor))} == editable


def test_a_token_of_some_workspaces_does_nothing_to_the_agency(
    session: Session, owner: Actor, workspace: Workspace
) -> None:
    bearer = tokens.bearer_of(session, make(session, owner, workspace_ids=[workspace.id]).token)
    assert bearer is not None
    may = {action for action in Action if bearer.actor.may(action)}
    assert Action.IMPORT_DATA in may
    assert not may & {Action.CREATE_WORKSPACE, Action.MANAGE_TEAM, Action.READ_AUDIT, Action.MAKE_TOKENS}


@pytest.mark.parametrize("what", ["revoked", "expired", "disabled", "smaller role"])
def test_a_token_ends_with_its_time_or_with_its_maker(session: Session, owner: Actor, what: str) -> None:
    made = make(session, owner)
    if what == "revoked":
        tokens.revoke_token(session, owner, made.view.id)
    elif what == "expired":
        session.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
    else:
        values = {"disabled_at": now()} if what == "disabled" else {"role": Role.STRATEGIST}
        session.execute(update(User).where(User.id == owner.user_id).values(**values))
    session.flush()
    session.expire_all()
    assert tokens.bearer_of(session, made.token) is None
    (view,) = tokens.list_tokens(session, owner)
    assert view.state == {"revoked": "revoked", "expired": "expired"}.get(what, "asleep")


def test_tokens_beyond_a_smaller_role_do_not_come_alive_again(session: Session, owner: Actor) -> None:
    big, small = make(session, owner), make(session, owner, role=Role.VIEWER)
    assert tokens.revoke_tokens_beyond(session, owner, owner.user_id, Role.STRATEGIST) == 1
    assert tokens.bearer_of(session, big.token) is None
    assert tokens.bearer_of(session, small.token) is not None
    assert tokens.revoke_tokens_beyond(session, owner, owner.user_id, None) == 1


def test_a_member_who_is_disabled_or_gets_another_role_loses_their_tokens_for_good(
    session: Session, owner: Actor, strategist: Actor
) -> None:
    made = make(session, strategist)
    members.change_role(session, owner, strategist.user_id, Role.VIEWER)
    members.change_role(session, owner, strategist.user_id, Role.STRATEGIST)
    assert tokens.bearer_of(session, made.token) is None
    second = make(session, strategist)
    members.disable_member(session, owner, strategist.user_id)
    members.enable_member(session, owner, strategist.user_id)
    assert tokens.bearer_of(session, second.token) is None


def test_an_owner_sees_and_takes_back_everybodys_tokens_and_others_their_own(
    session: Session, owner: Actor, strategist: Actor, outsider: Actor
) -> None:
    hers, his = make(session, owner).view, make(session, strategist).view
    assert {view.id for view in tokens.list_tokens(session, owner)} == {hers.id, his.id}
    assert [view.id for view in tokens.list_tokens(session, strategist)] == [his.id]
    assert tokens.list_tokens(session, outsider) == []
    for actor, wanted in ((strategist, hers.id), (outsider, his.id), (owner, uuid4())):
        with pytest.raises(NotFound):
            tokens.revoke_token(session, actor, wanted)
    tokens.revoke_token(session, owner, his.id)
    assert {view.state for view in tokens.list_tokens(session, strategist)} == {"revoked"}


def test_making_and_taking_back_are_in_the_audit_log(session: Session, owner: Actor) -> None:
    made = make(session, owner)
    tokens.revoke_token(session, owner, made.view.id)
    tokens.revoke_token(session, owner, made.view.id)
    session.commit()
    actions = session.scalars(select(AuditLine.action).order_by(AuditLine.number)).all()
    assert [str(action) for action in actions] == ["token_made", "token_revoked"]


def test_nobody_has_more_tokens_than_they_can_watch(
    session: Session, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_PER_USER", 2)
    first = make(session, owner)
    make(session, owner)
    with pytest.raises(InvalidInput, match="take one back"):
        make(session, owner)
    tokens.revoke_token(session, owner, first.view.id)
    make(session, owner)
