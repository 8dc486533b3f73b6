"""Everything that is stored about one user, for that user."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Float, Integer, Uuid, or_, select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.column_types import UtcDateTime
from cgn_core.db.models import AuditLine, Model, User, now
from cgn_core.errors import NotFound
from cgn_core.services.audit import AuditAction, SubjectKind, record
from cgn_core.services.exports import ExportFile

SECRET = frozenset({"password_hash", "token_hash", "code_hash", "secret", "stamp"})
"""Columns that are left out: secrets and hashes of secrets."""
OF_THE_PERSON = frozenset(
    {"users", "user_sessions", "known_devices", "outside_identities", "api_tokens", "second_factors", "recovery_codes",
     "pending_sign_ins", "password_resets", "audit_log"}
)  # fmt: skip
"""Tables that are about the person and nothing else, written out in full. Of all others, which are about creators whom
the person may no longer see, only what was done and when: ids, times, numbers and kinds, no text."""
_TEXTLESS = (Uuid, UtcDateTime, Date, Integer, Float, Boolean, Enum)


def export_own_data(session: Session, actor: Actor) -> ExportFile:
    """What is stored about the actor, as one JSON file: the account, and every row of any table that names it.

    Args:
        session: the transaction; one line is added to the audit log.
        actor: whose data.

    Raises:
        NotFound: the account is gone.
    """
    user = session.get(User, actor.user_id)
    if user is None or user.agency_id != actor.agency_id:
        raise NotFound
    found: dict[str, Any] = {"exported_at": now().isoformat(timespec="seconds"), "account": _rows(User, [user])}
    for mapper in Model.registry.mappers:
        table: Any = mapper.local_table
        naming = [
            column
            for column in table.columns
            if any(key.column.table.name == User.__tablename__ for key in column.foreign_keys)
        ]
        if naming:
            wanted = select(mapper.class_).where(or_(*(column == user.id for column in naming)))
            found[table.name] = _rows(mapper.class_, session.scalars(wanted))
    about = or_(
        AuditLine.actor_id == user.id,
        (AuditLine.subject_kind == SubjectKind.USER) & (AuditLine.subject_id == user.id),
    )
    lines = select(AuditLine).where(AuditLine.agency_id == user.agency_id, about).order_by(AuditLine.number)
    found["audit_log"] = _rows(AuditLine, session.scalars(lines))
    record(session, actor, AuditAction.USER_EXPORTED, subject=(SubjectKind.USER, user.id))
    content = json.dumps(found, indent=2, ensure_ascii=False, default=str).encode()
    return ExportFile("my-data.json", content, "application/json")


def _rows(model: type[Model], rows: Iterable[Any]) -> list[dict[str, Any]]:
    names = [name for name, column in model.__table__.columns.items() if _is_told(column)]
    return [{name: getattr(row, name) for name in names} for row in rows]


def _is_told(column: Any) -> bool:
    if column.table.name in OF_THE_PERSON:
        return column.name not in SECRET
    return isinstance(column.type, _TEXTLESS) or column.name == "kind"
