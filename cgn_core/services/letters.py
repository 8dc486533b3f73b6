"""Mails that carry a link which works once: invitations and password resets. Sent by ``mail`` jobs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from cgn_core.db.models import Agency, User
from cgn_core.db.session import transaction
from cgn_core.errors import MailNotSent
from cgn_core.jobs import Claim
from cgn_core.services import invitations, password_resets
from cgn_core.services.mail_server import can_mail_links, new_message, send
from cgn_core.settings import settings

LETTERS = ("invitation", "reset")
"""What a ``mail`` job's params name when it sends one of these."""


@dataclass(frozen=True)
class Letter:
    """What is mailed to whom."""

    address: str
    subject: str
    text: str


def run(claim: Claim) -> None:
    """Send it. A worker that dies between sending and saying so sends another, whose link works as well.

    The link is made here and stored as a hash before it is sent: what waits in the job's row is only an id.

    Raises:
        NotFound: what the link is for is over.
        MailNotSent: there is no mail server any more, or it refused the message or didn't answer.
        LostClaim: another worker has the job.
    """
    claim.progress(0.1, "Writing the mail")
    if not can_mail_links():
        raise MailNotSent("No mail server or no address of the portal is set up (CGN_SMTP_HOST, CGN_PUBLIC_URL).")
    with transaction() as session:
        letter = (
            _invitation(session, claim.params["invitation"])
            if "invitation" in claim.params
            else _reset(session, claim.params["reset"])
        )
    message = new_message(
        address=letter.address,
        subject=letter.subject,
        text=letter.text,
        identifier=f"{claim.job_id}",
        chosen=settings(),
    )
    claim.progress(0.5, "Handing it to the mail server")
    send(message, settings())
    with claim.commit() as session:
        claim.finish(session, {}, sentence="Sent")


def address_of(path: str) -> str:
    """A path of the portal as a mail names it."""
    return settings().public_url.rstrip("/") + path


def invitation_path(token: str) -> str:
    """Where an invitation is taken up; :mod:`webapp.routes` hangs the form there."""
    return f"/invitation/{token}"


def reset_path(token: str) -> str:
    """Where a new password is set."""
    return f"/password/reset/{token}"


def _invitation(session: Session, invitation_id: str) -> Letter:
    found, token = invitations.link_for_mail(session, invitation_id)
    agency = _line(session.get_one(Agency, found.agency_id).name)
    inviter = session.get(User, found.invited_by) if found.invited_by is not None else None
    who = f"{_line(inviter.name)} of {agency}" if inviter is not None else agency
    return Letter(
        address=found.email,
        subject=f"Your invitation to {agency}",
        text=(
            f"Hello,\n\n{who} invites you to Creator Growth Navigator as {found.role.value}.\n\n"
            f"Open this link to choose a password; it works once, until {found.expires_at:%d %B %Y, %H:%M} UTC:\n\n"
            f"{address_of(invitation_path(token))}\n\n"
            "If you don't know what this is about, ignore this mail: without the link nothing happens.\n"
        ),
    )


def _reset(session: Session, user_id: str) -> Letter:
    user, token = password_resets.link_for_mail(session, user_id)
    minutes = round(settings().reset_lifetime / 60)
    return Letter(
        address=user.email,
        subject="Your new password for Creator Growth Navigator",
        text=(
            f"Hello {_line(user.name)},\n\nsomebody, probably you, asked to set a new password.\n\n"
            f"Open this link to choose one; it works once, within {minutes} minutes:\n\n"
            f"{address_of(reset_path(token))}\n\n"
            "If it wasn't you, ignore this mail: your password stays as it is.\n"
        ),
    )


def _line(text: str) -> str:
    return " ".join(text.split())
