"""Sign in, sign out, and one's own sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from cgn_core.errors import InvalidInput
from cgn_core.services import accounts
from webapp import routes
from webapp.auth.forms import EmptyForm, SignInForm
from webapp.auth.session_cookie import current_token, forget_cookie, set_cookie
from webapp.components.numbers import ago
from webapp.request_scope import actor, db

PER_ADDRESS = "600 per hour; 120 per minute"
"""Attempts from one network address; many people may share one."""
PER_ACCOUNT = "60 per hour; 15 per minute"
"""Attempts from one network address at one account. The account's own lockout is kept in the database."""

blueprint = Blueprint("auth", __name__)
limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True, headers_enabled=True)


def _address_and_account() -> str:
    return f"{get_remote_address()} {request.form.get('email', '').strip().casefold()[:254]}"


@blueprint.get(routes.SIGN_IN)
@blueprint.post(routes.SIGN_IN)
@limiter.limit(PER_ADDRESS, methods=["POST"])
@limiter.limit(PER_ACCOUNT, key_func=_address_and_account, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """Show the form, or check it and open a session under a new token."""
    wanted = relative_only(request.values.get("next", ""))
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(wanted, code=303)
    form = SignInForm(data={"next": wanted})
    problem = ""
    if form.validate_on_submit():
        try:
            signed_in = accounts.sign_in(
                db(writes=True),
                form.email.data,
                form.password.data,
                device=device_of(request.headers.get("User-Agent", "")),
                replaces=current_token(),
            )
        except InvalidInput as error:
            problem = error.message
        else:
            session.clear()  # a new CSRF token for a new session
            response = make_response(redirect(wanted, code=303))
            set_cookie(response, signed_in.token)
            return response
    form.next.data = wanted
    status = 200 if request.method == "GET" else 422
    return render_template("sign_in.html", form=form, problem=problem), status


@blueprint.post(routes.SIGN_OUT)
def sign_out() -> ResponseReturnValue:
    """End this session here and in the database, so that a copy of its cookie is worth nothing."""
    token = current_token()
    if token:
        accounts.sign_out(db(writes=True), token)
    session.clear()
    response = make_response(redirect(routes.SIGN_IN, code=303))
    forget_cookie(response)
    return response


@blueprint.get(routes.SESSIONS)
def sessions() -> ResponseReturnValue:
    """Where one is signed in."""
    now = datetime.now(UTC)
    listed = accounts.list_sessions(db(), actor(), token=current_token())
    account = accounts.get_account(db(), actor())
    return render_template(
        "sessions.html",
        account=account,
        sessions=[(one, ago(one.last_seen_at, now=now), ago(one.created_at, now=now)) for one in listed],
        form=EmptyForm(),
    )


@blueprint.post(routes.SIGN_OUT_EVERYWHERE)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out on every other device."""
    ended = accounts.sign_out_everywhere(db(writes=True), actor(), except_token=current_token())
    flash("Signed out everywhere else." if ended else "There was no other session.")
    return redirect(routes.SESSIONS, code=303)


def relative_only(address: str) -> str:
    r"""The address if it is a path of this site, else the portfolio.

    A browser reads ``//host``, ``/\host`` and paths with control characters as other sites.
    """
    parts = urlsplit(address)
    is_path = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    if not is_path or parts.scheme or parts.netloc or "\\" in address:
        return routes.PORTFOLIO
    return address


def device_of(user_agent: str) -> str:
    """``Firefox on Linux``: enough to know one's own device again, no more."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
