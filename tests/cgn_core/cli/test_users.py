"""``cgn user`` and ``cgn workspace``: what an installation's operator does without the portal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from cgn_core.access import Actor, Role
from cgn_core.cli.users import user
from cgn_core.cli.workspaces import workspace as workspace_group
from cgn_core.db.models import Agency, AuditLine, Invitation, User, Workspace
from cgn_core.db.session import reading
from cgn_core.errors import CgnError
from cgn_core.services import invitations, password_resets

pytestmark = pytest.mark.usefixtures("sent_jobs")
GROUPS = {"user": user, "workspace": workspace_group}
Cgn = Callable[..., Any]


@pytest.fixture
def cgn(agency: Agency) -> Cgn:
    """``cgn("user", "list")``: what it printed, as JSON; an error's sentence as the command line would say it."""
    del agency

    def run(group: str, *arguments: str, as_json: bool = True) -> Any:
        done = CliRunner().invoke(GROUPS[group], [*arguments, *(["--json"] if as_json else [])])
        if isinstance(done.exception, CgnError):
            return done.exception.message
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if as_json else done.stdout

    return run


def address(actor: Actor) -> str:
    with reading() as session:
        return session.get_one(User, actor.user_id).email


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_everybody_is_listed_with_what_they_were_let_into_and_who_is_invited(
    cgn: Cgn, owner: Actor, viewer: Actor, workspace: Workspace
) -> None:
    made = cgn("user", "invite", "new@brand.example", "--role", "viewer", "--workspace", f"@{workspace.handle}")
    assert (made["email"], made["mailed"]) == ("new@brand.example", False)
    listed = cgn("user", "list")
    assert [(each["email"], each["role"], each["state"]) for each in listed["users"]] == [
        (address(owner), "owner", "active"),
        (address(viewer), "viewer", "active"),
    ]
    assert listed["users"][1]["workspaces"] == [workspace.handle]
    assert [(each["email"], each["workspaces"]) for each in listed["invitations"]] == [
        ("new@brand.example", [workspace.handle])
    ]
    shown = cgn("user", "list", as_json=False)
    assert address(viewer)[:20] in shown
    assert "invited" in shown


def test_a_link_that_it_prints_works_and_nobody_of_the_agency_made_it(
    cgn: Cgn, owner: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(public_url="https://growth.example")
    link = cgn("user", "invite", "new@brand.example", "--role", "strategist")["link"]
    assert link.startswith("https://growth.example/invitation/")
    reset = cgn("user", "reset-password", address(owner).upper())["link"]
    assert reset.startswith("https://growth.example/password/reset/")
    with reading() as session:
        assert invitations.open_invitation(session, token_of(link)).role is Role.STRATEGIST
        assert password_resets.open_reset(session, token_of(reset)).email == session.get_one(User, owner.user_id).email
        assert session.scalars(select(Invitation.invited_by)).all() == [None]
        assert set(session.scalars(select(AuditLine.actor_kind))) == {"system"}


def test_without_an_address_of_its_own_it_says_what_to_put_before_the_path(cgn: Cgn, owner: Actor) -> None:
    said = cgn("user", "reset-password", address(owner), as_json=False)
    assert "\n/password/reset/" in said
    assert "CGN_PUBLIC_URL" in said


def test_roles_and_sign_ins_are_administered_but_the_last_owner_stays(
    cgn: Cgn, owner: Actor, strategist: Actor
) -> None:
    email = address(strategist)
    assert cgn("user", "disable", email) == {"email": email, "state": "disabled"}
    assert "is disabled" in cgn("user", "reset-password", email)
    assert cgn("user", "enable", email) == {"email": email, "state": "active"}
    assert "last owner" in cgn("user", "set-role", address(owner), "viewer")
    assert cgn("user", "set-role", email, "owner") == {"email": email, "role": "owner"}
    assert "is viewer now" in cgn("user", "set-role", address(owner), "viewer", as_json=False)


def test_access_to_workspaces_is_administered(
    cgn: Cgn, strategist: Actor, workspace: Workspace, other_workspace: Workspace, agency: Agency
) -> None:
    email, handle, ours = address(strategist), workspace.handle, ("--agency", agency.name)
    assert cgn("workspace", "restrict", handle, *ours) == {"handle": handle, "restricted": True}
    assert cgn("workspace", "grant", handle, email)["let_in"] is True
    assert cgn("workspace", "list", *ours) == {
        "workspaces": [{"handle": handle, "restricted": True, "let_in": [email]}]
    }
    assert "let out of" in cgn("workspace", "revoke", handle, email, as_json=False)
    assert "open to every strategist" in cgn("workspace", "open", handle, *ours, as_json=False)
    assert "restricted" not in cgn("workspace", "list", *ours, as_json=False)
    assert "no workspace called" in cgn("workspace", "grant", other_workspace.handle, email)


@pytest.mark.usefixtures("other_agency")
def test_what_cannot_be_is_one_sentence(cgn: Cgn) -> None:
    assert "say which with --agency" in cgn("user", "list")
    assert cgn("user", "list", "--agency", "Nowhere") == "There is no agency called Nowhere."
    assert cgn("user", "disable", "no@body.example") == "There is no user with the address no@body.example."
    assert "no e-mail address" in cgn("user", "invite", "x", "--role", "owner", "--agency", "Northlight")
