"""Files that a browser fetches: the portfolio as CSV, a workspace's tables as CSV and Excel."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, request

from cgn_core.errors import NotFound
from cgn_core.services import audit, audit_lines, data_history, exports, files, imports, own_data, workspaces
from cgn_core.services.audit import AuditAction, SubjectKind
from cgn_core.services.exports import ExportFormat, ExportTable
from webapp import routes
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("downloads", __name__)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/workspaces/<workspace_id>/export.csv")
def daily_csv(workspace_id: str) -> Response:
    """A workspace's daily table; importing it again changes nothing."""
    name, content = imports.export_csv(db(), actor(), identifier(workspace_id))
    _record(workspace_id)
    return _as_file(content, name)


@blueprint.get("/workspaces/<workspace_id>/exports/<table>.<form>")
def workspace_table(workspace_id: str, table: str, form: str) -> Response:
    """A workspace's daily numbers, weeks or forecasts."""
    if table not in set(ExportTable) or form not in set(ExportFormat):
        raise NotFound
    file = exports.export_table(
        db(), actor(), identifier(workspace_id), table=ExportTable(table), form=ExportFormat(form)
    )
    _record(workspace_id)
    return _as_file(file.content, file.name, media_type=file.media_type)


@blueprint.get("/workspaces/<workspace_id>/versions/<int(max=999999999):number>/left-out.csv")
def version_rejects(workspace_id: str, number: int) -> Response:
    """Rows that a version's files held and that were left out."""
    name, content = data_history.version_rejects(db(), actor(), identifier(workspace_id), number)
    _record(workspace_id, data_version=number)
    return _as_file(content, name)


@blueprint.get("/uploads/<upload_id>/left-out.csv")
def upload_rejects(upload_id: str) -> Response:
    """The same of files that await a decision."""
    name, content = data_history.upload_rejects(db(), actor(), identifier(upload_id))
    _record(None, upload=identifier(upload_id))
    return _as_file(content, name)


@blueprint.get("/files/<file_id>")
def stored_file(file_id: str) -> Response:
    """A file that a job made."""
    file = files.fetch_file(db(), actor(), identifier(file_id))
    subject = (SubjectKind.FILE, identifier(file_id))
    audit.record(db(writes=True), actor(), AuditAction.DOWNLOADED, subject=subject, bytes=len(file.content))
    return _as_file(file.content, file.name, media_type=file.media_type)


@blueprint.get(routes.PORTFOLIO_CSV)
def portfolio_csv() -> Response:
    """The portfolio's table, numbers as numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        ["creator", "followers", "last_week_start", "last_week_growth", "next_week_median", "next_week_low",
         "next_week_high", "level", "state", "data_to"]
    )  # fmt: skip
    for card in workspaces.list_workspaces(db(), actor()):
        forecast = card.model.forecast if card.model is not None else None
        writer.writerow(
            [
                plain_text(card.handle),
                card.followers,
                card.last_week_start,
                card.last_week_growth,
                *([forecast.median, forecast.low, forecast.high, forecast.level] if forecast else [None] * 4),
                plain_text(card.light.state),
                card.data_last_date,
            ]
        )
    _record(None)
    return _as_file(text.getvalue().encode(), "portfolio.csv")


@blueprint.get(routes.AUDIT_CSV)
def audit_csv() -> Response:
    """The audit log, filtered as its page is."""
    names = ("who", "what", "workspace", "since", "until")
    wanted = audit_lines.read_filter(**{name: request.args.get(name, "") for name in names})
    content = audit_lines.audit_csv(db(), actor(), wanted)
    _record(None, audit_log=True)
    return _as_file(content, "audit-log.csv")


@blueprint.get(routes.MY_DATA)
def my_data() -> Response:
    """Everything that is stored about whoever asks."""
    file = own_data.export_own_data(db(writes=True), actor())
    return _as_file(file.content, file.name, media_type=file.media_type)


def plain_text(text: str) -> str:
    """Text that a spreadsheet won't run as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _record(workspace_id: str | None, **details: object) -> None:
    """Keep that numbers left the portal: once they are read, so that nobody waits for this request meanwhile."""
    about = identifier(workspace_id) if workspace_id is not None else None
    audit.record(db(writes=True), actor(), AuditAction.EXPORTED, subject=None, workspace_id=about, **details)


def _as_file(content: bytes, name: str, *, media_type: str = "text/csv") -> Response:
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
