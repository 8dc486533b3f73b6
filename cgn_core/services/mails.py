"""Mail to members of an agency: files that jobs made, sent by a job."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.files import readable_files
from cgn_core.db.models import User, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput, MailNotSent
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.accounts import actor_of
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.exports import ExportFile
from cgn_core.services.files import fetch_file
from cgn_core.settings import Settings, settings

MOST_BYTES = 15 * 1024 * 1024
"""Many mail servers take no more than 20 MB, and an attachment grows by a third on its way."""
PATIENCE = 20.0
"""Seconds for each step of the conversation with the mail server."""


@dataclass(frozen=True)
class Recipient:
    """A member of the agency who may see a workspace."""

    id: UUID
    name: str


def can_mail() -> bool:
    """Whether this installation has a mail server."""
    return bool(settings().smtp_host and settings().mail_from)


def list_recipients(session: Session, actor: Actor, workspace_id: UUID | str) -> list[Recipient]:
    """The members of the agency who may see a workspace, whoever asks first.

    Raises:
        NotFound: no such workspace, or not the actor's to edit.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    members = session.scalars(
        select(User).where(User.agency_id == actor.agency_id, User.disabled_at.is_(None)).order_by(User.name)
    )
    may = [
        each
        for each in members
        if session.scalar(
            readable_workspaces(Actor(each.id, each.agency_id, each.role)).where(Workspace.id == workspace.id)
        )
    ]
    may.sort(key=lambda each: each.id != actor.user_id)
    return [Recipient(each.id, each.name) for each in may]


def request_mail(session: Session, actor: Actor, file_id: UUID | str, to: UUID | str, *, key: str) -> UUID:
    """Queue a file's mail to a member of the agency; returns the job's id.

    Raises:
        Forbidden: the actor's role runs no jobs.
        NotFound: no such file or member, or the actor or the member may not see the file.
        InvalidInput: there is no mail server, or the file is too large to mail.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    file = one_or_not_found(session, readable_files(actor), file_id)
    actor.require(Action.RUN_JOBS)
    recipient = _member(session, actor, to)
    one_or_not_found(session, readable_files(recipient), file_id)
    if not can_mail():
        raise InvalidInput("No mail server is set up (CGN_SMTP_HOST and CGN_MAIL_FROM); download the file instead.")
    if file.size > MOST_BYTES:
        raise InvalidInput(
            f"{file.name} is larger than the {MOST_BYTES // 1024**2} MB that can be mailed; download it."
        )
    return enqueue(
        session,
        JobKind.MAIL,
        agency_id=actor.agency_id,
        workspace_id=file.workspace_id,
        requested_by=actor.user_id,
        params={"file": str(file.id), "to": str(recipient.user_id), "name": file.name},
        key=f"mail:{file.id}:{recipient.user_id}:{key}",
    )


def run(claim: Claim) -> None:
    """Send it. A worker that dies between sending and saying so sends it again, with the same Message-ID.

    Raises:
        Cancelled: somebody asked the job to stop before it was sent.
        LostClaim: another worker has the job.
        NotFound: the file or one of the two people is gone, or may not see it any more.
        MailNotSent: the mail server refused it or didn't answer.
    """
    claim.progress(0.1, "Writing the mail")
    with reading() as session:
        sender = actor_of(session, claim.requested_by)
        recipient = _member(session, sender, claim.params["to"])
        one_or_not_found(session, readable_files(sender), claim.params["file"])
        file = fetch_file(session, recipient, claim.params["file"])
        address = session.get_one(User, recipient.user_id).email
    message = compose(file, sender=sender.name, address=address, identifier=f"{claim.job_id}", chosen=settings())
    claim.progress(0.5, "Handing it to the mail server")
    send(message, settings())
    with claim.commit() as session:
        record(
            session,
            sender,
            AuditAction.MAILED,
            subject=(SubjectKind.USER, recipient.user_id),
            workspace_id=claim.workspace_id,
            file=UUID(str(claim.params["file"])),
        )
        claim.finish(session, {"to": str(recipient.user_id)}, sentence=f"Sent to {recipient.name}")


def compose(file: ExportFile, *, sender: str, address: str, identifier: str, chosen: Settings) -> EmailMessage:
    """The message with its attachment.

    Args:
        file: what is sent.
        sender: the name of whoever sends it.
        address: whom to.
        identifier: the same for the same message, however often it is sent.
        chosen: says where from.
    """
    message = EmailMessage()
    message["From"], message["To"] = chosen.mail_from, address
    message["Subject"] = " ".join(file.name.split())
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{identifier}@{chosen.mail_from.rpartition('@')[2].rstrip('>')}>"
    message.set_content(
        f"Hello,\n\n{' '.join(sender.split())} sends you the attached file from Creator Growth Navigator.\n"
    )
    kind, _, form = file.media_type.partition("/")
    message.add_attachment(file.content, maintype=kind, subtype=form, filename=file.name)
    return message


def send(message: EmailMessage, chosen: Settings) -> None:
    """Hand a message to the mail server.

    Raises:
        MailNotSent: it refused it, or didn't answer.
    """
    secured = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(chosen.smtp_host, chosen.smtp_port, timeout=PATIENCE, context=secured)
            if chosen.smtp_security == "tls"
            else smtplib.SMTP(chosen.smtp_host, chosen.smtp_port, timeout=PATIENCE)
        ) as server:
            if chosen.smtp_security == "starttls":
                server.starttls(context=secured)
            if chosen.smtp_user:
                server.login(chosen.smtp_user, chosen.smtp_password)
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise MailNotSent(
            f"The mail server refused the message (code {error.smtp_code}); ask whoever runs it."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(
            f"The mail server {chosen.smtp_host} did not take the message ({type(error).__name__}); try again, or "
            "download the file and send it yourself."
        ) from error


def _member(session: Session, actor: Actor, user_id: UUID | str) -> Actor:
    """Somebody of the actor's agency who isn't disabled."""
    colleagues = select(User).where(User.agency_id == actor.agency_id)
    return actor_of(session, one_or_not_found(session, colleagues, user_id).id)
