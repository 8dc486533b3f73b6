"""Answers of callbacks as JSON, written by orjson alone.

Dash has plotly copy the whole answer first, to find what orjson couldn't write: a quarter of what a large page took.
"""

from __future__ import annotations

from typing import Any

import orjson
from dash import _callback
from dash._utils import to_json as dashs_to_json

from webapp.components.kept import OPTIONS, plain


def to_json(value: Any) -> bytes:
    """The answer as Dash would write it, but for escapes that only a page's inline scripts need.

    As bytes, which Dash hands on to Flask as they are: a page as text, only to be encoded, takes as long as writing it.
    """
    try:
        return orjson.dumps(value, default=plain, option=OPTIONS)
    except TypeError:  # such as an array of objects
        return str(dashs_to_json(value)).encode()  # type: ignore[no-untyped-call]  # Dash's; it has no types


def write_answers_plainly() -> None:
    """Have Dash's callbacks answer by it; Dash has no setting for that."""
    vars(_callback)["to_json"] = to_json
