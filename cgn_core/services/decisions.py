"""What an hour of content work returns."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import TooFewObservations
from cgn_core.services.imports import load_daily
from cgn_core.services.models import current_model
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.returns import ContentReturn, OverallReturn, content_returns, overall_return

LEVEL = 0.9


@dataclass(frozen=True)
class ReturnsView:
    """Average and marginal follows per hour, computed anew with the workspace's present minutes."""

    minutes: dict[str, float]
    returns: tuple[ContentReturn, ...]
    overall: OverallReturn | None
    """All growth over all hours of the last weeks; None where there are too few weeks with both."""
    level: float
    model_number: int
    chosen: str
    verdict: str
    weeks: int
    is_current_data: bool


def returns_view(session: Session, actor: Actor, workspace_id: UUID | str) -> ReturnsView | None:
    """What an hour returns, by content type; None while there is no model.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        return None
    weekly = load_daily(session, actor, workspace.id).weekly()
    minutes = minutes_of(workspace)
    try:
        overall = overall_return(weekly, minutes=minutes, level=LEVEL)
    except TooFewObservations:
        overall = None
    return ReturnsView(
        minutes=minutes,
        returns=content_returns(model.training.fit, weekly, minutes=minutes, level=LEVEL),
        overall=overall,
        level=LEVEL,
        model_number=model.number,
        chosen=model.training.chosen,
        verdict=model.training.verdict,
        weeks=model.training.weeks,
        is_current_data=model.is_current_data,
    )
