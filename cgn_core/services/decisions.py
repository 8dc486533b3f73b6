"""What an hour of content work returns, in followers and in money, and what to post with the hours there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import NotFound, TooFewObservations
from cgn_core.services.data_versions import NO_DATA, content_of, current_version, table_of
from cgn_core.services.decision_settings import Bound, DecisionSettings, settings_of
from cgn_core.services.imports import load_daily
from cgn_core.services.models import ModelView, current_model
from cgn_core.services.remembered import Remembered
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.money import MoneyReturn, money_returns
from cgn_core.stats.planner import HOURS_A_WEEK, plan_weeks
from cgn_core.stats.returns import (
    MINUTES_PER_HOUR,
    ContentReturn,
    Estimate,
    OverallReturn,
    content_returns,
    overall_return,
)
from cgn_core.stats.week_plan import WeekPlan

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


@dataclass(frozen=True)
class MoneyView:
    """What the work returned and returns in money, at a follower's value and an hour's cost."""

    settings: DecisionSettings
    returns: tuple[MoneyReturn, ...]
    break_even_per_hour: float | None
    """Followers that an hour must bring to be worth its cost; None where a follower is worth nothing."""
    net: Estimate | None
    """Of all growth and all hours of the last weeks; None where those aren't known."""
    weeks: int


def returns_view(session: Session, actor: Actor, workspace_id: UUID | str) -> ReturnsView | None:
    """What an hour returns, by content type; None while there is no model.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        return None
    version = current_version(session, workspace)
    if version is None:
        raise NotFound(NO_DATA)
    minutes = minutes_of(workspace)
    return _returns.of(
        (content_of(version), model.id, model.is_current_data, tuple(minutes.items())),
        lambda: returns_of(model, table_of(version).weekly(), minutes=minutes),
    )


_returns = Remembered[ReturnsView](256)
"""By table, model and minutes."""


def returns_of(model: ModelView, weekly: Any, *, minutes: dict[str, float]) -> ReturnsView:
    """The same of a model and a weekly table, at these minutes a piece."""
    return ReturnsView(
        minutes=minutes,
        returns=content_returns(model.training.fit, weekly, minutes=minutes, level=LEVEL),
        overall=_overall(weekly, minutes),
        level=LEVEL,
        model_number=model.number,
        chosen=model.training.chosen,
        verdict=model.training.verdict,
        weeks=model.training.weeks,
        is_current_data=model.is_current_data,
    )


def money_view(
    session: Session, actor: Actor, workspace_id: UUID | str, settings: DecisionSettings | None = None
) -> MoneyView | None:
    """What the work returns in money; None while there is no model, or no price has been entered.

    Args:
        session: the transaction.
        actor: who asks.
        workspace_id: whose work it is.
        settings: with prices that are tried; the stored ones by default.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    used = settings or settings_of(workspace)
    value, cost = used.value_of_follower, used.cost_of_hour
    if model is None or value is None or cost is None:
        return None
    overall = _overall(load_daily(session, actor, workspace.id).weekly(), used.minutes)
    prices = {"value_of_follower": value, "cost_of_hour": cost}
    return MoneyView(
        settings=used,
        returns=money_returns(model.training.fit, minutes=used.minutes, level=LEVEL, **prices),
        break_even_per_hour=cost / value if value > 0 else None,
        net=None if overall is None else _net(overall, value, cost),
        weeks=overall.weeks if overall is not None else 0,
    )


def plan_view(
    session: Session, actor: Actor, workspace_id: UUID | str, settings: DecisionSettings | None = None
) -> WeekPlan | None:
    """The planner's weeks under the stored settings or under some that are tried; None while there is no model.

    Raises:
        NotFound: no such workspace, or not the actor's.
        InvalidInput: bounds that the hours don't allow, or far beyond every week seen.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    model = current_model(session, actor, workspace.id)
    if model is None:
        return None
    used = settings or settings_of(workspace)
    predictor = model.training.fit.predictor
    planned = {
        name: _both_ends(bound, predictor.support[name])
        for name, bound in used.bounds.items()
        if name in predictor.levers and name not in predictor.undetermined and name in used.minutes
    }
    return plan_weeks(
        model.training.fit,
        hours=used.hours if used.hours is not None else usual_hours(model, used.minutes),
        weeks=used.weeks,
        minutes=used.minutes,
        risk=used.risk,
        bounds=planned,
        level=supported_level(predictor.n_residuals, wanted=LEVEL),
    )


def usual_hours(model: ModelView, minutes: dict[str, float]) -> float:
    """Hours of work that the last four weeks' mean takes, rounded to half an hour."""
    usual = model.training.fit.predictor.usual
    hours = sum(minutes.get(name, 0.0) * count for name, count in usual.items()) / MINUTES_PER_HOUR
    return min(round(2 * hours) / 2, HOURS_A_WEEK)


def _both_ends(bound: Bound, largest: float) -> tuple[int, int]:
    """A bound whose open ends are the planner's own: none, and the largest week seen."""
    low = bound[0] or 0
    return low, max(int(largest), low) if bound[1] is None else bound[1]


def _overall(weekly: Any, minutes: dict[str, float]) -> OverallReturn | None:
    try:
        return overall_return(weekly, minutes=minutes, level=LEVEL)
    except TooFewObservations:
        return None


def _net(overall: OverallReturn, value: float, cost: float) -> Estimate:
    hours, hourly = overall.hours * overall.weeks, overall.follows_per_hour
    middle, low, high = (hours * (value * each - cost) for each in (hourly.estimate, hourly.low, hourly.high))
    return replace(hourly, estimate=middle, low=low, high=high)
