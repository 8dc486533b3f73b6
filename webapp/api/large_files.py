"""Files too large for one request: sent in pieces, read by a job, imported by another."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from cgn_core.services import arrivals, jobs
from webapp.api.answers import Body, Id, nothing, reply
from webapp.api.description import PREFIX, operation
from webapp.api.jobs import Job, shown
from webapp.api.strict import BYTES
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("large_files", __name__, url_prefix="/large-files")
TAG = "Large files"


class NewLargeFile(Body):
    """A CSV on its way."""

    name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=1, le=10**12, description="Bytes of the whole file.")
    workspace_id: Id | None = Field(default=None, description="Whose it is; null lets the file's creators name theirs.")


class Begun(BaseModel):
    """Where to send the pieces."""

    id: UUID
    piece_bytes: int = Field(description="Of every piece but the last; the first is number 0.")


class ReadingWanted(Body):
    """Asks for the reading."""

    answers: dict[str, str] = Field(default={}, description="To the questions of an earlier reading.", max_length=200)


class ImportWanted(Body):
    """Asks for the import."""

    handles: dict[str, str] = Field(default={}, description="By the creator's name in the file.", max_length=20_000)


class LargeFile(BaseModel):
    """A large file, and what is being done about it."""

    id: UUID
    file_name: str
    size: int
    job: Job | None
    importable: bool | None = Field(description="Null until it was read.")
    findings: list[dict[str, Any]]
    creators: int


@blueprint.post("")
@operation(TAG, Begun, status=201)
def begin(json: NewLargeFile) -> Response:
    """Make room for a file of up to 200 MB. A token of some workspaces sends none."""
    made = arrivals.begin_arrival(
        db(writes=True), actor(), workspace_id=json.workspace_id, file_name=json.name, size=json.size
    )
    return reply(Begun(id=made, piece_bytes=arrivals.PIECE_BYTES), 201, location=f"{PREFIX}/large-files/{made}")


@blueprint.put("/<arrival_id>/pieces/<int(max=99999):number>")
@operation(TAG, status=204, conflicts=True, raw=True)
def add_piece(arrival_id: str, number: int) -> Response:
    """Send a piece; the same piece twice is one."""
    if request.mimetype != BYTES:
        raise UnsupportedMediaType
    if (request.content_length or 0) > arrivals.PIECE_BYTES:
        raise RequestEntityTooLarge
    request.max_content_length = arrivals.PIECE_BYTES
    content = request.get_data(cache=False)
    arrivals.add_piece(db(writes=True), actor(), identifier(arrival_id), number=number, content=content)
    return nothing()


@blueprint.get("/<arrival_id>")
@operation(TAG, LargeFile)
def read_large_file(arrival_id: str) -> Response:
    """Read what was found in a large file, and how far its job is."""
    view = arrivals.get_arrival(db(), actor(), identifier(arrival_id))
    found = view.found
    return reply(
        LargeFile(
            id=view.id,
            file_name=view.file_name,
            size=view.size,
            job=shown(view.job) if view.job is not None else None,
            importable=found.importable if found is not None else None,
            findings=[
                {"severity": each.severity, "code": each.code, "message": each.message}
                for each in (found.findings if found is not None else ())
            ],
            creators=len(found.creators) if found is not None else 0,
        )
    )


@blueprint.post("/<arrival_id>/read")
@operation(TAG, Job, status=202)
def read(arrival_id: str, json: ReadingWanted) -> Response:
    """Have a file read that has arrived whole."""
    job = arrivals.request_reading(
        db(writes=True), actor(), identifier(arrival_id), answers=json.answers, key=str(uuid4())
    )
    return _job(job)


@blueprint.post("/<arrival_id>/import")
@operation(TAG, Job, status=202)
def take_in(arrival_id: str, json: ImportWanted) -> Response:
    """Import what was read."""
    job = arrivals.request_import(db(writes=True), actor(), identifier(arrival_id), handles=json.handles or None)
    return _job(job)


@blueprint.delete("/<arrival_id>")
@operation(TAG, status=204)
def discard(arrival_id: str) -> Response:
    """Forget a large file and what was read in it."""
    arrivals.discard_arrival(db(writes=True), actor(), identifier(arrival_id))
    return nothing()


def _job(job_id: UUID) -> Response:
    return reply(shown(jobs.get_job(db(), actor(), job_id)), 202, location=f"{PREFIX}/jobs/{job_id}")
