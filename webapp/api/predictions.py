"""Forecasts of next week under plans: a batch at once, and one plan against another."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from cgn_core.services import forecasts
from webapp.api.answers import Body, reply
from webapp.api.description import operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("predictions", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Predictions"
MOST_PLANS = 1_000
MOST_PIECES = 1e6
Plan = dict[str, Annotated[float, Field(ge=0, le=MOST_PIECES)]]
Level = Annotated[float, Field(gt=0, lt=1)] | None
LEVEL = Field(default=None, description="Of the intervals, two-sided: 0.9, or the widest a shorter history supports.")


class PlansToPredict(Body):
    """Plans for next week; a lever that a plan leaves out is the mean of the last four weeks."""

    plans: list[Plan] = Field(min_length=1, max_length=MOST_PLANS, examples=[[{"posts": 5, "reels": 4}, {}]])
    level: Level = LEVEL


class PredictionOut(BaseModel):
    """Next week under a plan; followers. The numbers are null where the plan is refused."""

    plan: dict[str, float]
    expected: float | None
    median: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    repeatable: float | None
    viral: float | None
    extrapolation: str = Field(description="none, beyond_support or refused.")


class Predictions(BaseModel):
    """Forecasts in the order of the plans."""

    level: float
    method: str
    week_start: str
    model_number: int
    is_current_data: bool = Field(description="Whether the model was trained on the current data.")
    predictions: list[PredictionOut]


class Comparison(Body):
    """Two plans."""

    plan: Plan = Field(examples=[{"reels": 6}])
    against: Plan = Field(default={}, description="By default the mean of the last four weeks.")
    level: Level = LEVEL


class DifferenceOut(BaseModel):
    """How many followers more the first plan brings; shared noise cancels."""

    estimate: float
    low: float
    high: float
    level: float
    extrapolation: str


@blueprint.post("/predictions")
@operation(TAG, Predictions)
def predict(workspace_id: str, json: PlansToPredict) -> Response:
    """Forecast next week under up to 1,000 plans."""
    batch = forecasts.predict_many(db(), actor(), identifier(workspace_id), json.plans, level=json.level)
    return reply(
        Predictions(
            level=batch.level,
            method=batch.method,
            week_start=batch.week_start,
            model_number=batch.model_number,
            is_current_data=batch.is_current_data,
            predictions=[PredictionOut(**each.to_json()) for each in batch.predictions],
        )
    )


@blueprint.post("/what-if")
@operation(TAG, DifferenceOut)
def compare(workspace_id: str, json: Comparison) -> Response:
    """Say how much more one plan brings than another, with the interval of the difference."""
    found = forecasts.compare_plans(db(), actor(), identifier(workspace_id), json.plan, json.against, level=json.level)
    return reply(DifferenceOut(**found.to_json()))
