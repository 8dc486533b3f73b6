"""Mail, sent by jobs: files that jobs made, to members of the agency; invitations and reset links are letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.files import readable_files
from cgn_core.db.models import User, Workspace
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services import letters
from cgn_core.services.accounts import actor_of, actor_of_agency
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.exports import ExportFile
from cgn_core.services.files import fetch_file
from cgn_core.services.mail_server import can_mail, new_message, send
from cgn_core.settings import Settings, settings

MOST_BYTES = 15 * 1024 * 1024
"""Many mail servers take no more than 20 MB, and an attachment grows by a third on its way."""


@dataclass(frozen=True)
class Recipient:
    """A member of the agency who may see a workspace."""

    id: UUID
    name: str


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


def enqueue_mails(
    session: Session, workspace: Workspace, file: UUID, *, name: str, to: Sequence[str], by: UUID | None
) -> int:
    """Queue the mails of a file that a job has just made; how many. Whoever may not see the workspace gets none.

    Args:
        session: the transaction that made the file.
        workspace: what the file is about.
        file: its id.
        name: of the file.
        to: ids of members; those who are gone or disabled are passed over.
        by: who sends it; None is the agency.
    """
    if not can_mail():
        return 0
    members = select(User).where(User.agency_id == workspace.agency_id, User.disabled_at.is_(None))
    queued = 0
    for member in session.scalars(members.where(User.id.in_([UUID(each) for each in to]))).all():
        seen = readable_workspaces(Actor(member.id, member.agency_id, member.role))
        if session.scalar(seen.where(Workspace.id == workspace.id)) is None:
            continue
        enqueue(
            session,
            JobKind.MAIL,
            agency_id=workspace.agency_id,
            workspace_id=workspace.id,
            requested_by=by,
            params={"file": str(file), "to": str(member.id), "name": name, "scheduled": by is None},
            key=f"mail:{file}:{member.id}",
        )
        queued += 1
    return queued


def run(claim: Claim) -> None:
    """Send it. A worker that dies between sending and saying so sends it again, with the same Message-ID.

    Raises:
        Cancelled: somebody asked the job to stop before it was sent.
        LostClaim: another worker has the job.
        NotFound: the file or one of the two people is gone, or may not see it any more.
        MailNotSent: the mail server refused it or didn't answer.
    """
    if any(name in claim.params for name in letters.LETTERS):
        letters.run(claim)
        return
    claim.progress(0.1, "Writing the mail")
    with reading() as session:
        # A report that a schedule made is sent by the agency.
        of_agency = claim.requested_by is None and bool(claim.params.get("scheduled"))
        sender = actor_of_agency(session, claim.agency_id) if of_agency else actor_of(session, claim.requested_by)
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
            sender if sender.stored_id else System(claim.agency_id),
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
    text = f"Hello,\n\n{' '.join(sender.split())} sends you the attached file from Creator Growth Navigator.\n"
    message = new_message(address=address, subject=file.name, text=text, identifier=identifier, chosen=chosen)
    kind, _, form = file.media_type.partition("/")
    message.add_attachment(file.content, maintype=kind, subtype=form, filename=file.name)
    return message


def _member(session: Session, actor: Actor, user_id: UUID | str) -> Actor:
    """Somebody of the actor's agency who isn't disabled."""
    colleagues = select(User).where(User.agency_id == actor.agency_id)
    return actor_of(session, one_or_not_found(session, colleagues, user_id).id)
