"""Taking an invitation up: whoever has its link makes the account that it stands for, once."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, session
from flask.typing import ResponseReturnValue

from cgn_core.errors import InvalidInput, InvalidLink
from cgn_core.services import invitations, sessions
from webapp import routes
from webapp.auth.forms import InvitationForm
from webapp.auth.limits import limiter
from webapp.auth.session_cookie import current_token, forget_cookie
from webapp.auth.views import PER_ADDRESS
from webapp.request_scope import db, roll_back

PER_LINK_ADDRESS = "300 per hour; 60 per minute"
"""Looks at links from one network address. A token of 256 bits isn't guessed; this keeps noise off the database."""

blueprint = Blueprint("invitations", __name__)


@blueprint.get(routes.INVITATION)
@blueprint.post(routes.INVITATION)
@limiter.limit(PER_LINK_ADDRESS)
@limiter.limit(PER_ADDRESS, methods=["POST"])
def accept(token: str) -> ResponseReturnValue:
    """Show what one is invited to, or make the account. Signing in follows, with whatever it asks for."""
    form = InvitationForm()
    problem = ""
    try:
        asked = invitations.open_invitation(db(), token)
        if form.validate_on_submit():
            invitations.accept_invitation(db(writes=True), token, name=form.name.data, password=form.password.data)
            return _to_sign_in(asked.email)
    except InvalidLink as over:
        return dead_link(over)
    except InvalidInput as error:
        roll_back()
        problem = error.message
    status = 422 if problem or form.errors else 200
    return render_template("invitation.html", form=form, asked=asked, problem=problem, token=token), status


def dead_link(over: InvalidLink) -> ResponseReturnValue:
    """The answer to a link that doesn't work any more, or never did; alike on purpose."""
    return render_template("dead_link.html", sentence=over.message), 404


def _to_sign_in(email: str) -> ResponseReturnValue:
    # Whoever was signed in in this browser, a colleague who forwarded the link say, isn't the new user.
    if current_token():
        sessions.sign_out(db(writes=True), current_token())
    session.clear()
    flash(f"Your account is ready. Sign in as {email}.")
    response = make_response(redirect(routes.SIGN_IN, code=303))
    forget_cookie(response)
    return response
