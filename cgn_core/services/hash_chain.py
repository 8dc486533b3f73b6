"""Chains of hashes: each row's hash covers the one before it, so a row that changed later breaks all that follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar


class Linked(Protocol):
    """A row of a chain: numbered 1, 2, 3 … and hashed."""

    number: Any
    chain_hash: Any


Row = TypeVar("Row", bound=Linked)


def linked(before: str, said: Sequence[Any]) -> str:
    """SHA-256 in hex over what a row says, as JSON, and the hash of the one before it; "" before the first."""
    return hashlib.sha256(json.dumps([before, *said], sort_keys=True).encode()).hexdigest()


def first_broken(rows: Iterable[Row], chained: Callable[[str, Row], str]) -> int | None:
    """The number at which a chain, oldest first, is no longer what was written; None where it is whole.

    Args:
        rows: from number 1 on; one that is missing breaks the chain at its number.
        chained: what a row's hash should be after the hash before it.
    """
    before = ""
    for place, row in enumerate(rows, start=1):
        if row.number != place or row.chain_hash != chained(before, row):
            return place
        before = row.chain_hash
    return None
