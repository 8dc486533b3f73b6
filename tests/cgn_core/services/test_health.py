from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from cgn_core.db.models import Heartbeat, now
from cgn_core.services.health import readiness


@pytest.mark.usefixtures("redis_server")
def test_ready_means_database_redis_and_a_worker_heard_of_lately(session: Session) -> None:
    assert readiness(session) == {"database": True, "redis": True, "worker": False}
    beat = Heartbeat(name="worker:host:1")
    session.add(beat)
    session.commit()
    assert readiness(session)["worker"]
    beat.seen_at = now() - timedelta(seconds=31)
    session.commit()
    assert not readiness(session)["worker"]


def test_a_redis_that_is_gone_is_said_so(
    session: Session, change_settings: Callable[..., None], tmp_path: Path
) -> None:
    change_settings(redis_url=f"unix://{tmp_path / 'nothing.sock'}")
    assert readiness(session) == {"database": True, "redis": False, "worker": False}
