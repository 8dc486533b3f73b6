"""docs/architecture.md names every address of the portal, and none that there isn't."""

from __future__ import annotations

import re
from pathlib import Path

from dash import Dash

from webapp.pages import PAGES

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/architecture.md").read_text("utf-8")
FRAMEWORK = ("/_", "/assets/", "/bootstrap/", "/<path:path>")
"""Dash's own, and files that pages load."""
OF_WORKSPACES = "/workspaces/<workspace_id>"


def without_converters(rule: str) -> str:
    return re.sub(r"<[^<>]*?:(\w+)>", r"<\1>", rule)


def there_are(portal: Dash) -> set[str]:
    """``METHOD /address`` for everything but the REST API, which has a page and a test of its own."""
    found = {f"GET {page.PATH}" for page in PAGES}
    for rule in portal.server.url_map.iter_rules():
        if not rule.rule.startswith(("/api/", *FRAMEWORK)):
            found |= {f"{method} {without_converters(rule.rule)}" for method in (rule.methods or set())}
    return {each for each in found if not each.startswith(("HEAD ", "OPTIONS "))}


def named() -> set[str]:
    """The same, as the document has it."""
    section = DOCUMENT.partition("## Addresses\n")[2].partition("\n## ")[0]
    found = set()
    for cell in re.findall(r"^\| (`.+`) \| .{5,} \|$", section, re.MULTILINE):
        for methods, address in re.findall(r"`([A-Z, ]+) (/\S*|W\S*)`", cell):
            found |= {f"{method} {re.sub('^W', OF_WORKSPACES, address)}" for method in methods.split(", ")}
    return found


def test_every_address_is_documented_and_none_that_is_gone(portal: Dash) -> None:
    assert named() == there_are(portal)
