"""Which saved scenarios an actor may see and change."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Scenario, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces


def readable_scenarios(actor: Actor) -> Select[Scenario]:
    """The scenarios ``actor`` may see: those of the workspaces they may see."""
    reachable = readable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Scenario).where(Scenario.workspace_id.in_(reachable), Scenario.removed_at.is_(None))


def editable_scenarios(actor: Actor) -> Select[Scenario]:
    """The scenarios ``actor`` may change."""
    return _changeable(actor).where(Scenario.removed_at.is_(None))


def removed_scenarios(actor: Actor) -> Select[Scenario]:
    """The removed scenarios that ``actor`` may bring back."""
    return _changeable(actor).where(Scenario.removed_at.is_not(None))


def _changeable(actor: Actor) -> Select[Scenario]:
    if not actor.may(Action.SHARE_SCENARIOS):
        return select(Scenario).where(false())
    reachable = editable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Scenario).where(Scenario.workspace_id.in_(reachable))
