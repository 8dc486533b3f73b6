"""``cgn token``: made, listed and taken back from the command line."""

from __future__ import annotations

import json

import pytest

from cgn_core.access import Actor
from cgn_core.cli.main import app
from cgn_core.db.models import User, Workspace
from cgn_core.db.session import open_session, reading
from cgn_core.errors import NotFound
from cgn_core.services.tokens import bearer_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def cgn(*words: str) -> None:
    app(list(words), standalone_mode=False)


@pytest.fixture
def email(owner: Actor) -> str:
    with reading() as session:
        return session.get_one(User, owner.user_id).email


def is_worth_something(token: str) -> bool:
    with open_session(read_only=True) as session:
        return bearer_of(session, token) is not None


def test_a_token_is_made_listed_and_taken_back(email: str, capsys: pytest.CaptureFixture[str]) -> None:
    cgn("token", "create", "--email", email, "--name", "nightly", "--role", "viewer", "--days", "7")
    out, err = capsys.readouterr()
    token = out.strip()
    assert is_worth_something(token)
    assert "as viewer until" in err
    cgn("token", "list", "--email", email, "--json")
    listed = capsys.readouterr().out
    (view,) = json.loads(listed)["tokens"]
    assert (view["name"], view["role"], view["state"]) == ("nightly", "viewer", "live")
    assert token not in listed
    cgn("token", "revoke", view["id"], "--email", email)
    assert not is_worth_something(token)
    capsys.readouterr()
    cgn("token", "list", "--email", email)
    assert "revoked" in capsys.readouterr().out


def test_a_token_may_be_limited_to_workspaces_by_their_handles(
    email: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cgn("token", "create", "--email", email, "--name", "one", "--workspace", f"@{workspace.handle}", "--json")
    assert json.loads(capsys.readouterr().out)["workspaces"] == [workspace.handle]
    with pytest.raises(NotFound, match="no workspace called nobody"):
        cgn("token", "create", "--email", email, "--name", "one", "--workspace", "nobody")


def test_a_token_needs_a_user_who_may_sign_in(email: str) -> None:
    with pytest.raises(NotFound, match=r"no user with the address x@y\.example"):
        cgn("token", "create", "--email", "x@y.example", "--name", "one")
    assert "@" in email
