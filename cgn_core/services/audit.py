"""The audit log: one line per thing that matters, in the transaction of the change itself, chained per agency.

``record`` only notes a line; it is numbered, chained and written when the transaction is about to be committed. Whoever
adds a line to an agency's chain must hold its end until the commit, so this is the last lock that a transaction takes
and the shortest: writers can neither fork the chain nor wait for each other for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from cgn_core.access import Actor
from cgn_core.db.audit_actions import ActorKind, AuditAction, SubjectKind
from cgn_core.db.models import AuditHead, AuditLine, now
from cgn_core.services.audit_heads import Head, seal_of, tell
from cgn_core.services.hash_chain import linked

__all__ = ["AuditAction", "SubjectKind", "System", "chained", "record", "write_lines"]

NOTED = "cgn_audit_noted"
TOLD = "cgn_audit_told"
_HASH = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True)
class System:
    """Nobody who is signed in: a job, the reconciler, the command line, a sign-in that hasn't succeeded."""

    agency_id: UUID


@dataclass(frozen=True)
class _Noted:
    """A line that waits for the commit, and the innermost transaction that it belongs to."""

    within: SessionTransaction | None
    line: dict[str, Any]


def record(
    session: Session,
    by: Actor | System,
    action: AuditAction,
    *,
    subject: tuple[SubjectKind, UUID] | None = None,
    workspace_id: UUID | None = None,
    **details: object,
) -> None:
    """Note that something was done; the line is written when this transaction is committed, or not at all.

    Args:
        session: the transaction of the change, one that may write.
        by: who did it; the line is their agency's.
        action: what.
        subject: what it was done to, where that isn't the workspace alone.
        workspace_id: the workspace it was about, if it was about one.
        details: numbers, dates, ids, hashes and members of our own enumerations, or lists of them. Text that somebody
            wrote is refused: addresses, names and captions have no place here.

    Raises:
        TypeError: a detail is such a text. A mistake of the caller's.
    """
    if isinstance(by, System) or by.stored_id is None:
        kind, actor_id = ActorKind.SYSTEM, None
    elif by.token_id is not None:
        kind, actor_id = ActorKind.TOKEN, by.token_id
    else:
        kind, actor_id = ActorKind.USER, by.user_id
    line = {
        "agency_id": by.agency_id,
        "actor_kind": kind,
        "actor_id": actor_id,
        "action": action,
        "workspace_id": workspace_id if subject is None or subject[0] is not SubjectKind.WORKSPACE else subject[1],
        "subject_kind": subject[0] if subject else None,
        "subject_id": subject[1] if subject else None,
        "details": {name: _as_json(name, value) for name, value in details.items() if value is not None},
    }
    if not session.in_transaction():
        session.begin()  # so that there is something to roll back; it asks the database nothing
    within = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(NOTED, []).append(_Noted(within, line))


def write_lines(session: Session) -> None:
    """Write the lines noted so far. The commit does this; earlier only for what must find its line written already."""
    noted: list[_Noted] = session.info.pop(NOTED, [])
    if not noted:
        return
    session.flush()
    for agency_id in sorted({one.line["agency_id"] for one in noted}):  # in one order, whoever writes to several
        _extend(session, agency_id, [one.line for one in noted if one.line["agency_id"] == agency_id])
    session.flush()


def chained(before: str, line: Any) -> str:
    """SHA-256 in hex over a line and the hash of the one before it."""
    said = [
        str(line.agency_id), line.number, line.at.isoformat(), str(line.actor_kind), _text(line.actor_id),
        str(line.action), _text(line.workspace_id), _text(line.subject_kind), _text(line.subject_id), line.details,
    ]  # fmt: skip
    return linked(before, said)


def _extend(session: Session, agency_id: UUID, lines: Iterable[dict[str, Any]]) -> None:
    head = session.get(AuditHead, agency_id, with_for_update=True, populate_existing=True)
    if head is None:
        # Two first lines at once: one of them makes the row, both then queue for it.
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        made = dialect.insert(AuditHead).values(agency_id=agency_id, number=0, chain_hash="", seal="")
        session.execute(made.on_conflict_do_nothing())
        head = session.get_one(AuditHead, agency_id, with_for_update=True)
    for values in lines:
        line = AuditLine(**values, number=head.number + 1, at=now(), chain_hash="")
        line.chain_hash = chained(head.chain_hash, line)
        session.add(line)
        head.number, head.chain_hash = line.number, line.chain_hash
    head.seal = seal_of(agency_id, head.number, head.chain_hash)
    told: dict[UUID, Head] = session.info.setdefault(TOLD, {})
    told[agency_id] = Head(agency_id, head.number, head.chain_hash, head.seal)


def _as_json(name: str, value: object) -> object:
    match value:
        case StrEnum():
            return value.value
        case bool() | int() | float():
            return value
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case str() if _HASH.fullmatch(value):
            return value
        case list() | tuple():
            return [_as_json(name, one) for one in value]
    raise TypeError(f"{name} can't be a detail of the audit log: it is neither a number nor an id")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@event.listens_for(Session, "before_commit")
def _write_before_commit(session: Session) -> None:
    if not session.in_nested_transaction():  # else only a savepoint is released
        write_lines(session)


@event.listens_for(Session, "after_commit")
def _tell_after_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        told: dict[UUID, Head] = session.info.pop(TOLD, {})
        if told:
            tell(told.values())


@event.listens_for(Session, "after_soft_rollback")
def _forget_after_rollback(session: Session, ended: SessionTransaction) -> None:
    """Drop the lines noted within what was rolled back, a savepoint or everything."""
    if not ended.nested:
        session.info.pop(TOLD, None)
    noted: list[_Noted] = session.info.pop(NOTED, [])
    kept = [one for one in noted if not _is_within(one.within, ended)]
    if kept:
        session.info[NOTED] = kept


def _is_within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.parent
    return False
