"""The API as one blueprint; its nouns are listed here by hand."""

from __future__ import annotations

from flask import Blueprint, Flask

from webapp import security
from webapp.api import (
    catalogue,
    competitors,
    data,
    decisions,
    diagnostics,
    imports,
    jobs,
    large_files,
    models,
    predictions,
    records,
    scenarios,
    schedules,
    workspaces,
)
from webapp.api.description import PREFIX

NOUNS = (
    workspaces, imports, data, models, predictions, decisions, diagnostics, competitors, scenarios, schedules, jobs,
    large_files, records,
)  # fmt: skip


def register_api(server: Flask) -> None:
    """Serve the API. It needs no CSRF token: it reads no cookie, and the guard lets only bearers of a token in."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    blueprint.add_url_rule("/openapi.json", "openapi", catalogue.openapi, methods=["GET"])
    blueprint.add_url_rule("/docs", "docs", catalogue.docs, methods=["GET"])
    for noun in NOUNS:
        security.csrf.exempt(noun.blueprint)
        blueprint.register_blueprint(noun.blueprint)
    server.register_blueprint(blueprint)
