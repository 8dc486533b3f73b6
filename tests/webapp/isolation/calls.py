"""The rows of the matrix: every callback, page and route there is, with the ids that one of them takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dash import Dash
from werkzeug.routing import Map

from .classes import ARGUMENTS, BUTTONS, PAGE_CALLBACK, ROUTES, ROWS, SLOTS, Sends
from .world import Ids

FILLING = 2


@dataclass(frozen=True)
class Call:
    """A way to run a callback: what stands in its slots, as templates, and the button that was pressed."""

    output: str
    name: str
    values: Mapping[str, Any]
    """By ``id.property``; a wildcard's by its type: [(the other part of the id, clicks)]."""
    pressed: Mapping[str, Any] | None
    """The id of the button in a row."""

    @property
    def kinds(self) -> frozenset[str]:
        return kinds_in([self.values, self.pressed])

    def with_ids(self, ids: Ids) -> tuple[dict[str, Any], str | None]:
        """The values and what changed, for the test browser."""
        changed = None
        if self.pressed is not None:
            changed = json.dumps(filled(self.pressed, ids), separators=(",", ":"), sort_keys=True) + ".n_clicks"
        return filled(self.values, ids), changed


def filled(template: Any, ids: Ids) -> Any:
    """A template with its "{kind}" replaced by ids."""
    if isinstance(template, str) and template[:1] == "{" and template[1:-1] in ids:
        return ids[template[1:-1]]
    if isinstance(template, dict):
        return type(template)({key: filled(value, ids) for key, value in template.items()})
    if isinstance(template, list | tuple):
        return type(template)(filled(value, ids) for value in template)
    return template


def kinds_in(template: Any) -> frozenset[str]:
    """The kinds of ids that a template asks for."""
    if isinstance(template, str):
        return frozenset([template[1:-1]]) if template[:1] == "{" and template[1:-1].isidentifier() else frozenset()
    if isinstance(template, Mapping):
        return kinds_in(list(template.values()))
    if isinstance(template, list | tuple):
        return frozenset().union(*(kinds_in(value) for value in template))
    return frozenset()


def name_of(declared: Mapping[str, Any]) -> str:
    function = declared["callback"]
    return f"{function.__module__}.{function.__name__}"


def server_callbacks(portal: Dash) -> Iterator[tuple[str, str]]:
    """Output and name of every callback that runs on the server."""
    for output, declared in portal.callback_map.items():
        if "callback" in declared:
            yield output, name_of(declared)


def calls_of(portal: Dash, output: str, name: str) -> list[Call]:
    """Every way to run a callback: once, or once for each kind of button in rows."""
    declared = portal.callback_map[output]
    values: dict[str, Any] = dict(ROWS)
    for spec in [*declared["inputs"], *declared["state"]]:
        if spec["id"].startswith("{"):
            continue
        key = f"{spec['id']}.{spec['property']}"
        values[key] = next((value for ending, value in SLOTS.items() if key.endswith(ending)), FILLING)
    wild = [json.loads(spec["id"]) for spec in declared["inputs"] if spec["id"].startswith("{")]
    patterns = [pattern for pattern in wild if pattern["type"] not in ROWS]  # fields in rows are filled in already
    if not patterns:
        return [Call(output, name, values, None)]
    made = []
    for pattern in patterns:
        named = next(key for key in pattern if key != "type")
        assert pattern["type"] in BUTTONS, f"{name} has a button {pattern['type']!r}: give it a line in classes.BUTTONS"
        wanted = "{%s}" % BUTTONS[pattern["type"]]  # noqa: UP031 - braces within braces are harder to read
        made.append(
            Call(
                output, name, {**values, pattern["type"]: [({named: wanted}, 1)]}, {**pattern, named: wanted}
            )
        )  # fmt: skip
    return made


@dataclass(frozen=True)
class Route:
    """A method of a rule of the URL map."""

    method: str
    rule: str
    endpoint: str
    arguments: frozenset[str]

    @property
    def key(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def body(self) -> Any:
        listed = ROUTES[self.key]
        return listed.body if isinstance(listed, Sends) else None

    @property
    def kinds(self) -> frozenset[str]:
        return kinds_in([self.body, *(ARGUMENTS[name] for name in self.arguments)])

    def path(self, url_map: Map, ids: Ids) -> str:
        values = {name: filled(ARGUMENTS[name], ids) for name in self.arguments}
        return url_map.bind("portal.example").build(self.endpoint, values, method=self.method)


def live_routes(portal: Dash) -> list[Route]:
    """Every method of every rule that the server answers."""
    return [
        Route(method, rule.rule, rule.endpoint, frozenset(rule.arguments))
        for rule in portal.server.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def page_output(portal: Dash) -> str:
    return next(output for output, name in server_callbacks(portal) if name == PAGE_CALLBACK)
