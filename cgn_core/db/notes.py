"""Which notes on weeks an actor may see and change."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import WeekNote, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces


def readable_notes(actor: Actor) -> Select[WeekNote]:
    """The notes ``actor`` may see: those of the workspaces they may see."""
    reachable = readable_workspaces(actor).with_only_columns(Workspace.id)
    return select(WeekNote).where(WeekNote.workspace_id.in_(reachable), WeekNote.removed_at.is_(None))


def editable_notes(actor: Actor) -> Select[WeekNote]:
    """The notes ``actor`` may change."""
    return _changeable(actor).where(WeekNote.removed_at.is_(None))


def removed_notes(actor: Actor) -> Select[WeekNote]:
    """The removed notes that ``actor`` may bring back."""
    return _changeable(actor).where(WeekNote.removed_at.is_not(None))


def _changeable(actor: Actor) -> Select[WeekNote]:
    if not actor.may(Action.WRITE_NOTES):
        return select(WeekNote).where(false())
    reachable = editable_workspaces(actor).with_only_columns(Workspace.id)
    return select(WeekNote).where(WeekNote.workspace_id.in_(reachable))
