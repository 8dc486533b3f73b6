"""Imports: send files, see what they would change, take them in. One step with ``?confirm=true``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic_core import from_json
from werkzeug.datastructures import FileStorage

from cgn_core.errors import NotImportable
from cgn_core.services import data_history, imports
from cgn_core.services.imports import Imported
from cgn_core.services.upload_previews import UploadView
from cgn_core.settings import settings
from webapp.api.answers import Body, file, nothing, reply
from webapp.api.description import operation
from webapp.request_scope import actor, db, identifier
from webapp.uploads import name_of

blueprint = Blueprint("imports", __name__)
TAG = "Imports"
MOST_FILES = 50
AFile = Annotated[FileStorage, WithJsonSchema({"type": "string", "format": "binary"})]
"""A file of a form; pydantic only has to know how to describe it."""


class Files(BaseModel):
    """Files to import; several of one account are one table."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")
    file: list[AFile] = Field(min_length=1, max_length=MOST_FILES, description="CSV, Excel, JSON or ZIP.")
    answers: dict[str, str] = Field(default={}, description="To a preview's questions, by key: a JSON object.")
    handles: dict[str, str] = Field(
        default={}, description="Whose numbers they are, by the creator's name in the file: a JSON object."
    )

    @field_validator("answers", "handles", mode="before")
    @classmethod
    def _read(cls, sent: Any) -> Any:
        return from_json(sent, allow_inf_nan=False) if isinstance(sent, str) else sent


class ImportQuery(BaseModel):
    """Whether to ask first."""

    confirm: bool = Field(default=False, description="Import at once what has no errors.")


class Confirmation(Body):
    """Takes in files that were read."""

    handles: dict[str, Annotated[str, Field(max_length=200)]] = Field(
        default={}, description='By the creator\'s name in the file, "" where it names none.', max_length=20_000
    )


class Finding(BaseModel):
    """What the reader found; rows are line numbers in the file."""

    severity: str
    code: str
    message: str
    rows: list[int]


class ChangeOut(BaseModel):
    """What importing would change."""

    new_days: int
    changed_days: int
    unchanged_days: int
    new_columns: list[str]
    sentence: str


class CreatorOut(BaseModel):
    """One creator of the files."""

    name: str
    handle: str
    rows: int
    first_date: date
    last_date: date
    workspace_id: UUID | None = Field(description="Null where importing would make the workspace.")
    change: ChangeOut


class ImportedOut(BaseModel):
    """What was done to one workspace."""

    workspace_id: UUID
    handle: str
    changed: bool
    data_version: int
    job_id: UUID | None = Field(description="The retraining that follows.")
    message: str


class ImportOut(BaseModel):
    """Files that were read, and what importing them would change or has changed."""

    id: UUID | None = Field(description="To confirm; null when there are errors, or when it is done.")
    file_name: str
    importable: bool
    findings: list[Finding]
    creators: list[CreatorOut]
    competitors: list[str] = Field(description="Other accounts in the files, which may be added as competitors.")
    questions: list[dict[str, Any]] = Field(description="What the files leave open; answer them and send it again.")
    imported: list[ImportedOut] = Field(description="Empty while it isn't confirmed.")


class Confirmed(BaseModel):
    """What was done to each workspace."""

    imported: list[ImportedOut]


@blueprint.post("/imports")
@operation(TAG, ImportOut, idempotent=True, uploads=True)
def import_files(query: ImportQuery, form: Files) -> Response:
    """Read files of any creators; each goes to the workspace of its handle, which is made where there is none."""
    return _read(None, query, form)


@blueprint.post("/workspaces/<workspace_id>/imports")
@operation(TAG, ImportOut, idempotent=True, uploads=True)
def import_files_of(workspace_id: str, query: ImportQuery, form: Files) -> Response:
    """Read files of one creator, for their workspace."""
    return _read(identifier(workspace_id), query, form)


@blueprint.post("/imports/<import_id>/confirm")
@operation(TAG, Confirmed, idempotent=True)
def confirm_import(import_id: str, json: Confirmation) -> Response:
    """Import files that were read; retrainings follow as jobs."""
    return reply(Confirmed(imported=_take_in(identifier(import_id), json.handles)))


@blueprint.get("/imports/<import_id>/left-out.csv")
@operation(TAG, files=("text/csv",))
def read_left_out(import_id: str) -> Response:
    """Get the rows that importing would leave out."""
    name, content = data_history.upload_rejects(db(), actor(), identifier(import_id))
    return file(content, name, "text/csv")


@blueprint.delete("/imports/<import_id>")
@operation(TAG, status=204)
def discard_import(import_id: str) -> Response:
    """Forget files that were read."""
    imports.discard_upload(db(writes=True), actor(), identifier(import_id))
    return nothing()


def imported_out(done: Imported) -> ImportedOut:
    """An import as the API shows it."""
    return ImportedOut.model_validate(done, from_attributes=True)


def _read(workspace_id: UUID | None, query: ImportQuery, form: Files) -> Response:
    limit = settings().upload_limit_bytes
    # A byte more than may be: the service then says so.
    files = [(name_of(each.filename), each.stream.read(limit + 1)) for each in form.file]
    view = imports.read_uploads(db(writes=True), actor(), workspace_id=workspace_id, files=files, answers=form.answers)
    done: list[ImportedOut] = []
    if query.confirm:
        if view.id is None:
            raise NotImportable(_first_error(view))
        done = _take_in(view.id, form.handles)
    return reply(_out(view, done))


def _take_in(upload_id: UUID, handles: dict[str, str]) -> list[ImportedOut]:
    done = imports.import_upload(db(writes=True), actor(), upload_id, key=str(uuid4()), handles=handles or None)
    return [imported_out(each) for each in done]


def _first_error(view: UploadView) -> str | None:
    errors = [finding.message for finding in view.findings if finding.severity == "error"]
    return errors[0] if errors else None


def _out(view: UploadView, done: Sequence[ImportedOut]) -> ImportOut:
    return ImportOut(
        id=view.id if not done else None,
        file_name=view.file_name,
        importable=view.importable,
        findings=[Finding.model_validate(each, from_attributes=True) for each in view.findings],
        creators=[CreatorOut.model_validate(each, from_attributes=True) for each in view.creators],
        competitors=[each.name for each in view.competitors],
        questions=[each.to_json() for each in view.questions],
        imported=list(done),
    )
