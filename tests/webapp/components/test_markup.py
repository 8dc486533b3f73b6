"""Quick components are Dash's own: the same kind, attributes, JSON and complaints."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import dash
import pytest
from dash._utils import to_json as dashs_to_json
from dash.development.base_component import Component, ComponentRegistry

import webapp
from webapp.components import markup
from webapp.components.attributes import aria, data
from webapp.components.markup import Quick, dcc, html
from webapp.plain_json import to_json

SOURCES = sorted(Path(webapp.__file__).parent.rglob("*.py"))
NEEDED: dict[str, dict[str, Any]] = {"Link": {"href": "/x"}, "Store": {"id": "kept"}, "Location": {"id": "there"}}
"""Properties without which Dash makes none of that kind."""
TWICE = 2
"""The first is made by Dash, the second without it."""


class Ids(StrEnum):
    """Ids as pages have them."""

    NAME = "markup-name"


def kinds() -> Iterator[tuple[str, str]]:
    """Every component that the portal's code names."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr[0].isupper():
                found.add((node.value.id, node.attr))
    yield from sorted(each for each in found if each[0] in {"html", "dcc"})


def text(component: Component) -> Any:
    """The component as the browser gets it."""
    return json.loads(to_json(component))


@pytest.mark.parametrize(("module", "name"), list(kinds()))
def test_each_kind_in_use_is_dashs_own_with_its_json(module: str, name: str) -> None:
    dashs = getattr(getattr(dash, module), name)
    quick = getattr(getattr(markup, module), name)
    props = {**NEEDED.get(name, {}), "id": {"row": "1", "type": Ids.NAME}}
    if "style" in dashs(**props).available_properties:
        props["style"] = {"height": "3px"}
    extra = [{}]
    if "data-" in dashs(**props).available_wildcard_properties:  # one at a time: Dash has several in a set's order
        extra = [aria(label="here"), data(of="<b>")]
    if "children" in dashs(**props).available_properties:
        props["children"] = ["words", getattr(dash, module).Store(id="within") if module == "dcc" else None, 1.5]
    for more in extra * TWICE:
        made = quick(**props, **more)
        of_dash = dashs(**props, **more)
        assert isinstance(made, dashs)
        assert isinstance(made, Quick)
        assert repr(made) == repr(of_dash)
        assert text(made) == json.loads(dashs_to_json(of_dash))
        assert json.loads(dashs_to_json(made)) == text(made)


def test_children_stand_first_and_are_null_where_there_are_none() -> None:
    for _ in range(TWICE):
        assert text(html.Div("a")) == json.loads(dashs_to_json(dash.html.Div("a")))
        assert text(html.Div(className="x")) == json.loads(dashs_to_json(dash.html.Div(className="x")))


def test_a_part_is_found_by_its_id_set_and_changed_as_in_dashs() -> None:
    for _ in range(TWICE):
        tree = html.Div([html.Span("a", id=Ids.NAME), html.P("b")])
        tree[Ids.NAME].children = "changed"
        tree[Ids.NAME].title = "new"
        assert list(tree) == [Ids.NAME]
        assert text(tree)["props"]["children"][0]["props"] == {"children": "changed", "id": Ids.NAME, "title": "new"}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda of: of.html.Div("a", classname="x"),
        lambda of: of.html.Div("a", datalabel="x"),
        lambda of: of.html.Div("a", title=dash.html.Span("b")),
        lambda of: of.html.Div("a", id=1),
        lambda of: of.html.Div("a", id=None),
        lambda of: of.html.Div("a", id={1: "x"}),
        lambda of: of.html.Div("a", id={"x": None}),
        lambda of: of.dcc.Link("a"),
        lambda of: of.dcc.Link("a", href="/x", **aria(label="x")),
        lambda of: of.dcc.Store(id="x", dato=1),
        lambda of: of.dcc.Store(data=1),
    ],
)
def test_what_dash_refuses_is_refused_with_its_words(wrong: Callable[[Any], Any]) -> None:
    for _ in range(TWICE):
        html.Div("a", title="x"), html.Div("a", id="x"), html.Div("a", id={"x": "y"})
        dcc.Link("a", href="/x"), dcc.Store(id="x", data=1)
        with pytest.raises(TypeError) as of_dash:
            wrong(dash)
        with pytest.raises(TypeError) as ours:
            wrong(markup)
        assert str(ours.value) == str(of_dash.value)


def test_dash_knows_its_packages_and_children_as_before() -> None:
    before = {name: dict(each) for name, each in ComponentRegistry.children_props.items()}
    packages, registry = dict(ComponentRegistry.namespace_to_package), list(ComponentRegistry.registry)
    for _ in range(TWICE):  # a kind that nothing else asks for, and one with children in a second property
        assert text(html.Ruby("a"))["type"] == "Ruby"
        assert text(dcc.Tab("a", label=html.Span("b")))["props"]["label"]["type"] == "Span"
    assert {name: dict(each) for name, each in ComponentRegistry.children_props.items()} == before
    assert ComponentRegistry.namespace_to_package == packages
    assert list(ComponentRegistry.registry) == registry
    # Else a browser is told of a namespace that no script brings.
    assert "webapp" not in {*registry, *packages, *packages.values(), *before}


def test_what_is_made_twice_is_not_checked_by_dash_again(monkeypatch: pytest.MonkeyPatch) -> None:
    html.Em("a", className="x")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(dash.html.Em, "__init__", refuse)
    assert text(html.Em("b", className="y"))["props"] == {"children": "b", "className": "y"}
    with pytest.raises(AssertionError):
        html.Em("b", title="y")


def test_every_page_takes_its_components_from_here() -> None:
    others = {"webapp/components/markup.py", "webapp/static_files.py"}  # the second asks for Dash's files
    for path in SOURCES:
        taken = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == "dash"
            for alias in node.names
        }
        name = path.relative_to(Path(webapp.__file__).parents[1]).as_posix()
        assert name in others or not taken & {"html", "dcc"}, name
