"""What the Data page and the New workspace page share: from a dropped file to its preview, and on to its import."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from dash import html
from dash.development.base_component import Component

from cgn_core.errors import FileTooLarge, InvalidInput
from cgn_core.services import imports
from cgn_core.settings import settings
from webapp import clock
from webapp.components.fields import text_field
from webapp.components.uploads import import_outcome, upload_preview
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


def read(
    dropped: Any, file_name: Any, *, workspace_id: UUID | None, import_id: str, discard_id: str, name_id: str
) -> tuple[Component, str | None]:
    """Read a dropped file: its preview, and the id under which it awaits a decision (None when it has errors)."""
    view = imports.read_upload(
        db(writes=True), actor(), workspace_id=workspace_id, file_name=name_of(file_name), data=content_of(dropped)
    )
    nameless = any(not creator.handle for creator in view.creators)
    asked = html.Div(
        text_field("Whose numbers are these?", id=name_id, placeholder="handle", hint="The file names no creator."),
        hidden=not nameless,
    )
    preview = upload_preview(view, import_id=import_id, discard_id=discard_id, name_field=asked)
    return preview, str(view.id) if view.id is not None else None


def take_in(upload_id: Any, name: Any) -> Component:
    """Import a file that was read; retrainings follow as jobs."""
    wanted = identifier(upload_id)
    handles = {"": name.strip()} if isinstance(name, str) and name.strip() else None
    done = imports.import_upload(db(writes=True), actor(), wanted, key=str(wanted), handles=handles)
    clock.wake()
    return import_outcome(done)
