"""Forecasts: of next week under a plan, and of past weeks as they were forecast before they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import NotFound
from cgn_core.services.data_versions import NO_DATA, content_of, current_version, table_of
from cgn_core.services.models import ModelView, current_model
from cgn_core.services.remembered import Remembered
from cgn_core.services.track_records import KeptForecast, track_record
from cgn_core.stats import predictive
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.past_weeks import LEDGER, VALIDATION, History, MadeBefore, PastWeek, past_weeks
from cgn_core.stats.predictive import Difference, Prediction

DEFAULT_LEVEL = 0.9
__all__ = [
    "LEDGER", "VALIDATION", "Batch", "History", "PastWeek", "PredictorView", "compare_plans", "history", "history_of",
    "predict", "predict_many", "predictor_view",
]  # fmt: skip


@dataclass(frozen=True)
class PredictorView:
    """What the predictor page needs: the browser evaluates ``model`` itself."""

    model: dict[str, Any]
    """The WeekPredictor as JSON, for ``window.cgnPredictive``."""
    week_start: str
    levers: tuple[str, ...]
    usual: dict[str, float]
    """Mean of the last four weeks: where the sliders start."""
    support: dict[str, float]
    """The largest week seen: beyond it a plan is an extrapolation."""
    last_weeks: dict[str, tuple[float, ...]]
    prediction: Prediction
    """At the usual plan."""
    model_number: int
    chosen: str
    verdict: str
    is_current_data: bool


def predictor_view(
    session: Session, actor: Actor, workspace_id: UUID | str, *, level: float = DEFAULT_LEVEL
) -> PredictorView | None:
    """The predictor of the model in force; None while there is no model.

    A history too short for an interval of ``level`` gets the widest that it supports; ``prediction.level`` says which.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    model = current_model(session, actor, workspace_id)
    if model is None:
        return None
    predictor = model.training.fit.predictor
    return PredictorView(
        model=predictor.to_json(),
        week_start=predictor.week_start,
        levers=predictor.levers,
        usual=dict(predictor.usual),
        support=dict(predictor.support),
        last_weeks={name: tuple(counts) for name, counts in predictor.last_weeks.items()},
        prediction=predictive.predict(predictor, {}, level=supported_level(predictor.n_residuals, wanted=level)),
        model_number=model.number,
        chosen=model.training.chosen,
        verdict=model.training.verdict,
        is_current_data=model.is_current_data,
    )


def predict(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    plan: Mapping[str, float],
    *,
    level: float = DEFAULT_LEVEL,
) -> Prediction:
    """Next week under a plan; levers left out stay at the mean of the last four weeks.

    Raises:
        NotFound: no such workspace, not the actor's, or it has no model yet.
        InvalidInput: an unknown lever or a negative count.
        UnsupportedLevel: the history is too short for this level.
    """
    return predictive.predict(_model(session, actor, workspace_id).training.fit.predictor, plan, level=level)


@dataclass(frozen=True)
class Batch:
    """Next week under several plans, in their order."""

    level: float
    method: str
    week_start: str
    model_number: int
    is_current_data: bool
    predictions: tuple[Prediction, ...]


def predict_many(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    plans: Sequence[Mapping[str, float]],
    *,
    level: float | None = None,
) -> Batch:
    """Next week under each of several plans, all answered by the same model.

    Args:
        session: to read with.
        actor: who asks.
        workspace_id: whose next week.
        plans: pieces by lever; levers left out stay at the mean of the last four weeks.
        level: of the intervals; None takes 0.9, or the widest that a shorter history supports.

    Raises: as :func:`predict`.
    """
    model = _model(session, actor, workspace_id)
    predictor = model.training.fit.predictor
    used = supported_level(predictor.n_residuals, wanted=DEFAULT_LEVEL) if level is None else level
    return Batch(
        level=used,
        method=predictor.method,
        week_start=predictor.week_start,
        model_number=model.number,
        is_current_data=model.is_current_data,
        predictions=tuple(predictive.predict(predictor, plan, level=used) for plan in plans),
    )


def compare_plans(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    plan: Mapping[str, float],
    against: Mapping[str, float],
    *,
    level: float | None = DEFAULT_LEVEL,
) -> Difference:
    """How much more one plan brings than another, with the interval of the difference; ``level`` as in a batch.

    Raises: as :func:`predict`.
    """
    predictor = _model(session, actor, workspace_id).training.fit.predictor
    used = supported_level(predictor.n_residuals, wanted=DEFAULT_LEVEL) if level is None else level
    return predictive.difference(predictor, plan, against, level=used)


def history(session: Session, actor: Actor, workspace_id: UUID | str) -> History:
    """Every complete week, joined with the forecast made before it: what was shown then, else from validation.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_version(session, workspace)
    if version is None:
        raise NotFound(NO_DATA)
    model = current_model(session, actor, workspace_id)
    shown = _last_shown(track_record(session, actor, workspace_id).forecasts) if model is not None else {}
    named = (model.id, model.is_current_data) if model is not None else None
    return _histories.of(
        (content_of(version), named, tuple(shown.items())), lambda: _history(table_of(version).weekly(), model, shown)
    )


_histories = Remembered[History](128)
"""By table, model and what was shown."""


def history_of(weekly: pd.DataFrame, model: ModelView | None, newest_first: Sequence[KeptForecast]) -> History:
    """The same of a weekly table, a model and what was shown."""
    return _history(weekly, model, _last_shown(newest_first))


def _last_shown(newest_first: Sequence[KeptForecast]) -> dict[str, MadeBefore]:
    """By week, whose last one wins."""
    return {each.week_start.isoformat(): _shown(each) for each in reversed(newest_first)}


def _history(weekly: pd.DataFrame, model: ModelView | None, shown: Mapping[str, MadeBefore]) -> History:
    if model is None:
        return past_weeks(weekly, None)
    return past_weeks(
        weekly, model.training, shown=shown, model_number=model.number, is_current_data=model.is_current_data
    )


def _shown(kept: KeptForecast) -> MadeBefore:
    return MadeBefore(kept.median, kept.low, kept.high, kept.level, LEDGER, kept.model_number, kept.expected)


def _model(session: Session, actor: Actor, workspace_id: UUID | str) -> ModelView:
    model = current_model(session, actor, workspace_id)
    if model is None:
        raise NotFound("There is no model yet; import data and let the retraining finish.")
    return model
