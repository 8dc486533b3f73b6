"""Wires the web edge together; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_compress import Compress

from cgn_core.errors import NotFound
from cgn_core.settings import Settings, settings
from webapp import (
    arrivals,
    downloads,
    envelope,
    errors,
    health,
    metrics,
    plain_json,
    request_log,
    request_scope,
    security,
    shell,
    static_files,
)
from webapp.api.blueprint import register_api
from webapp.auth import account, guard, invitations, openid, password_resets, token_pages, views
from webapp.auth.limits import limiter
from webapp.components import numbers
from webapp.light_pages import LightDash, read_addresses_once

EVERY_ASSET = r".*"


def create_app(chosen: Settings | None = None) -> Dash:
    """The portal, ready to serve; its Flask server is ``create_app().server``.

    One per process: Dash's page registry and module-level callbacks belong to the first app made.

    Raises:
        SetupError: the secret key is weak, the debugger is on, or the OpenID provider is half configured.
    """
    used = chosen or settings()
    server = _server(used)
    # Order matters: these look at a request before Dash does, and the first is the last to see its answer.
    request_log.register_request_log(server)
    request_scope.register_row_scope(server)
    security.register_request_checks(server)
    guard.register_guard(server)
    security.register_csrf(server)
    static_files.register_static_files(server)
    dash_app = _dash(server)
    metrics.register_metrics(server, dash_app)
    envelope.register_envelope_check(server, dash_app)
    request_scope.register_request_scope(server)
    security.register_headers(server, dash_app)
    Compress(server)
    # Dash completes its callbacks during the first request; two first visitors at once would see half of them.
    server.test_client().get("/healthz")
    return dash_app


class Portal(Flask):
    """Flask, but for looking at each hook and view of every request whether it is asynchronous: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def _server(used: Settings) -> Flask:
    secure = used.secure_cookies and not used.embedded
    openid.check_provider(used)
    server = Portal(__name__, static_folder=None)
    security.check_debug(server)
    security.trust_proxies(server, used.trusted_proxies)
    server.config.update(
        SECRET_KEY=security.check_secret(used),
        MAX_CONTENT_LENGTH=security.largest_request(used),
        # Flask's own signed cookie: the CSRF token's seed, and what a sign-in in several steps has to remember.
        SESSION_COOKIE_NAME=security.cookie_name("cgn_form", secure=secure),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_HEADERS=[security.CSRF_HEADER],
        BOOTSTRAP_SERVE_LOCAL=True,
        COMPRESS_ALGORITHM=["br", "gzip"],
        RATELIMIT_STORAGE_URI=_limiter_storage(used.redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 1, "socket_connect_timeout": 1} if used.redis_url else {},
    )
    server.jinja_env.globals["fingerprinted"] = _fingerprinted
    server.jinja_env.filters.update(moment=numbers.moment, short_day=numbers.short_day)
    errors.register_error_handlers(server)
    server.static_url_path = "/static"  # where Bootstrap-Flask hangs its files: /bootstrap/static
    Bootstrap5(server)
    limiter.init_app(server)
    register_api(server)
    for module in (
        health, metrics, views, account, token_pages, openid, invitations, password_resets, downloads, arrivals,
    ):  # fmt: skip
        server.register_blueprint(module.blueprint)
    return server


def _dash(server: Flask) -> Dash:
    dash_app = LightDash(
        "webapp",
        server=server,  # type: ignore[arg-type]  # its annotation forgets the Flask server that its documentation asks for
        use_pages=True,
        pages_folder="",
        include_pages_meta=False,
        assets_ignore=EVERY_ASSET,  # they are joined
        external_stylesheets=[_fingerprinted(static_files.SHEET)],
        external_scripts=[_fingerprinted(static_files.SCRIPT)],
        suppress_callback_exceptions=True,
        title=shell.BRAND,
        update_title="",
        index_string=_index(),
        on_error=errors.show_in_page,
        csrf_token_name=security.cookie_name(security.CSRF_COOKIE, secure=server.config["SESSION_COOKIE_SECURE"]),
        csrf_header_name=security.CSRF_HEADER,
        enable_mcp=False,
        add_log_handler=False,
    )

    @server.errorhandler(DependencyException)
    def no_such_package(_error: DependencyException) -> ResponseReturnValue:
        return errors.answer(404, NotFound().message)

    plain_json.write_answers_plainly()
    read_addresses_once()
    shell.register_pages()
    dash_app.layout = shell.root_layout()
    return dash_app


def _index() -> str:
    return f"""<!DOCTYPE html>
<html lang="en" data-bs-theme="light">
  <head>
    {{%metas%}}
    <title>{{%title%}}</title>
    <link rel="icon" type="image/svg+xml" href="{_fingerprinted(static_files.ICON)}">
    <script src="{_fingerprinted(static_files.THEME)}"></script>
    {{%css%}}
  </head>
  <body>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>
"""


def _fingerprinted(address: str) -> str:
    return static_files.static_files()[address].fingerprinted


def _limiter_storage(redis_url: str) -> str:
    if not redis_url:
        return "memory://"
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url
