"""The portal's scripts and style sheets: joined where they are ours, compressed ahead, kept by browsers for good.

``python -m webapp.packing`` compresses them when the product is installed and fetches the small chart library. What it
left in ``packed`` is found by the digest of the content: a file that changed since is compressed anew, once a process.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import brotli
from dash import __version__, _dash_renderer, dcc, html
from dash.fingerprint import check_fingerprint
from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from webapp.signatures import Signatures

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
PACKED = FOLDER / "packed"
CHARTS = PACKED / "plotly.min.js"
GENERATORS = PACKED / "regenerator.js"
SUITES = "/_dash-component-suites"
PLOTLY = f"{SUITES}/plotly/package_data/plotly.min.js"
SHEET = "/assets/portal.css"
SCRIPT = "/assets/portal.js"
GENERATOR_SCRIPT = "/assets/regenerator.js"
THEME = "/assets/theme.js"
ICON = "/assets/icon.svg"
ENDPOINTS = frozenset({"_dash_assets.static", f"{SUITES}/<string:package_name>/<path:fingerprinted_path>"})
YEAR = 31_536_000
OF_DASH = f".v{__version__.replace('.', '_')}m"
"""In the addresses of its files, which are as old as it."""
SUFFIXES = {"br": "br", "gzip": "gz"}
"""Endings of the files compressed ahead, by the name of the coding; the first is taken where a browser takes both."""
UNUSED = ("async-mathjax", "async-highlight", "async-markdown", "async-datepicker")
"""Parts of Dash that no page asks for."""


@dataclass(frozen=True)
class StaticFile:
    """What one address answers: a file, or several joined."""

    address: str
    parts: tuple[Path, ...]

    def content(self) -> bytes:
        """The bytes as a browser runs them."""
        return b"\n".join(part.read_bytes() for part in self.parts)

    @property
    def mimetype(self) -> str:
        """The kind of the file."""
        return mimetypes.guess_type(self.address)[0] or "application/octet-stream"

    @property
    def fingerprinted(self) -> str:
        """The address that changes with the content, so that browsers may keep what they got for good."""
        if not self.address.startswith(SUITES):
            return f"{self.address}?m={digest(self)[:16]}"
        # The form in which Dash's own route takes a fingerprint: between the name and its first full stop.
        folder, _, name = self.address.rpartition("/")
        stem, _, ending = name.partition(".")
        return f"{folder}/{stem}.v1m{digest(self)[:16]}.{ending}"


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Everything that is served compressed ahead, by its address without a fingerprint."""
    own = {
        SHEET: (_package("flask_bootstrap") / "static/bootstrap5/css/bootstrap.min.css", *sorted(ASSETS.glob("*.css"))),
        SCRIPT: tuple(path for path in sorted(ASSETS.glob("*.js")) if path.name != "theme.js"),  # the head has that
        THEME: (ASSETS / "theme.js",),
        ICON: (ASSETS / "icon.svg",),
        PLOTLY: (CHARTS if CHARTS.exists() else whole_chart_library(),),
    }
    if GENERATORS.exists():
        own[GENERATOR_SCRIPT] = (GENERATORS,)
    dashs = {f"{SUITES}/dash/{name}": (_package("dash") / name,) for name in _names_of_dash()}
    return {address: StaticFile(address, parts) for address, parts in (own | dashs).items()}


def whole_chart_library() -> Path:
    """The library that comes with plotly: every kind of chart, maps and three dimensions included."""
    return _package("plotly") / "package_data/plotly.min.js"


def _names_of_dash() -> list[str]:
    renderer: Any = _dash_renderer
    first = renderer._js_dist_dependencies  # noqa: SLF001 - Dash names its files nowhere else
    then = (*renderer._js_dist, *dcc._js_dist, *html._js_dist)  # noqa: SLF001 - as above
    listed = [
        *(name for each in first for name in each["relative_package_path"]["prod"]),
        *(each.get("relative_package_path", "") for each in then),
    ]
    there = [name for name in listed if name.endswith(".js") and (_package("dash") / name).exists()]
    return [name for name in there if not any(part in name for part in UNUSED)]


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def digest(file: StaticFile) -> str:
    """Which content it has."""
    return hashlib.sha256(file.content()).hexdigest()


@cache
def encoded(file: StaticFile, coding: str) -> bytes:
    """The content in a coding: what was compressed ahead, or quickly now."""
    ahead = packed_path(file, coding)
    if ahead.exists():
        return ahead.read_bytes()
    return compress(file.content(), coding, quality=5)


def packed_path(file: StaticFile, coding: str) -> Path:
    """Where the content stands compressed, if it does."""
    return PACKED / f"{digest(file)[:32]}.{SUFFIXES[coding]}"


def compress(content: bytes, coding: str, *, quality: int) -> bytes:
    """The content in a coding; the same bytes at any time."""
    if coding == "br":
        packed: bytes = brotli.compress(content, quality=quality)
        return packed
    return gzip.compress(content, compresslevel=min(quality, 9), mtime=0)


class SessionOfPages(SecureCookieSessionInterface):
    """Flask's own session, but not for files: flask-login looks into it at every request, and a file whose answer
    varies by cookie would be loaded again after each sign-in.
    """

    def __init__(self, server: Flask) -> None:
        self._signing = Signatures(
            server.secret_key or "",
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:  # noqa: ARG002 - as Flask calls it
        """As Flask's, made once: its key is that of the process's settings."""
        return self._signing

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store it in its cookie, and say that the answer depended on it."""
        if request.endpoint not in ENDPOINTS:
            super().save_session(app, session, response)


def register_static_files(server: Flask) -> None:
    """Answer for them before Dash does, which would read and compress each at every request."""
    server.session_interface = SessionOfPages(server)

    @server.before_request
    def answer_ahead() -> Response | None:
        if request.method not in {"GET", "HEAD"} or request.endpoint not in ENDPOINTS:
            return None
        folder, slash, name = request.path.rpartition("/")
        plain, has_fingerprint = check_fingerprint(name)  # type: ignore[no-untyped-call]  # Dash's; it has no types
        found = static_files().get(f"{folder}{slash}{plain}")
        if found is None:
            return None
        coding = request.accept_encodings.best_match(tuple(SUFFIXES))
        response = Response(encoded(found, coding) if coding else found.content(), mimetype=found.mimetype)
        if coding:
            response.content_encoding = coding
        response.vary.add("Accept-Encoding")
        response.set_etag(f"{digest(found)[:32]}{coding or ''}")
        # During an upgrade a new page may ask a process of before: what that has is not what the address promises.
        is_own = found.fingerprinted in {request.path, f"{request.path}?m={request.args.get('m')}"}
        if is_own or (has_fingerprint and OF_DASH in name):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(request)
        return response
