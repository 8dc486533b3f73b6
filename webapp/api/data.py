"""A workspace's numbers: by day, by week, and forecasts beside what came; its versions and what looks odd in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import uuid4

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from cgn_core.services import audit, data_history, exports, repairs
from cgn_core.services.audit import AuditAction
from cgn_core.services.exports import DAY_OF, ExportFormat, ExportTable
from webapp.api.answers import Body, Paging, file, page_of, reply
from webapp.api.description import operation
from webapp.api.imports import ImportedOut, imported_out
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("data", __name__, url_prefix="/workspaces/<workspace_id>")
TAG = "Data"
FILES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
LEFT_OUT = ("text/csv",)


class TableQuery(Paging):
    """Which rows, and as what; as a file all of them come at once."""

    first: date | None = Field(default=None, description="From this day on.")
    last: date | None = Field(default=None, description="Up to this day.")
    format: Literal["json", "csv", "xlsx"] = Field(default="json", description="csv and xlsx are the whole table.")


class TablePage(BaseModel):
    """Rows, oldest first; what isn't known is null."""

    items: list[dict[str, Any]]
    next: str | None


class Version(BaseModel):
    """One version of the daily table; times are UTC."""

    number: int
    file_name: str
    rows: int
    first_date: date
    last_date: date
    weeks: int
    created_at: datetime
    created_by: str
    is_current: bool
    can_undo: bool
    file_hash: str


class VersionList(BaseModel):
    """Versions, newest first."""

    items: list[Version]
    next: str | None


class RepairOut(BaseModel):
    """A repair, as it may be sent back."""

    kind: str
    first_day: date
    last_day: date
    column: str
    cap: float | None


class RepairChoiceOut(BaseModel):
    """One way to answer."""

    label: str
    repairs: list[RepairOut]


class OddityOut(BaseModel):
    """Something that looks wrong, and what can be done about it; leaving it is always one way."""

    code: str
    sentence: str
    days: list[date]
    choices: list[RepairChoiceOut]


class OddityList(BaseModel):
    """What looks wrong in the current data."""

    items: list[OddityOut]


class RepairIn(Body):
    """One span of days and what becomes of its numbers."""

    kind: Literal["missing", "cap", "drop_days"]
    first_day: date
    last_day: date
    column: str = Field(default="", max_length=60, description='Such as follows; "" for dropped days.')
    cap: float | None = Field(default=None, ge=0)


class RepairsToTry(Body):
    """Repairs to look at."""

    repairs: list[RepairIn] = Field(min_length=1, max_length=200)


class RepairsToMake(RepairsToTry):
    """Repairs to make."""

    based_on: int = Field(ge=1, le=10**9, description="The version that they were tried on.")
    reason: str = Field(min_length=1, max_length=300)


class RepairTried(BaseModel):
    """What repairs would do."""

    based_on: int
    sentences: list[str]
    days: int
    cells: int
    removed_days: int
    weeks_before: int
    weeks_after: int


@blueprint.get("/daily")
@operation(TAG, TablePage, files=FILES)
def read_daily(workspace_id: str, query: TableQuery) -> Response:
    """Read the daily numbers: JSON by pages, or the whole table as a file."""
    return _table(workspace_id, query, ExportTable.DAILY)


@blueprint.get("/weekly")
@operation(TAG, TablePage, files=FILES)
def read_weekly(workspace_id: str, query: TableQuery) -> Response:
    """Read the weeks (Monday to Sunday) as models see them."""
    return _table(workspace_id, query, ExportTable.WEEKLY)


@blueprint.get("/forecasts")
@operation(TAG, TablePage, files=FILES)
def read_forecasts(workspace_id: str, query: TableQuery) -> Response:
    """Read every past week beside the forecast made before it, and next week's."""
    return _table(workspace_id, query, ExportTable.FORECASTS)


@blueprint.get("/versions")
@operation(TAG, VersionList)
def list_versions(workspace_id: str, query: Paging) -> Response:
    """List the versions of the daily table, newest first."""
    found = data_history.data_versions(db(), actor(), identifier(workspace_id))
    page, following = page_of(found, query, key=lambda each: f"{10**9 - each.number:010d}")
    return reply(VersionList(items=[Version.model_validate(e, from_attributes=True) for e in page], next=following))


@blueprint.get("/versions/<int(max=999999999):number>/left-out.csv")
@operation(TAG, files=LEFT_OUT)
def read_left_out(workspace_id: str, number: int) -> Response:
    """Get the rows of a version's files that were left out."""
    name, content = data_history.version_rejects(db(), actor(), identifier(workspace_id), number)
    _record(workspace_id)
    return file(content, name, "text/csv")


@blueprint.post("/versions/<int(max=999999999):number>/restore")
@operation(TAG, ImportedOut, idempotent=True)
def restore_version(workspace_id: str, number: int) -> Response:
    """Put a version in force again; the model that was trained on it, too."""
    done = data_history.restore_version(db(writes=True), actor(), identifier(workspace_id), number, key=str(uuid4()))
    return reply(imported_out(done))


@blueprint.post("/undo")
@operation(TAG, ImportedOut, idempotent=True)
def undo_import(workspace_id: str) -> Response:
    """Undo the last import or repair."""
    return reply(
        imported_out(data_history.undo_import(db(writes=True), actor(), identifier(workspace_id), key=str(uuid4())))
    )


@blueprint.get("/oddities")
@operation(TAG, OddityList)
def list_oddities(workspace_id: str) -> Response:
    """List what looks wrong in the current data, with the repair that is proposed."""
    found = repairs.find_oddities(db(), actor(), identifier(workspace_id))
    return reply(OddityList(items=[OddityOut.model_validate(each, from_attributes=True) for each in found]))


@blueprint.post("/repairs/preview")
@operation(TAG, RepairTried)
def try_repairs(workspace_id: str, json: RepairsToTry) -> Response:
    """Say what repairs would change; nothing is stored."""
    found = repairs.preview_repairs(db(), actor(), identifier(workspace_id), _repairs(json))
    return reply(RepairTried.model_validate(found, from_attributes=True))


@blueprint.post("/repairs")
@operation(TAG, ImportedOut, idempotent=True)
def make_repairs(workspace_id: str, json: RepairsToMake) -> Response:
    """Make repairs the next version of the data; undo takes them back."""
    done = repairs.repair_data(
        db(writes=True),
        actor(),
        identifier(workspace_id),
        _repairs(json),
        based_on=json.based_on,
        reason=json.reason,
        key=str(uuid4()),
    )
    return reply(imported_out(done))


def _repairs(asked: RepairsToTry) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json") for each in asked.repairs]


def _table(workspace_id: str, query: TableQuery, table: ExportTable) -> Response:
    wanted = identifier(workspace_id)
    if query.format != "json":
        made = exports.export_table(db(), actor(), wanted, table=table, form=ExportFormat(query.format))
        _record(workspace_id)
        return file(made.content, made.name, made.media_type)
    rows = exports.read_table(db(), actor(), wanted, table=table, first=query.first, last=query.last)
    page, following = page_of(rows, query, key=lambda row: str(row[DAY_OF[table]]))
    return reply(TablePage(items=page, next=following))


def _record(workspace_id: str) -> None:
    audit.record(db(writes=True), actor(), AuditAction.EXPORTED, workspace_id=identifier(workspace_id))
