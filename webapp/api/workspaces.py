"""Workspaces: list, make, read, change."""

from __future__ import annotations

from datetime import date
from typing import Any, Self
from uuid import UUID

from flask import Blueprint, Response
from pydantic import BaseModel, Field, model_validator

from cgn_core.services import removals, workspaces
from cgn_core.services.workspace_cards import WorkspaceCard
from cgn_core.services.workspaces import WorkspaceView
from webapp.api.answers import Body, Paging, nothing, page_of, reply
from webapp.api.description import PREFIX, operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("workspaces", __name__, url_prefix="/workspaces")
TAG = "Workspaces"


class ForecastNote(BaseModel):
    """Next week's growth, posting as in the last four weeks; followers."""

    week_start: str
    median: float
    expected: float
    low: float
    high: float
    level: float
    repeatable: float
    viral: float


class ModelNote(BaseModel):
    """The model in force, in short."""

    number: int
    chosen: str
    verdict: str
    data_version: int
    weeks: int
    mae: float = Field(description="Mean absolute error on unseen weeks, followers per week.")
    baseline: str
    baseline_mae: float
    coverage: float | None
    forecast: ForecastNote


class WorkspaceEntry(BaseModel):
    """A workspace in the list."""

    id: UUID
    handle: str
    followers: float | None
    last_week_start: str | None
    last_week_growth: float | None
    weeks: int = Field(description="Complete weeks.")
    data_version: int = Field(description="0 while there are no data.")
    data_to: date | None
    state: str = Field(description="What the portfolio's light says.")
    state_reason: str
    is_current_data: bool = Field(description="Whether the model in force was trained on the current data.")
    model: ModelNote | None


class Workspace(WorkspaceEntry):
    """A workspace with its settings."""

    time_zone: str
    minutes: dict[str, float] = Field(description="Of work per piece, by content type.")
    may_edit: bool
    data_from: date | None
    rows: int
    provisional_days: int


class WorkspaceList(BaseModel):
    """Workspaces by handle."""

    items: list[WorkspaceEntry]
    next: str | None


class NewWorkspace(Body):
    """An empty workspace."""

    handle: str = Field(min_length=1, max_length=80, examples=["some.creator"])


class WorkspaceChange(Body):
    """Settings; those left out stay."""

    time_zone: str | None = Field(default=None, max_length=64, examples=["Europe/Berlin"])
    minutes: dict[str, float] | None = Field(default=None, examples=[{"reels": 90}])

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.time_zone is None and self.minutes is None:
            raise ValueError("name time_zone or minutes")
        return self


class Deletion(Body):
    """Confirms it."""

    handle: str = Field(max_length=80, description="The workspace's handle, written once more.")


@blueprint.get("")
@operation(TAG, WorkspaceList)
def list_workspaces(query: Paging) -> Response:
    """List the workspaces that the token sees, by handle."""
    found = workspaces.list_workspaces(db(), actor())
    page, following = page_of(found, query, key=lambda card: card.handle)
    return reply(WorkspaceList(items=[WorkspaceEntry(**_entry(card)) for card in page], next=following))


@blueprint.post("")
@operation(TAG, Workspace, status=201, idempotent=True)
def create_workspace(json: NewWorkspace) -> Response:
    """Make an empty workspace."""
    made = workspaces.create_workspace(db(writes=True), actor(), json.handle)
    return reply(_shown(made), 201, location=f"{PREFIX}/workspaces/{made}")


@blueprint.get("/<workspace_id>")
@operation(TAG, Workspace)
def read_workspace(workspace_id: str) -> Response:
    """Read a workspace, its settings and the model in force."""
    return reply(_shown(identifier(workspace_id)))


@blueprint.patch("/<workspace_id>")
@operation(TAG, Workspace)
def change_workspace(workspace_id: str, json: WorkspaceChange) -> Response:
    """Change a workspace's time zone, or the minutes that a piece takes."""
    wanted = identifier(workspace_id)
    if json.time_zone is not None:
        workspaces.set_time_zone(db(writes=True), actor(), wanted, json.time_zone)
    if json.minutes is not None:
        workspaces.set_minutes(db(writes=True), actor(), wanted, json.minutes)
    return reply(_shown(wanted))


@blueprint.post("/<workspace_id>/delete")
@operation(TAG, status=204, conflicts=True)
def delete_workspace(workspace_id: str, json: Deletion) -> Response:
    """Delete a workspace with everything in it, for good; owners only."""
    removals.delete_workspace(db(writes=True), actor(), identifier(workspace_id), typed=json.handle)
    return nothing()


def _shown(workspace_id: UUID) -> Workspace:
    view: WorkspaceView = workspaces.get_workspace(db(), actor(), workspace_id)
    return Workspace(
        **_entry(view.card),
        time_zone=view.time_zone,
        minutes=view.minutes,
        may_edit=view.may_edit,
        data_from=view.first_date,
        rows=view.rows,
        provisional_days=view.provisional_days,
    )


def _entry(card: WorkspaceCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "handle": card.handle,
        "followers": card.followers,
        "last_week_start": card.last_week_start,
        "last_week_growth": card.last_week_growth,
        "weeks": card.weeks,
        "data_version": card.data_version,
        "data_to": card.data_last_date,
        "state": card.light.state,
        "state_reason": card.light.reason,
        "is_current_data": card.is_current_data,
        "model": _model(card),
    }


def _model(card: WorkspaceCard) -> ModelNote | None:
    if card.model is None:
        return None
    return ModelNote.model_validate(card.model, from_attributes=True)
