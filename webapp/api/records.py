"""What is kept: reports and other files, the ledger of forecasts with its score, the members."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import audit, audit_lines, files, members, reports, track_records
from cgn_core.services.audit import AuditAction, SubjectKind
from webapp.api.answers import Paging, file, nothing, read_cursor, reply, write_cursor
from webapp.api.description import operation
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("records", __name__)
ANY = ("*/*",)
LONGEST_NUMBER = 12
"""Digits of a line's number."""


class ReportFileOut(BaseModel):
    """A report in one form; get it at /files/{id}."""

    id: UUID
    form: str = Field(description="pdf, html or xlsx.")
    name: str
    size: int = Field(description="Bytes.")


class ReportOut(BaseModel):
    """A client report, in every form."""

    id: UUID
    name: str
    created_at: datetime
    made_for: str
    data_version: int | None
    model_number: int | None
    files: list[ReportFileOut]
    may_rebuild: bool = Field(description="Whether all that its numbers depend on is kept.")
    rebuilt_from: UUID | None
    differences: list[str] | None = Field(description="Where a rebuild says something else; null where it is none.")


class ReportList(BaseModel):
    """Reports, newest first."""

    items: list[ReportOut]


class KeptForecastOut(BaseModel):
    """A forecast as it was shown, beside what came; followers per week."""

    number: int
    model_number: int
    week_start: date
    made_at: datetime
    plan: dict[str, float]
    level: float
    median: float
    low: float
    high: float
    naive: float
    actual: float | None
    posted: dict[str, float] | None
    median_as_posted: float | None
    held: bool | None


class ScoreOut(BaseModel):
    """Of the last forecast that was shown for each complete week."""

    weeks: int
    held: int
    coverage: float
    coverage_low: float
    coverage_high: float
    promised: float
    mae: float
    naive_mae: float
    beats_naive: bool | None


class TrackRecordOut(BaseModel):
    """Every forecast that was shown, and how those did whose week is complete."""

    forecasts: list[KeptForecastOut]
    scenarios: list[KeptForecastOut]
    score: ScoreOut | None
    next_week_ends: date | None
    is_untouched: bool = Field(description="Whether every forecast is still what was written.")


class AuditQuery(Paging):
    """Which lines; what is left out doesn't filter."""

    who: str = Field(default="", max_length=64, description="A user's id, or system.")
    what: str = Field(default="", max_length=64, description="An action, or a group of them.")
    workspace: str = Field(default="", max_length=64, description="A workspace's id.")
    since: str = Field(default="", max_length=10, description="First day, YYYY-MM-DD.")
    until: str = Field(default="", max_length=10, description="Last day, included.")


class AuditEntry(BaseModel):
    """One line of the audit log."""

    number: int
    at: datetime
    who: str
    sentence: str


class AuditList(BaseModel):
    """Lines, newest first."""

    items: list[AuditEntry]
    next: str | None


class MemberOut(BaseModel):
    """A member of the agency."""

    id: UUID
    name: str
    email: str
    role: str
    disabled: bool
    is_self: bool


class MemberList(BaseModel):
    """Members; for those who don't see the team, oneself."""

    items: list[MemberOut]


@blueprint.get("/workspaces/<workspace_id>/reports")
@operation("Reports", ReportList)
def list_reports(workspace_id: str) -> Response:
    """List a workspace's reports, newest first; POST /jobs makes one, or rebuilds one."""
    found = reports.list_reports(db(), actor(), identifier(workspace_id))
    return reply(ReportList(items=[ReportOut.model_validate(each, from_attributes=True) for each in found]))


@blueprint.get("/workspaces/<workspace_id>/reports/<report_id>/<ending>")
@operation("Reports", files=ANY)
def read_report(workspace_id: str, report_id: str, ending: str) -> Response:
    """Get a report as pdf, html or xlsx."""
    wanted = reports.find_file(db(), actor(), identifier(workspace_id), identifier(report_id), ending)
    return _fetched(wanted)


@blueprint.delete("/workspaces/<workspace_id>/reports/<report_id>")
@operation("Reports", status=204)
def remove_report(workspace_id: str, report_id: str) -> Response:
    """Delete a report with its files."""
    session, wanted = db(writes=True), identifier(report_id)
    if wanted not in {each.id for each in reports.list_reports(session, actor(), identifier(workspace_id))}:
        raise NotFound
    reports.remove_report(session, actor(), wanted)
    return nothing()


@blueprint.get("/files/<file_id>")
@operation("Reports", files=ANY)
def read_file(file_id: str) -> Response:
    """Get a file that a job made."""
    return _fetched(identifier(file_id))


def _fetched(wanted: UUID) -> Response:
    found = files.fetch_file(db(), actor(), wanted)
    subject = (SubjectKind.FILE, wanted)
    audit.record(db(writes=True), actor(), AuditAction.DOWNLOADED, subject=subject, bytes=len(found.content))
    return file(found.content, found.name, found.media_type)


@blueprint.get("/workspaces/<workspace_id>/track-record")
@operation("Track record", TrackRecordOut)
def read_track_record(workspace_id: str) -> Response:
    """Read every forecast that was shown for a workspace, and how those did whose week is complete."""
    found = track_records.track_record(db(), actor(), identifier(workspace_id))
    return reply(TrackRecordOut.model_validate(found, from_attributes=True))


@blueprint.get("/audit")
@operation("Audit", AuditList)
def list_audit(query: AuditQuery) -> Response:
    """Read the agency's audit log, newest first; owners only."""
    wanted = audit_lines.read_filter(**query.model_dump(exclude={"limit", "cursor"}))
    after = read_cursor(query.cursor)
    if after is not None and not (after.isdecimal() and len(after) <= LONGEST_NUMBER):
        raise InvalidInput("This cursor is none; begin again without one.")
    page = audit_lines.list_audit(db(), actor(), wanted, older_than=int(after) if after else None, limit=query.limit)
    following = write_cursor(str(page.older_than)) if page.older_than is not None else None
    items = [AuditEntry.model_validate(each, from_attributes=True) for each in page.lines]
    return reply(AuditList(items=items, next=following))


@blueprint.get("/members")
@operation("Members", MemberList)
def list_members() -> Response:
    """List the members of the agency."""
    found = members.list_members(db(), actor())
    return reply(MemberList(items=[MemberOut.model_validate(each, from_attributes=True) for each in found]))
