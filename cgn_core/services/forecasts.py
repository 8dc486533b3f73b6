"""Forecasts: of next week under a plan, and of past weeks as they were forecast before they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.errors import NotFound
from cgn_core.services.imports import load_daily
from cgn_core.services.models import ModelView, current_model
from cgn_core.services.track_records import KeptForecast, track_record
from cgn_core.stats import predictive
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.predictive import Difference, Prediction
from cgn_core.tables import CONTENT_TYPES

DEFAULT_LEVEL = 0.9
VALIDATION, LEDGER = "validation", "ledger"


@dataclass(frozen=True)
class PastWeek:
    """One week's growth beside the forecast made before it; followers per week, None where unknown."""

    week_start: str
    actual: float | None
    is_target: bool
    """Whether all seven days were observed."""
    followers_start: float | None
    counts: dict[str, float | None]
    """Pieces per content type."""
    median: float | None
    expected: float | None
    low: float | None
    high: float | None
    repeatable: float | None
    viral: float | None
    is_viral: bool
    inside: bool | None
    """Whether the growth fell into the interval; None where there was no forecast."""
    level: float | None = None
    """Of the interval."""
    source: str | None = None
    """validation | ledger: made anew from the weeks before it alone, or shown to people before it came."""
    forecast_by: int | None = None
    """Number of the model version."""


@dataclass(frozen=True)
class History:
    """Every complete week with what was forecast for it."""

    weeks: tuple[PastWeek, ...]
    level: float
    coverage: float | None
    """Share of forecast weeks inside the interval, of those whose interval is of this level."""
    mae: float | None
    """Mean absolute error of the median forecast, followers per week."""
    model_number: int | None
    is_current_data: bool
    promised: int = 0
    """Weeks that ``coverage`` is taken over; early weeks have narrower intervals."""


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
    weekly = load_daily(session, actor, workspace_id).weekly()
    model = current_model(session, actor, workspace_id)
    if model is None:
        return History(tuple(_weeks(weekly, {}, set())), DEFAULT_LEVEL, None, None, None, is_current_data=False)
    validation = model.training.validation
    forecasts = {each.week_start: _validated(each, validation.level, model.number) for each in validation.forecasts}
    for each in reversed(track_record(session, actor, workspace_id).forecasts):  # the last shown before each week wins
        forecasts[each.week_start.isoformat()] = _shown(each)
    monday_of_viral = {
        (day - pd.Timedelta(days=day.weekday())).date().isoformat()
        for day in pd.to_datetime(list(model.training.fit.viral_days))
    }
    viral = monday_of_viral | {each.week_start for each in validation.forecasts if each.is_viral_week}
    weeks = tuple(_weeks(weekly, forecasts, viral))
    judged = [week for week in weeks if week.inside is not None]
    promised = [week for week in judged if week.level == validation.level]
    errors = [abs(week.actual - week.median) for week in judged if week.actual is not None and week.median is not None]
    return History(
        weeks=weeks,
        level=validation.level,
        coverage=sum(bool(week.inside) for week in promised) / len(promised) if promised else None,
        promised=len(promised),
        mae=sum(errors) / len(errors) if errors else None,
        model_number=model.number,
        is_current_data=model.is_current_data,
    )


@dataclass(frozen=True)
class _Made:
    """A forecast of a past week, wherever it is kept; all None where there was none."""

    median: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    source: str | None = None
    model_number: int | None = None
    expected: float | None = None
    repeatable: float | None = None
    viral: float | None = None


_NONE = _Made()


def _validated(forecast: Any, level: float, model_number: int) -> _Made:
    return _Made(
        median=forecast.median,
        low=forecast.low,
        high=forecast.high,
        level=forecast.level or level,
        source=VALIDATION,
        model_number=model_number,
        expected=forecast.expected,
        repeatable=forecast.repeatable,
        viral=forecast.viral,
    )


def _shown(kept: KeptForecast) -> _Made:
    return _Made(kept.median, kept.low, kept.high, kept.level, LEDGER, kept.model_number, kept.expected)


def _model(session: Session, actor: Actor, workspace_id: UUID | str) -> ModelView:
    model = current_model(session, actor, workspace_id)
    if model is None:
        raise NotFound("There is no model yet; import data and let the retraining finish.")
    return model


def _weeks(weekly: pd.DataFrame, forecasts: Mapping[str, _Made], viral: set[str]) -> list[PastWeek]:
    weeks = []
    for row in weekly.to_dict("records"):
        week_start = row["week_start"].date().isoformat()
        made = forecasts.get(week_start, _NONE)
        actual = _number(row["net_growth"])
        inside = None
        if made.low is not None and made.high is not None and actual is not None:
            inside = made.low <= actual <= made.high
        weeks.append(
            PastWeek(
                week_start=week_start,
                actual=actual,
                is_target=bool(row["is_target"]),
                followers_start=_number(row.get("followers_start")),
                counts={name: _number(row[name]) for name in CONTENT_TYPES if name in row},
                median=made.median,
                expected=made.expected,
                low=made.low,
                high=made.high,
                repeatable=made.repeatable,
                viral=made.viral,
                is_viral=week_start in viral,
                inside=inside,
                level=made.level,
                source=made.source,
                forecast_by=made.model_number,
            )
        )
    return weeks


def _number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
