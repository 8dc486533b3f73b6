"""Every request has an id, which its answer and all that is logged meanwhile carry, and a line when it was answered."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
QUIET = frozenset(
    {
        "health.healthz",
        "health.readyz",
        "metrics.metrics",
        "_dash_assets.static",
        "bootstrap.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
    }
)
"""Endpoints whose answered requests would drown the others; what goes wrong in them is logged all the same."""
FIRST_SERVER_ERROR = 500

# What a proxy in front of us made is kept, so that its log and ours agree; anything else is not worth a place in ours.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = logging.getLogger(__name__)


def register_request_log(server: Flask) -> None:
    """Bind the id before anything else looks at a request, and log how it ended after everything else has.

    To be registered before all others: what is asked first before a request is asked last after it.
    """

    @server.before_request
    def begin() -> None:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if _ID.fullmatch(sent) else uuid4().hex[:16]
        g.request_began = time.perf_counter()
        structlog.contextvars.clear_contextvars()  # threads are used again
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @server.after_request
    def end(response: Response) -> Response:
        if "request_id" not in g:
            return response
        response.headers[HEADER] = g.request_id
        if request.endpoint not in QUIET or response.status_code >= FIRST_SERVER_ERROR:
            facts = {
                "method": request.method,
                "route": route(),
                "callback": g.get("callback"),
                "status": response.status_code,
                "milliseconds": round(1000 * (time.perf_counter() - g.request_began)),
            }
            log.info("answered", extra={name: fact for name, fact in facts.items() if fact is not None})
        return response

    @server.teardown_request
    def forget(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def route() -> str:
    """The rule that the address matched, never the address: that one may name somebody."""
    return request.url_rule.rule if request.url_rule is not None else "none"
