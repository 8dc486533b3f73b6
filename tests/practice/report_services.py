"""Services of reports: what they are called with, and a report with its file that they are tried on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Report, StoredFile, now
from cgn_core.services import report_contents, reports

Call = Callable[[Session, Actor, Any], object]

BASIS = report_contents.Basis(
    data_version=1, model_number=1, today=date(2026, 1, 5), until=now(), minutes={"reels": 60.0}
)
READS: dict[str, Call] = {
    "report_contents.compose": lambda s, a, x: report_contents.compose(s, a, x.workspace, BASIS),
    "report_contents.present_basis": lambda s, a, x: report_contents.present_basis(s, a, x.workspace),
    "reports.find_file": lambda s, a, x: reports.find_file(s, a, x.workspace, x.report, "html"),
    "reports.list_reports": lambda s, a, x: reports.list_reports(s, a, x.workspace),
}
EDITS: dict[str, Call] = {
    "reports.remove_report": lambda s, a, x: reports.remove_report(s, a, x.report),
    "reports.request_report": lambda s, a, x: reports.request_report(s, a, x.workspace, key="k"),
}


def make_report(session: Session, actor: Actor, workspace_id: UUID, job_id: UUID | None) -> tuple[UUID, UUID]:
    """A report of one file, as its own id and the file's."""
    report = Report(
        agency_id=actor.agency_id, workspace_id=workspace_id, job_id=job_id, made_for=actor.user_id,
        data_version=1, model_number=1, basis={}, figures={},
    )  # fmt: skip
    session.add(report)
    session.flush()
    file = StoredFile(
        agency_id=actor.agency_id, workspace_id=workspace_id, job_id=job_id, made_for=actor.user_id,
        purpose="report", name="lena.moves.html", media_type="text/html", size=1, content=b".", report_id=report.id,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return report.id, file.id
