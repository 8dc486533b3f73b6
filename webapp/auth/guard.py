"""Default deny: every endpoint is either listed as public here, or needs somebody signed in."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import NotFound as NoSuchPage

from webapp import routes
from webapp.auth.session_cookie import login_manager, visitor
from webapp.errors import SecondFactorWanted, answer, wants_json
from webapp.pages import PAGES
from webapp.request_scope import NotSignedIn

PUBLIC = frozenset(
    {
        "auth.sign_in",
        "auth.enter_code",
        "openid.begin",
        "openid.back",
        "auth.sign_out",
        "health.healthz",
        "health.readyz",
        # Asks for this machine or a token itself: whoever reads figures for an operator has no account.
        "metrics.metrics",
        # Style sheets and scripts, the same for everyone.
        "_dash_assets.static",
        "bootstrap.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
    }
)
"""Endpoints that answer anybody."""

SIGNED_IN = frozenset(
    {
        "account.my_sessions",
        "account.end_session",
        "account.end_other_sessions",
        "account.confirm",
        "account.password",
        "account.second_factor",
        "account.begin_second_factor",
        "account.finish_second_factor",
        "account.turn_off_second_factor",
        "account.renew_recovery_codes",
        "account.require_second_factor",
        "account.reset_second_factor",
        "arrivals.begin",
        "arrivals.add_piece",
        "arrivals.read",
        "downloads.portfolio_csv",
        "downloads.stored_file",
        "downloads.daily_csv",
        "downloads.workspace_table",
        "downloads.version_rejects",
        "downloads.upload_rejects",
        "/",
        "/<path:path>",
        "/_dash-layout",
        "/_dash-dependencies",
        "/_dash-update-component",
        "/_reload-hash",
    }
)
"""Endpoints that answer anybody signed in; what they show is decided by the services behind them."""

ENROLLING = frozenset(
    {"account.second_factor", "account.begin_second_factor", "account.finish_second_factor", "account.confirm"}
)
"""All that answers somebody whose agency asks for a second factor, until they have one."""

CATCH_ALL = "/<path:path>"
_PAGE = re.compile("|".join(re.sub(r"<[a-z_]+>", "[^/]+", page.PATH) for page in PAGES) + "|/page-not-found")


def register_guard(server: Flask) -> None:
    """Refuse before anything else runs."""
    login_manager.init_app(server)
    login_manager.unauthorized_handler(_ask_to_sign_in)

    @server.before_request
    def guard() -> ResponseReturnValue | None:
        if request.endpoint == CATCH_ALL and _is_no_page(request.path):
            raise NoSuchPage
        if request.endpoint in PUBLIC:
            return None
        if not current_user.is_authenticated:
            refused: ResponseReturnValue = login_manager.unauthorized()
            return refused
        if request.endpoint is not None and request.endpoint not in SIGNED_IN:
            raise NoSuchPage
        if request.endpoint == CATCH_ALL and not _PAGE.fullmatch(request.path):
            raise NoSuchPage
        who = visitor()
        if who is not None and who.must_enrol and request.endpoint not in ENROLLING:
            return _ask_to_enrol()
        return None


def _ask_to_enrol() -> ResponseReturnValue:
    if wants_json() or request.method != "GET":
        return answer(403, SecondFactorWanted().message)
    return redirect(routes.SECOND_FACTOR, code=303)


def _ask_to_sign_in() -> ResponseReturnValue:
    if wants_json() or request.method != "GET":
        return answer(401, NotSignedIn().message)
    wanted = request.full_path.rstrip("?")
    return redirect(f"{routes.SIGN_IN}?next={quote(wanted, safe='')}" if wanted != "/" else routes.SIGN_IN, code=303)


def _is_no_page(path: str) -> bool:
    # Dash's catch-all would answer these with 200 and its page.
    return path.startswith(("/api", "/_")) or any(part.startswith(".") for part in path.split("/"))
