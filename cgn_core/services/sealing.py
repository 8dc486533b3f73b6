"""Secrets that have to be read again are stored encrypted, under a key made from CGN_SECRET_KEY."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cgn_core.errors import SetupError
from cgn_core.settings import SHORTEST_SECRET, settings

NONCE_BYTES = 12


def seal(text: str, *, of: str) -> bytes:
    """Encrypt (AES-256-GCM); ``of`` names what it belongs to, and nothing else can open it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher().encrypt(nonce, text.encode(), of.encode())


def unseal(sealed: bytes, *, of: str) -> str | None:
    """What was sealed; None where the key has changed since, or it was sealed for something else."""
    try:
        return _cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], of.encode()).decode()
    except InvalidTag:
        return None


def _cipher() -> AESGCM:
    key = settings().secret_key
    if len(key) < SHORTEST_SECRET:
        raise SetupError("CGN_SECRET_KEY isn't set here, and second factors are stored under it.")
    # The key itself is long and random (the start refuses others), so it needs no salt and no slow derivation.
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"cgn second factors").derive(key.encode()))
