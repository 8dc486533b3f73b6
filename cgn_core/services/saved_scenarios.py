"""Saved scenarios: plans with a name that a team keeps, and how they compare by the model in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Scenario, User, Workspace, now
from cgn_core.db.row_kinds import Change
from cgn_core.db.scenarios import editable_scenarios, readable_scenarios, removed_scenarios
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services.audit import AuditAction, record
from cgn_core.services.models import ModelView, current_model
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats import predictive
from cgn_core.stats.predictive import REFUSED, Difference, Prediction
from cgn_core.stats.returns import MINUTES_PER_HOUR

LONGEST_NAME = 80
MOST_SCENARIOS = 40
"""Of one workspace: a comparison of more is no comparison."""
AS_USUAL = "As the last 4 weeks"


@dataclass(frozen=True)
class ScenarioView:
    """A saved scenario."""

    id: UUID
    workspace_id: UUID
    name: str
    plan: dict[str, float]
    """Pieces per lever."""
    made_by: str
    """Name; "" where that person is gone."""
    changed_at: datetime


@dataclass(frozen=True)
class Compared:
    """A scenario as the model in force answers it; followers next week."""

    scenario: ScenarioView | None
    """None for the last four weeks' mean."""
    name: str
    plan: dict[str, float]
    hours: float
    answer: Prediction
    gain: Difference | None
    """Over the last four weeks' mean; None for that itself, and where there is no answer."""
    left_out: tuple[str, ...]
    """What was planned and the model in force has no lever for."""


@dataclass(frozen=True)
class Comparison:
    """All scenarios of a workspace beside posting as usual."""

    level: float
    levers: tuple[str, ...]
    rows: tuple[Compared, ...]
    """Posting as usual first, then by name."""
    model_number: int


def list_scenarios(session: Session, actor: Actor, workspace_id: UUID | str) -> list[ScenarioView]:
    """The saved scenarios of a workspace, by name.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        readable_scenarios(actor)
        .where(Scenario.workspace_id == workspace.id)
        .outerjoin(User, User.id == Scenario.created_by)
        .add_columns(User.name)
    )
    # Sorted here: databases disagree on how names sort.
    return sorted((_view(row, name) for row, name in rows), key=lambda each: (each.name.casefold(), each.name))


def get_scenario(session: Session, actor: Actor, scenario_id: UUID | str) -> ScenarioView:
    """One saved scenario, for its link.

    Raises:
        NotFound: no such scenario, or not the actor's to see.
    """
    row = one_or_not_found(session, readable_scenarios(actor), scenario_id)
    return _view(row, session.scalar(select(User.name).where(User.id == row.created_by)))


def compare_scenarios(session: Session, actor: Actor, workspace_id: UUID | str) -> Comparison | None:
    """Every scenario by the model in force, beside posting as in the last four weeks; None while there is no model.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        return None
    level, minutes = model.summary.forecast.level, minutes_of(workspace)
    usual = _compared(model, None, {}, minutes, level)
    saved = [_compared(model, each, each.plan, minutes, level) for each in list_scenarios(session, actor, workspace.id)]
    return Comparison(level, model.training.fit.predictor.levers, (usual, *saved), model.number)


def save_scenario(
    session: Session, actor: Actor, workspace_id: UUID | str, *, name: str, plan: Mapping[str, Any]
) -> UUID:
    """Keep a plan under a name; returns its id.

    Raises:
        NotFound: no such workspace, not the actor's to edit, or it has no model yet.
        Forbidden: the actor's role saves no scenarios.
        InvalidInput: no name, a lever the model doesn't have, a count that is negative or no number, or too many.
        Conflict: another scenario of the workspace has this name.
    """
    workspace = _editable(session, actor, workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        raise NotFound("There is no model yet; import data and let the retraining finish.")
    for lever, count in plan.items():
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise InvalidInput(f"A plan needs a number for {lever!r}.")
    full = predictive.full_plan(model.training.fit.predictor, plan)
    return _add(session, actor, workspace, _clean_name(name), full)


def rename_scenario(session: Session, actor: Actor, scenario_id: UUID | str, name: str) -> None:
    """Give a scenario another name.

    Raises:
        NotFound: no such scenario, or not the actor's to change.
        InvalidInput: no name.
        Conflict: another scenario of the workspace has this name.
    """
    row = _locked(session, actor, scenario_id)
    cleaned = _clean_name(name)
    _require_free(session, row.workspace_id, cleaned, but=row.id)
    row.name, row.changed_at = cleaned, now()
    _record(session, actor, row, Change.EDITED)


def duplicate_scenario(session: Session, actor: Actor, scenario_id: UUID | str) -> UUID:
    """Keep the same plan once more under a name of its own; returns the copy's id.

    Raises:
        NotFound: no such scenario, or not the actor's to change.
        InvalidInput: there are too many.
    """
    row = _locked(session, actor, scenario_id)
    workspace = _editable(session, actor, row.workspace_id)
    taken = {each.name.casefold() for each in list_scenarios(session, actor, workspace.id)}
    names = (f"{row.name[: LONGEST_NAME - 10]} (copy{f' {n}' if n > 1 else ''})" for n in range(1, MOST_SCENARIOS + 2))
    return _add(session, actor, workspace, next(name for name in names if name.casefold() not in taken), row.plan)


def remove_scenario(session: Session, actor: Actor, scenario_id: UUID | str) -> None:
    """Take a scenario away; it can be brought back.

    Raises:
        NotFound: no such scenario, or not the actor's to change.
    """
    row = one_or_not_found(session, editable_scenarios(actor).with_for_update(), scenario_id)
    row.removed_at = now()
    _record(session, actor, row, Change.REMOVED)


def restore_scenario(session: Session, actor: Actor, scenario_id: UUID | str) -> None:
    """Bring a removed scenario back as it was.

    Raises:
        NotFound: no such removed scenario, or not the actor's to change.
        InvalidInput: there are too many by now.
        Conflict: another scenario has its name by now.
    """
    row = one_or_not_found(session, removed_scenarios(actor), scenario_id)
    _editable(session, actor, row.workspace_id)
    _require_room(session, row.workspace_id)
    _require_free(session, row.workspace_id, row.name)
    row.removed_at = None
    _record(session, actor, row, Change.RESTORED)


def _record(session: Session, actor: Actor, row: Scenario, change: Change) -> None:
    record(session, actor, AuditAction.WORKSPACE_CHANGED, workspace_id=row.workspace_id, scenario=change)


def _editable(session: Session, actor: Actor, workspace_id: UUID | str) -> Workspace:
    """The workspace, locked: two at once can't take the same name or pass the limit together."""
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.SHARE_SCENARIOS)
    return workspace


def _locked(session: Session, actor: Actor, scenario_id: UUID | str) -> Scenario:
    row = one_or_not_found(session, editable_scenarios(actor), scenario_id)
    _editable(session, actor, row.workspace_id)
    return row


def _add(session: Session, actor: Actor, workspace: Workspace, name: str, plan: Mapping[str, float]) -> UUID:
    _require_room(session, workspace.id)
    _require_free(session, workspace.id, name)
    row = Scenario(workspace_id=workspace.id, name=name, plan=dict(plan), created_by=actor.user_id)
    session.add(row)
    session.flush()
    _record(session, actor, row, Change.SAVED)
    return row.id


def _require_room(session: Session, workspace_id: UUID) -> None:
    kept = select(func.count()).where(Scenario.workspace_id == workspace_id, Scenario.removed_at.is_(None))
    if (session.scalar(kept) or 0) >= MOST_SCENARIOS:
        raise InvalidInput(f"{MOST_SCENARIOS} scenarios are kept already; remove one that nobody needs.")


def _require_free(session: Session, workspace_id: UUID, name: str, *, but: UUID | None = None) -> None:
    names = select(Scenario.id, Scenario.name).where(
        Scenario.workspace_id == workspace_id, Scenario.removed_at.is_(None)
    )
    if name.casefold() == AS_USUAL.casefold() or any(
        each.casefold() == name.casefold() and its != but for its, each in session.execute(names)
    ):
        raise Conflict(f"There is a scenario called \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}"
                       " already; choose another name.")  # fmt: skip


def _clean_name(name: str) -> str:
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    if not cleaned or len(cleaned) > LONGEST_NAME:
        raise InvalidInput(f"A scenario's name has between 1 and {LONGEST_NAME} characters.")
    return cleaned


def _compared(
    model: ModelView,
    scenario: ScenarioView | None,
    plan: Mapping[str, float],
    minutes: Mapping[str, float],
    level: float,
) -> Compared:
    predictor = model.training.fit.predictor
    known = {name: count for name, count in plan.items() if name in predictor.levers}
    answer = predictive.predict(predictor, known, level=level)
    gain = None
    if scenario is not None and answer.extrapolation != REFUSED:
        gain = predictive.difference(predictor, known, {}, level=level)
    return Compared(
        scenario=scenario,
        name=scenario.name if scenario is not None else AS_USUAL,
        plan=answer.plan,
        hours=sum(minutes.get(name, 0.0) * count for name, count in answer.plan.items()) / MINUTES_PER_HOUR,
        answer=answer,
        gain=gain,
        left_out=tuple(name for name, count in plan.items() if name not in predictor.levers and count),
    )


def _view(row: Scenario, made_by: str | None) -> ScenarioView:
    return ScenarioView(
        id=row.id,
        workspace_id=row.workspace_id,
        name=row.name,
        plan={name: float(count) for name, count in row.plan.items()},
        made_by=made_by or "",
        changed_at=row.changed_at,
    )
