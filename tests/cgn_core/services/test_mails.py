"""Mail of files to members of the agency, through a real mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from mailbox_server import Mailbox
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Job, JobState, StoredFile, User, Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import mail_server, mails

pytestmark = [
    pytest.mark.usefixtures("sent_jobs"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),  # of the tests' server, on loopback
]


@pytest.fixture
def file_id(session: Session, strategist: Actor, workspace: Workspace) -> UUID:
    file = StoredFile(
        agency_id=strategist.agency_id, workspace_id=workspace.id, job_id=None, made_for=strategist.user_id,
        purpose="report", name="lena.moves-report.html", media_type="text/html", size=5, content=b"<p>hi",
    )  # fmt: skip
    session.add(file)
    session.flush()
    found = file.id
    session.commit()
    return found


def sent(session: Session, actor: Actor, file_id: UUID, to: UUID, work: Callable[[], list[UUID]]) -> Job:
    job_id = mails.request_mail(session, actor, file_id, to, key="k")
    session.commit()
    work()
    return session.get_one(Job, job_id, populate_existing=True)


def test_a_file_arrives_whole_once_and_is_named_after_its_job(
    session: Session,
    strategist: Actor,
    owner: Actor,
    file_id: UUID,
    mailbox: Mailbox,
    work: Callable[[], list[UUID]],
) -> None:
    address = session.get_one(User, owner.user_id).email
    session.commit()
    job = sent(session, strategist, file_id, owner.user_id, work)
    assert (job.state, job.message) == (JobState.DONE, f"Sent to {owner.name}")
    ((recipients, message),) = mailbox.taken
    assert recipients == [address]
    assert message["Message-ID"] == f"<{job.id}@agency.example>"
    assert message["From"] == "portal@agency.example"
    body, attached = message.get_payload()
    assert strategist.name in body.get_payload(decode=True).decode()
    assert attached.get_filename() == "lena.moves-report.html"
    assert attached.get_payload(decode=True) == b"<p>hi"
    assert address not in str(job.params)


def test_asking_twice_sends_once(
    session: Session, strategist: Actor, file_id: UUID, mailbox: Mailbox, work: Callable[[], list[UUID]]
) -> None:
    sent(session, strategist, file_id, strategist.user_id, work)
    sent(session, strategist, file_id, strategist.user_id, work)
    assert len(mailbox.taken) == 1


def failure(session: Session, job_id: UUID) -> str:
    job = session.get_one(Job, job_id, populate_existing=True)
    assert job.state == JobState.FAILED
    return job.error


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"refuses": True}, "refused the message (code 554)"),
        ({"smtp_password": "wrong"}, "refused the message (code 535)"),
        ({"smtp_port": 1}, "did not take the message (ConnectionRefusedError)"),
        ({"smtp_security": "tls"}, "did not take the message (SSLError)"),
        ({"smtp_security": "starttls"}, "did not take the message (SMTPNotSupportedError)"),
    ],
)
def test_a_server_that_does_not_take_it_is_a_sentence_and_it_can_be_tried_again(
    session: Session,
    strategist: Actor,
    file_id: UUID,
    mailbox: Mailbox,
    change_settings: Callable[..., None],
    work: Callable[[], list[UUID]],
    changed: dict[str, Any],
    words: str,
) -> None:
    mailbox.refuses = bool(changed.get("refuses"))
    change_settings(**{name: value for name, value in changed.items() if name != "refuses"})
    job_id = mails.request_mail(session, strategist, file_id, strategist.user_id, key="k")
    session.commit()
    work()
    assert words in failure(session, job_id)
    assert mailbox.taken == []


def test_nobody_is_mailed_who_may_not_see_the_file(
    session: Session,
    strategist: Actor,
    outsider: Actor,
    viewer: Actor,
    agency: Agency,
    file_id: UUID,
    mailbox: Mailbox,
    new_user: Callable[[Agency, Role], Actor],
    workspace: Workspace,
) -> None:
    stranger = new_user(agency, Role.VIEWER)  # of the agency, but not let in
    for to in (outsider.user_id, stranger.user_id, uuid4(), "x"):
        with pytest.raises(NotFound):
            mails.request_mail(session, strategist, file_id, to, key="k")
    mails.request_mail(session, strategist, file_id, viewer.user_id, key="k")
    names = {each.id for each in mails.list_recipients(session, strategist, workspace.id)}
    assert viewer.user_id in names
    assert not names & {stranger.user_id, outsider.user_id}
    assert mailbox.taken == []


def test_whoever_lost_access_meanwhile_gets_nothing(
    session: Session,
    strategist: Actor,
    owner: Actor,
    file_id: UUID,
    mailbox: Mailbox,
    workspace: Workspace,
    work: Callable[[], list[UUID]],
) -> None:
    job_id = mails.request_mail(session, owner, file_id, strategist.user_id, key="k")
    session.execute(update(Workspace).where(Workspace.id == workspace.id).values(restricted=True))
    session.commit()
    work()
    assert failure(session, job_id)
    assert mailbox.taken == []


def test_without_a_mail_server_nothing_is_queued(session: Session, strategist: Actor, file_id: UUID) -> None:
    assert not mail_server.can_mail()
    with pytest.raises(InvalidInput, match="CGN_SMTP_HOST"):
        mails.request_mail(session, strategist, file_id, strategist.user_id, key="k")
    assert session.scalars(select(Job)).all() == []
