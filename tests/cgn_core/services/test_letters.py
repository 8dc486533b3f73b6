"""Invitations and reset links by mail, through a real mail server."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from mailbox_server import Mailbox
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import InvitationLink, Job, JobState, ResetRequest, User, Workspace
from cgn_core.errors import InvalidInput, InvalidLink
from cgn_core.services import invitations, jobs, members, password_resets, sign_ins
from cgn_core.services.passwords import hash_password
from worker.reconciler import Reconciler

pytestmark = [
    pytest.mark.usefixtures("sent_jobs"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),  # of the tests' server, on loopback
]
PASSWORD = "tangerine anvil boat"
NEW = "violet harbour 92 lamps"
EMAIL = "client@brand.example"
Work = Callable[[], list[UUID]]


@pytest.fixture
def portal(mailbox: Mailbox, change_settings: Callable[..., None]) -> Mailbox:
    """A mailbox of an installation that knows its own address."""
    change_settings(public_url="https://growth.example/")
    return mailbox


def token_in(box: Mailbox, recipient: str, path: str) -> str:
    address = urlsplit(box.link(recipient))
    assert (address.scheme, address.netloc) == ("https", "growth.example")
    assert address.path.startswith(path)
    return address.path.removeprefix(path)


def set_password(session: Session, actor: Actor, password: str = PASSWORD) -> str:
    user = session.get_one(User, actor.user_id)
    user.password_hash = hash_password(password)
    email = user.email
    session.commit()
    return email


def ask(session: Session, email: str, work: Work) -> None:
    password_resets.ask_for_reset(session, email)
    session.commit()
    reconciler = Reconciler()
    assert reconciler.step()
    reconciler.leave()
    work()


def test_an_invitation_is_mailed_with_a_link_of_its_own_and_both_links_work_once(
    session: Session, owner: Actor, workspace: Workspace, portal: Mailbox, work: Work
) -> None:
    invited = invitations.invite(session, owner, EMAIL, Role.VIEWER, workspace_ids=[workspace.id])
    session.commit()
    work()
    job = session.get_one(Job, invited.mail_job, populate_existing=True)
    assert (job.state, job.message) == (JobState.DONE, "Sent")
    assert jobs.get_job(session, owner, job.id).title == "Mail of an invitation"
    mailed = token_in(portal, EMAIL, "/invitation/")
    assert mailed != invited.token
    for token in (mailed, invited.token):
        assert invitations.open_invitation(session, token).email == EMAIL
    everything = str(session.execute(select(*Job.__table__.columns)).all())
    everything += str(session.execute(select(*InvitationLink.__table__.columns)).all())
    assert mailed not in everything
    assert EMAIL not in str(job.params)
    invitations.accept_invitation(session, mailed, name="Ana", password=PASSWORD)
    for token in (mailed, invited.token):
        with pytest.raises(InvalidLink):
            invitations.open_invitation(session, token)


def test_an_invitation_that_was_taken_back_meanwhile_is_not_mailed(
    session: Session, owner: Actor, portal: Mailbox, work: Work
) -> None:
    invited = invitations.invite(session, owner, EMAIL, Role.STRATEGIST)
    invitations.revoke_invitation(session, owner, invited.id)
    session.commit()
    work()
    job = session.get_one(Job, invited.mail_job, populate_existing=True)
    assert job.state == JobState.FAILED
    assert "taken back" in job.error
    assert portal.taken == []


def test_without_an_address_of_its_own_the_portal_mails_no_link(
    session: Session, owner: Actor, mailbox: Mailbox, work: Work
) -> None:
    assert invitations.invite(session, owner, EMAIL, Role.STRATEGIST).mail_job is None
    session.commit()
    ask(session, set_password(session, owner), work)
    assert mailbox.taken == []


def test_a_forgotten_password_is_set_anew_by_the_mailed_link_once(
    session: Session, strategist: Actor, portal: Mailbox, work: Work
) -> None:
    email = set_password(session, strategist)
    before = sign_ins.sign_in(session, email, PASSWORD)
    ask(session, f" {email.upper()} ", work)
    token = token_in(portal, email, "/password/reset/")
    assert password_resets.open_reset(session, token).email == email
    with pytest.raises(InvalidInput, match="at least 12"):
        password_resets.reset_password(session, token, "short")
    assert password_resets.reset_password(session, token, NEW) == strategist.user_id
    session.commit()
    with pytest.raises(InvalidLink):
        password_resets.reset_password(session, token, NEW)
    from cgn_core.services.sessions import visitor_for_token

    assert visitor_for_token(session, before.token) is None
    session.rollback()
    with pytest.raises(InvalidInput):
        sign_ins.sign_in(session, email, PASSWORD)
    assert sign_ins.sign_in(session, email, NEW).user.id == strategist.user_id


def test_asking_again_and_again_mails_once(session: Session, strategist: Actor, portal: Mailbox, work: Work) -> None:
    email = set_password(session, strategist)
    for _ in range(3):
        ask(session, email, work)
    assert 1 <= len(portal.taken) <= 2  # two where five minutes end between them


def test_nobody_is_mailed_who_has_no_account_or_is_disabled(
    session: Session, owner: Actor, strategist: Actor, portal: Mailbox, work: Work
) -> None:
    email = set_password(session, strategist)
    members.disable_member(session, owner, strategist.user_id)
    session.commit()
    for address in (email, "nobody@agency.example", "", "x" * 5000):
        ask(session, address, work)
    assert portal.taken == []
    assert session.scalars(select(ResetRequest)).all() == []


def test_asking_does_the_same_work_whether_there_is_an_account_or_not(session: Session, strategist: Actor) -> None:
    email = set_password(session, strategist)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    def statements(address: str) -> list[str]:
        asked.clear()
        password_resets.ask_for_reset(session, address)
        session.commit()
        return list(asked)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        assert statements(email) == statements("nobody@agency.example") != []
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    assert session.scalars(select(Job)).all() == []  # whatever differs happens later, out of the asker's sight


def test_a_flood_of_requests_is_forgotten_beyond_a_limit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_resets, "MOST_REQUESTS", 3)
    for number in range(5):
        password_resets.ask_for_reset(session, f"{number}@agency.example")
    assert len(session.scalars(select(ResetRequest)).all()) == 3


def test_an_owner_hands_out_a_link_that_ends_after_an_hour(
    session: Session, owner: Actor, strategist: Actor, change_settings: Callable[..., None]
) -> None:
    email = set_password(session, strategist)
    link = password_resets.issue_reset_link(session, owner, strategist.user_id)
    password_resets.reset_password(session, link.token, NEW)
    session.commit()
    assert sign_ins.sign_in(session, email, NEW).user.id == strategist.user_id
    change_settings(reset_lifetime=-1)
    late = password_resets.issue_reset_link(session, owner, strategist.user_id)
    with pytest.raises(InvalidLink):
        password_resets.open_reset(session, late.token)
    password_resets.forget_resets(session)


def test_a_link_of_somebody_who_was_disabled_meanwhile_opens_nothing(
    session: Session, owner: Actor, strategist: Actor
) -> None:
    link = password_resets.issue_reset_link(session, owner, strategist.user_id)
    members.remove_member(session, owner, strategist.user_id)
    with pytest.raises(InvalidLink):
        password_resets.reset_password(session, link.token, NEW)
    members.restore_member(session, owner, strategist.user_id)
    members.disable_member(session, owner, strategist.user_id)
    with pytest.raises(InvalidInput, match="is disabled"):
        password_resets.issue_reset_link(session, owner, strategist.user_id)
