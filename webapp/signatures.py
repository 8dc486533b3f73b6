"""Signatures of cookies and tokens, verified once a process.

Every request brings the same two as the one before: the cookie of Flask's session, and the token against requests of
other sites. Whether a text was signed with a key is the same each time it is asked.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from math import floor
from typing import Any

from flask_wtf import csrf
from itsdangerous import SignatureExpired, URLSafeTimedSerializer

KEPT = 4096
"""Texts that are known to be signed, some hundred bytes each."""

_verified: dict[tuple[Any, ...], tuple[Any, datetime]] = {}


class Signatures(URLSafeTimedSerializer):
    """Verifies what it has not verified yet; how old a signature may be is asked each time."""

    def loads(  # type: ignore[override]  # as TimedSerializer itself overrides it
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,  # noqa: FBT001, FBT002 - as it is declared there
        salt: str | bytes | None = None,
    ) -> Any:
        """What was signed.

        Raises:
            BadSignature: it was not, or longer ago than ``max_age`` seconds.
        """
        key = (*self.secret_keys, self.salt, salt, s)
        found = _verified.get(key)
        if found is None:
            found = super().loads(s, None, return_timestamp=True, salt=salt)
            if len(_verified) >= KEPT:
                _verified.clear()
            _verified[key] = found
        value, signed_at = found
        if max_age is not None:
            age = floor((datetime.now(UTC) - signed_at).total_seconds())
            if not 0 <= age <= max_age:
                raise SignatureExpired(f"Signed {age} seconds ago", date_signed=signed_at)
        return (deepcopy(value), signed_at) if return_timestamp else deepcopy(value)


def verify_once() -> None:
    """Have flask-wtf, which has no setting for that, read its tokens by it."""
    vars(csrf)["URLSafeTimedSerializer"] = Signatures
