"""The request's transaction and actor. One request, page or callback, is one transaction."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.scope import Crossing, enter
from cgn_core.db.session import open_session
from cgn_core.errors import CgnError, NotFound
from cgn_core.figures import locales

FIRST_ERROR_STATUS = 400


class NotSignedIn(CgnError):
    """You are signed out. Sign in to go on."""

    code: ClassVar[str] = "not_signed_in"


def db(*, writes: bool = False) -> Session:
    """The session of this request, opened when first asked for.

    Args:
        writes: ask for it before the first write. Without it the session takes no write lock and refuses to write, so
            that the many requests that only look never wait for one another on SQLite.
    """
    here = g._get_current_object()  # noqa: SLF001 - as Werkzeug documents it; a page asks a dozen times
    session: Session | None = here.get("session")
    if session is not None and (here.session_writes or not writes):
        return session
    if session is not None:
        session.close()
    opened = open_session(read_only=not writes)
    here.session, here.session_writes = opened, writes
    return opened


def actor() -> Actor:
    """Who is signed in.

    Raises:
        NotSignedIn: nobody is. The guard answers before a page or callback runs, so this is the second wall.
    """
    signed_in: Actor | None = g.get("actor")
    if signed_in is None:
        raise NotSignedIn
    return signed_in


def identifier(value: Any) -> UUID:
    """An id from an address, a store or a callback's State: untrusted text.

    Raises:
        NotFound: it isn't an id, which is the same answer as for an id that isn't the actor's.
    """
    if isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        raise NotFound from None


def register_row_scope(server: Flask) -> None:
    """Until the guard knows who asks, a request sees what a sign-in needs; afterwards its thread sees nothing."""

    @server.before_request
    def begin_as_nobody() -> None:
        enter(Crossing.SIGN_IN)
        locales.use(locales.HOUSE)  # a thread may have written another way for whoever came before

    @server.teardown_request
    def end(_error: BaseException | None) -> None:
        enter(None)


def act_for(agency_id: UUID) -> None:
    """From here on this request sees that agency's rows."""
    enter(agency_id)


def write_for(number_format: str) -> None:
    """From here on this request writes numbers and days as whoever reads them chose."""
    if number_format == locales.BROWSER:
        number_format = locales.of_browser(request.accept_languages.values())
    locales.use(number_format)


def roll_back() -> None:
    """Undo what this request wrote, and let nothing of it be committed."""
    if has_request_context() and "session" in g:
        g.session.rollback()


def register_request_scope(server: Flask) -> None:
    """Commit what was written after an answer below 400, roll back otherwise, close always."""

    @server.after_request
    def commit(response: Response) -> Response:
        # What only read has nothing to commit; closing it ends its transaction.
        if g.get("session_writes"):
            if response.status_code < FIRST_ERROR_STATUS:
                g.session.commit()
            else:
                g.session.rollback()
        return response

    @server.teardown_request
    def close(_error: BaseException | None) -> None:
        session = g.pop("session", None)
        if session is not None:
            session.close()
