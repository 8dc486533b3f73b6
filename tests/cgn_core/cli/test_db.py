"""``cgn db``: which schema there is, forward and back, each refusal in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from cgn_core.db.migrate import move_database, revisions
from cgn_core.db.session import make_engine, owner_url

CGN = Path(sys.executable).with_name("cgn")


def cgn(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CGN, "db", *arguments], capture_output=True, text=True, check=False, input="")


def test_forward_and_back_again(database_url: str) -> None:
    del database_url
    *_, before, newest = revisions()
    assert json.loads(cgn("status", "--json").stdout) == {"schema": newest, "newest": newest, "current": True}
    assert cgn("downgrade", before).returncode == 1  # nobody said yes
    assert cgn("downgrade", before, "--yes").stdout == f"The database has schema {before}.\n"
    behind = cgn("status")
    assert behind.returncode == 1
    assert f"has schema {before}; this version wants {newest}" in behind.stdout
    for impossible in (newest, "nonsense"):
        refused = cgn("downgrade", impossible, "--yes")
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"The database has schema {before}; it can go back to: 0001, ")
    assert cgn("upgrade").returncode == 0
    assert cgn("status").returncode == 0


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    del database_url
    owner = make_engine(owner_url())  # the application may read the schema's number, not write it
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f999'"))
    try:
        refused = cgn("upgrade")
        assert refused.returncode == 1
        assert "a newer version of this product made it" in refused.stderr
        assert cgn("downgrade", "0001", "--yes").stderr == "The database has schema f999; it can go back to: none.\n"
    finally:
        with owner.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": revisions()[-1]})
    move_database(owner, "head")
    owner.dispose()


def test_a_new_data_directorys_audit_log_is_sealed_from_its_first_line(
    tmp_path: Path, change_settings: Callable[..., None]
) -> None:
    change_settings(data_dir=tmp_path / "data", database_url="", database_owner_url="", secret_key="")
    assert cgn("upgrade").returncode == 0
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o777 == 0o600
    making = ("user", "create-owner", "--agency", "A", "--email", "o@agency.example", "--name", "O")
    made = subprocess.run(
        [CGN, *making, "--password-file", "-"], input="four plain words suffice\n", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert cgn("verify-audit").stdout == "The audit log is whole: 2 lines of one agency.\n"
    told = (tmp_path / "data" / "audit-heads").read_text()
    assert "seal=none" not in told
    (tmp_path / "data" / "secret-key").write_text("another one, as long as the one before it was")
    assert "isn't this installation's" in cgn("verify-audit").stderr


@pytest.mark.parametrize("command", ["status", "upgrade"])
def test_a_database_out_of_reach_is_one_sentence(change_settings: Callable[..., None], command: str) -> None:
    change_settings(database_url="postgresql://nobody@127.0.0.1:9/none")
    refused = cgn(command)
    assert refused.returncode == 1
    assert refused.stderr.startswith("The database can't be")
    assert "Traceback" not in refused.stderr
