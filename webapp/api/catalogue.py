"""What the API is: its description for programs, and the same as a page for people."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, json, render_template

from cgn_core.errors import CgnError
from webapp.api.answers import with_etag
from webapp.api.description import PREFIX, document
from webapp.api.reference import chapters, schemas
from webapp.problems import CODES


def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return with_etag(Response(json.dumps(document(current_app)), mimetype="application/json"))


def docs() -> str:
    """The same as a page: rendered here, so it needs no script and nothing from elsewhere."""
    spec: dict[str, Any] = document(current_app)
    return render_template(
        "api_docs.html", spec=spec, prefix=PREFIX, chapters=chapters(spec), schemas=schemas(spec), codes=problem_codes()
    )


def problem_codes() -> list[tuple[str, str]]:
    """Every code that a problem may have, and what it says by itself."""
    found = {code: f"With status {status}." for status, code in CODES.items()}
    kinds = [CgnError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind is not CgnError:
            found.setdefault(kind.code, (kind.__doc__ or "").strip())
    return sorted(found.items())
