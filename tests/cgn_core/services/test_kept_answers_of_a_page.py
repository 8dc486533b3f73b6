"""The parts of a page ask the same: it is read once, never for somebody else, never where something changes."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import kept, open_session, reading, transaction
from cgn_core.errors import NotFound
from cgn_core.services import data_versions
from cgn_core.services.data_versions import current_daily, hash_daily, store_version
from cgn_core.services.workspaces import get_workspace
from datagen import generate_many


def asked_twice(session: Session) -> int:
    asked: list[int] = []
    for _ in range(2):
        kept(session, "question", lambda: asked.append(1))
    return len(asked)


def test_a_read_only_session_asks_once_and_one_that_writes_each_time(database_url: str) -> None:
    del database_url
    with reading() as session:
        assert asked_twice(session) == 1
    with reading() as session:  # nothing outlives its session
        assert asked_twice(session) == 1
    with open_session() as session:
        assert asked_twice(session) == 2


def test_what_one_may_see_is_not_kept_for_another(workspace: Workspace, owner: Actor, outsider: Actor) -> None:
    with reading() as session:
        assert get_workspace(session, owner, workspace.id).handle == workspace.handle
        with pytest.raises(NotFound):
            get_workspace(session, outsider, workspace.id)


def test_a_table_is_read_once_and_a_new_version_is_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    whole = data_versions.daily_from_bytes
    monkeypatch.setattr(data_versions, "daily_from_bytes", lambda stored: (read.append(stored), whole(stored))[1])
    for number, days in enumerate((70, 77), start=1):
        (made,) = generate_many(creators=1, days=days, seed=number, end=date(2026, 6, 28))
        with transaction() as session:
            found = session.get_one(Workspace, workspace.id)
            store_version(
                session, found, made.daily, file_name="x", file_hash=hash_daily(made.daily), report={}, created_by=None
            )
        for _ in range(3):
            with reading() as session:
                daily = current_daily(session, session.get_one(Workspace, workspace.id))
                assert len(daily.frame) == days
                weekly = daily.weekly()
                weekly["net_growth"] = 0.0  # a copy: the next one finds the numbers as they were
        assert len(read) == number
    assert daily.weekly()["net_growth"].abs().sum() > 0
