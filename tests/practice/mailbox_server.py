"""A real mail server of the tests' own, and what it took."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from whole_product import free_port


class Mailbox:
    """What the mail server took."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], Message]] = []
        self.refuses = False

    def link(self, recipient: str) -> str:
        """The only address in the newest mail to somebody."""
        texts = [message.get_payload(decode=True).decode() for to, message in self.taken if to == [recipient]]
        (found,) = re.findall(r"https?://\S+", texts[-1])
        return str(found)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        if self.refuses:
            return "554 5.7.1 No, thank you"
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"


@contextmanager
def receiving(box: Mailbox) -> Iterator[dict[str, object]]:
    """A mail server that asks who one is; yields the settings that lead to it."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"portal", b"secret"), handled=False)

    server = Controller(
        box, hostname="127.0.0.1", port=free_port(), authenticator=check, auth_require_tls=False, auth_required=True
    )
    server.start()
    try:
        address = server.server.sockets[0].getsockname()
        yield {
            "smtp_host": address[0], "smtp_port": address[1], "smtp_security": "none", "smtp_user": "portal",
            "smtp_password": "secret", "mail_from": "portal@agency.example",
        }  # fmt: skip
    finally:
        server.stop()


@pytest.fixture
def mailbox(change_settings: Callable[..., None]) -> Iterator[Mailbox]:
    """A mail server that this process' product, and the processes it starts, are told of."""
    box = Mailbox()
    with receiving(box) as settings:
        change_settings(**settings)
        yield box
