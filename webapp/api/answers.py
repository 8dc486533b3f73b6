"""What the views of the API share: answers with ETags, pages of lists, and requests that may come twice."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any, TypeVar
from uuid import UUID

from flask import Response, g, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from werkzeug.exceptions import HTTPException

from cgn_core.errors import CgnError, InvalidInput
from cgn_core.services import kept_answers
from cgn_core.services.kept_answers import Answer
from webapp.request_scope import db, identifier, roll_back

Item = TypeVar("Item")
View = TypeVar("View", bound=Callable[..., Response])
USUAL_PAGE = 50
LARGEST_PAGE = 500
LONGEST_CURSOR = 400
IDEMPOTENCY_KEY = "Idempotency-Key"
CACHED = "private, max-age=0, must-revalidate"
"""A client may keep an answer and asks with its ETag whether it is still true."""


class Body(BaseModel):
    """What a client sends: names that nobody knows are refused, and so are numbers that are none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Id = Annotated[UUID, BeforeValidator(identifier)]
"""An id in a query or a body: one that is none isn't there, as in an address."""


class Paging(BaseModel):
    """Which page of a list. Names that nobody knows are passed over, as addresses everywhere do."""

    limit: int = Field(default=USUAL_PAGE, ge=1, le=LARGEST_PAGE, description="Entries of a page.")
    cursor: str = Field(default="", max_length=LONGEST_CURSOR, description="`next` of the page before.")


def reply(body: BaseModel, status: int = 200, *, location: str = "") -> Response:
    """A model as JSON; a read gets an ETag and answers 304 where the client has it already.

    Args:
        body: what to answer.
        status: of the answer.
        location: the address of what was made.
    """
    response = Response(body.model_dump_json(), status=status, mimetype="application/json")
    if location:
        response.headers["Location"] = location
    return with_etag(response)


def with_etag(response: Response) -> Response:
    """The response with its ETag, or 304 where the request names it."""
    if request.method not in {"GET", "HEAD"}:
        return response
    response.headers["Cache-Control"] = CACHED
    response.add_etag()
    response.make_conditional(request)  # changes it in place
    return response


def nothing() -> Response:
    """Done, and nothing to say."""
    return Response(status=204)


def file(content: bytes, name: str, media_type: str) -> Response:
    """A file to save."""
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return with_etag(response)


def page_of(rows: Sequence[Item], paging: Paging, *, key: Callable[[Item], str]) -> tuple[list[Item], str | None]:
    """A page of rows that stand in the order of their keys, and the cursor of the next; None on the last.

    The cursor is the last key that was handed out, so that a row that comes or goes meanwhile moves no other from
    one page to the next.
    """
    after = read_cursor(paging.cursor)
    left = [row for row in rows if after is None or key(row) > after]
    page = left[: paging.limit]
    return page, write_cursor(key(page[-1])) if len(left) > len(page) else None


def write_cursor(value: str) -> str:
    """A key as a cursor, which promises nothing about what is in it."""
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str | None:
    """The key in a cursor; None for the first page.

    Raises:
        InvalidInput: no list made it.
    """
    if not cursor:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise InvalidInput("This cursor is none; begin again without one.") from None


def idempotent(view: View) -> View:
    """Answer a request that comes again under the same Idempotency-Key as it was answered, and do nothing again.

    The answer is kept in the transaction of the work. Of two that come at once one is undone: it was never told of.
    """

    @wraps(view)
    def once(**arguments: Any) -> Response:
        key = request.headers.get(IDEMPOTENCY_KEY)
        if key is None:
            return view(**arguments)
        token_id, digest = g.api_token, _digest()
        kept = kept_answers.kept_answer(db(), token_id, key, request_hash=digest)
        if kept is not None:
            return _again(kept)
        try:
            response = view(**arguments)
        except (CgnError, HTTPException):
            # Its twin may have been quicker, and what it made stands in this one's way.
            roll_back()
            kept = kept_answers.kept_answer(db(), token_id, key, request_hash=digest)
            if kept is None:
                raise
            return _again(kept)
        answer = Answer(response.status_code, response.headers.get("Location", ""), json.loads(response.get_data()))
        if kept_answers.keep_answer(db(writes=True), token_id, key, answer, request_hash=digest):
            return response
        roll_back()
        kept = kept_answers.kept_answer(db(writes=True), token_id, key, request_hash=digest)
        return _again(kept) if kept is not None else response

    return once  # type: ignore[return-value]  # wraps keeps the signature, which a type variable can't say


def _again(kept: Answer) -> Response:
    response = Response(json.dumps(kept.body), status=kept.status, mimetype="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    if kept.location:
        response.headers["Location"] = kept.location
    return response


def _digest() -> str:
    """Of the method, the address and the body; of a form its fields and files, because its boundaries differ."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"{name}={value}\n".encode())
    for name, sent in request.files.items(multi=True):
        digest.update(f"{name}={sent.filename}\n".encode())
        digest.update(hashlib.file_digest(sent.stream, "sha256").digest())  # type: ignore[arg-type]  # a binary stream
        sent.stream.seek(0)
    return digest.hexdigest()
