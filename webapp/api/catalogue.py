"""What the API is: its description for programs, and the same as a page for people."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, json, render_template

from webapp.api.answers import with_etag
from webapp.api.description import PREFIX, document
from webapp.api.reference import chapters


def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    spec = document(current_app)
    return with_etag(Response(json.dumps(spec), mimetype="application/json"))


def docs() -> str:
    """The same as a page: rendered here, so it needs no script and nothing from elsewhere."""
    spec: dict[str, Any] = document(current_app)
    return render_template("api_docs.html", spec=spec, prefix=PREFIX, chapters=chapters(spec))
