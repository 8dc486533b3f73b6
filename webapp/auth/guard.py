"""Default deny: every endpoint is public, for whoever is signed in, or for API tokens; others answer nobody."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Flask, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchPage

from webapp import problems, routes
from webapp.auth.bearer import BEARER, let_bearer_in
from webapp.auth.session_cookie import login_manager, visitor
from webapp.errors import SecondFactorWanted, answer, wants_json
from webapp.pages import PAGES
from webapp.request_scope import NotSignedIn, act_for, actor, write_for

PUBLIC = frozenset(
    {
        "auth.sign_in",
        "auth.enter_code",
        "openid.begin",
        "openid.back",
        "auth.sign_out",
        # Whoever has the link of an invitation or of a new password has no account, or can't use it.
        "invitations.accept",
        "password_resets.forgotten",
        "password_resets.new_password",
        "health.healthz",
        "health.readyz",
        # Asks for this machine or a token itself: whoever reads figures for an operator has no account.
        "metrics.metrics",
        # What the API is, the same for everyone.
        "api.openapi",
        "api.docs",
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
        "account.profile",
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
        "tokens.my_tokens",
        "tokens.make_token",
        "tokens.revoke_token",
        "arrivals.begin",
        "arrivals.add_piece",
        "arrivals.read",
        "downloads.portfolio_csv",
        "downloads.audit_csv",
        "downloads.my_data",
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
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PAGE = re.compile("|".join(re.sub(r"<[a-z_]+>", "[^/]+", page.PATH) for page in PAGES) + "|/page-not-found")


def register_guard(server: Flask) -> None:
    """Refuse before anything else runs."""
    login_manager.init_app(server)
    login_manager.unauthorized_handler(_ask_to_sign_in)

    @server.before_request
    def guard() -> ResponseReturnValue | None:
        if problems.is_of_api(request.path):
            _guard_api()
            return None
        if request.endpoint == CATCH_ALL and _is_no_page(request.path):
            raise NoSuchPage
        if request.endpoint in PUBLIC:
            return None
        if not current_user.is_authenticated:
            refused: ResponseReturnValue = login_manager.unauthorized()
            return refused
        act_for(actor().agency_id)
        if request.endpoint is not None and request.endpoint not in SIGNED_IN:
            raise NoSuchPage
        if request.endpoint == CATCH_ALL and not _PAGE.fullmatch(request.path):
            raise NoSuchPage
        who = visitor()
        if who is not None:
            write_for(who.number_format)
        if who is not None and who.must_enrol and request.endpoint not in ENROLLING:
            return _ask_to_enrol()
        return None


def _ask_to_enrol() -> ResponseReturnValue:
    if wants_json() or request.method != "GET":
        return answer(403, SecondFactorWanted().message)
    return redirect(routes.SECOND_FACTOR, code=303)


def _guard_api() -> None:
    if request.endpoint is None or request.endpoint == CATCH_ALL:
        methods = _methods_of(request.path)
        if methods:
            raise MethodNotAllowed(valid_methods=methods)
        raise NoSuchPage
    if request.endpoint in PUBLIC:
        return
    if request.endpoint not in BEARER:
        raise NoSuchPage
    let_bearer_in()
    act_for(actor().agency_id)


def _methods_of(path: str) -> list[str]:
    """What an address of the API takes. Dash's catch-all, which takes every address, doesn't count."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    found = []
    for method in sorted(METHODS):
        try:
            endpoint, _ = adapter.match(path, method=method)
        except HTTPException:
            continue
        if endpoint != CATCH_ALL:
            found.append(method)
    return found


def _ask_to_sign_in() -> ResponseReturnValue:
    if wants_json() or request.method != "GET":
        return answer(401, NotSignedIn().message)
    wanted = request.full_path.rstrip("?")
    return redirect(f"{routes.SIGN_IN}?next={quote(wanted, safe='')}" if wanted != "/" else routes.SIGN_IN, code=303)


def _is_no_page(path: str) -> bool:
    # Dash's catch-all would answer these with 200 and its page.
    return path.startswith(("/api", "/_")) or any(part.startswith(".") for part in path.split("/"))
