"""Decisions: what an hour returns, in followers and in money, what to post, what else the past could have been."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from cgn_core.errors import NotFound
from cgn_core.services import decision_settings, decisions, evidence
from cgn_core.services.decision_settings import DecisionSettings
from webapp.api.answers import Body, reply
from webapp.api.description import operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("decisions", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Decisions"
NO_MODEL = "There is no model yet; import data and let the retraining finish."
Minutes = dict[str, Annotated[float, Field(gt=0, le=1440)]]
Bound = Annotated[list[Annotated[int, Field(ge=0, le=500)] | None], Field(min_length=2, max_length=2)]
"""Fewest and most pieces a week; null is none, and the largest week seen."""


class EstimateOut(BaseModel):
    """A number with its two-sided interval."""

    estimate: float
    low: float
    high: float
    level: float


class ContentReturnOut(BaseModel):
    """Followers per hour of work on one content type."""

    content_type: str
    minutes: float
    average: EstimateOut
    marginal: EstimateOut
    distinguishable: bool
    stretch: float


class OverallOut(BaseModel):
    """All growth over all hours."""

    follows_per_hour: EstimateOut
    hours: float
    weeks: int


class MoneyOut(BaseModel):
    """What pieces of one content type return in money."""

    model_config = ConfigDict(extra="allow")
    content_type: str
    cost_per_piece: float
    net_per_piece: EstimateOut
    net_per_hour: EstimateOut
    verdict: str
    sentence: str


class ReturnsOut(BaseModel):
    """What an hour returns; money only where a follower has a value and an hour a cost."""

    minutes: dict[str, float]
    returns: list[ContentReturnOut]
    overall: OverallOut | None
    level: float
    model_number: int
    verdict: str
    is_current_data: bool
    currency: str
    money: list[MoneyOut] | None
    break_even_per_hour: float | None


class Prices(BaseModel):
    """Prices to try; those left out are the stored ones."""

    value_of_follower: float | None = Field(default=None, ge=0, le=1e6)
    cost_of_hour: float | None = Field(default=None, ge=0, le=1e6)


class PlanToMake(Body):
    """What the planner may use; what is left out is the workspace's own setting."""

    hours: float | None = Field(default=None, ge=0, le=168, description="Of work a week, at most.", examples=[12])
    weeks: int | None = Field(default=None, ge=1, le=12)
    caution: Literal["careful", "middle", "bold"] | None = None
    minutes: Minutes | None = Field(default=None, description="Of work per piece.")
    bounds: dict[str, Bound] | None = Field(default=None, description="Fewest and most pieces a week, by content type.")


class SettingsOut(BaseModel):
    """What Decision Support works with; null where nobody has set it."""

    minutes: dict[str, float]
    value_of_follower: float | None
    cost_of_hour: float | None
    currency: str
    hours: float | None
    weeks: int
    caution: str
    bounds: dict[str, Bound]
    least_per_hour: float | None


class SettingsChange(PlanToMake):
    """Settings to keep for the team; those left out stay."""

    value_of_follower: float | None = Field(default=None, ge=0, le=1e6)
    cost_of_hour: float | None = Field(default=None, ge=0, le=1e6)
    currency: str | None = Field(default=None, min_length=1, max_length=4)
    least_per_hour: float | None = Field(default=None, ge=0, le=1e9)


class PlannedWeekOut(BaseModel):
    """What to post in one week."""

    model_config = ConfigDict(extra="allow")
    week: str
    posts: int
    reels: int
    stories: int
    hours: float


class GainOut(BaseModel):
    """Followers more than posting as usual, with the interval."""

    model_config = ConfigDict(extra="allow")
    estimate: float
    low: float
    high: float
    level: float


class PlanOut(BaseModel):
    """The weeks that bring the most within the hours: what `cgn plan --json` prints."""

    model_config = ConfigDict(extra="allow")
    hours: float
    weeks: list[PlannedWeekOut]
    gain: GainOut
    status: str
    distinguishable: bool
    extrapolation: str
    sentences: list[str]


class PastToImagine(Body):
    """Another plan for past weeks."""

    weeks: list[Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]] = Field(min_length=1, max_length=104)
    change: dict[str, Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(examples=[{"reels": 2}])
    way: Literal["add", "set"] = Field(default="add", description="Pieces more, or the number of pieces.")


class ImaginedPast(BaseModel):
    """What the weeks would have brought."""

    weeks: list[dict[str, Any]]
    difference: GainOut
    actual: float | None
    distinguishable: bool
    sentence: str


class InsightOut(BaseModel):
    """One sentence and the number it rests on."""

    code: str
    sentence: str
    value: float
    unit: str
    low: float | None
    high: float | None
    level: float


class EvidenceOut(BaseModel):
    """Response curves, the tests of saturation and carry-over, and what the results support saying."""

    curves: list[dict[str, Any]]
    saturation: dict[str, Any] | None
    carry_over: dict[str, Any] | None
    refusal: str = Field(description='Why there are no curves; "" where there are some.')
    insights: list[InsightOut]


@blueprint.get("/returns")
@operation(TAG, ReturnsOut)
def read_returns(workspace_id: str, query: Prices) -> Response:
    """Say what an hour of work returns, by content type; in money too where there are prices."""
    wanted = identifier(workspace_id)
    found = decisions.returns_view(db(), actor(), wanted)
    if found is None:
        raise NotFound(NO_MODEL)
    used = _settings(workspace_id, query.model_dump(exclude_none=True))
    money = decisions.money_view(db(), actor(), wanted, used)
    return reply(
        ReturnsOut(
            minutes=found.minutes,
            returns=[ContentReturnOut.model_validate(each, from_attributes=True) for each in found.returns],
            overall=OverallOut.model_validate(found.overall, from_attributes=True) if found.overall else None,
            level=found.level,
            model_number=found.model_number,
            verdict=found.verdict,
            is_current_data=found.is_current_data,
            currency=used.currency,
            money=[MoneyOut.model_validate(each.to_json()) for each in money.returns] if money else None,
            break_even_per_hour=money.break_even_per_hour if money else None,
        )
    )


@blueprint.get("/decision-settings")
@operation(TAG, SettingsOut)
def read_settings(workspace_id: str) -> Response:
    """Read what Decision Support works with: minutes, prices, hours, bounds."""
    return reply(_settings_out(workspace_id))


@blueprint.patch("/decision-settings")
@operation(TAG, SettingsOut)
def change_settings(workspace_id: str, json: SettingsChange) -> Response:
    """Change what Decision Support works with, for the team."""
    given = json.model_dump(exclude_unset=True)
    decision_settings.save_decision_settings(db(writes=True), actor(), identifier(workspace_id), given)
    return reply(_settings_out(workspace_id))


@blueprint.post("/plans")
@operation(TAG, PlanOut)
def make_plan(workspace_id: str, json: PlanToMake) -> Response:
    """Plan the weeks that bring the most within the hours."""
    used = _settings(workspace_id, json.model_dump(exclude_none=True))
    found = decisions.plan_view(db(), actor(), identifier(workspace_id), used)
    if found is None:
        raise NotFound(NO_MODEL)
    return reply(PlanOut.model_validate(found.to_json()))


@blueprint.post("/past")
@operation(TAG, ImaginedPast)
def imagine_past(workspace_id: str, json: PastToImagine) -> Response:
    """Say what another plan would have brought in past weeks, by the model in force."""
    found = evidence.imagine_past(db(), actor(), identifier(workspace_id), json.weeks, json.change, way=json.way)
    return reply(ImaginedPast.model_validate(found.to_json()))


@blueprint.get("/evidence")
@operation(TAG, EvidenceOut)
def read_evidence(workspace_id: str) -> Response:
    """Read response curves, the tests of saturation and carry-over, and the insights."""
    wanted = identifier(workspace_id)
    found = evidence.evidence_view(db(), actor(), wanted)
    if found is None:
        raise NotFound("There are no data yet; import a file first.")
    told = evidence.insights_view(db(), actor(), wanted)
    return reply(
        EvidenceOut(
            curves=[each.to_json() for each in found.curves],
            saturation=found.saturation.to_json() if found.saturation else None,
            carry_over=found.carry_over.to_json() if found.carry_over else None,
            refusal=found.refusal,
            insights=[InsightOut.model_validate(each, from_attributes=True) for each in told],
        )
    )


def _settings_out(workspace_id: str) -> SettingsOut:
    found = decision_settings.decision_settings(db(), actor(), identifier(workspace_id))
    return SettingsOut.model_validate(found, from_attributes=True)


def _settings(workspace_id: str, given: dict[str, Any]) -> DecisionSettings:
    stored = decision_settings.decision_settings(db(), actor(), identifier(workspace_id))
    return decision_settings.with_changes(stored, given)
