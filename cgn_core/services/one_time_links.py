"""Tokens of links that work once: whoever follows the link has the token, the database only its hash."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32
"""256 bits, which nobody guesses."""


def new_token() -> str:
    """A fresh token, fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is stored of it. A token is random through and through, so a fast hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()
