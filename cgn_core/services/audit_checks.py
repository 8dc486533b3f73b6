"""Whether the audit log is what was written: every line of every chain, no gap, and its end where the heads say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, String, select, type_coerce
from sqlalchemy.orm import Session

from cgn_core.db.models import AuditHead, AuditLine
from cgn_core.services.audit import chained
from cgn_core.services.audit_heads import Head

AT_ONCE = 500


@dataclass(frozen=True)
class AuditCheck:
    """What came of a check."""

    agencies: int
    lines: int
    problem: str
    """A sentence that names the first broken line; "" where everything is as it was written."""


def check_audit(session: Session, outside: Iterable[Head]) -> AuditCheck:
    """Check the chain of every agency and compare its end with its heads, up to the first problem.

    Args:
        session: one that sees all agencies.
        outside: heads that were told outside the database, the furthest of each agency.
    """
    told = {head.agency_id: head for head in outside}
    inside = {
        row.agency_id: Head(row.agency_id, row.number, row.chain_hash, row.seal)
        for row in session.scalars(select(AuditHead))
    }
    known = {*session.scalars(select(AuditLine.agency_id).distinct()), *told, *inside}
    lines = 0
    for agency_id in sorted(known):
        try:
            lines += _check(session, agency_id, inside.get(agency_id), told.get(agency_id))
        except _Broken as broken:
            return AuditCheck(len(known), lines, f"The audit log of agency {agency_id}: {broken}")
    return AuditCheck(len(known), lines, "")


class _Broken(Exception):
    """Says where."""


def _check(session: Session, agency_id: UUID, inside: Head | None, told: Head | None) -> int:
    """Check one agency's lines and where they end; how many there are."""
    before, count, at_told = "", 0, ""
    for row in _rows(session, agency_id):
        count += 1
        if row is None:
            raise _Broken(f"line {count} can't be read; it isn't what was written.")
        if row.number != count:
            raise _Broken(f"line {count} is missing.")
        if row.chain_hash != chained(before, row):
            raise _Broken(f"line {count} isn't what was written.")
        before = row.chain_hash
        if told is not None and told.number == count:
            at_told = before
    _check_end(count, before, at_told, inside, told)
    return count


def _check_end(count: int, last_hash: str, at_told: str, inside: Head | None, told: Head | None) -> None:
    if inside is None or (inside.number, inside.chain_hash) != (count, last_hash):
        furthest = max(inside.number if inside else 0, told.number if told else 0)
        if furthest > count:
            raise _Broken(f"line {count + 1} is missing; it ends there, and ended at line {furthest} before.")
        raise _Broken(f"it ends at line {count}, but its head says otherwise; the head isn't what was written.")
    if told is not None and told.number > count:
        raise _Broken(f"line {count + 1} is missing; it ended at line {told.number}, as was told outside the database.")
    if told is not None and told.chain_hash != at_told:
        raise _Broken(f"line {told.number}, or one before it, isn't the one that was told outside the database.")
    for head, where in ((inside, "in the database"), (told, "told outside it")):
        if head is not None and not head.is_ours:
            raise _Broken(
                f"the seal of its head {where}, at line {head.number}, isn't this installation's: the lines were "
                "written anew, or the secret key is another one now."
            )


def _rows(session: Session, agency_id: UUID) -> Iterator[Row[Any] | None]:
    """An agency's lines in order; None for one that holds what no line can hold."""
    wanted = _wanted(agency_id)
    last = 0
    while True:
        some = wanted.where(AuditLine.number > last).limit(AT_ONCE)
        try:
            rows: list[Row[Any] | None] = list(session.execute(some))
        except (ValueError, LookupError, TypeError):
            rows = [_row(session, wanted, number) for number in _numbers(session, agency_id, last)]
        if not rows:
            return
        yield from rows
        if rows[-1] is None:
            return  # the caller has stopped here
        last = rows[-1].number


def _numbers(session: Session, agency_id: UUID, last: int) -> list[int]:
    wanted = select(AuditLine.number).where(AuditLine.agency_id == agency_id, AuditLine.number > last)
    return list(session.scalars(wanted.order_by(AuditLine.number).limit(AT_ONCE)))


def _row(session: Session, wanted: Select[Any], number: int) -> Row[Any] | None:
    try:
        return session.execute(wanted.where(AuditLine.number == number)).one()
    except (ValueError, LookupError, TypeError):
        return None


def _wanted(agency_id: UUID) -> Select[Any]:
    """The columns of a line, its enumerations as the text that stands there, whatever it is."""
    return (
        select(
            AuditLine.agency_id,
            AuditLine.number,
            AuditLine.at,
            type_coerce(AuditLine.actor_kind, String).label("actor_kind"),
            AuditLine.actor_id,
            type_coerce(AuditLine.action, String).label("action"),
            AuditLine.workspace_id,
            type_coerce(AuditLine.subject_kind, String).label("subject_kind"),
            AuditLine.subject_id,
            AuditLine.details,
            AuditLine.chain_hash,
        )
        .where(AuditLine.agency_id == agency_id)
        .order_by(AuditLine.number)
    )
