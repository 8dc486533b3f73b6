"""Where each agency's audit log ends, sealed and told outside the database: a chain can't see that its end is cut.

A head says: so many lines, and the last one's hash. Its seal is an HMAC with a key derived from the secret key, which
the database doesn't hold. After each commit it goes to the log, and to a small file in the data directory where there
is one; :mod:`cgn_core.services.audit_checks` compares them with the table.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cgn_core.settings import settings

FILE = "audit-heads"
SECRET_FILE = "secret-key"  # noqa: S105 - a file's name
_KEY_FOR = b"creator-growth-navigator audit head v1"
_TOLD = re.compile(
    r"audit head agency=(?P<agency>[0-9a-f-]{36}) number=(?P<number>\d+) hash=(?P<hash>[0-9a-f]{64}) "
    r"seal=(?P<seal>[0-9a-f]{64}|none)"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """The end of an agency's chain."""

    agency_id: UUID
    number: int
    chain_hash: str
    seal: str
    """"" where no secret key is known, as in a script."""

    @property
    def told(self) -> str:
        """One line for a log."""
        return (
            f"audit head agency={self.agency_id} number={self.number} hash={self.chain_hash} seal={self.seal or 'none'}"
        )

    @property
    def is_ours(self) -> bool:
        """Whether the seal is the one that this installation's key makes."""
        return hmac.compare_digest(self.seal, seal_of(self.agency_id, self.number, self.chain_hash))


def seal_of(agency_id: UUID, number: int, chain_hash: str) -> str:
    """The seal of a head; "" where no secret key is known."""
    secret = settings().secret_key or _kept_secret()
    if not secret:
        return ""
    key = hmac.new(secret.encode(), _KEY_FOR, hashlib.sha256).digest()
    return hmac.new(key, f"{agency_id} {number} {chain_hash}".encode(), hashlib.sha256).hexdigest()


def heads_file() -> Path:
    """Where the heads are kept beside the database on one machine."""
    return settings().data_dir / FILE


def tell(heads: Iterable[Head]) -> None:
    """Write committed heads to the log and, where there is a data directory, into its file. Never raises."""
    told = list(heads)
    for head in told:
        logger.info(head.told)
    if not settings().data_dir.is_dir():
        return
    try:
        _keep(told)
    except OSError as error:
        logger.warning("the audit heads couldn't be kept in the data directory, only in this log: %s", error)


def read_heads(lines: Iterable[str]) -> list[Head]:
    """The heads that a log or the file tells, whatever else stands there: per agency the last number's, oldest first.

    A log may be longer than memory, and a head is worth something only as the furthest known.
    """
    furthest: dict[UUID, Head] = {}
    for line in lines:
        found = _TOLD.search(line)
        if found is None:
            continue
        seal = "" if found["seal"] == "none" else found["seal"]
        try:
            head = Head(UUID(found["agency"]), int(found["number"]), found["hash"], seal)
        except ValueError:
            continue
        if head.agency_id not in furthest or head.number >= furthest[head.agency_id].number:
            furthest[head.agency_id] = head
    return list(furthest.values())


def _kept_secret() -> str:
    """The key that the embedded product keeps in its data directory; "" where there is none."""
    with contextlib.suppress(OSError):
        return (settings().data_dir / SECRET_FILE).read_text("ascii").strip()
    return ""


def _keep(heads: Iterable[Head]) -> None:
    """Put heads into the file, each unless a further one of its agency stands there; several processes do this."""
    descriptor = os.open(heads_file(), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = read_heads([*file, *(head.told for head in heads)])
        file.seek(0)
        file.write("".join(f"{head.told}\n" for head in kept))
        file.truncate()
