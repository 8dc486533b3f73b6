"""A forgotten password: asking for a link, and setting a new one with it."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address

from cgn_core.errors import InvalidInput, InvalidLink
from cgn_core.services import password_resets
from cgn_core.services.mail_server import can_mail_links
from webapp import routes
from webapp.auth.forms import ForgottenForm, NewPasswordForm
from webapp.auth.invitations import PER_LINK_ADDRESS, dead_link
from webapp.auth.limits import limiter
from webapp.auth.session_cookie import forget_cookie
from webapp.auth.views import PER_ADDRESS
from webapp.request_scope import db, roll_back

PER_ASKER = "20 per hour; 5 per minute"
"""Requests from one network address for one account."""

blueprint = Blueprint("password_resets", __name__)


def _address_and_account() -> str:
    return f"{get_remote_address()} {request.form.get('email', '').strip().casefold()[:254]}"


@blueprint.get(routes.FORGOTTEN)
@blueprint.post(routes.FORGOTTEN)
@limiter.limit(PER_ADDRESS, methods=["POST"])
@limiter.limit(PER_ASKER, key_func=_address_and_account, methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a link. The answer, and the work behind it, are the same whether there is such an account or not."""
    form = ForgottenForm()
    asked = False
    if can_mail_links() and form.validate_on_submit():
        password_resets.ask_for_reset(db(writes=True), form.email.data)
        asked = True
    status = 422 if form.errors else 200
    return render_template("forgotten.html", form=form, asked=asked, can_mail=can_mail_links()), status


@blueprint.get(routes.NEW_PASSWORD)
@blueprint.post(routes.NEW_PASSWORD)
@limiter.limit(PER_LINK_ADDRESS)
@limiter.limit(PER_ADDRESS, methods=["POST"])
def new_password(token: str) -> ResponseReturnValue:
    """Show the form, or set the new password and end every session of the account."""
    form = NewPasswordForm()
    problem = ""
    try:
        asked = password_resets.open_reset(db(), token)
        if form.validate_on_submit():
            password_resets.reset_password(db(writes=True), token, form.password.data)
            session.clear()
            flash("Your new password is set. Sign in with it.")
            response = make_response(redirect(routes.SIGN_IN, code=303))
            forget_cookie(response)
            return response
    except InvalidLink as over:
        return dead_link(over)
    except InvalidInput as error:
        roll_back()
        problem = error.message
    status = 422 if problem or form.errors else 200
    return render_template("new_password.html", form=form, asked=asked, problem=problem, token=token), status
