"""Problem details (RFC 9457): how the REST API says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, json

API = "/api"
MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/v1/docs"
CODES = {
    400: "bad_request",
    401: "not_authorised",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
    429: "too_many_requests",
    500: "unexpected",
}
"""By status, where an error names no code of its own."""


def is_of_api(path: str) -> bool:
    """Whether an address is the API's."""
    return path == API or path.startswith(f"{API}/")


def problem(
    status: int,
    sentence: str,
    *,
    code: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says what is wrong: for a program by ``code``, for a person in ``detail``.

    Args:
        status: of the answer.
        sentence: what happened, why, and what to do.
        code: what kind of error it is; by the status where there is none.
        errors: ``{"at": place in the request, "message": sentence}`` for each value that is wrong.
        headers: to send along.
    """
    known = code or CODES.get(status, "error")
    body: dict[str, Any] = {
        "type": f"{REFERENCE}#problem-{known}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": known,
    }
    if errors:
        body["errors"] = list(errors)
    answer = Response(json.dumps(body), status=status, mimetype=MEDIA_TYPE)
    answer.headers.update(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Creator Growth Navigator"'
    return answer
