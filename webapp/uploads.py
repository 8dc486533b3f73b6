"""What the Data page and the New workspace page share: from a dropped file to its preview, and on to its import."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dash.development.base_component import Component

from cgn_core.errors import FileTooLarge, InvalidInput
from cgn_core.services import imports
from cgn_core.settings import settings
from webapp import clock
from webapp.components.fields import text_field
from webapp.components.markup import html
from webapp.components.uploads import UploadIds, import_outcome, upload_preview
from webapp.request_scope import actor, db, identifier

LONGEST_NAME = 200


def content_of(dropped: Any) -> bytes:
    """The bytes of a file as Dash's upload hands them over, ``data:…;base64,…``.

    Raises:
        InvalidInput: it isn't that.
        FileTooLarge: more than the limit, whatever the browser checked.
    """
    if not isinstance(dropped, str) or ";base64," not in dropped[:LONGEST_NAME]:
        raise InvalidInput("The file didn't arrive whole. Drop it again.")
    encoded = dropped.split(",", 1)[1]
    if len(encoded) * 3 // 4 > settings().upload_limit_bytes + 2:
        raise FileTooLarge
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("The file didn't arrive whole. Drop it again.") from None


def name_of(dropped: Any) -> str:
    """The file's name without folders; untrusted, shown as text only."""
    plain = str(dropped or "file").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in plain if letter.isprintable())[:LONGEST_NAME] or "file"


def files_of(dropped: Any) -> list[tuple[str, bytes]]:
    """Names and bytes of what the browser kept.

    Raises:
        InvalidInput: it isn't what the browser keeps.
        FileTooLarge: a file has more than the limit.
    """
    contents, names = (dropped.get("contents"), dropped.get("names")) if isinstance(dropped, dict) else (None, None)
    if not isinstance(contents, list) or not isinstance(names, list) or len(names) != len(contents):
        raise InvalidInput("The files didn't arrive whole. Drop them again.")
    return [(name_of(name), content_of(content)) for name, content in zip(names, contents, strict=True)]


def read(
    dropped: Any, *, workspace_id: UUID | None, ids: UploadIds, answers: Mapping[str, str] | None = None
) -> tuple[Component, str | None]:
    """Read dropped files: their preview, and the id under which they await a decision (None when there are errors)."""
    view = imports.read_uploads(
        db(writes=True), actor(), workspace_id=workspace_id, files=files_of(dropped), answers=answers or {}
    )
    nameless = any(not creator.handle for creator in view.creators)
    asked = html.Div(
        text_field("Whose numbers are these?", id=ids.name, placeholder="handle", hint="The file names no creator."),
        hidden=not nameless,
    )
    return upload_preview(view, ids=ids, name_field=asked), str(view.id) if view.id is not None else None


def answers_of(values: Any, ids: Any) -> dict[str, str]:
    """What was chosen in the questions of a preview; those left open aren't there.

    Raises:
        InvalidInput: it isn't what the preview asks.
    """
    if not isinstance(values, list) or not isinstance(ids, list) or len(values) != len(ids):
        raise InvalidInput("The answers didn't arrive whole. Read the files again.")
    keys = [each.get("key") if isinstance(each, dict) else None for each in ids]
    return {
        str(key): value for key, value in zip(keys, values, strict=True) if isinstance(value, str) and key is not None
    }


def take_in(upload_id: Any, name: Any) -> Component:
    """Import a file that was read; retrainings follow as jobs."""
    wanted = identifier(upload_id)
    handles = {"": name.strip()} if isinstance(name, str) and name.strip() else None
    done = imports.import_upload(db(writes=True), actor(), wanted, key=str(wanted), handles=handles)
    clock.wake()
    return import_outcome(done)
