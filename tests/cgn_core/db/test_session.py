"""The one rule about transactions holds on both databases."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.db.session import engine, make_engine, one_or_not_found, open_session, reading, transaction
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import NotFound


def test_four_writers_that_read_first_never_find_the_database_locked(agency: Agency) -> None:
    failures: list[BaseException] = []

    def count_up() -> None:
        for _ in range(25):
            try:
                with transaction() as session:
                    # Under PostgreSQL the row is locked by the read; under SQLite the transaction holds the lock.
                    row = session.get_one(Agency, agency.id, with_for_update=True)
                    row.name = str(int(row.name) + 1) if row.name.isdigit() else "1"
            except BaseException as error:  # noqa: BLE001 - handed to the test below
                failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reading() as session:
        assert session.get_one(Agency, agency.id).name == "100"


def test_threads_that_come_first_together_share_one_engine(database_url: str) -> None:
    del database_url
    start = threading.Barrier(8)
    engines = []

    def come() -> None:
        start.wait()
        engines.append(engine())

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(engines)) == 1


def test_a_read_only_transaction_refuses_to_write(agency: Agency) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"), reading() as session:
        session.execute(update(Agency).where(Agency.id == agency.id).values(name="changed"))
    with transaction() as session:  # and leaves the connection fit to write
        session.execute(update(Agency).where(Agency.id == agency.id).values(name="changed"))
    with reading() as session:
        assert session.get_one(Agency, agency.id).name == "changed"


def test_reading_waits_for_no_writer(agency: Agency) -> None:
    with transaction() as writer:
        writer.execute(update(Agency).where(Agency.id == agency.id).values(name="not yet"))
        began = time.monotonic()
        with reading() as session:
            assert session.get_one(Agency, agency.id).name == "Northlight"
        assert time.monotonic() - began < 1


def test_an_error_rolls_back(agency: Agency) -> None:
    def fail() -> None:
        with transaction() as session:
            session.add(Workspace(agency_id=agency.id, handle="half"))
            session.flush()
            raise NotFound

    with pytest.raises(NotFound):
        fail()
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Workspace)) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_both_ends_ask_whether_the_other_is_there_and_go_on_asking_after_a_rollback(database_url: str) -> None:
    made = make_engine(database_url)
    with made.connect() as connection:
        connection.rollback()
        # Over a socket of the same machine the values themselves are always 0.
        asked = "SELECT name FROM pg_settings WHERE source = 'session' AND name LIKE 'tcp%' ORDER BY name"
        assert list(connection.scalars(text(asked))) == [
            "tcp_keepalives_count",
            "tcp_keepalives_idle",
            "tcp_keepalives_interval",
            "tcp_user_timeout",
        ]
        ours = connection.connection.driver_connection.info.get_parameters()
        assert (ours["keepalives_idle"], ours["tcp_user_timeout"]) == ("5", "14000")
    made.dispose()


def test_foreign_keys_are_enforced(database_url: str) -> None:
    del database_url
    with pytest.raises(DBAPIError), transaction() as session:
        session.add(Workspace(agency_id=uuid4(), handle="orphan"))


def test_sqlite_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    made = make_engine(f"sqlite:///{tmp_path / 'wal.db'}")
    with made.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    made.dispose()


@pytest.mark.parametrize("nonsense", ["", "1", "../../etc", "' OR 1=1 --", "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_id_of_the_actors_is_not_found(session: Session, owner: Actor, nonsense: str) -> None:
    with pytest.raises(NotFound):
        one_or_not_found(session, readable_workspaces(owner), nonsense)


def test_an_id_is_found_as_text_and_as_uuid(owner: Actor, workspace: Workspace) -> None:
    with open_session(read_only=True) as session:
        assert one_or_not_found(session, readable_workspaces(owner), workspace.id).handle == "lena.moves"
        assert one_or_not_found(session, readable_workspaces(owner), str(workspace.id)).handle == "lena.moves"


def test_the_parts_of_a_page_ask_for_its_workspace_once_and_nobody_gets_another_s_answer(
    owner: Actor, viewer: Actor, outsider: Actor, workspace: Workspace
) -> None:
    asked: list[str] = []

    def note(*told: object) -> None:
        if "FROM workspaces" in str(told[2]):
            asked.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with reading() as session:
            rows = {one_or_not_found(session, readable_workspaces(owner), workspace.id).id for _ in range(3)}
            assert (rows, len(asked)) == ({workspace.id}, 1)
            assert one_or_not_found(session, readable_workspaces(viewer), workspace.id).id == workspace.id
            assert len(asked) == 2
            for _ in range(2):
                with pytest.raises(NotFound):
                    one_or_not_found(session, readable_workspaces(outsider), workspace.id)
            assert len(asked) == 4, "what wasn't there may be there now"
        asked.clear()
        for _ in range(2):
            with reading() as session:
                one_or_not_found(session, readable_workspaces(owner), workspace.id)
        assert len(asked) == 2, "another request, another moment"
        asked.clear()
        with transaction() as session:
            for _ in range(2):
                one_or_not_found(session, readable_workspaces(owner), workspace.id)
        assert len(asked) == 2, "what a session writes may change the answer"
    finally:
        event.remove(Engine, "before_cursor_execute", note)
