"""The session cookie, and flask-login's user made from the database session it names."""

from __future__ import annotations

from flask import Request, Response, current_app, g, request
from flask_login import LoginManager, UserMixin

from cgn_core.access import Actor
from cgn_core.db.session import open_session
from cgn_core.services import accounts
from cgn_core.settings import settings

COOKIE = "cgn_session"


class SignedInUser(UserMixin):
    """flask-login's view of an actor."""

    def __init__(self, actor: Actor) -> None:
        self.id = str(actor.user_id)
        self.actor = actor


login_manager = LoginManager()
# flask-login's own signed cookie would still be accepted after sign-out when replayed: only the database decides here.
login_manager.session_protection = None


@login_manager.request_loader
def load_user(incoming: Request) -> SignedInUser | None:
    """The user of the database session whose token the cookie holds; None unless it is alive."""
    token = incoming.cookies.get(COOKIE, "")
    signed_in = actor_of(token) if token else None
    g.actor = signed_in
    return SignedInUser(signed_in) if signed_in is not None else None


def actor_of(token: str) -> Actor | None:
    """Whoever the token belongs to, in a transaction of its own that writes only when the time of last use is due."""
    with open_session(read_only=True) as session, session.no_autoflush:
        signed_in = accounts.actor_for_token(session, token)
        last_use_is_due = bool(session.dirty)
    if last_use_is_due:
        with open_session() as session, session.begin():
            signed_in = accounts.actor_for_token(session, token)
    return signed_in


def current_token() -> str:
    """The token that this request came with; "" without one."""
    return request.cookies.get(COOKIE, "")


def set_cookie(response: Response, token: str) -> None:
    """Hand the browser its token, out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(settings().session_absolute),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


def forget_cookie(response: Response) -> None:
    """Take the token back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"])
