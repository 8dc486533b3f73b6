"""Diagnostics: drift, saturation, carry-over, viral days, and the health of a fit."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from cgn_core.services import diagnoses
from webapp.api.answers import reply
from webapp.api.description import operation
from webapp.api.models import Caution
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("diagnostics", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Diagnostics"


class DiagnosticsQuery(BaseModel):
    """Whose residuals, and how often the drift alarm may be wrong."""

    model: Literal["daily", "single_lever", "ols", "huber", "tukey"] = "daily"
    false_alarms_per_year: float = Field(default=0.5, ge=0.05, le=12)


class DriftOut(BaseModel):
    """Whether growth has left its path."""

    model_config = ConfigDict(extra="allow")
    alarm: bool
    direction: str | None = Field(description="up, down or null.")
    start_week: str | None = Field(description="ISO Monday.")
    false_alarms_per_year: float


class Identified(BaseModel):
    """Whether the history shows it, and what."""

    model_config = ConfigDict(extra="allow")
    identified: bool


class DiagnosticsOut(BaseModel):
    """What `cgn diagnose --json` prints."""

    model_config = ConfigDict(extra="allow")
    drift: DriftOut
    saturation: Identified
    carry_over: Identified
    viral_days: list[str]
    residuals: dict[str, Any] = Field(description="By test: statistic, p_value, verdict.")
    influence: list[Any]
    collinearity: dict[str, Any]
    warnings: list[Caution]
    health: dict[str, Any]


@blueprint.get("/diagnostics")
@operation(TAG, DiagnosticsOut)
def read_diagnostics(workspace_id: str, query: DiagnosticsQuery) -> Response:
    """Diagnose the current data. The first answer of a data version takes seconds, the same again none."""
    found = diagnoses.diagnose_workspace(
        db(),
        actor(),
        identifier(workspace_id),
        model=query.model,
        false_alarms_per_year=query.false_alarms_per_year,
    )
    return reply(DiagnosticsOut.model_validate(found.to_json()))
