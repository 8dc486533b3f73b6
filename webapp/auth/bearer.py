"""The API's only way in: a bearer token. A session's cookie counts for nothing there, nor a token on pages."""

from __future__ import annotations

from flask import g, request

from cgn_core.db.session import open_session
from cgn_core.services import tokens
from cgn_core.settings import settings
from webapp.auth.limits import limiter
from webapp.request_scope import NotSignedIn

REFUSED_PER_ADDRESS = "300 per hour; 60 per minute"
"""Requests with no token or a wrong one, from one network address."""


class NoToken(NotSignedIn):
    """Send an API token: Authorization: Bearer cgn_… (made under Account, API tokens)."""

    code = "not_authorised"


class WorthlessToken(NotSignedIn):
    """The API token is worth nothing: it is unknown, over, taken back, or whoever made it may no longer do as much."""

    code = "not_authorised"


def let_bearer_in() -> None:
    """Make the token's user this request's actor, and count the request against the token's limit.

    Raises:
        NoToken: there is none.
        WorthlessToken: there is one, and it opens nothing.
        RateLimitExceeded: too many requests.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.casefold() == "bearer" else ""
    found = _bearer_of(token) if token else None
    if found is None:
        _count_refused()
        raise WorthlessToken if token else NoToken
    g.actor, g.api_token = found.actor, found.token_id
    _count_request()


@limiter.shared_limit(REFUSED_PER_ADDRESS, scope="api-refused")
def _count_refused() -> None:
    """Count a request that opened nothing against its network address."""


@limiter.shared_limit(lambda: settings().api_rate_limit, scope="api", key_func=lambda: str(g.api_token))
def _count_request() -> None:
    """Count a request against its token."""


def _bearer_of(token: str) -> tokens.Bearer | None:
    """Whoever stands behind a token, in a transaction of its own that writes only when its last use is to be noted."""
    with open_session(read_only=True) as session:
        found = tokens.bearer_of(session, token)
    if found is not None and found.use_is_due:
        with open_session() as session, session.begin():
            tokens.note_use(session, found.token_id)
    return found
