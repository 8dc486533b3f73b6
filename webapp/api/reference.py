"""The OpenAPI document as a page reads it: operations by chapter, with their parameters, bodies and answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REF = "#/components/schemas/"


@dataclass(frozen=True)
class Field:
    """One value of a body or an address."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    bodies: tuple[tuple[str, tuple[Field, ...]], ...]
    """Media type or kind, and its fields."""
    answers: tuple[tuple[str, str, str], ...]
    """Status, what it means, and the schema's name; "" without one."""


def chapters(spec: dict[str, Any]) -> list[tuple[str, list[Operation]]]:
    """Operations by tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, methods in spec["paths"].items():
        for method, described in methods.items():
            found.setdefault(described["tags"][0], []).append(_operation(spec, path, method, described))
    return sorted(found.items())


def schemas(spec: dict[str, Any]) -> list[tuple[str, str, tuple[Field, ...]]]:
    """Every schema's name, what it is, and its fields."""
    listed = sorted(spec["components"]["schemas"].items())
    return [(name, schema.get("description", ""), tuple(_fields(schema))) for name, schema in listed]


def _operation(spec: dict[str, Any], path: str, method: str, described: dict[str, Any]) -> Operation:
    parameters = (
        Field(each["name"], f"{each['in']}, {_kind(each['schema'])}", each["required"], each.get("description", ""))
        for each in described["parameters"]
    )
    content = described.get("requestBody", {}).get("content", {})
    return Operation(
        anchor=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described["summary"],
        description=described["description"],
        parameters=tuple(parameters),
        bodies=tuple(body for kind, each in content.items() for body in _bodies(spec, kind, each["schema"])),
        answers=tuple(_answers(spec, described["responses"])),
    )


def _bodies(spec: dict[str, Any], kind: str, schema: dict[str, Any]) -> Iterator[tuple[str, tuple[Field, ...]]]:
    whole = _resolved(spec, schema)
    if "oneOf" not in whole:
        yield kind, tuple(_fields(whole))
        return
    for each in whole["oneOf"]:
        one = _resolved(spec, each)
        yield f"{kind}: {one.get('description', '')}", tuple(_fields(one))


def _answers(spec: dict[str, Any], responses: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for status, answer in sorted(responses.items()):
        if "$ref" in answer:
            shared = spec["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
            yield status, shared["description"], "Problem"
            continue
        content = answer.get("content", {})
        names = [_kind(each["schema"]) if kind == "application/json" else kind for kind, each in content.items()]
        yield status, answer["description"], " or ".join(names)


def _fields(schema: dict[str, Any]) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, each in schema.get("properties", {}).items():
        words = [each.get("description", "")]
        if "default" in each and each["default"] not in (None, "", [], {}):
            words.append(f"By default {each['default']}.")
        yield Field(name, _kind(each), name in required, " ".join(filter(None, words)))


def _resolved(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix(REF)
    found: dict[str, Any] = spec["components"]["schemas"][name] if name else schema
    return found


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: ``array of number``, ``string (uuid)``, ``Job``."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REF)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(each) for each in schema["anyOf"]))
    known = [schema["const"]] if "const" in schema else schema.get("enum")
    if known:
        return " | ".join(f'"{each}"' for each in known)
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind
