"""Turns errors into what a person sees: a status and a sentence, or an alert in the page."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dash import set_props
from flask import Flask, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from cgn_core.errors import CgnError, Conflict, FileTooLarge, Forbidden, InvalidInput, NotFound, QuotaExceeded
from webapp import problems, request_scope
from webapp.components.alerts import alert
from webapp.components.numbers import retold
from webapp.request_log import route

ALERTS = "shell-alerts"
"""Where the page shows what went wrong."""

log = logging.getLogger(__name__)


class BadRequest(CgnError):
    """The request isn't one this page sends. Reload the page and try again."""

    code: ClassVar[str] = "bad_request"


class InvalidRequest(InvalidInput):
    """Some values of the request can't be used."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        """Take ``{"at": place in the request, "message": sentence}`` for each of them."""
        first = errors[0]
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        super().__init__(f"{first['at']}: {first['message']}{more}.")
        self.errors = errors


class CrossSite(CgnError):
    """The request came from another site, or this page was open for too long. Reload it and try again."""

    code: ClassVar[str] = "cross_site"


class SecondFactorWanted(CgnError):
    """Your agency asks everybody for a second factor. Reload the page to set yours up."""

    code: ClassVar[str] = "second_factor_wanted"


STATUS: dict[type[CgnError], int] = {
    BadRequest: 400,
    CrossSite: 403,
    SecondFactorWanted: 403,
    request_scope.NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    FileTooLarge: 413,
    InvalidInput: 422,
    QuotaExceeded: 429,
}

SENTENCES = {
    400: BadRequest.__doc__,
    404: NotFound.__doc__,
    405: "This address doesn't take that kind of request.",
    413: FileTooLarge.__doc__,
    415: BadRequest.__doc__,
    429: "Too many attempts from here. Wait a minute and try again.",
}
API_SENTENCES = {
    400: "The request can't be read. Send what /api/v1/docs describes.",
    413: "The request is larger than this address takes; /api/v1/docs says how much.",
    415: "The body isn't of a kind this address takes; set Content-Type as /api/v1/docs says.",
    429: "Too many requests. Wait as many seconds as Retry-After says.",
}
KEPT_HEADERS = frozenset({"Allow", "Retry-After"})
"""What Werkzeug's own answers say beyond the status."""
UNEXPECTED = "Something went wrong on our side. Nothing was stored. Reference: {reference}."


def status_of(error: CgnError) -> int:
    """The HTTP status of an error: that of the nearest class with one, else 400."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def wants_json() -> bool:
    """Whether a script asked: Dash's own routes, the API, or a client that prefers JSON."""
    if request.path.startswith(("/_dash", "/_reload", "/api/", "/healthz", "/readyz")):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def answer(
    status: int, sentence: str, *, code: str | None = None, errors: Sequence[Mapping[str, str]] = ()
) -> ResponseReturnValue:
    """The sentence with its status: problem details in the API, JSON for other scripts, a page for people."""
    if problems.is_of_api(request.path):
        return problems.problem(status, sentence, code=code, errors=errors)
    if wants_json():
        return jsonify({"status": status, "message": sentence}), status
    return render_template("error.html", status=status, sentence=sentence), status


def reference_for(error: BaseException) -> str:
    """Log what happened and return what it is found by: the request's id, which its other lines carry too."""
    reference: str = g.get("request_id", "unknown")
    # The route and never the address, which may hold a link's secret.
    log.error("unexpected error %s at %s", reference, route(), exc_info=error)
    return reference


def register_error_handlers(server: Flask) -> None:
    """Answer every error with one sentence; nothing of the inside is shown."""

    @server.errorhandler(CgnError)
    def known(error: CgnError) -> ResponseReturnValue:
        request_scope.roll_back()
        errors = error.errors if isinstance(error, InvalidRequest) else ()
        sentence = error.message if problems.is_of_api(request.path) else retold(error.message)
        return answer(status_of(error), sentence, code=error.code, errors=errors)

    @server.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> ResponseReturnValue:
        request_scope.roll_back()
        return answer(403, CrossSite().message)

    @server.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        request_scope.roll_back()
        status = error.code or 500
        if status < 400:  # noqa: PLR2004 - a redirect raised as an exception is an answer, not an error
            return error
        given = make_response(answer(status, _sentence(error, status)))
        for name, value in error.get_headers():
            if name in KEPT_HEADERS:
                given.headers[name] = value
        return given

    @server.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        request_scope.roll_back()
        return answer(500, UNEXPECTED.format(reference=reference_for(error)))


def _sentence(error: HTTPException, status: int) -> str:
    if problems.is_of_api(request.path):
        return API_SENTENCES.get(status) or SENTENCES.get(status) or error.description or ""
    return SENTENCES.get(status) or error.description or ""


def show_in_page(error: Exception) -> Any:
    """Dash's ``on_error``: undo the callback's work, then put the sentence above the page.

    Dash answers 200 after this, so what the callback wrote must be rolled back first.
    """
    request_scope.roll_back()
    known = isinstance(error, CgnError)
    g.callback_outcome = "refused" if known else "failed"
    sentence = retold(str(error)) if known else UNEXPECTED.format(reference=reference_for(error))
    set_props(ALERTS, {"children": [alert(sentence, tone="down")]})
