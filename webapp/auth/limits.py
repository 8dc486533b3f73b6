"""How often somebody may ask; counted in Redis, and in this process while there is none."""

from __future__ import annotations

from flask import request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

UPDATE = "/_dash-update-component"


class LimiterOfRoutes(Limiter):
    """Flask-Limiter, which looks for limits at every request, but for Dash's callbacks: they have none."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002 - as it is declared there
        if callable_name is None and request.endpoint == UPDATE:
            return
        super()._check_request_limit(callable_name, in_middleware)


limiter = LimiterOfRoutes(get_remote_address, in_memory_fallback_enabled=True, headers_enabled=True)
