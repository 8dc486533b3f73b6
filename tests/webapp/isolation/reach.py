"""What can be touched, and how a line of the matrix says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reach(StrEnum):
    """What a callback, page or route touches, and so who may use it."""

    PUBLIC = "answers anybody"
    OWN = "shows the actor's own, or none of anybody's"
    STAFF = "does something for the actor's agency: owners and strategists"
    OWNERS = "does something that only owners of an agency may"
    READS = "shows a workspace, or a thing of it, by its id"
    EDITS = "changes a workspace, or a thing of it, by its id"
    MINE = "goes on with a file that the actor alone has uploaded"
    MANAGES = "changes a member or an invitation of the agency, by its id"
    NEVER = "is nobody's"


PUBLIC, OWN, STAFF, OWNERS = Reach.PUBLIC, Reach.OWN, Reach.STAFF, Reach.OWNERS
READS, EDITS, MINE, MANAGES, NEVER = Reach.READS, Reach.EDITS, Reach.MINE, Reach.MANAGES, Reach.NEVER


class Form(dict[str, Any]):
    """A body as a form sends it."""


@dataclass(frozen=True)
class Sends:
    """A route with the body it takes."""

    reach: Reach
    body: dict[str, Any] | bytes


def sends(reach: Reach, body: dict[str, Any] | bytes | None = None, **form: Any) -> Sends:
    """JSON, plain bytes, or the fields of a form."""
    return Sends(reach, Form(form) if body is None else body)
