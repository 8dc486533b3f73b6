"""Handing messages to the mail server that the settings name."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate

from cgn_core.errors import MailNotSent
from cgn_core.settings import Settings, settings

PATIENCE = 20.0
"""Seconds for each step of the conversation with the mail server."""


def can_mail() -> bool:
    """Whether this installation has a mail server."""
    return bool(settings().smtp_host and settings().mail_from)


def can_mail_links() -> bool:
    """Whether it also knows its own address, without which no link can be mailed.

    The address that a browser asked under is never taken for it: whoever sends the request chooses that.
    """
    return can_mail() and bool(settings().public_url)


def new_message(*, address: str, subject: str, text: str, identifier: str, chosen: Settings) -> EmailMessage:
    """A message with its headers.

    Args:
        address: whom to.
        subject: one line; line breaks in it become blanks.
        text: what it says.
        identifier: the same for the same message, however often it is sent.
        chosen: says where from.
    """
    message = EmailMessage()
    message["From"], message["To"] = chosen.mail_from, address
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{identifier}@{chosen.mail_from.rpartition('@')[2].rstrip('>')}>"
    message.set_content(text)
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
