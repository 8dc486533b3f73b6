"""Sign-ins that are over for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, delete, or_

from cgn_core.db.models import KnownDevice, PendingSignIn, UserSession


def forget_sessions(*, before: datetime) -> Delete:
    """Deletes the sessions that expired or were ended before that time: where somebody signed in is kept no longer."""
    return delete(UserSession).where(or_(UserSession.expires_at < before, UserSession.revoked_at < before))


def forget_pending(*, before: datetime) -> Delete:
    """Deletes the sign-ins whose second factor never came."""
    return delete(PendingSignIn).where(PendingSignIn.expires_at < before)


def forget_devices(*, unused_since: datetime) -> Delete:
    """Deletes the devices whose cookie has run out unless it was renewed."""
    return delete(KnownDevice).where(KnownDevice.last_used_at < unused_since)
