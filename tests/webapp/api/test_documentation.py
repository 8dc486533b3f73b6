"""The documentation names every request there is, and none that there isn't."""

from __future__ import annotations

import re
from pathlib import Path

from dash import Dash

from webapp.api.description import PREFIX, document
from webapp.auth import guard

DOCUMENTATION = (Path(__file__).resolve().parents[3] / "docs/API_documentation.md").read_text("utf-8")


def described(portal: Dash) -> set[str]:
    paths = document(portal.server)["paths"]
    return {f"{method.upper()} {path.removeprefix(PREFIX)}" for path, methods in paths.items() for method in methods}


def test_the_documentation_has_a_row_for_every_request_and_for_no_other(portal: Dash) -> None:
    rows = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)` \| .{10,} \|$", DOCUMENTATION, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == described(portal)


def test_the_description_covers_every_route_that_takes_a_token(portal: Dash) -> None:
    rules = [rule for rule in portal.server.url_map.iter_rules() if rule.endpoint in guard.BEARER]
    methods = sum(len((rule.methods or set()) - {"HEAD", "OPTIONS"}) for rule in rules)
    assert methods == len(described(portal))


def test_the_description_says_for_each_request_who_may_be_refused_how(portal: Dash) -> None:
    spec = document(portal.server)
    assert spec["openapi"].startswith("3.1")
    for methods in spec["paths"].values():
        for one in methods.values():
            assert {"401", "403", "404", "422", "429", "500"} <= set(one["responses"])
            assert one["summary"].endswith((".", ":"))
            assert any(status.startswith("2") for status in one["responses"])
    names = [one["operationId"] for methods in spec["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_the_page_shows_every_request_without_a_script(portal: Dash) -> None:
    answer = portal.server.test_client().get("/api/v1/docs")
    page = answer.get_data(as_text=True)
    for methods in document(portal.server)["paths"].values():
        for one in methods.values():
            assert f'id="{one["operationId"]}"' in page
    assert re.findall(r"<script(?! src=\"/assets/theme\.js)", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
