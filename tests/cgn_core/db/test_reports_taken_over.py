"""Reports from before they were rows: each is taken over with its file, and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from any_rows import fill
from sqlalchemy import text

from cgn_core.db.migrate import move_database
from cgn_core.db.session import make_engine


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_report_that_was_one_file_becomes_a_row_with_what_its_job_told(
    own_database: Callable[[str], str], kind: str
) -> None:
    engine = make_engine(own_database(kind))
    move_database(engine, "0016")
    with engine.begin() as connection:
        fill(connection, rows=1)
        connection.execute(text("UPDATE files SET purpose = 'report'"))
        told = json.dumps({"data_version": 3, "model_number": 2})
        connection.execute(text("UPDATE jobs SET result = :told"), {"told": told})
    move_database(engine, "0017")
    with engine.begin() as connection:
        row: Any = connection.execute(text("SELECT * FROM reports")).mappings().one()
        file: Any = connection.execute(text("SELECT * FROM files")).mappings().one()
    assert (row["data_version"], row["model_number"]) == (3, 2)
    assert row["basis"] in ({}, "{}")
    assert file["report_id"] == row["id"] == file["id"]
    assert (row["workspace_id"], row["job_id"], row["made_for"]) == (
        file["workspace_id"], file["job_id"], file["made_for"],
    )  # fmt: skip
    move_database(engine, "0016")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT id FROM files")).scalar() == file["id"]
    engine.dispose()
