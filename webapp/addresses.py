"""The portal's own address, for links that are handed to people outside."""

from __future__ import annotations

from flask import request

from cgn_core.settings import settings


def whole(path: str) -> str:
    """A path of the portal with its address before it: the configured one, else the one that the browser is on.

    Only for links shown to whoever asked: a request may claim any address, so mails never name this one.
    """
    # Behind a proxy that speaks TLS, only the browser knows that it said https.
    own = settings().public_url or request.headers.get("Origin") or request.host_url
    return own.rstrip("/") + path
