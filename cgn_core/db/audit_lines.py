"""Which lines of the audit log an actor may read."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import AuditLine


def readable_audit_lines(actor: Actor) -> Select[AuditLine]:
    """The lines of the actor's agency, for those whose role reads the audit log."""
    lines = select(AuditLine).where(AuditLine.agency_id == actor.agency_id)
    return lines if actor.may(Action.READ_AUDIT) else lines.where(false())
