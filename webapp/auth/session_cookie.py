"""The cookies of signing in, and flask-login's user made from the database session that one of them names."""

from __future__ import annotations

from flask import Request, Response, current_app, g, request
from flask_login import LoginManager, UserMixin

from cgn_core.access import Actor
from cgn_core.db.session import open_session
from cgn_core.services import sessions
from cgn_core.services.sessions import Visitor
from cgn_core.services.sign_ins import Browser, SignedIn
from cgn_core.settings import settings
from webapp.security import cookie_name

COOKIE = "cgn_session"
DEVICE_COOKIE = "cgn_device"
DEVICE_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie."""


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
    token = incoming.cookies.get(_name(COOKIE), "")
    g.visitor = visitor_of(token) if token else None
    g.actor = g.visitor.actor if g.visitor is not None else None
    return SignedInUser(g.actor) if g.actor is not None else None


def visitor_of(token: str) -> Visitor | None:
    """Whoever the token belongs to, in a transaction of its own that writes only when the time of last use is due."""
    with open_session(read_only=True) as session, session.no_autoflush:
        visitor = sessions.visitor_for_token(session, token)
        last_use_is_due = bool(session.dirty)
    if last_use_is_due:
        with open_session() as session, session.begin():
            visitor = sessions.visitor_for_token(session, token)
    return visitor


def visitor() -> Visitor | None:
    """Whoever this request comes from, if they are signed in by cookie."""
    found: Visitor | None = g.get("visitor")
    return found


def current_token() -> str:
    """The token that this request came with; "" without one."""
    return request.cookies.get(_name(COOKIE), "")


def current_browser() -> Browser:
    """The browser that this request comes from."""
    return Browser(
        device=device_of(request.headers.get("User-Agent", "")),
        token=current_token(),
        device_token=request.cookies.get(_name(DEVICE_COOKIE), ""),
    )


def let_in(response: Response, signed_in: SignedIn) -> None:
    """Hand the browser what it needs after a sign-in."""
    set_cookie(response, signed_in.token)
    _set(response, DEVICE_COOKIE, signed_in.device_token, seconds=DEVICE_SECONDS)


def set_cookie(response: Response, token: str) -> None:
    """Hand the browser its token, out of reach of scripts and of other sites."""
    _set(response, COOKIE, token, seconds=int(settings().session_absolute))


def forget_cookie(response: Response) -> None:
    """Take the token back."""
    response.delete_cookie(_name(COOKIE), httponly=True, samesite="Lax", secure=_is_secure())


def device_of(user_agent: str) -> str:
    """``Firefox on Linux``: enough to know one's own device again, no more."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
        ("Mac OS", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


def _set(response: Response, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(_name(name), value, max_age=seconds, httponly=True, samesite="Lax", secure=_is_secure())


def _name(name: str) -> str:
    return cookie_name(name, secure=_is_secure())


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
