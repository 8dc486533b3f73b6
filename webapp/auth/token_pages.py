"""One's own API tokens; an owner sees and takes back everybody's."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from cgn_core.access import Action, Role, reaches
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.services import navigation, tokens
from cgn_core.services.tokens import NewToken
from webapp import routes
from webapp.auth.account import account_page, freshly_proven
from webapp.auth.forms import TokenForm
from webapp.components.numbers import ago, retold
from webapp.request_scope import actor, db, identifier

blueprint = Blueprint("tokens", __name__)
ROLES = {
    Role.VIEWER: "Viewer: reads and forecasts",
    Role.STRATEGIST: "Strategist: imports, trains, reports too",
    Role.OWNER: "Owner: everything",
}


@blueprint.get(routes.TOKENS)
def my_tokens() -> ResponseReturnValue:
    """The tokens, and a form for a new one."""
    return _page(TokenForm())


@blueprint.post(routes.TOKENS)
@freshly_proven
def make_token() -> ResponseReturnValue:
    """Make a token and show it this once."""
    form = TokenForm()
    form.role.choices = _roles()
    if not form.validate_on_submit():
        return _page(form)
    chosen = request.form.getlist("workspace") if form.sees.data == "some" else None
    try:
        made = tokens.create_token(
            db(writes=True),
            actor(),
            name=form.name.data,
            role=form.role.data,
            workspace_ids=None if chosen is None else [identifier(each) for each in chosen],
            days=int(form.days.data),
        )
    except (InvalidInput, Forbidden) as error:
        return _page(form, problem=retold(error.message))
    db(writes=True).commit()  # before it is shown: nobody may keep a token that a failed commit forgets
    return _page(TokenForm(formdata=None), made=made)


@blueprint.post(routes.TOKEN_REVOKE)
@freshly_proven
def revoke_token() -> ResponseReturnValue:
    """Take a token back."""
    tokens.revoke_token(db(writes=True), actor(), identifier(request.form.get("token")))
    flash("The token is worth nothing any more.")
    return redirect(routes.TOKENS, code=303)


def _roles() -> list[SelectChoice]:
    return [SelectChoice(role.value, words) for role, words in ROLES.items() if reaches(actor().role, role)]


def _page(form: TokenForm, *, problem: str = "", made: NewToken | None = None) -> ResponseReturnValue:
    actor().require(Action.MAKE_TOKENS)
    now = datetime.now(UTC)
    form.role.choices = _roles()
    listed = tokens.list_tokens(db(), actor())
    shown = [(one, ago(one.last_used_at, now=now) if one.last_used_at else "never") for one in listed]
    values = {"made": made} if made is not None else {}
    return account_page(
        "tokens.html",
        problem=problem,
        form=form,
        tokens=shown,
        sees_all=actor().may(Action.MANAGE_TOKENS),
        workspaces=navigation.workspace_names(db(), actor()),
        chosen=request.form.getlist("workspace"),
        api_docs=routes.API_DOCS,
        **values,
    )
