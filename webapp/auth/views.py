"""Sign in, with a code where a second factor is set up, and sign out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user

from cgn_core.errors import InvalidInput
from cgn_core.services import sessions, sign_ins
from cgn_core.services.sign_ins import CodeNeeded, SignedIn
from webapp import routes
from webapp.auth.forms import CodeForm, SignInForm
from webapp.auth.limits import limiter
from webapp.auth.session_cookie import current_browser, current_token, forget_cookie, let_in
from webapp.request_scope import db

PER_ADDRESS = "600 per hour; 120 per minute"
"""Attempts from one network address; many people may share one."""
PER_ACCOUNT = "60 per hour; 15 per minute"
"""Attempts from one network address at one account. The account's own lockout is kept in the database."""
PENDING = "pending_sign_in"
"""In Flask's signed cookie: the token of a sign-in that waits for its code, and where to go afterwards."""

blueprint = Blueprint("auth", __name__)


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
            result = sign_ins.sign_in(db(writes=True), form.email.data, form.password.data, browser=current_browser())
        except InvalidInput as error:
            problem = error.message
        else:
            return go_on(result, wanted)
    form.next.data = wanted
    status = 200 if request.method == "GET" else 422
    return render_template("sign_in.html", form=form, problem=problem), status


@blueprint.get(routes.SIGN_IN_CODE)
@blueprint.post(routes.SIGN_IN_CODE)
@limiter.limit(PER_ADDRESS, methods=["POST"])
def enter_code() -> ResponseReturnValue:
    """Ask for a code of the authenticator, or a recovery code, and finish the sign-in."""
    pending, wanted = session.get(PENDING, ("", ""))
    form = CodeForm()
    problem = ""
    if not pending:
        return redirect(routes.SIGN_IN, code=303)
    if form.validate_on_submit():
        try:
            signed_in = sign_ins.enter_code(db(writes=True), pending, form.code.data, browser=current_browser())
        except sign_ins.SignInOver as error:
            session.pop(PENDING, None)
            flash(error.message)
            return redirect(routes.SIGN_IN, code=303)
        except InvalidInput as error:
            problem = error.message
        else:
            return go_on(signed_in, relative_only(wanted))
    return render_template("code.html", form=form, problem=problem), 200 if request.method == "GET" else 422


@blueprint.post(routes.SIGN_OUT)
def sign_out() -> ResponseReturnValue:
    """End this session here and in the database, so that a copy of its cookie is worth nothing."""
    token = current_token()
    if token:
        sessions.sign_out(db(writes=True), token)
    session.clear()
    response = make_response(redirect(routes.SIGN_IN, code=303))
    response.headers["Clear-Site-Data"] = '"cache"'
    forget_cookie(response)
    return response


def go_on(result: SignedIn | CodeNeeded, wanted: str) -> ResponseReturnValue:
    """Where a right first or second factor leads: to the code, or to the page asked for."""
    session.clear()  # a new CSRF token for a new session
    if isinstance(result, CodeNeeded):
        session[PENDING] = (result.token, wanted)
        return redirect(routes.SIGN_IN_CODE, code=303)
    response = make_response(redirect(wanted, code=303))
    let_in(response, result)
    return response


def relative_only(address: str) -> str:
    r"""The address if it is a path of this site, else the portfolio.

    A browser reads ``//host``, ``/\host`` and paths with control characters as other sites.
    """
    is_path = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    if not is_path or "\\" in address:
        return routes.PORTFOLIO
    try:
        parts = urlsplit(address)
    except ValueError:
        return routes.PORTFOLIO
    return routes.PORTFOLIO if parts.scheme or parts.netloc else address
