"""Client reports: made by a job in every form, kept, and rebuilt from the versions they were made of."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Report, StoredFile, User, Workspace
from cgn_core.db.reports import editable_reports, readable_reports
from cgn_core.db.session import one_or_not_found, reading
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import InvalidInput, NotFound, QuotaExceeded
from cgn_core.figures.locales import HOUSE, written_as
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.reporting.document import Document, to_html
from cgn_core.reporting.paper import to_pdf
from cgn_core.reporting.workbook import to_xlsx
from cgn_core.services import mail_server
from cgn_core.services.accounts import actor_of, actor_of_agency
from cgn_core.services.audit import AuditAction, SubjectKind, System, record
from cgn_core.services.exports import file_name
from cgn_core.services.files import store_file
from cgn_core.services.jobs import MAILED
from cgn_core.services.mails import enqueue_mails
from cgn_core.services.profiles import number_format_of_reports
from cgn_core.services.report_contents import Basis, compose, present_basis

PURPOSE = "report"


class ReportForm(StrEnum):
    """As what a report can be had."""

    PDF = "pdf"
    HTML = "html"
    XLSX = "xlsx"


MEDIA_TYPES = {
    ReportForm.PDF: "application/pdf",
    ReportForm.HTML: "text/html",
    ReportForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WRITERS: dict[ReportForm, Callable[[Document], bytes]] = {
    ReportForm.PDF: to_pdf,
    ReportForm.HTML: lambda document: to_html(document).encode(),
    ReportForm.XLSX: to_xlsx,
}


@dataclass(frozen=True)
class ReportFile:
    """A report in one form."""

    id: UUID
    form: str
    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class ReportView:
    """A report that was made and is kept."""

    id: UUID
    name: str
    """Of its files, without what they end in."""
    created_at: datetime
    made_for: str
    """The name of whoever asked; "" where they are gone or a schedule asked."""
    data_version: int | None
    """None where nobody knows any more."""
    model_number: int | None
    """None where it was made without a model."""
    files: tuple[ReportFile, ...]
    """PDF first."""
    may_rebuild: bool
    """Whether all that its numbers depend on is kept."""
    rebuilt_from: UUID | None
    differences: tuple[str, ...] | None
    """Where a rebuild says something else than what it was rebuilt from; None where it is no rebuild."""


def request_report(
    session: Session, actor: Actor, workspace_id: UUID | str, *, key: str, rebuild: UUID | str | None = None
) -> UUID:
    """Queue a report of a workspace as it is when the job runs, or as an earlier one was; returns the job's id.

    Args:
        session: the transaction.
        actor: who asks.
        workspace_id: whom it is about.
        key: the same key asks once.
        rebuild: the earlier report whose data version and model version to report on.

    Raises:
        NotFound: no such workspace or report, or not the actor's to edit.
        Forbidden: the actor's role runs no jobs.
        InvalidInput: the workspace has no data, or the earlier report can't be rebuilt.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor), workspace_id)
    actor.require(Action.RUN_JOBS)
    if workspace.data_version == 0:
        raise InvalidInput("There is nothing to report yet; import a file first.")
    params: dict[str, Any] = {}
    if rebuild is not None:
        mine = readable_reports(actor).where(Report.workspace_id == workspace.id)
        earlier = one_or_not_found(session, mine, rebuild)
        if not earlier.basis:
            raise InvalidInput("This report was made before reports could be rebuilt; make a new one.")
        params = {"rebuild": str(earlier.id)}
    return enqueue(
        session,
        JobKind.REPORT,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        requested_by=actor.user_id,
        params=params,
        key=f"report:{workspace.id}:{key}",
    )


def enqueue_report(
    session: Session, workspace: Workspace, *, key: str, mail_to: Sequence[str], written_for: UUID | None = None
) -> UUID:
    """Queue a report that a schedule asks for; returns the job's id.

    Args:
        session: the transaction.
        workspace: whom it is about; it has data.
        key: the same key asks once.
        mail_to: ids of members whom the PDF is mailed to.
        written_for: the member whose way of writing numbers it has.

    Raises:
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    return enqueue(
        session,
        JobKind.REPORT,
        agency_id=workspace.agency_id,
        workspace_id=workspace.id,
        params={"scheduled": True, "mail_to": [*mail_to], "written_for": str(written_for or "")},
        key=f"report:{workspace.id}:{key}",
    )


def list_reports(session: Session, actor: Actor, workspace_id: UUID | str) -> list[ReportView]:
    """A workspace's reports, newest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        readable_reports(actor)
        .add_columns(User.name)
        .outerjoin(User, User.id == Report.made_for)
        .where(Report.workspace_id == workspace.id)
        .order_by(Report.created_at.desc())
    ).all()
    files = _files(session, workspace)
    return [_view(report, made_for or "", files.get(report.id, [])) for report, made_for in rows]


def find_file(session: Session, actor: Actor, workspace_id: UUID | str, report_id: UUID | str, form: str) -> UUID:
    """The file of a report in one form.

    Raises:
        NotFound: no such report of the workspace, or not the actor's; or it can't be had in this form.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    report = one_or_not_found(session, readable_reports(actor).where(Report.workspace_id == workspace.id), report_id)
    if form not in set(ReportForm):
        raise NotFound(f"There is no {form} of a report; there are {', '.join(ReportForm)}.")
    wanted = select(StoredFile.id).where(StoredFile.media_type == MEDIA_TYPES[ReportForm(form)])
    found = session.scalar(wanted.where(StoredFile.report_id == report.id))
    if found is None:
        raise NotFound(f"This report isn't kept as {form}.")
    return found


def remove_report(session: Session, actor: Actor, report_id: UUID | str) -> None:
    """Delete a report with its files; another one can be made at any time.

    Raises:
        NotFound: no such report, or not the actor's to edit.
        Forbidden: the actor's role edits nothing.
    """
    report = one_or_not_found(session, editable_reports(actor), report_id)
    actor.require(Action.EDIT_WORKSPACE)
    for file in session.scalars(select(StoredFile.id).where(StoredFile.report_id == report.id)):
        subject = (SubjectKind.FILE, file)
        record(session, actor, AuditAction.FILE_DELETED, subject=subject, workspace_id=report.workspace_id)
    session.delete(report)


def run(claim: Claim) -> None:
    """Make the report in every form and keep it.

    Raises:
        Cancelled: somebody asked the job to stop; nothing is kept.
        LostClaim: another worker has the job.
        NotFound: the workspace, whoever asked, or what was to be rebuilt is gone.
    """
    assert claim.workspace_id is not None
    claim.progress(0.1, "Collecting the numbers")
    with reading() as session:
        actor = _who(session, claim)
        workspace = one_or_not_found(session, readable_workspaces(actor), claim.workspace_id)
        earlier = _earlier(session, actor, claim)
        basis = present_basis(session, actor, workspace.id) if earlier is None else _basis_of(earlier)
        document = compose(session, actor, workspace.id, basis)
        figures = document.figures()  # in the house's way, which rebuilds are held against
        number_format = number_format_of_reports(session, _reader(claim))
        if number_format != HOUSE:
            with written_as(number_format):
                document = compose(session, actor, workspace.id, basis)
        written = f"report-{basis.today:%Y-%m-%d}"
        names = {form: file_name(workspace.handle, written, form) for form in ReportForm}
        rebuilt_from = None if earlier is None else earlier.id
        differences = None if earlier is None else differing(earlier.figures, figures)
    content = {}
    for place, (form, write) in enumerate(WRITERS.items()):
        claim.progress(0.5 + 0.15 * place, f"Writing the report: {form.upper()}")
        with written_as(number_format):
            content[form] = write(document)
    with claim.commit() as session:
        report = Report(
            agency_id=claim.agency_id,
            workspace_id=claim.workspace_id,
            job_id=claim.job_id,
            made_for=claim.requested_by,
            data_version=basis.data_version,
            model_number=basis.model_number,
            basis=basis.to_json(),
            figures=figures,
            rebuilt_from=rebuilt_from,
            differences=differences,
        )
        session.add(report)
        session.flush()
        kept = {
            form: store_file(
                session,
                claim,
                purpose=PURPOSE,
                name=names[form],
                media_type=MEDIA_TYPES[form],
                content=io.BytesIO(written),
                size=len(written),
                report_id=report.id,
            )
            for form, written in content.items()
        }
        made_of = _made_of(basis)
        subject = (SubjectKind.FILE, kept[ReportForm.PDF])
        by = actor if actor.stored_id else System(claim.agency_id)
        record(session, by, AuditAction.REPORT_MADE, subject=subject, workspace_id=claim.workspace_id, **made_of)
        files = {form.value: str(each) for form, each in kept.items()}
        result = {"report": str(report.id), "file": files[ReportForm.PDF], "files": files, **made_of}
        name = names[ReportForm.PDF]
        mailed = _mail(session, claim, kept[ReportForm.PDF], name)
        result |= {MAILED: mailed} if mailed else {}
        claim.finish(session, result, sentence=_outcome(name, differences))


def differing(earlier: dict[str, Any], later: dict[str, Any]) -> list[str]:
    """Where two reports' figures aren't the same, by where they stand."""
    return [name for name in earlier | later if earlier.get(name) != later.get(name)]


def _outcome(name: str, differences: list[str] | None) -> str:
    if differences is None:
        return f"{name} is ready"
    if not differences:
        return f"{name} is rebuilt; every number is the same"
    return f"{name} is rebuilt; not the same: {', '.join(differences[:3])}"


def _who(session: Session, claim: Claim) -> Actor:
    if claim.requested_by is None and claim.params.get("scheduled"):
        return actor_of_agency(session, claim.agency_id)
    return actor_of(session, claim.requested_by)


def _reader(claim: Claim) -> UUID | None:
    """Whose way of writing numbers the report has."""
    named = claim.params.get("written_for")
    return claim.requested_by or (UUID(named) if named else None)


def _mail(session: Session, claim: Claim, file: UUID, name: str) -> str:
    """Queue the mails that the schedule asks for, and say how many; a full queue costs mails, not the report."""
    wanted = claim.params.get("mail_to") or []
    if not wanted:
        return ""
    if not mail_server.can_mail():
        return "it is kept, as no mail server is set up"
    workspace = session.get_one(Workspace, claim.workspace_id)
    try:
        with session.begin_nested():
            queued = enqueue_mails(session, workspace, file, name=name, to=wanted, by=claim.requested_by)
    except QuotaExceeded:
        return "it is kept and not mailed, as too many jobs wait"
    return f"mailed to {queued} of {len(wanted)}"


def _earlier(session: Session, actor: Actor, claim: Claim) -> Report | None:
    if "rebuild" not in claim.params:
        return None
    mine = readable_reports(actor).where(Report.workspace_id == claim.workspace_id)
    return one_or_not_found(session, mine, claim.params["rebuild"])


def _basis_of(report: Report) -> Basis:
    if report.data_version is None:
        raise NotFound
    return Basis.from_json(report.basis, data_version=report.data_version, model_number=report.model_number)


def _made_of(basis: Basis) -> dict[str, int]:
    model = {} if basis.model_number is None else {"model_number": basis.model_number}
    return {"data_version": basis.data_version} | model


def _files(session: Session, workspace: Workspace) -> dict[UUID, list[ReportFile]]:
    rows = session.execute(
        select(StoredFile.report_id, StoredFile.id, StoredFile.media_type, StoredFile.name, StoredFile.size).where(
            StoredFile.workspace_id == workspace.id, StoredFile.report_id.is_not(None)
        )
    )
    found: dict[UUID, list[ReportFile]] = {}
    forms = {media_type: form for form, media_type in MEDIA_TYPES.items()}
    for report_id, file_id, media_type, name, size in rows:
        assert report_id is not None
        found.setdefault(report_id, []).append(ReportFile(file_id, forms[media_type], name, size))
    order = list(ReportForm)
    return {
        report: sorted(files, key=lambda file: order.index(ReportForm(file.form))) for report, files in found.items()
    }


def _view(report: Report, made_for: str, files: list[ReportFile]) -> ReportView:
    return ReportView(
        id=report.id,
        name=files[0].name.rpartition(".")[0] if files else "report",
        created_at=report.created_at,
        made_for=made_for,
        data_version=report.data_version,
        model_number=report.model_number,
        files=tuple(files),
        may_rebuild=bool(report.basis),
        rebuilt_from=report.rebuilt_from,
        differences=None if report.differences is None else tuple(report.differences),
    )
