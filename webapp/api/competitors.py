"""The accounts that a workspace is compared with, and how it stands among them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from cgn_core.errors import NotFound
from cgn_core.services import competitors
from cgn_core.services.competitors import CompetitorView
from cgn_core.settings import settings
from webapp.api.answers import nothing, reply
from webapp.api.description import operation
from webapp.api.imports import AFile
from webapp.request_scope import actor, db, identifier
from webapp.uploads import name_of

blueprint = Blueprint("competitors", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Competitors"


class CompetitorOut(BaseModel):
    """One competitor; growth is followers per week, cadence pieces per week."""

    id: UUID
    name: str
    file_name: str
    rows: int
    first_date: date
    last_date: date
    followers: float | None
    last_week_growth: float | None
    cadence: dict[str, float]
    has_growth: bool


class CompetitorList(BaseModel):
    """Competitors by name."""

    items: list[CompetitorOut]


class CompetitorFile(BaseModel):
    """A file with the accounts' daily numbers."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")
    file: list[AFile] = Field(min_length=1, max_length=1)


class BenchmarkOut(BaseModel):
    """A creator among its peers: what `cgn benchmark --json` prints."""

    model_config = ConfigDict(extra="allow")
    weeks: int
    level: float
    peers: list[dict[str, Any]]
    percentiles: dict[str, dict[str, Any]] = Field(description="By metric: value, percentile, low, high.")
    verdict: str
    sentence: str


@blueprint.get("/competitors")
@operation(TAG, CompetitorList)
def list_competitors(workspace_id: str) -> Response:
    """List a workspace's competitors by name."""
    return reply(_list(competitors.list_competitors(db(), actor(), identifier(workspace_id))))


@blueprint.post("/competitors")
@operation(TAG, CompetitorList, status=201, uploads=True)
def add_competitors(workspace_id: str, form: CompetitorFile) -> Response:
    """Add the accounts of a file as competitors; a known name gets the newer numbers."""
    sent = form.file[0]
    data = sent.stream.read(settings().upload_limit_bytes + 1)
    made = competitors.add_competitor_file(
        db(writes=True), actor(), identifier(workspace_id), file_name=name_of(sent.filename), data=data
    )
    return reply(_list(made), 201)


@blueprint.delete("/competitors/<competitor_id>")
@operation(TAG, status=204)
def remove_competitor(workspace_id: str, competitor_id: str) -> Response:
    """Remove a competitor."""
    competitors.remove_competitor(db(writes=True), actor(), identifier(workspace_id), identifier(competitor_id))
    return nothing()


@blueprint.get("/benchmark")
@operation(TAG, BenchmarkOut)
def read_benchmark(workspace_id: str) -> Response:
    """Compare growth, cadence, mix and engagement with the competitors'."""
    found = competitors.benchmark(db(), actor(), identifier(workspace_id))
    if found is None:
        raise NotFound("There is no competitor whose growth is known; add one.")
    return reply(BenchmarkOut.model_validate(found.to_json()))


def _list(found: list[CompetitorView]) -> CompetitorList:
    return CompetitorList(items=[CompetitorOut.model_validate(each, from_attributes=True) for each in found])
