"""Headers, the content security policy, origin and size checks, and the strength of the secret."""

from __future__ import annotations

import os
from http import HTTPStatus
from urllib.parse import urlsplit

from dash import Dash
from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from cgn_core.errors import InvalidInput, SetupError
from cgn_core.services.arrivals import PIECE_BYTES
from cgn_core.settings import SHORTEST_SECRET, Settings, weakness_of_secret
from webapp import signatures
from webapp.errors import CrossSite
from webapp.static_files import ENDPOINTS

CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ON = frozenset({"1", "true", "yes", "on", "t", "y"})
STATIC = frozenset({*ENDPOINTS, "bootstrap.static"})
ENVELOPE_BYTES = 256 * 1024
"""Room for a callback's ids beside an uploaded file."""

NOTHING_RUNS = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
"""The policy of what is no page, should a browser ever show it as one."""


class HeaderFirst(CSRFProtect):
    """Looks for the token where Dash sends it before it takes the body for a form, which a callback's isn't."""

    def _get_csrf_token(self) -> str | None:
        sent = request.headers.get(CSRF_HEADER)
        return sent or super()._get_csrf_token()


csrf = HeaderFirst()
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""Headers of every answer; nothing else sets them."""


def cookie_name(name: str, *, secure: bool) -> str:
    """A cookie's name; the prefix has browsers refuse it from another host, from a subdomain or without TLS."""
    return f"__Host-{name}" if secure else name


def check_secret(settings: Settings) -> str:
    """The key that signs CSRF tokens.

    Raises:
        SetupError: it is missing, short or a placeholder.
    """
    key = settings.secret_key
    if weakness_of_secret(key):
        raise SetupError(
            f"CGN_SECRET_KEY must be random and have at least {SHORTEST_SECRET} characters. Make one with "
            '`python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
        )
    return key


def check_debug(server: Flask) -> None:
    """Refuse to show the inside of the product to visitors.

    Raises:
        SetupError: the environment asks for Flask's or Dash's debugger.
    """
    wanted = [name for name in ("FLASK_DEBUG", "DASH_DEBUG") if os.environ.get(name, "").lower() in ON]
    if server.debug or wanted:
        raise SetupError(f"The portal doesn't start with the debugger on. Unset {wanted[0] if wanted else 'debug'}.")


def trust_proxies(server: Flask, count: int) -> None:
    """Take the visitor's address and scheme from the headers of that many proxies; the host stays as it was asked."""
    if count:
        wrapped = ProxyFix(server.wsgi_app, x_for=count, x_proto=count)
        server.wsgi_app = wrapped  # type: ignore[method-assign]  # how Flask's documentation wraps an application


def largest_request(settings: Settings) -> int:
    """Bytes of the largest request: an upload in base64 with its envelope, or a piece of a large file."""
    return max(settings.upload_limit_bytes * 4 // 3, PIECE_BYTES) + ENVELOPE_BYTES


def register_request_checks(server: Flask) -> None:
    """Refuse requests of other sites and bodies beyond the limit, before anything reads them."""

    @server.before_request
    def refuse_foreign() -> None:
        limit = server.config["MAX_CONTENT_LENGTH"]
        if request.content_length is not None and request.content_length > limit:
            raise RequestEntityTooLarge
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin")
        if origin is not None and _host_of(origin) != request.host:
            raise CrossSite
        if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            raise CrossSite
        is_form = request.mimetype == "application/x-www-form-urlencoded"
        if is_form and any("\0" in text for text in request.form.values()):
            raise InvalidInput("A character of what was typed can't be stored; type it again.")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as half an IPv6 address
        return ""


def register_csrf(server: Flask) -> None:
    """Demand a CSRF token on every request that changes something; Dash reads its own from a cookie."""
    csrf.init_app(server)
    signatures.verify_once()

    @server.after_request
    def hand_out_token(response: Response) -> Response:
        if response.mimetype == "text/html" and request.method == "GET":
            response.set_cookie(
                cookie_name(CSRF_COOKIE, secure=server.config["SESSION_COOKIE_SECURE"]),
                generate_csrf(),
                samesite="Lax",
                secure=server.config["SESSION_COOKIE_SECURE"],
                httponly=False,  # the page's own script repeats it in a header, which no other site can
            )
        return response


def register_headers(server: Flask, dash_app: Dash) -> None:
    """Set the headers of every answer; the policy's hashes are those of Dash's few inline scripts as they are now."""

    @server.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = content_security_policy(dash_app)
        else:
            headers.setdefault("Content-Security-Policy", NOTHING_RUNS)
        headers.extend(ALWAYS)
        if server.config["SESSION_COOKIE_SECURE"]:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        # What isn't there may be in a minute, and its answer may set a visitor's cookie.
        is_file = request.endpoint in STATIC and response.status_code < HTTPStatus.BAD_REQUEST
        if is_file and request.endpoint not in ENDPOINTS and "m" in request.args:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif not is_file and "max-age" not in headers.get("Cache-Control", ""):
            headers["Cache-Control"] = "no-store"
        return response


def content_security_policy(dash_app: Dash) -> str:
    """Scripts from here only, nothing framed, nothing sent elsewhere; styles may be inline, which charts need."""
    scripts = " ".join(("'self'", *dash_app.csp_hashes()))
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; "
        "frame-ancestors 'none'"
    )
