"""The evidence behind decisions: response curves, tests for a bend, and what past weeks could have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, NotFound, TooFewObservations
from cgn_core.services.data_versions import content_of, current_version, table_of
from cgn_core.services.decision_settings import settings_of
from cgn_core.services.decisions import plan_view
from cgn_core.services.imports import load_daily
from cgn_core.services.models import current_model
from cgn_core.services.remembered import Remembered
from cgn_core.stats.carry_over_test import CarryOver, weekly_carry_over
from cgn_core.stats.counterfactual import ADD, Counterfactual, counterfactual
from cgn_core.stats.insights import Insight, insights
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.response import ResponseCurve, response_curves
from cgn_core.stats.saturation import Saturation, saturation
from cgn_core.stats.week_plan import WeekPlan
from cgn_core.tables import Daily

LEVEL = 0.9


@dataclass(frozen=True)
class Evidence:
    """What one data version says of each content type's response."""

    curves: tuple[ResponseCurve, ...]
    saturation: Saturation | None
    """None where there are too few weeks."""
    carry_over: CarryOver | None
    refusal: str
    """Why there are no curves; "" where there are some."""


_found = Remembered[Evidence](256)
"""By table and settings: it takes a third of a second, and is asked for at every look at the page."""


def evidence_view(session: Session, actor: Actor, workspace_id: UUID | str) -> Evidence | None:
    """Curves and tests of the current data with the stored minutes; None while there are no data.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    if version is None:
        return None
    used = settings_of(workspace)
    minutes = tuple(sorted(used.minutes.items()))
    return _found.of(
        (content_of(version), minutes, used.least_per_hour),
        lambda: _evidence(table_of(version), dict(minutes), used.least_per_hour),
    )


def insights_view(session: Session, actor: Actor, workspace_id: UUID | str) -> tuple[Insight, ...]:
    """What the results support saying; nothing while there is no model.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model, found = current_model(session, actor, workspace.id), evidence_view(session, actor, workspace.id)
    if model is None or found is None:
        return ()
    return insights(
        model.training,
        minutes=settings_of(workspace).minutes,
        plan=_plan(session, actor, workspace.id),
        saturation=found.saturation,
        carry_over=found.carry_over,
        level=LEVEL,
    )


def imagine_past(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    weeks: Sequence[str],
    change: Mapping[str, Any],
    *,
    way: str = ADD,
) -> Counterfactual:
    """What another plan would have brought in chosen past weeks, by the model in force.

    Raises:
        NotFound: no such workspace, not the actor's, or it has no model yet.
        InvalidInput: as :func:`cgn_core.stats.counterfactual.counterfactual`.
    """
    model = current_model(session, actor, workspace_id)
    if model is None:
        raise NotFound("There is no model yet; import data and let the retraining finish.")
    for name, value in change.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(f"A changed plan needs a number for {name!r}.")
    weekly = load_daily(session, actor, workspace_id).weekly()
    level = supported_level(model.training.fit.predictor.n_residuals, wanted=LEVEL)
    return counterfactual(model.training.fit, weekly, weeks, change, way=way, level=level)


def _plan(session: Session, actor: Actor, workspace_id: UUID) -> WeekPlan | None:
    try:
        return plan_view(session, actor, workspace_id)
    except InvalidInput:
        return None  # the planner's own card says why; the other insights stand


def _evidence(daily: Daily, minutes: Mapping[str, float], least_per_hour: float | None) -> Evidence:
    try:
        return Evidence(
            curves=response_curves(daily, minutes=minutes, least_per_hour=least_per_hour, level=LEVEL),
            saturation=saturation(daily, minutes=minutes),
            carry_over=weekly_carry_over(daily),
            refusal="",
        )
    except TooFewObservations as error:
        return Evidence(curves=(), saturation=None, carry_over=None, refusal=error.message)
