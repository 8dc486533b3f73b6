"""The Team page, the agency's settings, and the forms behind the links that an owner hands out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from dash import Dash
from sqlalchemy import select, update

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Invitation, ResetRequest, User, Workspace, WorkspaceMember, now
from cgn_core.db.session import reading, transaction
from cgn_core.services import invitations, password_resets
from cgn_core.services.passwords import hash_password

PASSWORD = "tangerine anvil boat"
NEW = "violet harbour 92 lamps"
LINK = re.compile(r"https://portal\.example(/(?:invitation|password/reset)/[\w-]+)")
Browse = Callable[..., Any]


@pytest.fixture
def press(portal: Dash) -> Callable[..., str]:
    """``press(who, "team.remove", "team-remove", of=id)``: the answer to a button of a page."""

    def send(
        who: Any, name: str, button: str, *, of: object = "", data: dict[str, str] | None = None, **state: Any
    ) -> str:
        output = next(
            output
            for output, declared in portal.callback_map.items()
            if "callback" in declared
            and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == f"webapp.pages.{name}"
        )
        values = {f"{button}-pressed.data": {"of": str(of), "at": 1}, f"{button}.n_clicks": 1}
        values |= {f"{key.replace('_', '-')}.value": value for key, value in state.items()}
        values |= {f"{key}.data": value for key, value in (data or {}).items()}
        answer = who.call(output, values)
        assert answer.status_code == 200
        return plain(answer.get_data(as_text=True))

    return send


def plain(text: str) -> str:
    """JSON without the escapes that keep it safe within HTML."""
    return json.dumps(json.loads(text))


def post(who: Any, path: str, **fields: str) -> Any:
    return who.post(path, data={"csrf_token": who.csrf_token(), **fields}, headers={})


def invite(owner: Actor, workspace: Workspace, email: str = "client@brand.example") -> str:
    with transaction() as session:
        return invitations.invite(session, owner, email, Role.VIEWER, workspace_ids=[workspace.id]).token


def role_and_end(actor: Actor) -> tuple[Role, datetime | None]:
    with reading() as session:
        user = session.get_one(User, actor.user_id)
        return user.role, user.disabled_at


def give_password(actor: Actor) -> str:
    with transaction() as session:
        user = session.get_one(User, actor.user_id)
        user.password_hash = hash_password(PASSWORD)
        return user.email


def test_an_invitation_is_taken_up_and_leads_to_signing_in(browser: Browse, owner: Actor, workspace: Workspace) -> None:
    path = f"/invitation/{invite(owner, workspace)}"
    who = browser(None)
    shown = who.get(path).text
    assert "Join Northlight" in shown
    assert "client@brand.example" in shown
    weak = post(who, path, name="Ana Ruiz", password="short")
    assert weak.status_code == 422
    assert "at least 12 characters" in weak.text
    assert 'value="Ana Ruiz"' in weak.text
    assert post(who, path, name="", password=PASSWORD).status_code == 422
    done = post(who, path, name="Ana Ruiz", password=PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/sign-in")
    assert "Sign in as client@brand.example" in who.get("/sign-in").text
    assert post(who, "/sign-in", email="client@brand.example", password=PASSWORD).status_code == 303
    assert "lena.moves" in who.page("/")


def test_a_link_that_is_over_looks_like_one_that_never_was(browser: Browse, owner: Actor, workspace: Workspace) -> None:
    who = browser(None)
    used, revoked, expired = (invite(owner, workspace, f"{name}@brand.example") for name in "abc")
    post(who, f"/invitation/{used}", name="Ana", password=PASSWORD)
    with transaction() as session:
        session.execute(update(Invitation).where(Invitation.email == "b@brand.example").values(revoked_at=now()))
        session.execute(update(Invitation).where(Invitation.email == "c@brand.example").values(expires_at=now()))
    never = who.get("/invitation/never-was")
    assert never.status_code == 404
    for token in (used, revoked, expired):
        assert who.get(f"/invitation/{token}").text == never.text
        assert post(who, f"/invitation/{token}", name="Ana", password=PASSWORD).status_code == 404
    assert who.get("/password/reset/never-was").text == never.text


def test_without_a_csrf_token_nobody_joins(browser: Browse, owner: Actor, workspace: Workspace) -> None:
    path = f"/invitation/{invite(owner, workspace)}"
    forged = browser(None).post(path, data={"name": "Ana", "password": PASSWORD}, headers={})
    assert forged.status_code == 403
    with reading() as session:
        assert session.scalar(select(User).where(User.email == "client@brand.example")) is None


def test_whoever_was_signed_in_in_this_browser_is_not_the_new_user(
    browser: Browse, owner: Actor, strategist: Actor, workspace: Workspace
) -> None:
    who = browser(strategist)
    assert post(who, f"/invitation/{invite(owner, workspace)}", name="Ana", password=PASSWORD).status_code == 303
    assert who.get("/jobs").status_code == 303


def test_a_forgotten_password_is_asked_for_in_the_same_words_whoever_asks(
    browser: Browse, strategist: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(smtp_host="mail.example", mail_from="p@agency.example", public_url="https://growth.example")
    who, email = browser(None), give_password(strategist)
    known = post(who, "/password/forgotten", email=email)
    unknown = post(who, "/password/forgotten", email="nobody@agency.example")
    assert known.status_code == unknown.status_code == 200
    assert "If there is an account with this address" in known.text
    without_token = re.compile(r'name="csrf_token"[^>]*>')
    assert without_token.sub("", known.text) == without_token.sub("", unknown.text)
    assert set(known.headers.keys()) == set(unknown.headers.keys())
    with reading() as session:
        assert sorted(session.scalars(select(ResetRequest.email))) == sorted([email, "nobody@agency.example"])


def test_where_no_mail_is_sent_it_says_whom_to_ask(browser: Browse, strategist: Actor) -> None:
    who = browser(None)
    assert "An owner of your agency can give you a link" in who.get("/password/forgotten").text
    assert "Forgotten your password?" in who.get("/sign-in").text
    post(who, "/password/forgotten", email=give_password(strategist))
    with reading() as session:
        assert session.scalars(select(ResetRequest)).all() == []


def test_a_link_that_an_owner_copies_sets_a_new_password_and_ends_sessions(
    browser: Browse, owner: Actor, strategist: Actor, press: Callable[..., str]
) -> None:
    email, elsewhere, who = give_password(strategist), browser(strategist), browser(None)
    shown = press(browser(owner), "team.hand_link", "team-link", of=strategist.user_id)
    (path,) = LINK.findall(shown)
    assert post(who, path, password="short").status_code == 422
    assert elsewhere.get("/jobs").status_code == 200
    assert post(who, path, password=NEW).headers["Location"] == "/sign-in"
    assert elsewhere.get("/jobs").status_code == 303
    assert post(who, path, password=NEW).status_code == 404
    assert post(who, "/sign-in", email=email, password=PASSWORD).status_code == 422
    assert post(who, "/sign-in", email=email, password=NEW).status_code == 303


def test_a_user_changes_their_name(browser: Browse, viewer: Actor) -> None:
    who = browser(viewer)
    assert viewer.name in who.get("/account/profile").text
    assert post(who, "/account/profile", name=" ").status_code == 422
    assert post(who, "/account/profile", name="Ana Ruiz").status_code == 303
    assert "Ana Ruiz" in who.get("/account/profile").text


def test_a_user_chooses_how_numbers_are_written_for_them_alone(
    browser: Browse, owner: Actor, strategist: Actor
) -> None:
    mine, theirs = browser(owner), browser(strategist)
    assert post(mine, "/account/profile", name=owner.name, number_format="tlh").status_code == 422
    assert post(mine, "/account/profile", name=owner.name, number_format="de").status_code == 303
    assert '<option selected value="de">Deutsch: 1.234,5 · 31.12.2026</option>' in mine.get("/account/profile").text
    assert re.search(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d UTC", mine.get("/account/sessions").text)
    assert re.search(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC", theirs.get("/account/sessions").text)
    assert '"data-numbers":"de"' in mine.page("/team")
    assert '"data-numbers":"en"' in theirs.page("/team")


@pytest.mark.parametrize(("asked", "way"), [("de-AT, en;q=0.5", "de"), ("tlh", "en"), ("en-US", "en"), ("", "en")])
def test_a_browser_may_say_how_numbers_are_written(browser: Browse, owner: Actor, asked: str, way: str) -> None:
    who = browser(owner)
    assert post(who, "/account/profile", name=owner.name, number_format="browser").status_code == 303
    who.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = asked
    assert f'"data-numbers":"{way}"' in who.page("/team")


def test_the_page_shows_each_role_what_it_may(browser: Browse, owner: Actor, strategist: Actor, viewer: Actor) -> None:
    shown = browser(owner).page("/team")
    for words in ("Members", "Invitations", "Access to workspaces", "Agency settings", strategist.name):
        assert words in shown
    assert f"team-edit-{strategist.user_id}" in shown
    assert f"team-edit-{owner.user_id}" not in shown  # nobody locks themselves out by a slip
    seen = browser(strategist).page("/team")
    assert viewer.name in seen
    assert f"team-edit-{viewer.user_id}" not in seen
    assert "Invite somebody" not in seen
    assert "Access to workspaces" not in seen
    refused = browser(viewer).page("/team")
    assert "Not for your role" in refused
    assert owner.name not in refused.replace(viewer.name, "")
    assert "Only owners change these settings" in browser(strategist).page("/agency")


def test_the_navigation_hides_what_a_role_may_not(
    browser: Browse, owner: Actor, strategist: Actor, viewer: Actor, workspace: Workspace
) -> None:
    def links(who: Any, path: str) -> set[str]:
        # What the browser draws by itself is text within text.
        return set(re.findall(r'\\?"/(team|agency)\\?"', plain(who.page(path))))

    for path in ("/", f"/workspaces/{workspace.id}/data"):
        assert {"team", "agency"} == links(browser(owner), path)
        assert links(browser(strategist), path) == {"team"}
        assert links(browser(viewer), path) == set()


def test_an_owner_changes_a_role_disables_removes_and_undoes_it(
    browser: Browse, owner: Actor, strategist: Actor, press: Callable[..., str]
) -> None:
    who, of, theirs = browser(owner), strategist.user_id, browser(strategist)
    assert f"Edit {strategist.name}" in press(who, "team.edit", "team-edit", of=of)
    assert "Choose a role" in press(who, "team.save", "team-save", of=of, team_role="emperor")
    assert theirs.get("/jobs").status_code == 200
    assert "is viewer now" in press(who, "team.save", "team-save", of=of, team_role="viewer")
    assert theirs.get("/jobs").status_code == 303
    assert role_and_end(strategist) == (Role.VIEWER, None)
    assert "is disabled" in press(who, "team.switch", "team-switch", of=of)
    assert role_and_end(strategist)[1] is not None
    assert "may sign in again" in press(who, "team.switch", "team-switch", of=of)
    removed = press(who, "team.remove", "team-remove", of=of)
    assert f"team-restore-{of}" in removed
    assert f"team-edit-{of}" not in removed
    assert "is back as they were" in press(who, "team.restore", "team-restore", of=of)
    assert "last owner" in press(who, "team.remove", "team-remove", of=owner.user_id)


def test_an_owner_invites_hands_out_another_link_takes_it_back_and_undoes_that(
    browser: Browse, owner: Actor, workspace: Workspace, press: Callable[..., str]
) -> None:
    who = browser(owner)
    button = "team-invitations-invite"

    def ask(email: str, role: str, workspaces: list[str]) -> str:
        return press(
            who, "team_invitations.invite", button, team_invitations_email=email, team_invitations_role=role,
            team_invitations_workspaces=workspaces,
        )  # fmt: skip

    assert "choose at least one" in ask("a@brand.example", "viewer", [])
    assert "no e-mail address" in ask("nobody", "strategist", [])
    (first,) = LINK.findall(ask("a@brand.example", "viewer", [str(workspace.id)]))
    with reading() as session:
        (invitation_id,) = session.scalars(select(Invitation.id))
    renewed = press(who, "team_invitations.renew", "team-invitations-renew", of=invitation_id)
    (second,) = LINK.findall(renewed)
    guest = browser(None)
    assert (guest.get(first).status_code, guest.get(second).status_code) == (404, 200)
    taken = press(who, "team_invitations.revoke", "team-invitations-revoke", of=invitation_id)
    assert f"team-invitations-restore-{invitation_id}" in taken
    assert guest.get(second).status_code == 404
    press(who, "team_invitations.restore", "team-invitations-restore", of=invitation_id)
    assert guest.get(second).status_code == 200


def test_an_owner_restricts_a_workspace_and_lets_members_in_and_out(
    browser: Browse, owner: Actor, strategist: Actor, workspace: Workspace, press: Callable[..., str]
) -> None:
    who, theirs = browser(owner), browser(strategist)
    page = f"/workspaces/{workspace.id}/data"
    assert "Open: owners and every strategist" in press(
        who, "team_access.open_editor", "team-access-open", of=workspace.id
    )
    assert "is restricted" in press(who, "team_access.restrict", "team-access-restrict", of=workspace.id)
    assert "Not found" in theirs.page(page)
    member = str(strategist.user_id)
    assert "Choose whom" in press(who, "team_access.let_in", "team-access-let-in", of=workspace.id)
    press(who, "team_access.let_in", "team-access-let-in", of=workspace.id, team_access_member=member)
    assert "Not found" not in theirs.page(page)
    with reading() as session:
        assert session.get(WorkspaceMember, (workspace.id, UUID(member))) is not None
    out = press(
        who, "team_access.let_out", "team-access-let-out", of=member, data={"team-access-workspace": str(workspace.id)}
    )
    assert "is let out" in out
    assert "Not found" in theirs.page(page)


def test_an_owner_changes_the_agencys_settings(
    browser: Browse, owner: Actor, agency: Agency, press: Callable[..., str]
) -> None:
    who = browser(owner)
    fields = {"agency_name": "North", "agency_zone": "Europe/Berlin", "agency_colour": "#1e7f52"}
    assert "Saved" in press(who, "agency.save", "agency-save", **fields)
    assert "too light" in press(who, "agency.save", "agency-save", **{**fields, "agency_colour": "#ffffff"})
    with reading() as session:
        kept = session.get_one(Agency, agency.id)
        assert (kept.name, kept.time_zone, kept.brand_colour) == ("North", "Europe/Berlin", "#1E7F52")
    assert "North" in who.page("/")


@pytest.mark.parametrize("path", ["/invitation/x", "/password/reset/x", "/password/forgotten"])
def test_the_forms_answer_anybody_and_nobody_frames_or_keeps_them(browser: Browse, path: str) -> None:
    answer = browser(None).get(path)
    assert answer.status_code in {200, 404}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_a_reset_link_of_another_agencys_member_is_not_found(
    browser: Browse, owner: Actor, outsider: Actor, press: Callable[..., str]
) -> None:
    answer = press(browser(owner), "team.hand_link", "team-link", of=outsider.user_id)
    assert "/password/reset/" not in answer
    with transaction() as session, pytest.raises(Exception, match="isn't yours"):
        password_resets.issue_reset_link(session, owner, outsider.user_id)
