"""Trained models: the versions, the one in force, and putting another in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from cgn_core.errors import NotFound
from cgn_core.services import models, registry
from cgn_core.services.models import ModelView
from webapp.api.answers import Body, Paging, page_of, reply
from webapp.api.description import operation
from webapp.api.workspaces import ForecastNote
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("models", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Models"


class ModelEntry(BaseModel):
    """A model version in the list; times are UTC."""

    number: int
    chosen: str
    verdict: str
    data_version: int
    weeks: int
    trained_at: datetime
    mae: float = Field(description="Mean absolute error on unseen weeks, followers per week.")
    baseline: str
    baseline_mae: float
    coverage: float | None
    origins: int
    forecast: ForecastNote
    is_in_force: bool
    is_current_data: bool
    data_hash: str
    code_version: str


class ModelList(BaseModel):
    """Model versions, newest first."""

    items: list[ModelEntry]
    next: str | None


class Effect(BaseModel):
    """What one more piece brings, in followers, all days together."""

    model_config = ConfigDict(extra="allow")
    name: str
    estimate: float
    low: float
    high: float
    level: float
    unit: str
    availability: str


class Caution(BaseModel):
    """Something to bear in mind."""

    code: str
    message: str


class ModelOut(BaseModel):
    """A model with everything it knows: what `cgn train --json` prints."""

    model_config = ConfigDict(extra="allow")
    number: int
    data_version: int
    trained_at: datetime
    is_current_data: bool
    code_version: str
    model: str
    weeks: int
    target: str
    effects: list[Effect]
    scores: dict[str, float | None]
    regime_start: str | None
    verdict: str
    reason: str
    warnings: list[Caution]
    ranking: list[dict[str, Any]]
    validation: dict[str, Any]


class ForceChange(Body):
    """Which version is to be in force, and why: an earlier one, which rolls back, or a challenger."""

    number: int = Field(ge=1, le=10**9)
    reason: str = Field(min_length=1, max_length=500, examples=["The newest one fits the holidays badly"])


class PromotionOut(BaseModel):
    """A change of the model in force."""

    model_number: int
    kind: str
    reason: str
    promoted_by: str = Field(description='"" where the training itself decided.')
    created_at: datetime


class PromotionList(BaseModel):
    """Changes of the model in force, newest first."""

    items: list[PromotionOut]
    next: str | None


@blueprint.get("/models")
@operation(TAG, ModelList)
def list_models(workspace_id: str, query: Paging) -> Response:
    """List a workspace's model versions, newest first."""
    found = models.model_versions(db(), actor(), identifier(workspace_id))
    page, following = page_of(found, query, key=lambda each: f"{10**9 - each.summary.number:010d}")
    items = [
        ModelEntry.model_validate(
            {
                **{name: getattr(each.summary, name) for name in _OF_SUMMARY},
                "forecast": ForecastNote.model_validate(each.summary.forecast, from_attributes=True),
                "is_in_force": each.is_in_force,
                "is_current_data": each.is_current_data,
                "data_hash": each.data_hash,
                "code_version": each.code_version,
            }
        )
        for each in page
    ]
    return reply(ModelList(items=items, next=following))


@blueprint.get("/models/current")
@operation(TAG, ModelOut)
def read_current_model(workspace_id: str) -> Response:
    """Read the model in force: effects, scores, validation, warnings."""
    return reply(_shown(identifier(workspace_id)))


@blueprint.put("/models/current")
@operation(TAG, PromotionOut, conflicts=True)
def change_current_model(workspace_id: str, json: ForceChange) -> Response:
    """Put a model version in force by hand, with a reason: promote a challenger, or roll back."""
    done = registry.promote(db(writes=True), actor(), identifier(workspace_id), json.number, reason=json.reason)
    return reply(PromotionOut.model_validate(done, from_attributes=True))


@blueprint.get("/promotions")
@operation(TAG, PromotionList)
def list_promotions(workspace_id: str, query: Paging) -> Response:
    """List every change of the model in force, newest first."""
    found = registry.promotions(db(), actor(), identifier(workspace_id))
    places = {id(each): f"{len(found) - place:010d}" for place, each in enumerate(reversed(found), start=1)}
    page, following = page_of(found, query, key=lambda each: places[id(each)])
    items = [PromotionOut.model_validate(each, from_attributes=True) for each in page]
    return reply(PromotionList(items=items, next=following))


_OF_SUMMARY = (
    "number", "chosen", "verdict", "data_version", "weeks", "trained_at", "mae", "baseline", "baseline_mae", "coverage",
    "origins",
)  # fmt: skip


def _shown(workspace_id: Any) -> ModelOut:
    view: ModelView | None = models.current_model(db(), actor(), workspace_id)
    if view is None:
        raise NotFound("There is no model yet; import data and let the retraining finish.")
    told = {name: value for name, value in view.training.to_json().items() if name not in {"fit", "number"}}
    return ModelOut.model_validate(
        {
            **told,
            "number": view.number,
            "data_version": view.data_version,
            "trained_at": view.trained_at,
            "is_current_data": view.is_current_data,
            "code_version": view.code_version,
        }
    )
