"""What signing in leaves behind goes when it is over for good, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import KnownDevice, PendingSignIn, UserSession, now
from worker.reconciler import Reconciler


def test_the_reconciler_forgets_sessions_devices_and_half_sign_ins_that_are_over(
    session: Session, owner: Actor
) -> None:
    minute = timedelta(minutes=1)

    def signed_in(name: str, *, ends: int, revoked: int | None = None) -> UserSession:
        ended = None if revoked is None else now() + timedelta(days=revoked)
        return UserSession(
            token_hash=name, user_id=owner.user_id, stamp="", expires_at=now() + timedelta(days=ends), revoked_at=ended
        )

    session.add_all(
        [
            signed_in("open", ends=1),
            signed_in("expired lately", ends=-29),
            signed_in("expired", ends=-31),
            signed_in("ended lately", ends=1, revoked=-29),
            signed_in("ended", ends=1, revoked=-31),
            KnownDevice(token_hash="in use", user_id=owner.user_id, last_used_at=now() - timedelta(days=399)),
            KnownDevice(token_hash="forgotten", user_id=owner.user_id, last_used_at=now() - timedelta(days=401)),
            PendingSignIn(token_hash="going on", user_id=owner.user_id, stamp="", expires_at=now() + minute),
            PendingSignIn(token_hash="given up", user_id=owner.user_id, stamp="", expires_at=now() - minute),
        ]
    )
    session.commit()
    reconciler = Reconciler()
    reconciler.step()
    reconciler.leave()
    left = [set(session.scalars(select(each.token_hash))) for each in (UserSession, KnownDevice, PendingSignIn)]
    assert {"open", "expired lately", "ended lately"} <= left[0]
    assert not {"expired", "ended"} & left[0]
    assert left[1:] == [{"in use"}, {"going on"}]
