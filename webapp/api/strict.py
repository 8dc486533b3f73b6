"""How spectree reads requests here: strictly. What isn't JSON, isn't a form, or says nothing isn't guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Request, Response, make_response
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from webapp.errors import InvalidRequest

JSON = "application/json"
FORM = "multipart/form-data"
BYTES = "application/octet-stream"
JSON_BYTES = 2 * 1024 * 1024
"""Of a JSON body, a batch of a thousand plans with room to spare."""
SUCCESS = 200
MOST_NAMED = 20
"""Wrong values that one answer names."""


class StrictFlask(FlaskPlugin):
    """Reads and checks a request's query, JSON body and form; writes JSON answers with an ETag."""

    def request_validation(
        self, request: Request, query: Any, json: Any, form: Any, headers: Any, cookies: Any
    ) -> None:
        """Check a request against its models.

        Raises:
            InvalidRequest: values that the models refuse.
            UnsupportedMediaType: another kind of body.
            BadRequest: a body that can't be read.
            RequestEntityTooLarge: a JSON body beyond the limit.
        """
        del headers, cookies
        found = Context(
            query=_checked(query, _query_of(request, query), "query") if query else None,
            json=_checked(json, _json_of(request), "body") if json else None,
            form=_checked(form, _form_of(request), "form") if form else None,
            headers=None,
            cookies=None,
        )
        request.context = found  # type: ignore[attr-defined]  # where spectree looks for it

    def validate_response(
        self, resp: Any, resp_model: Any, skip_validation: Any, force_resp_serialize: Any
    ) -> tuple[Response, None]:
        """The answer as it is: views make theirs from models, so there is nothing to check a second time."""
        del resp_model, skip_validation, force_resp_serialize
        return make_response(resp), None


def _checked(model: type[BaseModel], value: Any, where: str) -> BaseModel:
    if _has_nul(value):
        raise InvalidRequest([{"at": where, "message": "holds a NUL character"}])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidRequest(list(_errors(error, where))) from None


def _errors(error: ValidationError, where: str) -> Iterator[dict[str, str]]:
    for each in error.errors(include_url=False, include_context=False, include_input=False)[:MOST_NAMED]:
        place = "/".join((where, *(str(step) for step in each["loc"])))
        yield {"at": place, "message": each["msg"].removeprefix("Value error, ").rstrip(".")}


def _query_of(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    many = {name for name, field in model.model_fields.items() if str(field.annotation).startswith("list")}
    return {name: request.args.getlist(name) if name in many else request.args[name] for name in request.args}


def _json_of(request: Request) -> Any:
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    if (request.content_length or 0) > JSON_BYTES:
        raise RequestEntityTooLarge
    request.max_content_length = JSON_BYTES
    try:
        return from_json(request.get_data(cache=True), allow_inf_nan=False)
    except ValueError:
        raise BadRequest from None


def _form_of(request: Request) -> dict[str, Any]:
    if request.mimetype != FORM:
        raise UnsupportedMediaType
    texts = {name: request.form[name] for name in request.form}
    return texts | {name: request.files.getlist(name) for name in request.files}


def _has_nul(value: Any) -> bool:
    """Whether a text in it holds the character that databases refuse."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(each) for name, each in value.items())
    return isinstance(value, list) and any(_has_nul(each) for each in value)
