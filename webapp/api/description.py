"""The API's description (OpenAPI 3.1): spectree reads it off the views, and what spectree can't know is added here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from webapp import problems
from webapp.api.answers import idempotent as once
from webapp.api.strict import BYTES, StrictFlask

PREFIX = "/api/v1"
SCHEME = "token"
View = TypeVar("View", bound=Callable[..., Any])


class Problem(BaseModel):
    """What is wrong, as RFC 9457 says it."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="Where this kind of problem is described.")
    title: str
    status: int
    detail: str = Field(description="What happened, why, and what to do: one sentence for a person.")
    code: str = Field(description="What kind of problem it is, for a program.")
    errors: list[dict[str, str]] = Field(default=[], description="Each wrong value: its place (at) and a message.")


@dataclass(frozen=True)
class Extra:
    """What an operation has beyond its models."""

    operation: str
    media_types: tuple[str, ...]
    """Of files that it answers with."""
    conflicts: bool
    idempotent: bool
    uploads: bool
    raw: bool
    """Whether its body is bytes as they are."""


api = SpecTree(
    "flask",
    backend=StrictFlask,
    mode="strict",
    title="Creator Growth Navigator",
    version="1",
    description=(
        "Everything that a strategist does in the portal. Send an API token as `Authorization: Bearer cgn_…`. Errors "
        "are problem details (RFC 9457). Lists are paged: give `next` back as `cursor`. Reads have an ETag; send it "
        "as If-None-Match. A POST that makes something takes an Idempotency-Key."
    ),
    security_schemes=[
        SecurityScheme(
            name=SCHEME,
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="An API token, made under Account, API tokens.",
            ),
        )
    ],
    security={SCHEME: []},
    validation_error_model=Problem,
    naming_strategy=lambda model: str(model.__name__),
    nested_naming_strategy=lambda _parent, child: child,
)
_extras: dict[str, Extra] = {}


def operation(
    tag: str,
    ok: type[BaseModel] | None = None,
    *,
    status: int = 200,
    files: tuple[str, ...] = (),
    conflicts: bool = False,
    idempotent: bool = False,
    uploads: bool = False,
    raw: bool = False,
) -> Callable[[View], View]:
    """Describe a view, and have its query, JSON body and form checked and handed to it.

    Args:
        tag: the chapter it stands in.
        ok: what it answers; None for nothing or files.
        status: of that answer.
        files: media types that it answers with, beside or instead of JSON.
        conflicts: whether it may answer 409.
        idempotent: whether it takes an Idempotency-Key.
        uploads: whether its body may be as large as a file.
        raw: whether its body is bytes as they are, which the view reads itself.
    """

    def describe(view: View) -> View:
        name = f"{view.__module__.rsplit('.', 1)[-1]}_{view.__name__}"
        described = api.validate(resp=Answers(**{f"HTTP_{status}": ok}), tags=[tag], operation_id=name)(view)
        _extras[name] = Extra(name, files, conflicts or idempotent, idempotent, uploads, raw)
        return once(described) if idempotent else described  # type: ignore[no-any-return]  # spectree returns Any

    return describe


def document(server: Flask) -> dict[str, Any]:
    """The OpenAPI document, made once a process."""
    known: dict[str, Any] | None = server.extensions.get("cgn_openapi")
    if known is None:
        with server.app_context():
            known = _completed(api.spec)
        server.extensions["cgn_openapi"] = known
    return known


def _completed(generated: dict[str, Any]) -> dict[str, Any]:
    """The generated document with what is the same for every operation."""
    spec = dict(generated)
    spec["components"] = {**spec["components"], "responses": _shared_answers()}
    spec["paths"] = dict(sorted(spec["paths"].items()))
    for methods in spec["paths"].values():
        for method, described in methods.items():
            _complete(described, _extras[described["operationId"]], method)
    return spec


def _shared_answers() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    words = {
        400: "The request can't be read.",
        401: "There is no token, or it is worth nothing (any more).",
        403: "The token's role doesn't allow this.",
        404: "There is no such thing, or it isn't this token's to see.",
        405: "Another method.",
        409: "Something changed meanwhile, or the Idempotency-Key was used for another request.",
        413: "The body is too large.",
        415: "Another kind of body.",
        422: "A value can't be used; `errors` says which.",
        429: "Too many requests, or too many jobs waiting.",
        500: "Something went wrong on our side; nothing was stored.",
    }
    return {f"Problem{status}": {"description": said, "content": content} for status, said in words.items()}


def _complete(described: dict[str, Any], extra: Extra, method: str) -> None:
    statuses = [401, 403, 404, 422, 429, 500]
    if extra.raw:
        content = {BYTES: {"schema": {"type": "string", "format": "binary"}}}
        described["requestBody"] = {"required": True, "content": content}
    if "requestBody" in described:
        statuses += [400, 413, 415]
    if extra.conflicts:
        statuses.append(409)
    for status in sorted(statuses):
        described["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    for parameter in described["parameters"]:
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"]["format"] = "uuid"
    if method == "get":
        described["responses"]["304"] = {"description": "What If-None-Match names is still true."}
    if extra.idempotent:
        described["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
                "description": "The same key and request again get the same answer for a day, and do nothing again.",
            }
        )
    if extra.media_types:
        content = described["responses"]["200"].setdefault("content", {})
        binary = {"schema": {"type": "string", "format": "binary"}}
        content |= dict.fromkeys(extra.media_types, binary)
