"""The same portal as Dash serves it by default, for ``pages.py`` to measure against; gunicorn takes ``server``.

Dash's defaults: each asset a file, nothing compressed, its grid library in every page, the whole chart library, which
begins to load when a chart is to be drawn and draws all of them at once, and its own components. What the pages
consist of is the same.
"""

from __future__ import annotations

from typing import Any

from dash import Dash, dcc, html

from webapp.components import markup

vars(markup).update(dcc=dcc, html=html)  # before the pages take theirs
from webapp import app, static_files  # noqa: E402 - that is why


def by_default(name: str, **options: Any) -> Dash:
    """Dash without what makes its pages lighter."""
    options |= {
        "assets_ignore": r"(theme|turns)\.js",
        "external_stylesheets": ["/bootstrap/static/css/bootstrap.min.css"],
        "external_scripts": [],
    }
    return Dash(name, **options)


def nothing(_server: object) -> None:
    """Instead of compression, and of files compressed ahead."""


vars(app).update(LightDash=by_default, Compress=nothing)
vars(static_files).update(register_static_files=nothing)
server = app.create_app().server
