"""Browsers that a user signed in with before."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cgn_core.db.models import KnownDevice, now
from cgn_core.services.sessions import hash_token

KEPT = 20
"""The newest ones of a user; more are forgotten."""


def remember(session: Session, user_id: UUID, token: str) -> str:
    """Know this browser as one that the user signed in with.

    Args:
        session: one that may write.
        user_id: who signed in.
        token: what the browser's device cookie holds; "" without one.

    Returns: what it is to hold from now on: the same token where we gave it out, else a new one, so that nobody can
        plant one that they know.
    """
    hashed = hash_token(token)
    if not token or session.scalar(select(KnownDevice.id).where(KnownDevice.token_hash == hashed).limit(1)) is None:
        token = secrets.token_urlsafe(32)
        hashed = hash_token(token)
    known = session.scalar(select(KnownDevice).where(KnownDevice.token_hash == hashed, KnownDevice.user_id == user_id))
    if known is None:
        session.add(KnownDevice(token_hash=hashed, user_id=user_id))
    else:
        known.last_used_at, known.failed_sign_ins, known.locked_until = now(), 0, None
    session.flush()
    newest = select(KnownDevice.id).where(KnownDevice.user_id == user_id).order_by(KnownDevice.last_used_at.desc())
    kept = session.scalars(newest.limit(KEPT)).all()
    session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.id.not_in(kept)))
    return token
