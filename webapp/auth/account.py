"""One's own account: where one is signed in, the second factor, the password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from cgn_core.access import Action
from cgn_core.errors import Conflict, InvalidInput
from cgn_core.services import accounts, guides, profiles, second_factors, sessions, sign_ins
from webapp import routes
from webapp.auth.forms import CodeForm, ConfirmForm, EmptyForm, PasswordForm, ProfileForm
from webapp.auth.limits import limiter
from webapp.auth.session_cookie import current_browser, current_token, set_cookie, visitor
from webapp.auth.views import PER_ADDRESS, relative_only
from webapp.components.numbers import ago, retold
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("account", __name__)

View = Callable[[], ResponseReturnValue]


def freshly_proven(view: View) -> View:
    """Have whoever signed in a while ago prove who they are before they change how they sign in."""

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        who = visitor()
        if who is None or not who.is_fresh:
            known = (routes.SESSIONS, routes.TOKENS)
            back = next((each for each in known if request.path.startswith(each)), routes.SECOND_FACTOR)
            return redirect(f"{routes.CONFIRM}?next={back}", code=303)
        return view()

    return guarded


@blueprint.get(routes.CONFIRM)
@blueprint.post(routes.CONFIRM)
@limiter.limit(PER_ADDRESS, methods=["POST"])
def confirm() -> ResponseReturnValue:
    """Ask for the password once more; a new token replaces the session's."""
    wanted = relative_only(request.values.get("next", ""))
    form = ConfirmForm(data={"next": wanted})
    problem = ""
    if form.validate_on_submit():
        try:
            token = sign_ins.confirm_password(db(writes=True), actor(), form.password.data, browser=current_browser())
        except InvalidInput as error:
            problem = retold(error.message)
        else:
            response = make_response(redirect(wanted, code=303))
            set_cookie(response, token)
            return response
    form.next.data = wanted
    return account_page("confirm.html", form=form, problem=problem)


@blueprint.get(routes.PROFILE)
@blueprint.post(routes.PROFILE)
def profile() -> ResponseReturnValue:
    """One's own name, how numbers are written, and the notes that explain pages."""
    form = ProfileForm(
        name=accounts.get_account(db(), actor()).name, number_format=profiles.number_format(db(), actor())
    )
    form.offer()
    again = EmptyForm()
    problem = ""
    if "guides" in request.form:
        if again.validate_on_submit():
            guides.show_guides(db(writes=True), actor())
            flash("Every page explains itself again.")
        return redirect(routes.PROFILE, code=303)
    if form.validate_on_submit():
        try:
            profiles.rename(db(writes=True), actor(), form.name.data)
            profiles.choose_number_format(db(writes=True), actor(), form.number_format.data)
        except InvalidInput as error:
            problem = retold(error.message)
        else:
            flash("Your profile is saved.")
            return redirect(routes.PROFILE, code=303)
    hidden = guides.count_hidden(db(), actor())
    return account_page("profile.html", form=form, problem=problem, again=again, hidden=hidden)


@blueprint.get(routes.SESSIONS)
def my_sessions() -> ResponseReturnValue:
    """Where one is signed in."""
    now = datetime.now(UTC)
    listed = sessions.list_sessions(db(), actor(), token=current_token())
    shown = [(one, ago(one.last_seen_at, now=now), ago(one.created_at, now=now)) for one in listed]
    return account_page("sessions.html", sessions=shown, form=EmptyForm())


@blueprint.post(routes.SESSION_END)
@freshly_proven
def end_session() -> ResponseReturnValue:
    """Sign out on one other device."""
    sessions.end_session(db(writes=True), actor(), request.form.get("session", ""))
    flash("Signed out there.")
    return redirect(routes.SESSIONS, code=303)


@blueprint.post(routes.SIGN_OUT_EVERYWHERE)
@freshly_proven
def end_other_sessions() -> ResponseReturnValue:
    """Sign out on every other device."""
    browser = current_browser()
    ended = sessions.sign_out_everywhere(
        db(writes=True), actor(), except_token=browser.token, except_device=browser.device_token
    )
    flash("Signed out everywhere else." if ended else "There was no other session.")
    return redirect(routes.SESSIONS, code=303)


@blueprint.get(routes.MY_PASSWORD)
@blueprint.post(routes.MY_PASSWORD)
@limiter.limit(PER_ADDRESS, methods=["POST"])
def password() -> ResponseReturnValue:
    """Change the password; every other session ends."""
    form = PasswordForm()
    problem = ""
    if form.validate_on_submit():
        try:
            token = sign_ins.change_password(
                db(writes=True), actor(), current=form.current.data, new=form.new.data, browser=current_browser()
            )
        except InvalidInput as error:
            problem = retold(error.message)
        else:
            flash("Your password is changed, and you are signed out everywhere else.")
            response = make_response(redirect(routes.MY_PASSWORD, code=303))
            set_cookie(response, token)
            return response
    return account_page("password.html", form=form, problem=problem)


@blueprint.get(routes.SECOND_FACTOR)
def second_factor() -> ResponseReturnValue:
    """The second factor as it stands, or its set-up."""
    return _second_factor(CodeForm())


@blueprint.post(routes.SECOND_FACTOR_BEGIN)
@freshly_proven
def begin_second_factor() -> ResponseReturnValue:
    """Make a secret and show it."""
    second_factors.begin_set_up(db(writes=True), actor())
    return redirect(routes.SECOND_FACTOR, code=303)


@blueprint.post(routes.SECOND_FACTOR_FINISH)
@freshly_proven
def finish_second_factor() -> ResponseReturnValue:
    """Turn it on with a first code, and show the recovery codes this once."""
    browser = current_browser()
    return _with_code(
        lambda code: second_factors.finish_set_up(
            db(writes=True), actor(), code, token=browser.token, device_token=browser.device_token
        )
    )


@blueprint.post(routes.RECOVERY_CODES)
@freshly_proven
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes, and show them this once."""
    device_token = current_browser().device_token
    return _with_code(
        lambda code: second_factors.renew_codes(db(writes=True), actor(), code, device_token=device_token)
    )


@blueprint.post(routes.SECOND_FACTOR_OFF)
@freshly_proven
def turn_off_second_factor() -> ResponseReturnValue:
    """Turn it off."""
    browser = current_browser()

    def turn_off(code: str) -> None:
        second_factors.turn_off(db(writes=True), actor(), code, token=browser.token, device_token=browser.device_token)

    return _with_code(turn_off)


@blueprint.post(routes.SECOND_FACTOR_OF_ALL)
@freshly_proven
def require_second_factor() -> ResponseReturnValue:
    """Ask everybody in the agency for one, or no longer."""
    required = request.form.get("required") == "yes"
    try:
        second_factors.require_of_all(db(writes=True), actor(), required=required)
    except Conflict as error:
        return _second_factor(CodeForm(), problem=retold(error.message))
    flash("Everybody is asked for a second factor now." if required else "A second factor is up to each member now.")
    return redirect(routes.SECOND_FACTOR, code=303)


@blueprint.post(routes.SECOND_FACTOR_RESET)
@freshly_proven
def reset_second_factor() -> ResponseReturnValue:
    """Remove the second factor of a member who lost it."""
    second_factors.remove_of_member(db(writes=True), actor(), identifier(request.form.get("member")))
    flash("The second factor is removed, and the member is signed out everywhere.")
    return redirect(routes.SECOND_FACTOR, code=303)


def _with_code(change: Callable[[str], list[str] | None]) -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate_on_submit():
        return _second_factor(form)
    try:
        codes = change(form.code.data)
    except (InvalidInput, Conflict) as error:
        return _second_factor(form, problem=retold(error.message))
    if codes is None:
        flash("Your second factor is turned off.")
        return redirect(routes.SECOND_FACTOR, code=303)
    db(writes=True).commit()  # before they are shown: nobody may write down codes that a failed commit forgets
    return account_page("recovery_codes.html", codes=codes)


def _second_factor(form: FlaskForm, *, problem: str = "") -> ResponseReturnValue:
    factor = second_factors.get_second_factor(db(), actor())
    set_up = second_factors.get_set_up(db(), actor()) if factor.set_up_at is None else None
    who = visitor()
    return account_page(
        "second_factor.html",
        form=form,
        problem=problem,
        factor=factor,
        set_up=set_up,
        # Dark on white in both themes: not every app reads the reverse.
        picture=segno.make(set_up.address, error="m").svg_data_uri(scale=5, dark="#000", light="#fff")
        if set_up
        else "",
        must_enrol=who is not None and who.must_enrol,
        members=second_factors.list_members(db(), actor()) if actor().may(Action.REQUIRE_SECOND_FACTOR) else None,
    )


def account_page(template: str, *, problem: str = "", **values: Any) -> ResponseReturnValue:
    """A page of one's account, with what stands on each of them."""
    status = 200 if request.method == "GET" or "codes" in values or "made" in values else 422
    who = visitor()
    shown = render_template(
        template,
        account=accounts.get_account(db(), actor()),
        problem=problem,
        tabs=_TABS if actor().may(Action.MAKE_TOKENS) else _TABS[:-1],
        here=request.path,
        may_leave=who is not None and not who.must_enrol,
        **values,
    )
    return shown, status


_TABS = (
    (routes.PROFILE, "Profile"),
    (routes.SESSIONS, "Sessions"),
    (routes.SECOND_FACTOR, "Second factor"),
    (routes.MY_PASSWORD, "Password"),
    (routes.TOKENS, "API tokens"),
)
