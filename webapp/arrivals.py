"""Large files on their way in: the browser sends them in pieces, because one request can't hold them."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from cgn_core.errors import InvalidInput
from cgn_core.services import arrivals
from webapp import routes
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("arrivals", __name__, url_prefix=routes.ARRIVALS)


@blueprint.post("")
def begin() -> ResponseReturnValue:
    """Make room for a file: its name, its size, and the workspace it was dropped on."""
    told = request.get_json(silent=True)
    if not isinstance(told, dict):
        raise InvalidInput("The file's name and size didn't arrive; choose the file again.")
    workspace = told.get("workspace")
    begun = arrivals.begin_arrival(
        db(writes=True),
        actor(),
        workspace_id=identifier(workspace) if workspace else None,
        file_name=str(told.get("name") or ""),
        size=told.get("size"),  # type: ignore[arg-type]  # whatever was sent; the service looks at it
    )
    return jsonify({"id": str(begun), "piece_bytes": arrivals.PIECE_BYTES}), 201


@blueprint.put("/<arrival_id>/pieces/<int:number>")
def add_piece(arrival_id: str, number: int) -> ResponseReturnValue:
    """Take a piece; sent again after a lost connection, it is stored once."""
    if (request.content_length or 0) > arrivals.PIECE_BYTES:
        raise RequestEntityTooLarge
    content = request.get_data(cache=False)
    arrivals.add_piece(db(writes=True), actor(), identifier(arrival_id), number=number, content=content)
    return Response(status=204)


@blueprint.post("/<arrival_id>/read")
def read(arrival_id: str) -> ResponseReturnValue:
    """The file has arrived whole: queue its reading."""
    job_id = arrivals.request_reading(db(writes=True), actor(), identifier(arrival_id), key=str(uuid4()))
    return jsonify({"job": str(job_id)}), 202
