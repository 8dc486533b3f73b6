"""The migrations make exactly the schema that the models describe."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cgn_core.db.migrate import is_current, upgrade_database
from cgn_core.db.models import Model
from cgn_core.db.session import engine, make_engine


def test_the_migrated_schema_is_the_one_of_the_models(database_url: str) -> None:
    del database_url
    with engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Model.metadata) == []


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    del database_url
    assert is_current(engine())
    upgrade_database(engine())
    assert is_current(engine())


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    fresh = make_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    assert not is_current(fresh)
    fresh.dispose()


def test_several_processes_may_upgrade_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def upgrade() -> None:
        own = make_engine(f"sqlite:///{tmp_path / 'shared.db'}")
        try:
            upgrade_database(own)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)
        finally:
            own.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
